"""Jobs of a sweep are composed of what was composed before: each is the scenario that its words alone make."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim.scenario.hydra_private import looked_at
from tests.typed import typed

SMALL = ("workload.tasks=1", "replications=1", "processes=1", "log=none")


@pytest.mark.slow
def test_each_job_is_what_its_words_make(tmp_path: Path) -> None:
    ended = typed(
        tmp_path, "-m", *SMALL, "agent=solo,swe_task", "agent.turns=2,3", "+market.models.glm_5.slots=3",
        "backends=[glm_5]", "hydra.sweep.dir=out",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    axes = list(itertools.product(("solo", "swe_task"), (2, 3)))
    for number, (agent, turns) in enumerate(axes):
        words = [*SMALL, f"agent={agent}", f"agent.turns={turns}", "+market.models.glm_5.slots=3", "backends=[glm_5]"]
        assert sim.load_run(tmp_path / "out" / str(number)) == sim.load(*words)
        origin = json.loads((tmp_path / "out" / str(number) / "origin.json").read_text())
        assert origin["digest"] == sim.simulate(sim.load(*words)).digest


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "more"), [("", 0), ("mine", 6)])
def test_more_jobs_compose_no_more_unless_files_are_a_users(folder: str, more: int, tmp_path: Path) -> None:
    """Those may change meanwhile: each of three more values is tried, and run, by Hydra itself."""
    (tmp_path / "mine").mkdir()
    sim.load()  # a page asks for it
    counts = []
    for seeds in ("1,2", "1,2,3,4,5"):
        made: list[Any] = []
        words = [*SMALL, "agent=chat", f"seed={seeds}", f"hydra.sweep.dir=out{len(seeds)}", *([f"--config-dir={folder}"] if folder else [])]
        with looked_at(made.append):
            assert typed(tmp_path, "-m", *words).returncode == 0
        counts.append(len(made))
    assert counts[1] - counts[0] == more


def test_one_that_cannot_be_is_told_and_the_others_run(tmp_path: Path) -> None:
    ended = typed(tmp_path, "-m", *SMALL, "agent=team", "agent.max_parallel=1,0,2", "hydra.sweep.dir=out")
    assert ended.returncode == 1
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert [status == "ok" for status in table["status"]] == [True, False, True]
    assert "agent.max_parallel" in table["status"][1]
