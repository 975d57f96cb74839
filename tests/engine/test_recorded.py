"""A recorded workload is what its file holds: read again when that changes, refused where it is not what it should be."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

import sim
from sim.engine.recorded import forget, sessions_of
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.sweeps.key import key_of
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


def test_a_run_finds_its_trace_from_anywhere_and_will_have_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, tokens in (("here", 100), ("there", 700)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "calls.csv").write_text(f"{HEAD}a,main,0,0,{tokens},5\n")
    monkeypatch.chdir(tmp_path / "here")
    runs = [sim.simulate(replay(Path("calls.csv"))), sim.simulate(replay(tmp_path / "here" / "calls.csv"))]
    folders = [run.save(tmp_path / "here" / f"run{number}") for number, run in enumerate(runs)]
    assert runs[0].origin["read calls.csv"] == runs[0].scenario.workload.trace_sha256[:16]
    for folder in folders:
        saved = (folder / "scenario.yaml").read_text()
        assert "trace: ../calls.csv\n" in saved
        assert str(tmp_path) not in saved
    monkeypatch.chdir(tmp_path / "there")
    assert [sim.simulate(sim.load_run(folder)).digest for folder in folders] == [run.digest for run in runs]
    shutil.copytree(tmp_path / "here", tmp_path / "moved" / "elsewhere")
    assert sim.simulate(sim.load_run(tmp_path / "moved" / "elsewhere" / "run0")).digest == runs[0].digest
    shutil.copy(tmp_path / "there" / "calls.csv", tmp_path / "here" / "calls.csv")
    with pytest.raises(sim.DataError, match=r"calls\.csv: is another trace"):
        sim.simulate(sim.load_run(folders[0]))


def test_a_folder_of_logs_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    call = {"id": "a", "block_size": 64, "requests": [{"t": 0, "in": 100, "out": 5, "hash_ids": [1]}]}
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.json").write_text(json.dumps(call))
    first = sim.simulate(replay(tmp_path / "logs"))
    assert first.mean("total_tokens") == 105
    (tmp_path / "logs" / "b.json").write_text(json.dumps(call | {"id": "b"}))
    assert sim.simulate(replay(tmp_path / "logs")).mean("total_tokens") == 210
    with pytest.raises(sim.DataError, match=r"is another trace than workload\.trace_sha256 says"):
        sim.simulate(first.scenario)
    (tmp_path / "logs" / "b.json").unlink()
    folder = first.save(tmp_path / "run")
    assert sim.simulate(sim.load_run(folder)).digest == first.digest


def test_a_trace_with_dates_begins_with_the_first_of_them(tmp_path: Path) -> None:
    """By which prices and budgets change; unless the scenario says another moment."""
    trace = tmp_path / "calls.csv"
    trace.write_text(f"{HEAD}a,main,0,1771804800,100,5\nb,main,0,1771804700,100,5\n")
    result = sim.simulate(replay(trace))
    assert result.scenario.start == "2026-02-22T23:58:20"
    assert result.calls["t_request_s"].tolist() == [0, 100]
    other = dataclasses.replace(replay(trace), start="2026-03-01T00:00:00")
    assert sim.simulate(other).scenario.start == other.start
    assert key_of(result.scenario) == key_of(replay(trace))


def test_a_trace_is_read_once_until_it_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(f"{HEAD}a,main,0,0,100,5\n")
    scenario = replay(tmp_path / "calls.csv")
    first = sessions_of(scenario)
    assert sessions_of(scenario) is first
    forget()
    again = sessions_of(scenario)
    assert again == first
    assert again is not first
