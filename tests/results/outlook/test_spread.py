"""Percentiles of few values: ranks worked out by hand from binomials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.results.outlook.spread import grouped, mean, percentile, rank_interval

UP_TO = np.arange(1.0, 11.0)


def test_the_ranks_of_a_median_of_ten() -> None:
    """P(B <= 1) = 11 / 1024 is within 2.5 % and P(B <= 2) = 56 / 1024 is not: the second and, the other way round, the ninth."""
    assert rank_interval(UP_TO, 0.5) == (5.0, 2.0, 9.0)


def test_five_values_say_nothing_of_their_median() -> None:
    """1 / 32 of samples lie wholly on one side of it."""
    found = rank_interval(np.arange(5.0), 0.5)
    assert found.value == 2.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(("n", "closed"), [(367, False), (368, True)])
def test_a_99th_percentile_has_an_upper_end_from_368_values_on(n: int, closed: bool) -> None:
    """0.99^367 = 0.02502 and 0.99^368 = 0.02477."""
    assert math.isnan(rank_interval(np.arange(n, dtype=float), 0.99).high) is not closed


def test_nine_tenths_and_more_of_the_intervals_hold_the_percentile() -> None:
    luck = np.random.default_rng(5)
    truth = math.exp(1.2815515655446004)
    found = [rank_interval(np.exp(luck.standard_normal(60)), 0.9) for _ in range(1000)]
    held = sum(each.low <= truth and not truth > each.high for each in found)
    assert 950 <= held <= 995


def test_values_that_depend_on_their_group_have_wider_intervals() -> None:
    groups = np.repeat(np.arange(20), 50)
    values = groups + np.tile(np.linspace(0, 0.1, 50), 20)
    alone, tied = (percentile(values, groups, 0.5, independent) for independent in (True, False))
    assert tied.value == alone.value
    assert tied.high - tied.low > 3 * (alone.high - alone.low)


def test_groups_are_runs_or_what_came_one_after_another() -> None:
    assert grouped(np.arange(12), np.zeros(12)).tolist() == list(range(12))
    assert grouped(np.zeros(40, int), np.arange(40.0)[::-1]).tolist() == sorted((np.arange(40) // 2).tolist(), reverse=True)


def test_a_mean_has_the_t_interval_of_its_groups() -> None:
    """Of the group means 1 and 3: 2 and half of t(0.975, 1) = 12.706 times 1."""
    found = mean(np.array([0.0, 2.0, 2.0, 4.0]), np.array([0, 0, 1, 1]))
    assert found.value == 2.0
    assert found.high == pytest.approx(2 + 12.7062, rel=1e-5)
