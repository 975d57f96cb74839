"""A command leaves its process as it found it; a job that a launcher sends elsewhere arrives whole."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import re
import sys
import threading
import warnings
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra

import sim
from sim.shell.cli import main
from sim.shell.command import read
from sim.shell.ending import told
from sim.shell.job import Job
from sim.shell.jobs import Jobs
from sim.shell.process import arguments, aside, heard, quiet, whole_errors
from sim.shell.run import unasked_agent, unused_backend, unused_prices
from sim.shell.words import outdone

SMALL = ["agent=chat", "workload.tasks=2", "replications=1", "processes=1", "log=none"]


def state() -> dict[str, Any]:
    """Of the process."""
    return {
        "argv": list(sys.argv),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "warnings": list(warnings.filters),
        "hydra": (id(GlobalHydra.instance()), GlobalHydra.instance().hydra),
        "store": id(ConfigStore.instance().repo),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([*SMALL, "hydra.run.dir=out"], 0),
        (["-m", *SMALL, "seed=1,2", "hydra.sweep.dir=out"], 0),
        pytest.param(["-m", *SMALL, "agent.fanout=0,1", "hydra.sweep.dir=out"], 1, marks=pytest.mark.slow),
        (["agent.fanuot=3"], 1),
    ],
)
def test_a_command_leaves_its_process_as_it_found_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    before = state()
    with pytest.raises(SystemExit) as end:
        main(words)
    assert (end.value.code or 0) == status
    assert state() == before


@pytest.mark.slow
def test_commands_of_one_process_know_nothing_of_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    statuses = []
    for words in (["agent.fanout=0"], [*SMALL, "hydra.run.dir=one"], ["-m", *SMALL, "seed=1,2", "hydra.sweep.dir=two"]):
        with pytest.raises(SystemExit) as end:
            main(words)
        statuses.append(end.value.code)
    assert statuses == [1, 0, 0]
    assert list(pd.read_csv(tmp_path / "two" / "results.csv")["status"]) == ["ok", "ok"]


@pytest.mark.parametrize(
    "text", ["hydra: {sweeper: {params: {seed: '1,2'}}}", "hydra:\n  sweeper:\n    params: {seed: &a '1,2'}\nname: *a"]
)
def test_an_experiment_with_axes_is_a_sweep_however_it_is_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    assert read([f"--config-dir={tmp_path}", "experiment=mine"]).arguments[0] == "--multirun"


def test_files_that_name_one_another_are_told(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("defaults: [/experiment: mine]")
    with pytest.raises(sim.ConfigError, match="files whose defaults name one another"):
        sim.load("experiment=mine", config_dir=tmp_path)


def test_a_job_goes_elsewhere_without_the_jobs_of_this_process() -> None:
    with Jobs(1, told) as jobs:
        sent = pickle.loads(pickle.dumps(Job(jobs)))
    assert isinstance(sent, Job)
    assert sent.status == 0


def test_contexts_put_back_what_they_change_after_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    before = state()
    for context in (arguments(["a"]), whole_errors(), quiet()):
        with pytest.raises(ZeroDivisionError):
            _fail(context, before)
        assert state() == before


@pytest.mark.parametrize(
    ("words", "asked"),
    [(["agent=chat"], ""), (["agent.workflow=mine:f", "seed=1"], "; agent.workflow=mine:f is yours: does it end?")],
)
def test_who_waits_long_is_told_so(words: list[str], asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, over = io.StringIO(), threading.Event()
    monkeypatch.setattr(said, "flush", over.set)
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setattr(sys, "__stderr__", said)
    with heard(0.001, words):
        assert over.wait(60)
    assert said.getvalue() == f"sim: still at work after 0.001 s; Ctrl-C stops it{asked}\n"


def _fail(context: AbstractContextManager[None], before: dict[str, Any]) -> None:
    with context:
        assert state() != before
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["+backend=my_llm"], "+backend=my_llm"),
        (["+backend=my_llm", "backends=[my_llm]"], ""),
        (["+backend=my_llm", "experiment=mine"], ""),
        (["agent=chat"], ""),
        (["+server=minimax_m2_5"], "+server=minimax_m2_5"),
        (["+server=minimax_m2_5", "backends=[minimax_m2_5]"], "+server=minimax_m2_5"),
        (["+server=minimax_m2_5", "backends=[claude_opus_4_6,minimax_m2_5_own]"], ""),
        (["+server=my_rack", "backends=[rack]"], ""),
        (["backends=[glm_5]", "+backend=my_llm", "backends=[my_llm]"], ""),
        (["+reserved=gpt_5_2"], "+reserved=gpt_5_2"),
        (["+reserved=gpt_5_2", "+backend=my_llm", "backends=[gpt_5_2]"], ""),
    ],
)
def test_a_backend_that_is_added_and_not_used_is_named(words: list[str], told: str) -> None:
    assert unused_backend(words) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["workload=trace", "agent=team", "agent.fanout=8"], "agent=team, agent.fanout=8"),
        (["workload=trace", "agent.system_tokens=9", "agent.tries.most=2"], ""),
        (["agent=team", "agent.fanout=8"], ""),
    ],
)
def test_how_agents_work_is_told_to_be_without_effect_on_recorded_sessions(words: list[str], told: str) -> None:
    """Their head is asked for after a compaction; tries are told with the run."""
    assert unasked_agent(words) == told


def test_a_sweep_over_names_has_a_folder_with_a_plain_name() -> None:
    sweep = read(["-m", *SMALL, "name=a,b"]).sweep
    assert sweep is not None
    assert re.fullmatch(r"sweep-[0-9a-f]{8}", sweep.name)
    named = read(["-m", *SMALL, "name=mine", "seed=1,2"]).sweep
    assert named is not None
    assert named.name.startswith("mine-")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["market.models.kimi_k2_5.fee=0.1"], "market.models.kimi_k2_5.fee=0.1"),
        (["market.models.claude_opus_4_6.fee=0.1"], ""),
        (["backends=[glm_5]", "market.models.kimi_k2_5.fee=0.1", "backends=[kimi_k2_5]"], ""),
        (["market.models.kimi_k2_5.fee=0.1", "backends=[glm_5],[kimi_k2_5]"], ""),
        (["market.models.minimax_m2_5.fee=0.1", "backends=[minimax_m2_5_launch]"], "market.models.minimax_m2_5.fee=0.1"),
        (["market.models.kimi_k2_5.fee=0.1", "experiment=fanout"], ""),
        (["+backend=mine", "market.models.kimi_k2_5.fee=0.1"], ""),
        (["+backend=mine", "market.models.kimi_k2_5.fee=0.1", "backends=[mine]"], "market.models.kimi_k2_5.fee=0.1"),
    ],
)
def test_prices_of_a_backend_that_is_not_used_are_told(words: list[str], told: str) -> None:
    assert unused_prices(words) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["seed=1", "agent=solo", "seed=2"], [("seed=1", "seed=2")]),
        (["agent=solo", "agent=chat", "-m"], [("agent=solo", "agent=chat")]),
        (["seed=1", "seed=1", "agent=solo", "agent.turns=3", "+backend=a", "+backend=a"], []),
        (["--config-dir", "a=1", "a=2"], []),
    ],
)
def test_what_is_set_twice_is_told(words: list[str], told: list[tuple[str, str]]) -> None:
    """The last one holds, as in Hydra: a flag's value is no setting."""
    assert outdone(words) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--info"], "sim --cfg job SETTINGS shows every setting"),
        (["--config-name=mine"], "--config-dir FOLDER experiment=NAME"),
        (["-cp", "/etc"], "--config-dir FOLDER experiment=NAME"),
        (["--package", "market"], "--cfg is not asked for"),
        (["-m", "seed=1,2,1"], "seed: has 1 twice, which would be one scenario run twice"),
        (["hydra.run.dir="], "hydra.run.dir=: names no folder; hydra.run.dir=. is the current one"),
    ],
)
def test_what_hydra_takes_and_nobody_means_is_refused_in_a_line(words: list[str], told: str) -> None:
    with pytest.raises(sim.ConfigError, match=re.escape(told)):
        read(words)


