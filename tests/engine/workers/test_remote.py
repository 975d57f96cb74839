"""A shard as a worker of Ray's runs it, here without Ray: all of it in what is sent back, or one line that says what is not the same."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.replicate import replicate_shard
from sim.engine.workers.remote import shard_there, versions
from sim.meter.calllog import MEMORY
from sim.scenario.sources import sources
from tests.engine.test_parallel import world_of, worlds

WORLD = worlds(1, log="full", shards=3)[0].check()


def sent_back(world: sim.Scenario, **changes: Any) -> Any:
    files = [(Path(file).name, content.sha256) for file, content in sources(world).items()]
    given: dict[str, Any] = {"wanted": versions(), "folder": os.getcwd(), "files": files} | changes
    return pickle.loads(shard_there(world, 0, 1, False, **given))


@pytest.mark.parametrize("most_bytes", [0, 10**9])
def test_all_of_a_shard_is_sent_back_with_its_log_in_memory_or_in_a_file(most_bytes: int) -> None:
    with MEMORY.limited(most_bytes, group=20):
        calls, part = sent_back(WORLD)
        whole = replicate_shard(WORLD, 0, 1)
    assert calls == len(whole.calls) > 30
    assert part.calls.tobytes() == whole.calls.tobytes()
    np.testing.assert_array_equal(part.tasks, whole.tasks)
    assert part[5:] == whole[5:]
    assert part.calls.flags.writeable


def test_what_it_meets_is_sent_back_too() -> None:
    _, error = sent_back(world_of("broken"))
    assert isinstance(error, sim.ConfigError)
    assert str(error).endswith("ZeroDivisionError: a fault of mine")


def test_another_version_is_refused() -> None:
    _, error = sent_back(WORLD, wanted=versions() | {"numpy": "1.26.0"})
    assert isinstance(error, sim.SimError)
    assert f" has another numpy ({np.__version__}, not 1.26.0); all of Ray's machines need the same" in str(error)
    _, error = sent_back(WORLD, wanted=versions() | {"sim": "12345678"})
    assert f" has another sim ({versions()['sim']}, not 12345678)" in str(error)


def test_a_policy_that_the_machine_has_not_or_has_otherwise_is_refused() -> None:
    _, error = sent_back(world_of("lingering"), files=[("mine.py", "0" * 64)])
    assert isinstance(error, sim.SimError)
    assert " has not the same mine.py at the same place; all of Ray's machines need the same" in str(error)


def test_a_folder_that_is_not_there_does_not_matter_where_nothing_is_read(tmp_path: Path) -> None:
    calls, _part = sent_back(WORLD, folder=str(tmp_path / "missing"))
    assert calls > 30
