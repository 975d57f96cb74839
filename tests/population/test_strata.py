"""Weighted people stand for all of a segment."""

from __future__ import annotations

import numpy as np
import pytest

from sim.population.strata import strata


@pytest.mark.parametrize("count", [1, 4, 100])
def test_their_mean_is_that_of_all_however_few(count: int) -> None:
    parts = strata(8.0, 0.8, count)
    assert parts.weights.sum() == pytest.approx(1.0, rel=1e-12)
    assert parts.means @ parts.weights == pytest.approx(8.0, rel=1e-12)
    assert (np.diff(parts.means) > 0).all()


def test_many_of_them_are_a_lognormal() -> None:
    """The median of a lognormal of mean m is m exp(-sigma^2 / 2), and its 90th percentile exp(1.2816 sigma) times that."""
    parts = strata(1.0, 0.8, 4001)
    at = np.interp([0.5, 0.9], np.cumsum(parts.weights), parts.means)
    assert at == pytest.approx(np.exp([-0.32, 1.2816 * 0.8 - 0.32]), rel=2e-3)


def test_people_who_are_alike_are_alike() -> None:
    parts = strata(3.0, 0.0, 5)
    assert parts.means == pytest.approx(np.full(5, 3.0))
    assert parts.weights == pytest.approx(np.full(5, 0.2))
