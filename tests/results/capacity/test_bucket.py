"""A token bucket in front of calls that wait their turn, against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.results.capacity.bucket import quota, waits


def test_five_calls_at_once_by_hand() -> None:
    """A bucket of 10,000 tokens that fills by 1,000 a second takes two calls of 4,000; the others start at 2, 6 and 10 s."""
    assert waits(np.zeros(5), np.full(5, 4000.0), per_min=60_000, burst_s=10.0).tolist() == [0, 0, 2, 6, 10]


def test_a_call_larger_than_the_bucket_never_passes() -> None:
    assert waits(np.array([0.0]), np.array([10_001.0]), per_min=60_000, burst_s=10.0).tolist() == [np.inf]


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 900)), min_size=1, max_size=40), st.floats(60, 6000))
def test_no_window_lets_more_through_than_its_bucket_and_rate(calls: list[tuple[float, int]], per_min: float) -> None:
    """In any D seconds at most C + r D, and in order; a call that finds enough in the bucket does not wait."""
    gaps, sizes = np.array(calls, float).T
    rate, holds = per_min / 60, 1000.0
    t_s = np.cumsum(gaps)
    starts = t_s + waits(t_s, sizes, per_min, burst_s=holds / rate)
    assert (np.diff(starts) >= -1e-9).all()
    for first in range(len(starts)):
        through = np.cumsum(sizes[first:])
        assert (through <= holds + rate * (starts[first:] - starts[first]) + 1e-6 * holds).all()
    assert starts[0] == t_s[0]


def test_one_request_at_a_time_is_an_m_d_1_queue() -> None:
    """Poisson requests, a bucket of one: the mean wait is rho s / (2 (1 - rho)), here 2 s at rho 0.8 and s = 1 s."""
    random = np.random.default_rng(1)
    t_s = np.cumsum(random.exponential(1 / 0.8, 400_000))
    assert waits(t_s, np.ones(len(t_s)), per_min=60.0, burst_s=1.0).mean() == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("accepted", [0.05, 0.01, 0.0])
def test_a_quota_is_the_least_that_holds_back_no_more(accepted: float) -> None:
    random = np.random.default_rng(2)
    t_s, sizes = np.cumsum(random.exponential(2.0, 5000)), random.integers(100, 5000, 5000).astype(float)
    found = quota(t_s, sizes, accepted)
    assert (waits(t_s, sizes, found) > 0).mean() <= accepted
    assert (waits(t_s, sizes, 0.998 * found) > 0).mean() > accepted


def test_one_call_takes_a_bucket_of_its_size_and_none_takes_none() -> None:
    assert quota(np.array([5.0]), np.array([700.0]), 0.01) == 700.0
    assert quota(np.array([]), np.array([]), 0.01) == 0.0
    assert quota(np.array([1.0, 2.0]), np.array([0.0, 0.0]), 0.01) == 0.0, "calls that are all refused have no tokens"
