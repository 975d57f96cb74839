"""Commands that are ended at random moments: no mix of two runs, no run lost, nobody left behind, no file either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.stops import stop


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_whatever_ends_a_command_at_whatever_moment(tmp_path: Path) -> None:
    """A run and `again`; how a sweep survives is in `tests/sweeps/test_folder.py`, and all three by every signal in `benchmarks.stops`."""
    found = stop(tmp_path, 2, seed=2, named=("run", "again"))
    assert sum(found.ends.values()) == 2
    assert (found.mixed, found.lost, found.orphans, found.said, found.left) == (0, 0, 0, 0, [])
