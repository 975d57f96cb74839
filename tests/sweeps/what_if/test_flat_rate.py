"""What comes while a window of a flat rate is spent, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.settings.budget import Per, Then
from sim.sweeps.what_if.flat_rate import beyond, waiting
from sim.sweeps.what_if.question import FlatRate

H = 3600.0


def paid(flat: FlatRate, *calls: tuple[float, float]) -> list[bool]:
    found: list[bool] = beyond(flat, *np.array(calls).T).tolist()
    return found


def test_a_call_that_finds_the_window_spent_is_paid_by_the_list_and_spends_nothing_of_it() -> None:
    """0.6 twice is over 1; what the first spent is back five hours later, and then 0.4 is left."""
    calls = ((0, 0.6), (100, 0.6), (200, 0.6), (5 * H - 1, 0.6), (5 * H + 1, 0.1))
    assert paid(FlatRate(9, ((5.0, 1.0),)), *calls) == [False, False, True, True, False]


def test_of_two_windows_the_one_that_is_spent_counts() -> None:
    """A dollar every six hours never fills 2 in five hours, but 3 in a week."""
    calls = [(each * 6 * H, 1.0) for each in range(5)]
    assert paid(FlatRate(9, ((5.0, 2.0), (168.0, 3.0))), *calls) == [False, False, False, True, True]


def test_calls_count_in_the_order_of_their_times() -> None:
    assert paid(FlatRate(9, ((5.0, 1.0),)), (9, 9.0), (0, 9.0)) == [True, False]


def test_who_waits_has_a_budget_for_each_window() -> None:
    budgets = waiting(sim.load(), FlatRate(9, ((5.0, 1.0), (168.0, 3.0)))).check().budgets
    assert [(each.usd, each.per, each.window_h, each.then) for each in budgets.values()] == [
        (1.0, Per.rolling, 5.0, Then.wait),
        (3.0, Per.rolling, 168.0, Then.wait),
    ]


@pytest.mark.parametrize("usd", [0.1, 10.0])
def test_what_fits_is_not_paid(usd: float) -> None:
    assert paid(FlatRate(9, ((5.0, 100.0),)), (0, usd), (20, usd)) == [False, False]
