"""Metrics of a plan, and what a run says of it: what its seats cover, what is paid, how long people wait, what it costs its vendor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from sim.meter.tally import Tally
from sim.scenario.scenario import Scenario
from sim.settings.population.plan import DAY_S, DAYS_A_MONTH
from sim.statistics import digits


class Seats(NamedTuple):
    """What is known of a plan before a run."""

    name: str
    users: int
    months: float
    fee_usd: float
    """Of all seats, for the time of the run."""
    usd_per_month: float
    cost_shares: tuple[float, float]


def seats_of(scenario: Scenario) -> tuple[Seats, ...]:
    """The scenario's plan; empty: it has none."""
    plan, seconds = scenario.plan, scenario.horizon_s
    if not plan.name or seconds is None:
        return ()
    users = scenario.workload.users
    shares = (plan.cost_share_low, plan.cost_share_high)
    return (Seats(plan.name, users, seconds / DAY_S / DAYS_A_MONTH, plan.fee_usd(users, seconds), plan.usd_per_month, shares),)


def _each(t: Tally, usd: float) -> float:
    return usd / t.replications


def _paid(t: Tally, seats: Seats) -> float:
    return seats.fee_usd + _each(t, t.seats.overflow_usd + t.seats.outside_usd)


def _hours(t: Tally, seats: Seats) -> float:
    busy_usd_per_h = t.task_cost_usd / (t.task_busy_s / 3600) if t.task_busy_s else math.nan
    return seats.usd_per_month / busy_usd_per_h if busy_usd_per_h else math.nan


Formula = Callable[[Tally, Seats], float]
OF_PLANS: tuple[tuple[str, str, str, Formula], ...] = (
    ("plan_used_usd", "USD", "covered by seats, at list prices", lambda t, s: _each(t, t.seats.used_usd)),
    ("plan_overflow_usd", "USD", "beyond a spent window, paid by the list", lambda t, s: _each(t, t.seats.overflow_usd)),
    ("plan_outside_usd", "USD", "not covered by the plan (other vendors, a closed route), paid by the list",
     lambda t, s: _each(t, t.seats.outside_usd)),
    ("plan_fee_usd", "USD", "fees of all seats for the time of the run", lambda t, s: s.fee_usd),
    ("plan_paid_usd", "USD", "what users pay in all: fees, overflow and outside", _paid),
    ("plan_paid_usd_per_seat_month", "USD", "the same, a seat and month", lambda t, s: _paid(t, s) / s.users / s.months),
    ("plan_worth", "", "list dollars that a seat covers for each dollar of its fee",
     lambda t, s: _each(t, t.seats.used_usd) / s.fee_usd if s.fee_usd else math.nan),
    ("plan_blocked_h", "h", "hours that a seat waits for its windows, a month",
     lambda t, s: _each(t, t.seats.blocked_s) / 3600 / s.users / s.months),
    ("plan_blocked_share", "", "share of seats that waited at all", lambda t, s: _each(t, t.seats.blocked_seats) / s.users),
    ("plan_break_even_h", "h", "busy hours a month from which the fee is less than list prices", _hours),
    ("plan_vendor_cost_low_usd", "USD", "what serving the seats costs their vendor, at least (`plan.cost_share_low`: assumption)",
     lambda t, s: _each(t, t.seats.used_usd) * s.cost_shares[0]),
    ("plan_vendor_cost_high_usd", "USD", "the same, at most (`plan.cost_share_high`: assumption)",
     lambda t, s: _each(t, t.seats.used_usd) * s.cost_shares[1]),
)  # fmt: skip
"""(name, unit, meaning, formula); there is one of each for a scenario's plan, with its name behind a dot."""


def told(scenario: Scenario, tally: Tally) -> str:
    """Who pays what, in words: all other dollars of a run are at list prices, which nobody pays who has a seat."""
    said = []
    for seats in seats_of(scenario):
        used, overflow, outside = (_each(tally, usd) for usd in (tally.seats.used_usd, tally.seats.overflow_usd, tally.seats.outside_usd))
        blocked = tally.seats.blocked_s / tally.replications / 3600 / seats.users / seats.months
        said.append(
            f"Dollars are at list prices. With {seats.users:,} seats of {seats.name}, users pay ${digits(_paid(tally, seats), 4)}: "
            f"${digits(seats.fee_usd, 4)} of fees for {digits(seats.months, 3)} months, "
            f"${digits(overflow, 4)} beyond their windows, ${digits(outside, 4)} that the plan does not cover; "
            f"seats cover ${digits(used, 4)} of list prices, and wait for their windows {digits(blocked, 3)} hours a month each."
        )
    return " ".join(said)
