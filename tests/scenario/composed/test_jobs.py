"""Jobs of a sweep are composed of what was composed before: each is the scenario that its words alone make."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pandas as pd
import pytest

import sim
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


def test_one_that_cannot_be_is_told_and_the_others_run(tmp_path: Path) -> None:
    ended = typed(tmp_path, "-m", *SMALL, "agent=team", "agent.max_parallel=1,0,2", "hydra.sweep.dir=out")
    assert ended.returncode == 1
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert [status == "ok" for status in table["status"]] == [True, False, True]
    assert "agent.max_parallel" in table["status"][1]
