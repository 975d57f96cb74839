"""A metric, a figure, a reader and an exporter of logs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim.call import Status
from sim.columns import TRACE
from sim.logs.session import RecordedCall, Recording, Session
from sim.logs.trace import read_trace
from sim.meter.tally import Tally
from sim.report.plots.canvas import sheet, styled
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.statistics import jackknife, leave_one_out
from tests.report.test_page import overlapping
from tests.worlds import backend, loop, scenario, team

VARIED: dict[str, Any] = {"output_tokens": {"dist": "exponential", "mean": 300}, "tool_time_s": 5.0}


def crowd(**changes: Any) -> sim.Result:
    """Teams whose calls sometimes fail."""
    crew = team(4, loop(turns=3, **VARIED), fanout=2, **VARIED)
    return sim.simulate(scenario(crew, backend(error_rate=0.1), tasks=20, every_s=3.0, retry=RetrySettings(attempts=9), **changes))


# A metric: one number from a tally, of one replication or of several pooled, so a quotient of sums and never a mean of quotients.


def tokens_per_answer(tally: Tally) -> float:
    answers = int(tally.attempts[:, Status.ok].sum())
    return int(tally.tokens[:, [0, 3]].sum()) / answers if answers else math.nan


def test_a_metric_is_that_of_the_tables() -> None:
    """Held to the rows that the run has logged, in every replication and in all of them together."""
    result = crowd(replications=3)
    tallies, tables = result.tallies, [rows for _, rows in result.calls.groupby("replication")]
    pooled = tallies[0].plus(tallies[1]).plus(tallies[2])
    for tally, rows in zip([*tallies, pooled], [*tables, result.calls], strict=True):
        answers = rows[rows["status"] == "ok"]
        assert tokens_per_answer(tally) == (rows["input_tokens"] + rows["output_tokens"]).sum() / len(answers)


def test_a_metric_of_nothing_is_nan() -> None:
    assert math.isnan(tokens_per_answer(Tally.empty(1)))


def test_a_metric_has_an_interval() -> None:
    """The jackknife's: it leaves out one replication after another, so asks for the metric of sums."""
    tallies = crowd(replications=3).tallies
    without = np.array([tokens_per_answer(other) for other in leave_one_out(tallies, Tally.plus)])
    found = jackknife(tokens_per_answer(tallies[0].plus(tallies[1]).plus(tallies[2])), without)
    assert found.ci_low < found.mean < found.ci_high
    assert min(without) < found.mean < max(without)


# A figure: a function of a table; its title is a sentence that the table bears out.


@styled
def waits_by_depth(calls: pd.DataFrame) -> Figure:
    """How long calls take, by how deep in the team their agent is."""
    took = (calls["t_end_s"] - calls["t_request_s"]).groupby(calls["depth"]).median()
    slowest = took.idxmax() if len(took) else "none"
    figure = sheet(f"Calls take longest at depth {slowest}" if len(took) else "No call ended", 4.0)
    axes = figure.subplots()
    axes.bar([str(depth) for depth in took.index], took.to_numpy())
    axes.set_xlabel("depth of the agent")
    axes.set_ylabel("median time of a call (s)")
    return figure


def test_a_figure_can_be_read_and_says_what_is_in_its_table() -> None:
    calls = crowd().calls
    figure = waits_by_depth(calls)
    assert not overlapping(figure)
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    bars = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    took = (calls["t_end_s"] - calls["t_request_s"]).groupby(calls["depth"]).median()
    assert bars == took.tolist()
    assert f"at depth {took.idxmax()}" in figure.texts[0].get_text()


def test_a_figure_of_nothing_says_so() -> None:
    figure = waits_by_depth(crowd().calls.head(0))
    assert figure.texts[0].get_text() == "No call ended"
    assert not overlapping(figure)


# A reader: a file of another tool becomes sessions. An exporter: a run's rows become a file of another tool.


