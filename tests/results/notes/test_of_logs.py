"""What a replay says of its trace."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import sim
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, scenario

HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens,api_time_s"


def said(tmp_path: Path, seconds: list[str], api_s: str = "") -> str:
    """Of three calls with 500 output tokens each."""
    rows = [f"s,main,{index},{at},{1000 * (index + 1)},500,{api_s}" for index, at in enumerate(seconds)]
    (tmp_path / "t.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "t.csv"))
    return sim.simulate(scenario(agent(), backend(), workload=workload)).notes.get("trace", "")


@pytest.mark.parametrize(
    ("seconds", "api_s"),
    [(["46069.375", "46069.375694", "46069.376389"], ""), (["0", "60", "120"], "600")],
    ids=["days, as a spreadsheet has them", "calls that take ten minutes, one a minute"],
)
def test_calls_that_come_before_the_last_can_have_been_answered_are_told(tmp_path: Path, seconds: list[str], api_s: str) -> None:
    assert said(tmp_path, seconds, api_s).startswith("2 of 2 later calls were sent before the one before can have been answered")


@pytest.mark.parametrize("seconds", [["0", "60", "120"], ["0", "0", "0"], ["0", "0.06", "0.12"]], ids=["minutes", "none", "8,333 a second"])
def test_times_that_can_be_get_no_word(tmp_path: Path, seconds: list[str]) -> None:
    assert "later calls" not in said(tmp_path, seconds, "5" if seconds[1] == "60" else "")


@pytest.mark.parametrize(("second", "told"), [("1771578000", True), ("86400", False)])
def test_sessions_that_begin_years_apart_are_told(tmp_path: Path, second: str, told: bool) -> None:
    """One at second 0, the other in 2026: 56 years."""
    rows = ["s1,main,0,0,10000,100,,0", f"s2,main,0,0,10000,100,,{second}"]
    (tmp_path / "t.csv").write_text("\n".join([f"{HEAD},session_start_s", *rows]) + "\n")
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "t.csv"))
    world = scenario(agent(), backend(), workload=workload, horizon_s=1e5)
    notes = sim.simulate(world).notes.get("trace", "")
    assert ("Sessions begin 56.1 years apart: are some of their starts no seconds since 1970?" in notes) is told


def test_what_of_a_log_could_not_be_read_or_is_there_twice_is_told_with_its_replay(tmp_path: Path) -> None:
    """A folder with a good table, a row that is broken and a file that is cut; and a run of two replications."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.csv").write_text(f"{HEAD}\ns,main,0,0,1000,500,\ns,main,1,60,10k,500,\n")
    (tmp_path / "logs" / "b.csv.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])
    trace = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "logs"))
    notes = sim.simulate(scenario(agent(), backend(), workload=trace)).notes["trace"]
    assert notes.startswith("Of this log: broken lines: 1, first a.csv: line 3: '10k' is no number of tokens")
    assert "files that could not be read: 1, first b.csv.gz (is packed, and cut or broken)." in notes
    (tmp_path / "run").mkdir()
    sim.simulate(scenario(agent(turns=1), backend(), tasks=1, replications=2)).calls.to_parquet(tmp_path / "run" / "calls.parquet")
    twice = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "run"))
    notes = sim.simulate(scenario(agent(), backend(), workload=twice)).notes["trace"]
    assert notes.startswith("Of this log: 2 rows: of 2 replications, added up: each did the work once.")


