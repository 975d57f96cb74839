"""Commands that are ended at random moments: no mix of two runs, no run lost, nobody left behind, no file either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.stops import stop


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_whatever_ends_a_command_at_whatever_moment(tmp_path: Path) -> None:
    found = stop(tmp_path, 3, seed=2)
    assert sum(found.ends.values()) == 3
    assert (found.mixed, found.lost, found.orphans, found.said, found.left) == (0, 0, 0, 0, [])