def read_lines(path: Path) -> list[Session]:
    """One JSON object a line: {"session", "at", "in", "out"}, one agent a session, every prompt an extension of the last."""
    sessions: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            sessions.setdefault(str(row["session"]), []).append({name: row[name] for name in ("at", "in", "out")})
        except (ValueError, KeyError, TypeError) as error:
            raise sim.DataError(f"{path}: line {number}: {error!r}") from None
    return [Session(name, (_recording(rows),)) for name, rows in sessions.items()]


def _recording(rows: list[dict[str, Any]]) -> Recording:
    before = [rows[0], *rows[:-1]]
    waits = [row["at"] - last["at"] for row, last in zip(rows, before, strict=True)]
    shared = [0, *(min(row["in"], last["in"]) for row, last in zip(rows[1:], rows, strict=False))]
    calls = tuple(RecordedCall(float(w), False, r["in"], r["out"], kept) for w, r, kept in zip(waits, rows, shared, strict=True))
    return Recording("main", 0.0, calls)


def write_trace(result: sim.Result, path: Path) -> None:
    """A run as a trace (`sim.columns.TRACE`) that can be replayed: what was answered, with its agents' waits and what the cache gave.

    Numbers of tasks come again in each replication, so a session is called by both.
    """
    answered = result.calls[result.calls["status"] == "ok"].sort_values(["replication", "task", "agent", "t_request_s"])
    session = answered["replication"].astype(str) + "." + answered["task"].astype(str)
    table = pd.DataFrame(
        {
            "trace": session,
            "agent": answered["agent"].where(answered["agent"] != "0", "main"),
            "call_index": answered.groupby([session, "agent"]).cumcount(),
            "t_s": answered["t_request_s"] - answered.groupby(session)["t_request_s"].transform("min"),
            "input_tokens": answered["input_tokens"],
            "output_tokens": answered["output_tokens"],
            "api_time_s": answered["t_end_s"] - answered["t_request_s"],
        }
    )
    table.to_csv(path, index=False)


LINES = [("a", 0.0, 1000, 100), ("b", 1.0, 900, 90), ("a", 7.0, 1500, 200), ("a", 20.0, 1900, 10)]


def test_a_reader_reads_what_another_reader_reads(tmp_path: Path) -> None:
    """The same sessions as a table of calls: the two must give the same to the token and the second."""
    lines, table = tmp_path / "log.jsonl", tmp_path / "log.csv"
    lines.write_text("\n".join(json.dumps(dict(zip(("session", "at", "in", "out"), row, strict=True))) for row in LINES))
    rows = [(name, "main", number, at, prompt, output) for number, (name, at, prompt, output) in enumerate(LINES)]
    pd.DataFrame(rows, columns=["trace", "agent", "call_index", "t_s", "input_tokens", "output_tokens"]).to_csv(table, index=False)
    assert read_lines(lines) == read_trace(table)


@pytest.mark.parametrize("bad", ["{", '{"session": "a", "at": 0, "in": 3}', "[]"])
def test_a_line_that_is_wrong_is_named(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"session": "a", "at": 0, "in": 3, "out": 1}) + "\n" + bad)
    with pytest.raises(sim.DataError, match=r"log.jsonl: line 2: ") as refused:
        read_lines(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("replications", [1, 2])
def test_what_is_exported_and_replayed_comes_to_the_same_tokens(tmp_path: Path, replications: int) -> None:
    path = tmp_path / "run.csv"
    result = crowd(replications=replications)
    write_trace(result, path)
    columns = {column.name for column in TRACE}
    assert set(pd.read_csv(path).columns) <= columns
    replayed = sim.simulate(scenario(workload=WorkloadSettings(kind=WorkloadKind.trace, trace=str(path))))
    answered = result.calls[result.calls["status"] == "ok"]
    assert replayed.mean("tasks") == 20 * replications
    assert replayed.mean("agents") == result.mean("agents") * replications
    for kind in ("input_tokens", "output_tokens"):
        assert replayed.mean(kind) == answered[kind].sum()
        first, second = (table.groupby(["replication", "task"])[kind].sum() for table in (answered, replayed.calls))
        assert first.tolist() == second.tolist()
