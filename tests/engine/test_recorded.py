"""A recorded workload is what its file holds: read again when that changes, refused where it is not what it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, scenario

HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens\n"


def replay(trace: Path, sha256: str = "") -> sim.Scenario:
    return scenario(agent(), backend(), workload=WorkloadSettings(kind=WorkloadKind.trace, trace=str(trace), trace_sha256=sha256))


def test_a_trace_edited_between_two_runs_of_a_process_is_another_trace(tmp_path: Path) -> None:
    trace = tmp_path / "calls.csv"
    trace.write_text(f"{HEAD}a,main,0,0,100,5\n")
    first = sim.simulate(replay(trace))
    trace.write_text(f"{HEAD}a,main,0,0,900,5\n")
    second = sim.simulate(replay(trace))
    assert [run.mean("total_tokens") for run in (first, second)] == [105, 905]
    with pytest.raises(sim.DataError, match=r"is another trace than workload\.trace_sha256 says"):
        sim.simulate(first.scenario)
    assert sim.simulate(second.scenario).digest == second.digest


def test_a_run_says_which_trace_it_replayed_and_its_folder_will_have_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    for place, tokens in (("here", 100), ("there", 700)):
        (tmp_path / place / "calls.csv").write_text(f"{HEAD}a,main,0,0,{tokens},5\n")
    monkeypatch.chdir(tmp_path / "here")
    result = sim.simulate(replay(Path("calls.csv")))
    folder = result.save(tmp_path / "run")
    assert result.origin["read calls.csv"] == result.scenario.workload.trace_sha256[:16]
    assert sim.simulate(sim.load_run(folder)).digest == result.digest
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(sim.DataError, match=r"calls\.csv: is another trace"):
        sim.simulate(sim.load_run(folder))