def test_what_of_a_table_can_hardly_be_is_told_by_the_run_too(tmp_path: Path) -> None:
    """A call that failed with 1,100 tokens, one without any, one with 900 of 100 output tokens for reasoning: 6,400 tokens in all."""
    calls = ["0,1000,100,error,0", "60,2000,100,200,0", "90,0,0,ok,0", "120,3000,100,ok,900", "150,0,100,,0"]
    rows = [f"s,main,{number},{call}" for number, call in enumerate(calls)]
    (tmp_path / "t.csv").write_text("\n".join([f"{HEAD.removesuffix(',api_time_s')},status,reasoning_tokens", *rows]) + "\n")
    trace = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "t.csv"))
    run = sim.simulate(scenario(agent(), backend(), workload=trace))
    assert run.mean("tokens_per_task") == 6_400
    for told in (
        "1 row: of calls that failed and have tokens: replayed as answered ones, since they are billed",
        "1 row: calls without any token: nothing to price",
        "1 row: answered without an input token: is their number missing? taken as 0",
        "1 row: with more reasoning than output: is reasoning beside it, and not billed here?",
    ):
        assert told in run.notes["trace"]


def test_searches_that_a_simulated_cache_does_not_bill_are_told(tmp_path: Path) -> None:
    """A thousand searches at $10 a thousand, beside 1,000 tokens in and 100 out at $5 and $25 a million: $0.0075."""
    (tmp_path / "t.csv").write_text(f"{HEAD},web_searches,cache_read_tokens\ns1,main,0,0,1000,100,,1000,0\n")
    words = ("workload=trace", f"workload.trace={tmp_path / 't.csv'}", "replications=1", "backends=[claude_opus_4_6]")
    run = sim.simulate(sim.load(*words))
    assert run.mean("cost_usd") == pytest.approx(0.0075)
    assert (
        "Its 1,000 web searches are billed with recorded cache reads alone (workload.trace_cache=recorded), not here." in run.notes["trace"]
    )
    billed = sim.simulate(sim.load(*words, "workload.trace_cache=recorded"))
    assert billed.mean("cost_usd") == pytest.approx(10.0075)
    assert "web searches" not in billed.notes["trace"]


def test_a_call_that_names_no_model_beside_one_that_does_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{HEAD},model\ns,main,0,0,1000,100,,\ns,main,1,60,1000,100,,glm-5\n")
    run = sim.simulate(sim.load("workload=trace", f"workload.trace={tmp_path / 't.csv'}", "replications=1"))
    assert "1 of 2 calls name no model: claude_opus_4_6 takes them." in run.notes["trace"]


@pytest.mark.parametrize(
    ("parents", "told"),
    [(("", "main"), 0), (("main", ""), 1), (("", "ghost"), 1), (("sub", "main"), 2)],
    ids=["begun", "by itself", "by nobody", "by one another"],
)
def test_agents_whom_nobody_can_have_begun_are_told(tmp_path: Path, parents: tuple[str, str], told: int) -> None:
    rows = [f"s,{who},0,0,1000,100,,{parent}" for who, parent in zip(("main", "sub"), parents, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join([f"{HEAD},parent", *rows]) + "\n")
    run = sim.simulate(sim.load("workload=trace", f"workload.trace={tmp_path / 't.csv'}", "replications=1"))
    says = f"{told} row{'s' * (told > 1)}: of a sub-agent whose parent is not in the log, or goes round in a ring"
    assert (says in run.notes.get("trace", "")) is (told > 0)
    assert run.mean("tokens_per_task") == 2_200


def test_more_sessions_than_there_are_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{HEAD}\ns1,main,0,0,10000,100,,\n".replace(",,\n", ",\n"))
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "t.csv"), trace_sessions=1_000)
    notes = sim.simulate(scenario(agent(), backend(), workload=workload)).notes["trace"]
    assert notes.startswith("It has 1 session, and workload.trace_sessions=1,000: all of them are replayed, once.")


@pytest.mark.parametrize(("tokens", "told"), [("100,90000", True), ("90000,100", False), ("100,900", False)])
def test_input_and_output_in_one_anothers_place_are_asked_about(tmp_path: Path, tokens: str, told: bool) -> None:
    (tmp_path / "t.csv").write_text(f"{HEAD}\ns1,main,0,0,{tokens},\n")
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(tmp_path / "t.csv"))
    notes = sim.simulate(scenario(agent(), backend(context_window_tokens=200_000), workload=workload)).notes.get("trace", "")
    assert ("1 of 1 answers have 32,000 tokens or more" in notes) is told