def test_a_part_of_the_settings_can_be_looked_at() -> None:
    assert read(["--cfg=job", "--package", "market"]).arguments == ["--cfg=job", "--package", "market"]


def test_where_a_machine_reads_what_code_of_ones_own_prints_goes_aside(capsys: pytest.CaptureFixture[str]) -> None:
    with aside(machine=True):
        print("from a policy")
    with aside(machine=False):
        print("{}")
    assert capsys.readouterr() == ("{}\n", "from a policy\n")


def test_json_of_a_run_with_a_workflow_that_prints_is_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["print('imported')", "def talks(agent):", "    print('asked')", "    agent.settle()"]
    lines += ["    yield agent.office.send(agent.call, 0, 9, 9, 0, 0.5, 1.0)", "    return True"]
    (tmp_path / "talking.py").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    words = ["workload.tasks=1", "replications=1", "processes=1", "agent.kind=custom", "agent.workflow=talking:talks", "hydra.run.dir=out"]
    with pytest.raises(SystemExit):
        main([*words, "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["metrics"]["calls"]["mean"] == 1
    assert "imported\n" in said.err
    assert "asked\n" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("many", [False, True])
def test_figures_for_slides_and_numbers_for_a_spreadsheet(many: bool, tmp_path: Path) -> None:
    words = ["agent=chat", "workload.tasks=2", "replications=2", "processes=1"]
    words += ["-m", "seed=1,2", f"hydra.sweep.dir={tmp_path}"] if many else [f"hydra.run.dir={tmp_path}"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--pdf", "--xlsx"])
    assert ended.value.code == 0
    stems = {ending: {path.stem for path in (tmp_path / "figures").glob(f"*.{ending}")} for ending in ("png", "pdf")}
    assert stems["pdf"] == stems["png"] != set()
    assert all(path.read_bytes().startswith(b"%PDF") for path in (tmp_path / "figures").glob("*.pdf"))
    book = pd.read_excel(tmp_path / "results.xlsx")
    table = pd.read_csv(tmp_path / ("results.csv" if many else "summary.csv"))
    assert len(book) == len(table)
    assert set(table.columns) <= set(book.columns)
