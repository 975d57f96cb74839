"""Sums by minute and backend are those of a plain table, however they come and are put together."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sim.meter.minutes import MINUTE_SUMS, Minutes

RANDOM = np.random.default_rng(1)
Known = dict[tuple[int, int], list[float]]


def rows(count: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sums = RANDOM.integers(0, 1000, (count, MINUTE_SUMS)).astype(float)
    return RANDOM.integers(0, most, count), RANDOM.choice([0, 3, 255], count), sums


def found_in(minutes: Minutes) -> Known:
    return {key: minutes[key].tolist() for key in minutes}


def counted(*chunks: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Known:
    """By hand, in order."""
    known: dict[tuple[int, int], np.ndarray] = {}
    for chunk in chunks:
        for minute, backend, sums in zip(*chunk, strict=True):
            known[int(minute), int(backend)] = known.get((int(minute), int(backend)), 0.0) + sums
    return {key: known[key].tolist() for key in sorted(known)}


@pytest.mark.parametrize(("size", "most"), [(0, 1), (1, 1), (700, 5), (700, 10_000_000), (3000, 900)])
def test_minutes_come_in_any_order_and_number(size: int, most: int) -> None:
    chunks = [rows(size, most) for _ in range(4)]
    minutes = Minutes()
    for chunk in chunks:
        minutes.add(*chunk)
    assert found_in(minutes) == counted(*chunks)
    assert list(found_in(minutes)) == list(counted(*chunks)), "in order"
    assert len(minutes) == len(counted(*chunks))
    assert minutes.total().tolist() == sum((sums.sum(axis=0) for *_, sums in chunks), np.zeros(MINUTE_SUMS)).tolist()
    again = pickle.loads(pickle.dumps(minutes))
    assert again == minutes
    assert again.plus(Minutes()) == minutes


def test_two_are_added_and_neither_changes() -> None:
    one, two, both = rows(500, 300), rows(800, 600), (Minutes(), Minutes())
    for minutes, chunk in zip(both, (one, two), strict=True):
        minutes.add(*chunk)
    together = both[0].plus(both[1])
    assert found_in(together) == counted(one, two)
    assert found_in(together.times(2.5)) == {key: [2.5 * each for each in sums] for key, sums in counted(one, two).items()}
    assert [found_in(minutes) for minutes in both] == [counted(one), counted(two)]
    assert together != both[0]
    assert together != counted(one, two)


def test_the_peak_is_of_all_backends_from_a_moment_on() -> None:
    """Input and output of backends 0 and 3; minute 1 begins at 60 s."""
    sums = np.zeros((4, MINUTE_SUMS))
    sums[:, 1], sums[:, 4] = [900, 500, 30, 200], [90, 50, 3, 20]
    minutes = Minutes()
    assert minutes.peak(0.0) == 0
    minutes.add(np.array([0, 1, 1, 2]), np.array([0, 0, 3, 3]), sums)
    assert [minutes.peak(from_s) for from_s in (0.0, 0.1, 60.0, 60.1, 120.0, 121.0)] == [990, 583, 583, 220, 220, 0]
