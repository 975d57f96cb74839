"""Jobs of a sweep: each is saved as it ends, on any number of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.results.kept.manifest import read_note
from sim.settings.run import Log
from sim.shell.ending import told
from sim.shell.jobs import Jobs
from sim.sweeps.folder import RunFolder
from tests.worlds import agent, backend, scenario


def test_one_process_saves_each_scenario_before_the_next_is_composed(tmp_path: Path) -> None:
    with Jobs(3, told) as jobs:
        for number in range(3):
            place = RunFolder(tmp_path / str(number), {"seed": str(number)}, tmp_path)
            jobs.add(place, scenario(agent(), backend(), tasks=2, seed=number, processes=1))
            assert read_note(place.path)["digest"]
        jobs.finish()
    assert (jobs.kept, jobs.failed) == (0, 0)


@pytest.mark.slow
def test_a_short_scenario_is_saved_while_a_long_one_goes_on(tmp_path: Path) -> None:
    places = [RunFolder(tmp_path / str(number), {"seed": str(number)}, tmp_path) for number in range(2)]
    with Jobs(2, told) as jobs:
        jobs.add(places[0], scenario(agent(), backend(), tasks=300_000, replications=1, processes=2, log=Log.none))
        jobs.add(places[1], scenario(agent(), backend(), tasks=2, replications=1, processes=2, log=Log.none))
        while not read_note(places[1].path):
            jobs.add(places[1], scenario(agent(), backend(), tasks=2, replications=1, processes=2, log=Log.none))
        assert not read_note(places[0].path)


def test_one_mistake_of_many_scenarios_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Jobs(4, told) as jobs:
        for number, why in enumerate(("glm5 is not there", "glm5 is not there", "another", "glm5 is not there")):
            jobs.fail(RunFolder(tmp_path / str(number), {"seed": str(number)}, tmp_path), ConfigError(why))
        jobs.finish()
    said = capsys.readouterr().err.splitlines()
    assert said == ["sim: seed=0: glm5 is not there", "sim: seed=2: another", "sim: 2 other scenarios: the same (glm5 is not there)"]
