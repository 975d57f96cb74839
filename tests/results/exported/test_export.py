"""A run exported and read again, in every format: the same calls, tokens, times and agents, as far as the format holds them."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import sim
from sim.logs import read
from sim.logs.writers import FORMATS, writer_of
from sim.results.files import CALLS
from sim.results.kept.manifest import read_note, write_note
from sim.scenario.sources import content
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.market import CacheKind
from sim.settings.run import Log
from tests.generated import worlds
from tests.logs.writers.runs import charged, crew, ran, simulated, told
from tests.worlds import agent as worker
from tests.worlds import backend, scenario

NEAR_S = 1e-6
"""Seconds since 1970 as they are stored are exact to less than that."""


def written(result: sim.Result, place: Path) -> dict[str, Path]:
    """One save, all formats."""
    folder = result.save(place / "run")
    return {format: sim.export(folder, format, place / format).path for format in FORMATS}


@pytest.mark.slow
@settings(max_examples=6)
@given(made=worlds(backend_={"reserved": ReservedSettings()}))  # a log does not say what units took: whoever reads it bills it by the list
def test_what_is_read_again_is_what_the_run_did(made: sim.Scenario) -> None:
    result = simulated(made)
    with tempfile.TemporaryDirectory() as folder:
        if result.calls.empty:
            with pytest.raises(sim.DataError, match="nobody sent a call"):
                written(result, Path(folder))
            return
        files = written(result, Path(folder))
        assert_all(result, files)
        assert_bill(result, files["focus"])
        assert_slices(result, files["perfetto"])
        if not charged(result).empty:
            assert_weka(result, files["weka"])
            assert_mooncake(result, files["mooncake"])
            assert_dag(result, files["aiperf-dag"])


def test_what_is_read_of_teams_is_what_they_did(tmp_path: Path) -> None:
    """Leads, sub-agents in waves, calls that broke; two replications."""
    files = written(crew(), tmp_path)
    assert_all(crew(), files)
    assert_bill(crew(), files["focus"])
    assert_slices(crew(), files["perfetto"])
    assert_weka(crew(), files["weka"])
    assert_mooncake(crew(), files["mooncake"])
    assert_dag(crew(), files["aiperf-dag"])


def assert_all(result: sim.Result, files: dict[str, Path]) -> None:
    """OpenTelemetry holds every attempt, refused ones too; agents have other names there, and are told by what they did."""
    log = read(files["otel"])
    columns = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    began = result.scenario.start_time().timestamp()
    calls = result.calls.sort_values(["replication", "task", "t_request_s", "attempt"], kind="stable")
    names = [f"{replication}.{task}" for replication, task in zip(calls["replication"], calls["task"], strict=True)]
    then = calls.assign(session=names, ok=calls["status"] == "ok").groupby(["session", "agent"], sort=False)
    expected = sorted((key[0], rows[[*columns, "ok"]].values.tolist()) for key, rows in then)
    found = told(log, *columns, "status")
    assert sorted((key[0], [[*row[:-1], row[-1] == "ok"] for row in rows]) for key, rows in found.items()) == expected
    for name, column in (("start_s", "t_request_s"), ("end_s", "t_end_s")):
        assert np.allclose(np.sort(log.calls[name]), np.sort(calls[column] + began), rtol=0, atol=NEAR_S)
    roots = {agent.session for agent in log.agents if not agent.parent}
    assert roots <= set(names)


def assert_weka(result: sim.Result, folder: Path) -> None:
    """Cache reads by blocks of 64, as far as the agent's last prompt goes; seconds since the session's first call."""
    log = read(folder)
    assert told(log, "input_tokens", "output_tokens", "model") == ran(result, "input_tokens", "output_tokens", "model")
    reads, then = told(log, "cache_read_tokens", "start_s"), ran(result, "cache_read_tokens", "start_s", "input_tokens")
    first: dict[str, float] = {}
    for (session, _), calls in then.items():
        first[session] = min(first.get(session, np.inf), *(call[1] for call in calls))
    for (session, agent), calls in then.items():
        last = 0
        for (found, at_s), (recorded, start_s, prompt) in zip(reads[session, agent], calls, strict=True):
            assert found <= recorded
            assert found > recorded - 64 or recorded > last
            assert abs(at_s - (start_s - first[session])) < NEAR_S
            last = prompt


def assert_mooncake(result: sim.Result, file: Path) -> None:
    """A line a call by time, to the millisecond."""
    log, calls = read(file), charged(result).sort_values("start_s", kind="stable")
    began = result.scenario.start_time().timestamp()
    assert (np.diff(log.calls["start_s"]) >= 0).all()
    assert np.abs(log.calls["start_s"] - (calls["start_s"] - began).to_numpy()).max() <= 0.0005 + NEAR_S
    now = sorted(zip(log.calls["input_tokens"].tolist(), log.calls["output_tokens"].tolist(), strict=True))
    assert now == sorted(zip(calls["input_tokens"].tolist(), calls["output_tokens"].tolist(), strict=True))
    assert (log.calls["cache_read_tokens"] % 512 == 0)[log.calls["cache_read_tokens"] < log.calls["input_tokens"]].all()


def assert_dag(result: sim.Result, file: Path) -> None:
    """Prompts and answers of every conversation, in order."""
    columns = ("input_tokens", "output_tokens")
    found = {session if agent == "main" else agent: calls for (session, agent), calls in told(read(file), *columns).items()}
    then = {session if agent == "main" else f"{session}/{agent}": calls for (session, agent), calls in ran(result, *columns).items()}
    assert found == then


def assert_bill(result: sim.Result, file: Path) -> None:
    """Dollars and tokens add up; each row is its quantity times its unit price."""
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    calls = charged(result)
    assert sum(float(row["BilledCost"]) for row in rows) == pytest.approx(calls["cost_usd"].sum(), rel=1e-9, abs=1e-15)
    tokens = sum(int(row["ConsumedQuantity"]) for row in rows if row["ConsumedUnit"] == "Tokens")
    assert tokens == calls["input_tokens"].sum() + calls["output_tokens"].sum()
    for row in rows:
        cost = float(row["PricingQuantity"]) * float(row["ListUnitPrice"])
        assert cost == pytest.approx(float(row["BilledCost"]), rel=1e-6)
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]


def assert_slices(result: sim.Result, file: Path) -> None:
    """Of the trace event format: complete events have a time and a duration in microseconds on a named thread."""
    events = json.loads(file.read_text(encoding="utf-8"))["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    named: set[Any] = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    assert {(event["pid"], event["tid"]) for event in slices} == named
    assert len(slices) + len(named) + len({pid for pid, _ in named}) == len(events)
    assert sum(event["args"]["usd"] for event in slices) == pytest.approx(result.calls["cost_usd"].sum(), rel=1e-9, abs=1e-15)
    ends = sorted((event["ts"] + event["dur"]) / 1e6 for event in slices)
    assert np.allclose(ends, np.sort(result.calls["t_end_s"]), rtol=0, atol=1e-3)
    assert all(event["dur"] >= 0 for event in slices)


def test_every_format_says_what_it_cannot_hold() -> None:
    assert {"claude-code", "otel", "aiperf-dag", "mooncake", "weka", "focus", "perfetto"} == set(FORMATS)
    for format in FORMATS:
        assert writer_of(format).cannot_hold
        assert writer_of(format).__doc__


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """A run whose calls are damaged: no file and no folder, not even a half of one."""
    folder = sim.simulate(scenario(log=Log.full)).save(tmp_path / "run")
    (folder / CALLS).write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(sim.DataError, match=r"calls\.parquet: not as saved; run it again"):
        sim.export(folder, FORMATS[0], tmp_path / "out" / FORMATS[0])
    note = read_note(folder)
    write_note(folder, note | {"files": note["files"] | {CALLS: content(folder / CALLS).sha256}})
    (tmp_path / "out").mkdir()
    for format in FORMATS:
        with pytest.raises(sim.DataError, match=r"calls\.parquet: cannot be read"):
            sim.export(folder, format, tmp_path / "out" / format)
    assert not [*(tmp_path / "out").iterdir()]


def test_what_tokens_by_the_list_are_less_than_the_bill_is_told(tmp_path: Path) -> None:
    """Caches that save less than their list says: whoever reads the tokens reckons otherwise, and a format with dollars does not."""
    models = {"m": backend(cache=CacheKind.explicit, cache_read_usd_per_mtok=0.1, cache_discount_realised=0.5)}
    result = sim.simulate(scenario(worker(turns=4), models, tasks=5, log=Log.full))
    folder = result.save(tmp_path / "run")
    rows, model = result.calls, result.scenario.market.models["m"]
    above = rows["cache_read_tokens"].sum() * 0.5 * (model.input_usd_per_mtok - (model.cache_read_usd_per_mtok or 0)) / 1e6
    assert above > 0.005
    told = f"its tokens by the list are ${above:,.2f} less than the run's bill"
    for format in FORMATS:
        notes = sim.export(folder, format, tmp_path / format).notes
        assert any(note.startswith(told) for note in notes) is (format not in ("focus", "perfetto")), format


@pytest.mark.parametrize(("format", "what"), [("focus", "sums of a bill"), ("perfetto", "trace events")])
def test_what_is_for_other_tools_says_so_when_it_is_read(tmp_path: Path, format: str, what: str) -> None:
    """It was a file of no known format, whose first line is no JSON."""
    done = sim.export(crew().save(tmp_path / "run"), format, tmp_path / f"{format}{writer_of(format).ending}")
    with pytest.raises(sim.DataError, match=rf"holds {what} \(.*\), which are for other tools: sim export --as otel, or claude-code"):
        read(done.path)


def test_a_place_within_a_file_says_which_file_it_is(tmp_path: Path) -> None:
    folder = sim.simulate(scenario(log=Log.full)).save(tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(sim.DataError, match="file: is a file, so nothing can be put in it; say another place with --out"):
        sim.export(folder, "otel", tmp_path / "file" / "within" / "x.jsonl")
