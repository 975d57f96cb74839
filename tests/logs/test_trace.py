"""Recorded sessions, replayed call by call."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from experiments.replay import REGIMES, table
from experiments.replay import scenario as on_opus
from sim import DataError
from sim.logs.trace import read_trace
from sim.scenario.load import CONF
from sim.settings.workload import EXCERPT, WorkloadKind, WorkloadSettings
from tests.logs.written import lines
from tests.worlds import agent, backend, loop, scenario, team

FILE = CONF / "trace" / "excerpt.csv"
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "claude_code_calls.csv.gz"


def recorded() -> list[str]:
    """The excerpt that ships; the whole file too where it lies beside the checkout."""
    return [EXCERPT, *([str(RECORDED)] if RECORDED.exists() else [])]


@pytest.mark.parametrize("trace", recorded())
def test_tokens_equal_the_files_to_the_token(trace: str) -> None:
    frame = pd.read_csv(FILE if trace == EXCERPT else trace)
    result = sim.simulate(on_opus(trace))
    assert result.mean("calls") == len(frame)
    assert result.mean("tasks") == frame["trace"].nunique()
    assert result.mean("input_tokens") == frame["input_tokens"].sum()
    assert result.mean("output_tokens") == frame["output_tokens"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("trace", recorded())
def test_a_session_without_cache_costs_several_times_more(trace: str) -> None:
    costs = table({name: sim.simulate(on_opus(trace, *changes)) for name, changes in REGIMES.items()})
    assert costs.loc["none", "times"] > 3
    assert costs.loc["1 hour", "hit rate"] > costs.loc["5 minutes", "hit rate"] > 0.8
    assert costs.loc["none", "hit rate"] == 0


def test_without_cache_the_bill_is_tokens_times_price() -> None:
    frame = pd.read_csv(FILE)
    result = sim.simulate(on_opus(EXCERPT, "cache=none"))
    bill = frame["input_tokens"].sum() * 5e-6 + frame["output_tokens"].sum() * 25e-6
    assert result.mean("cost_usd") == pytest.approx(bill, rel=1e-12)


def test_calls_wait_as_recorded(tmp_path: Path) -> None:
    rows = "trace,agent,call_index,t_s,input_tokens,output_tokens,think_time_s\na,main,0,0,20000,10,0\na,main,1,50,30000,10,30\n"
    (tmp_path / "two.csv").write_text(rows)
    calls = sim.simulate(sim.load("workload=trace", f"workload.trace={tmp_path / 'two.csv'}", "replications=1")).calls
    assert calls["t_request_s"].iloc[1] - calls["t_end_s"].iloc[0] == pytest.approx(30)
    assert calls["cache_read_tokens"].iloc[1] == 20000


def test_a_busy_hour_is_the_same_in_a_simulation_and_in_a_replay_of_it(tmp_path: Path) -> None:
    """Waits for tools are in it, waits for the user are not."""
    work = agent(turns=3, requests=2, tool_time_s=40.0, think_time_s=900.0, output_tokens=300)
    simulated = sim.simulate(scenario(work, backend()))
    calls = simulated.calls
    waits = calls["t_request_s"] - calls["t_end_s"].shift(fill_value=0.0)
    rows = calls[["input_tokens", "output_tokens"]].assign(
        trace="a", agent="main", call_index=calls["turn"], t_s=calls["t_request_s"], think_time_s=waits,
        trigger=["user", "tool_result", "tool_result"] * 2, cached_tokens=calls["cache_read_tokens"],
    )  # fmt: skip
    rows.to_csv(tmp_path / "again.csv", index=False)
    trace = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "again.csv"))
    replayed = sim.simulate(scenario(agent(), backend(), workload=trace))
    assert simulated.mean("task_latency_mean_s") == pytest.approx(4 * 40 + 6)
    for metric in ("cost_usd", "task_latency_mean_s", "cost_per_busy_hour_usd"):
        assert replayed.mean(metric) == pytest.approx(simulated.mean(metric), rel=1e-9), metric


def test_what_is_not_a_prefix_any_more_is_not_read(tmp_path: Path) -> None:
    rows = "trace,agent,call_index,t_s,input_tokens,output_tokens,cached_tokens\n"
    rows += "a,main,0,0,50000,9,0\na,main,1,20,30000,9,16000\na,main,2,40,35000,9,29440\n"
    (tmp_path / "cut.csv").write_text(rows)
    calls = sim.simulate(sim.load("workload=trace", f"workload.trace={tmp_path / 'cut.csv'}", "replications=1")).calls
    assert list(calls["cache_read_tokens"]) == [0, 16000, 29440]


def test_sub_agents_start_when_they_did() -> None:
    session = next(each for each in read_trace(FILE) if len(each.agents) > 1)
    assert session.agents[0].name == "main"
    assert session.agents[0].start_s == 0
    assert all(agent.start_s > 0 for agent in session.agents[1:])


def test_names_of_sessions_and_agents_are_taken_as_they_are_written(tmp_path: Path) -> None:
    """Not as numbers, of which 0.1 and 0.10 are the same one."""
    path = tmp_path / "calls.csv"
    rows = [f"{session},{name},0,0,100,5" for session in ("0.1", "0.10") for name in ("1", "01")]
    path.write_text("\n".join(["trace,agent,call_index,t_s,input_tokens,output_tokens", *rows]))
    assert [(one.name, {each.name for each in one.agents}) for one in read_trace(path)] == [("0.1", {"1", "01"}), ("0.10", {"1", "01"})]


def test_a_runs_own_calls_come_back_call_for_call(tmp_path: Path) -> None:
    work = team(4, loop(turns=2, tool_time_s=3.0), fanout=2, tool_time_s=5.0)
    first = sim.simulate(scenario(work, backend(), tasks=3, every_s=1000.0, replications=2))
    first.save(tmp_path)
    trace = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "calls.parquet"))
    again = sim.simulate(scenario(agent(), backend(), workload=trace))
    assert (again.mean("tasks"), again.mean("calls")) == (6, 2 * 3 * (4 + 2 * 2))
    tokens = ["input_tokens", "cache_read_tokens", "output_tokens"]
    was, now = (result.calls.sort_values(["replication", "task", "t_request_s", *tokens]) for result in (first, again))
    assert was[tokens].to_numpy().tolist() == now[tokens].to_numpy().tolist()
    took = [each.groupby(["replication", "task"])["t_request_s"].agg(lambda times: times - times.min()).explode() for each in (was, now)]
    assert [round(float(each), 6) for each in took[0]] == [round(float(each), 6) for each in took[1]]


def test_of_a_run_only_what_was_answered_is_a_call(tmp_path: Path) -> None:
    first = sim.simulate(scenario(agent(turns=5), backend(error_rate=0.4), tasks=4))
    first.save(tmp_path)
    sessions = read_trace(tmp_path / "calls.parquet")
    assert {session.name for session in sessions} == {f"0.{task}" for task in range(4)}
    assert sum(len(each.calls) for session in sessions for each in session.agents) == (first.calls["status"] == "ok").sum()


def as_weka(frame: pd.DataFrame, path: Path) -> Path:
    """The same calls as a Weka trace: a prompt's blocks are those that a cache could give, and then new ones."""
    new = itertools.count()

    def thread(rows: pd.DataFrame) -> list[dict[str, Any]]:
        blocks: list[int] = []
        found = []
        for _, row in rows.sort_values("call_index").iterrows():
            kept = int(row["cached_tokens"]) // 64
            blocks = [*blocks[:kept], *itertools.islice(new, -(-int(row["input_tokens"]) // 64) - kept)]
            took = None if pd.isna(row["api_time_s"]) else row["api_time_s"]
            found.append({"t": row["t_s"], "in": row["input_tokens"], "out": row["output_tokens"], "hash_ids": blocks, "api_time": took})
        return found

    with path.open("w") as file:
        for name, session in frame.groupby("trace", sort=False):
            main = thread(session[session["agent"] == "main"])
            for agent, calls in session[session["agent"] != "main"].groupby("agent", sort=False):
                inner = thread(calls)
                main.append({"type": "subagent", "agent_id": agent, "t": inner[0]["t"], "requests": inner})
            file.write(json.dumps({"id": name, "block_size": 64, "requests": main}) + "\n")
    return path


@pytest.mark.parametrize("trace", [EXCERPT, *(pytest.param(each, marks=pytest.mark.slow) for each in recorded()[1:])])
def test_sessions_as_weka_and_as_a_table_are_the_same_replay(tmp_path: Path, trace: str) -> None:
    """Of 386 sessions, 26,407 calls, where they lie beside the checkout: the same digest, $4,265.20 at Opus 4.6."""
    frame = pd.read_csv(FILE if trace == EXCERPT else trace).drop(columns=["think_time_s", "trigger", "model"], errors="ignore")
    frame.to_csv(tmp_path / "calls.csv", index=False)
    weka = as_weka(frame, tmp_path / "sessions.jsonl")
    table, log = (sim.simulate(on_opus(str(path))) for path in (tmp_path / "calls.csv", weka))
    assert table.digest == log.digest
    assert log.mean("input_tokens") == frame["input_tokens"].sum()
    assert log.mean("calls") == len(frame)


MOONCAKE = RECORDED.with_name("mooncake_conversation.csv.gz")
SMALL = [(0, 1200, 9, 3, 0), (3000, 2000, 9, 4, 2), (61_000, 700, 9, 2, 2), (64_000, 3000, 9, 6, 4)]


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=[
    pytest.mark.slow, pytest.mark.skipif(not MOONCAKE.exists(), reason="it lies beside the checkout")])])  # fmt: skip
