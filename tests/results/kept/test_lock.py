"""A folder has one writer; a lock is no longer than its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.results.kept.lock import alone_in
from tests.worlds import agent, backend, scenario

HOLDER = """import sys
from pathlib import Path
from sim.results.kept.lock import alone_in
with alone_in(Path(sys.argv[1])): print(flush=True); sys.stdin.readline()"""


def test_a_second_writer_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    result = sim.simulate(scenario(agent(), backend(), tasks=1))
    folder = tmp_path / "run"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(sim.ConfigError, match="another run or sweep is writing there; wait"), alone_in(folder, patience_s=0):
            pytest.fail("it shared")
        assert not (folder / "summary.csv").exists()
        other.kill()
    assert (folder / ".lock").exists(), "of a process that was killed"
    result.save(folder)
    assert not (folder / ".lock").exists()
    assert (folder / "summary.csv").exists()


def test_the_same_process_may_come_in_twice_and_leaves_no_file(tmp_path: Path) -> None:
    with alone_in(tmp_path / "made"), alone_in(tmp_path / "made", patience_s=0):
        assert (tmp_path / "made" / ".lock").exists()
    assert list((tmp_path / "made").iterdir()) == []
