"""Sums of many tasks against laws whose sums are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import gamma

from sim.results.outlook.total import SUMMED, percentiles_of_sum

SHARES = [0.5, 0.9, 0.99]
EXPONENTIAL = -np.log1p(-(np.arange(4000) + 0.5) / 4000)
GROUPS = np.arange(4000) % 20


@pytest.mark.parametrize("many", [2, 5, 30, SUMMED, SUMMED + 1, 5000])
def test_exponential_values_add_up_to_a_gamma_law(many: int) -> None:
    found = percentiles_of_sum(EXPONENTIAL, GROUPS, many, SHARES)
    assert [each.value for each in found] == pytest.approx(gamma(many).ppf(SHARES).tolist(), rel=3e-3)


def test_four_coins() -> None:
    """P(at most 2 of 4) = 0.69, at most 3: 0.94."""
    [found] = percentiles_of_sum(np.array([0.0, 1.0] * 20), np.arange(40) % 20, 4, [0.9])
    assert found.value == pytest.approx(3.0, abs=0.01)


def test_a_mean_that_is_known_takes_its_error_away() -> None:
    values = np.exp(np.random.default_rng(1).standard_normal(400))
    guessed, known = (percentiles_of_sum(values, np.arange(400) % 20, 100, [0.5], mean)[0] for mean in (math.nan, math.exp(0.5)))
    assert known.value == pytest.approx(100 * math.exp(0.5), rel=0.02)
    assert known.high - known.low < 0.2 * (guessed.high - guessed.low)


def test_the_interval_holds_the_truth() -> None:
    luck, held = np.random.default_rng(3), 0
    truth = gamma(20).ppf(0.9)
    for _ in range(100):
        [found] = percentiles_of_sum(luck.exponential(size=200), np.arange(200) % 20, 20, [0.9])
        held += found.low <= truth <= found.high
    assert held >= 88


def test_one_task_is_its_own_sum_and_nothing_is_nothing() -> None:
    assert percentiles_of_sum(np.arange(1.0, 11.0), np.arange(10), 1, [0.5]) == [(5.0, 2.0, 9.0)]
    assert percentiles_of_sum(np.zeros(10), np.arange(10), 7, [0.5]) == [(0.0, 0.0, 0.0)]


def test_values_that_differ_by_rounding_are_one_value() -> None:
    """1 cent as it comes out of several sums: four of them are 4 cents, not 4.0006, which a budget of 4 would refuse."""
    values = np.array([0.01, 0.009999999999999998, 0.010000000000000002] * 20)
    for span in percentiles_of_sum(values, np.arange(60) % 6, 4, [0.5, 0.9]):
        assert tuple(span) == pytest.approx((0.04, 0.04, 0.04), rel=1e-9)