def test_requests_of_anybody_come_at_their_own_times_and_read_what_others_had(tmp_path: Path, whole: bool) -> None:
    """Blocks of 512 tokens that any earlier request had; the busiest minute is the file's."""
    names = ["timestamp_ms", "input_length", "output_length", "blocks", "prefix_hit_blocks"]
    frame = pd.read_csv(MOONCAKE) if whole else pd.DataFrame(SMALL, columns=names)
    new = itertools.count()
    prompts: list[list[int]] = []
    with (tmp_path / "m.jsonl").open("w") as file:
        for at, inputs, outputs, blocks, hits in frame[names].itertuples(index=False):
            head = next((earlier[:hits] for earlier in reversed(prompts) if hits and len(earlier) >= hits), [])
            prompts.append([*head, *itertools.islice(new, blocks - hits)])
            request = {"timestamp": at, "input_length": inputs, "output_length": outputs, "hash_ids": prompts[-1]}
            file.write(json.dumps(request) + "\n")
    words = ["workload=trace", f"workload.trace={tmp_path / 'm.jsonl'}", "workload.trace_cache=recorded", "replications=1"]
    calls = sim.simulate(sim.load(*words, "market.models.claude_opus_4_6.error_rate=0")).calls.sort_values("task")
    assert calls["t_request_s"].tolist() == (frame["timestamp_ms"] / 1000).tolist()
    assert calls["cache_read_tokens"].tolist() == frame["input_length"].clip(upper=512 * frame["prefix_hit_blocks"]).tolist()
    busiest = calls.groupby(calls["t_request_s"] // 60)["input_tokens"].sum().max()
    assert busiest == frame.groupby(frame["timestamp_ms"] // 60_000)["input_length"].sum().max()


HEADER = "trace,agent,call_index,t_s,input_tokens,output_tokens"


@pytest.mark.parametrize("cell", ["10.000", " 1.234.567", "12.345"])
def test_thousands_with_points_are_no_fractions(tmp_path: Path, cell: str) -> None:
    """`10.000` is ten thousand in half of Europe: not read as ten."""
    (tmp_path / "t.csv").write_text(f"{HEADER}\ns,main,0,0,{cell},500\n")
    with pytest.raises(sim.DataError, match=f"row 2, input_tokens={cell}: a fraction, or thousands"):
        read_trace(tmp_path / "t.csv")
    with pytest.raises(sim.DataError, match=f"holds no calls .*{cell.strip()} is a fraction, or thousands"):
        sim.logs.read(tmp_path / "t.csv")


@pytest.mark.parametrize("cell", ["10000.0", "10.0", "0.000", "1e4"])
def test_whole_numbers_as_programs_write_them_are_read(tmp_path: Path, cell: str) -> None:
    (tmp_path / "t.csv").write_text(f"{HEADER}\ns,main,0,0,{cell},500\n")
    assert read_trace(tmp_path / "t.csv")[0].agents[0].calls[0].input_tokens == float(cell)


def test_a_lead_in_capitals_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{HEADER}\ns,main,0,0,100,5\ns,Main,1,9,200,5\n")
    with pytest.raises(sim.DataError, match="row 3, agent=Main: another agent than 'main'"):
        read_trace(tmp_path / "t.csv")


def test_a_session_begins_once(tmp_path: Path) -> None:
    """Who writes each call's own start there has its times twice."""
    head = "trace,agent,call_index,t_s,input_tokens,output_tokens,session_start_s"
    path = tmp_path / "t.csv"
    path.write_text("\n".join([head, "s,main,0,0,1000,100,1000", "s,main,1,60,1200,100,1000.5", "s,main,2,90,1300,100,"]))
    assert [session.begins_s for session in read_trace(str(path))] == [1000]
    path.write_text("\n".join([head, "s,main,0,0,1000,100,1000", "s,main,1,60,1200,100,1060"]))
    with pytest.raises(DataError, match=r"row 3, session_start_s=1060: over a second from what another call of its session says"):
        read_trace(str(path))


WITH_HOURS = "trace,agent,call_index,t_s,input_tokens,output_tokens,session_start_s,cache_write_tokens,cache_write_1h_tokens"
SLIPS = {
    "a,main,0,1763629360000,1,1,,,": "t_s=1763629360000: must be a number of seconds from 0 to 1,000,000,000,000; are those milliseconds?",
    "a,main,0,2026-02-16T09:00:00,1,1,,,": "; it is a date: in t_s write seconds since the session's start",
    "a,main,0,0,1,1,2026-02-16,,": "; it is a date: in t_s write seconds since the session's start",
    "trace,agent,call_index,t_s,input_tokens,output_tokens,session_start_s,,": "; it is the line of column names again (two files in one?)",
    "a,main,0,0,60,1,,50,500": "cache_write_1h_tokens=500: must be at most cache_write_tokens, of which they are a part",
    "a,main,0,0,40,1,,50,0": "cache_write_tokens=50: with cache reads more than input_tokens, which are whole prompts; if they are counted",
    "\xe9,main,0,0,1,1,,,": "row 2 is not text in UTF-8: save it as that",
}


@pytest.mark.parametrize("row", sorted(SLIPS))
def test_what_a_cell_may_have_been_meant_as_is_said(tmp_path: Path, row: str) -> None:
    (tmp_path / "x.csv").write_bytes(f"{WITH_HOURS}\n{row}\n".encode("latin-1"))
    with pytest.raises(DataError, match=re.escape(SLIPS[row])):
        read_trace(tmp_path / "x.csv")


def test_an_empty_file_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("\n \n")
    with pytest.raises(DataError, match=r"x\.csv: is empty$"):
        read_trace(tmp_path / "x.csv")


def test_what_is_odd_of_a_log_is_told_of_its_replay(tmp_path: Path) -> None:
    """And before the numbers of an estimate."""
    path = lines(tmp_path / "x.jsonl", {"timestamp": 0, "input_length": 600, "output_length": 1, "hash_ids": list(range(9))})
    assert "with more blocks of hashes than their prompt fills" in read_trace(path)[0].left_out
    told = " ".join(sim.estimate(sim.load("workload=trace", f"workload.trace={path}")).said)
    assert "with more blocks of hashes than their prompt fills" in told


def test_moments_of_parquet_that_name_no_zone_are_told(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2026-02-16T09:00:00", "2026-02-16T09:01:00"])
    for name, when, told in (("bare", moments, True), ("utc", moments.tz_localize("UTC"), False)):
        rows = {"trace": "s", "agent": "main", "call_index": [0, 1], "t_s": when, "input_tokens": [1000, 2000], "output_tokens": 10}
        pd.DataFrame(rows).to_parquet(tmp_path / f"{name}.parquet")
        [session] = read_trace(tmp_path / f"{name}.parquet")
        assert ("2 rows: whose times name no zone: taken as UTC" in session.left_out) is told
