"""Reserved units, by hand: what they count, when they have room."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.backends.capacity.units import Units, weighted
from sim.settings.capacity.reserved import ReservedSettings
from sim.usage import Usage

TWO = ReservedSettings(units=2, tokens_per_min=300.0, cache_read_weight=0.1, output_weight=8.0, window_s=6.0)
"""10 weighted tokens a second, and those of the last 6 s at most."""


def test_tokens_are_weighted_by_kind_and_what_is_written_to_a_cache_is_input() -> None:
    assert weighted(TWO, Usage(input_tokens=100, cache_read_tokens=60, cache_write_tokens=30, output_tokens=5)) == 40 + 6 + 40


def test_a_call_is_taken_whole_while_anything_is_left() -> None:
    """60 are there at first. 50 and 50 are taken, then 40 are owed, and at 4 s nothing any more; after a long time it is 60 again."""
    units = Units(TWO)
    taken = [
        units.take(Usage(tokens), now) for tokens, now in ((50, 0.0), (50, 0.0), (1, 3.9), (1, 4.1), (70, 1000.0), (1, 1000.9), (1, 1001.1))
    ]
    assert [None if math.isnan(each) else each for each in taken] == [50, 50, None, 1, 70, None, 1]


def test_in_any_window_they_take_no_more_than_they_hold_and_one_call() -> None:
    random = np.random.default_rng(1)
    moments, sizes = np.cumsum(random.exponential(1.0, 3000)), random.integers(1, 60, 3000)
    units = Units(TWO)
    taken = np.array([np.nan_to_num(units.take(Usage(int(size)), float(now))) for size, now in zip(sizes, moments, strict=True)])
    passed = np.cumsum(taken)
    most = (passed[None, :] - passed[:, None] + taken[:, None]) - 10 * (moments[None, :] - moments[:, None])
    assert np.triu(most).max() <= 60 + sizes.max()
    assert passed[-1] == pytest.approx(10 * moments[-1], rel=0.01), "more is asked for than they take, so they are full all the time"
