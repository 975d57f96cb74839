"""Demand that changes with the hour: gaps stand still, run faster, grow; nothing else changes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import sim
from sim.settings.workload import DemandWindow, WorkloadKind, WorkloadSettings
from sim.workload.demand import WEEK_S, Demand
from tests.worlds import agent, backend, scenario, with_

MONDAY = datetime(2026, 2, 16, tzinfo=UTC)
HOUR_S, DAY_S = 3600.0, 86_400.0
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
OFFICE: dict[str, Any] = {"hours": [DemandWindow(from_h=9, until_h=18, weekdays=WORKDAYS, times=1.0)], "otherwise": 0.0}


def demand(start: datetime = MONDAY, **settings: Any) -> Demand:
    return Demand(WorkloadSettings(**settings), start)


def test_two_hours_from_five_on_friday_are_ten_on_monday() -> None:
    office = demand(**OFFICE)
    friday, monday = 4 * DAY_S, 7 * DAY_S
    assert office.after(friday + 17 * HOUR_S, 2 * HOUR_S) == monday + 10 * HOUR_S
    assert office.after(friday + 20 * HOUR_S, 0.0) == monday + 9 * HOUR_S, "no gap at all, and nobody there"
    assert office.after(10 * HOUR_S, 0.0) == 10 * HOUR_S
    assert office.after(0.0, 45 * HOUR_S - 1) == 4 * DAY_S + 18 * HOUR_S - 1, "a week has 45 hours"


def test_clocks_that_are_set_forward_take_an_hour_of_the_night() -> None:
    """Berlin, 29 March 2026: 2:00 is 3:00, so from 1:00 to 9:00 there are seven hours; a zone half an hour off keeps its half hours."""
    night = demand(
        datetime(2026, 3, 28, 23, tzinfo=UTC), zone="Europe/Berlin", hours=[DemandWindow(from_h=1, until_h=9, times=1.0)], otherwise=0.0
    )
    assert night.after(0.0, 7 * HOUR_S - 1) == 8 * HOUR_S - 1
    assert night.after(0.0, 7 * HOUR_S) == pytest.approx(8 * HOUR_S + 16 * HOUR_S)
    india = demand(zone="Asia/Kolkata", hours=[DemandWindow(from_h=9.25, until_h=10, times=2.0)], otherwise=0.0)
    assert india.after(0.0, HOUR_S) == (9.25 - 5.5) * HOUR_S + 0.5 * HOUR_S


def test_spikes_and_drains_stand_before_what_is_usual() -> None:
    """The first window that holds counts; outside of all, `otherwise`."""
    spike = demand(
        hours=[DemandWindow(dates=["2026-02-17"], from_h=11, until_h=12, times=5.0), DemandWindow(from_h=11, until_h=13, times=0.0)]
    )
    assert [spike.times(day * DAY_S + hour * HOUR_S) for day, hour in ((0, 11), (1, 11.5), (1, 12.5), (1, 13))] == [0.0, 5.0, 0.0, 1.0]
    assert spike.after(DAY_S + 11 * HOUR_S, 5 * HOUR_S) == DAY_S + 13 * HOUR_S


def test_demand_that_grows_is_an_integral() -> None:
    """Usual seconds in t weeks: w (g^t - 1) / ln g; pieces of an hour are within a millionth."""
    grows = demand(growth_per_week=1.5)
    for weeks in (0.5, 3.0):
        usual_s = WEEK_S * (1.5**weeks - 1) / math.log(1.5)
        assert grows.after(0.0, usual_s) == pytest.approx(weeks * WEEK_S, rel=1e-6)


def test_what_never_comes_never_comes() -> None:
    none = demand(hours=[DemandWindow(dates=["2026-02-16"], times=1.0)], otherwise=0.0)
    assert none.after(0.0, DAY_S - 1) == DAY_S - 1
    assert none.after(0.0, DAY_S + 1) == math.inf
    work = WorkloadSettings(tasks=30, interarrival_s=HOUR_S, hours=[DemandWindow(dates=["2026-02-16"], times=1.0)], otherwise=0.0)
    assert len(sim.simulate(scenario(agent(turns=1), backend(), workload=work)).tasks) == 23, (
        "one each hour of the day, the first after an hour"
    )


def test_as_many_come_in_a_window_as_its_factor_says() -> None:
    """Poisson arrivals: the number in each hour of the day is Poisson too, whatever the hours before."""
    hours = [DemandWindow(from_h=8, until_h=12, times=3.0), DemandWindow(from_h=12, until_h=14, times=0.5)]
    work = WorkloadSettings(tasks=None, interarrival_s={"dist": "exponential", "mean": 600}, hours=hours, otherwise=0.2)
    world = scenario(agent(turns=1), backend(), workload=work, horizon_s=40 * DAY_S)
    arrivals = sim.simulate(world).tasks["t_arrive_s"].to_numpy() % DAY_S / HOUR_S
    for first, last, times in ((8, 12, 3.0), (12, 14, 0.5), (14, 32, 0.2)):
        there = int(((arrivals - first) % 24 < last - first).sum())
        expected = 40 * (last - first) * 6 * times
        assert abs(there - expected) < 4 * math.sqrt(expected)


@pytest.mark.parametrize("kind", [WorkloadKind.open, WorkloadKind.users])
def test_ahead_of_the_clock_and_in_shards_tasks_begin_at_the_same_moments(kind: WorkloadKind) -> None:
    work = WorkloadSettings(kind=kind, tasks=40, users=6, tasks_per_user=4, interarrival_s=3000.0, session_gap_s=20_000.0, **OFFICE)
    world = scenario(agent(turns=3), backend(), workload=work)
    whole = sim.simulate(world)
    sharded = sim.simulate(with_(world, shards=3))
    stepped = sim.simulate(scenario(agent(turns=3), backend(slots=1000), workload=work))
    for other in (sharded, stepped):
        one, two = (run.tasks.sort_values("task")["t_arrive_s"].to_numpy() for run in (whole, other))
        np.testing.assert_array_equal(one, two)
    seconds = whole.tasks["t_arrive_s"].to_numpy()
    assert ((seconds % DAY_S >= 9 * HOUR_S) & (seconds % DAY_S < 18 * HOUR_S) & (seconds // DAY_S % 7 < 5)).all()


def test_windows_that_always_hold_change_nothing() -> None:
    plain = scenario(agent(turns=3), backend(), workload=WorkloadSettings(tasks=20, interarrival_s=50.0))
    always = with_(plain, workload=with_(plain.workload, hours=[DemandWindow(times=1.0)]))
    assert sim.simulate(always).digest == sim.simulate(plain).digest


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("[{from_h: 9, until_h: 9, times: 1}]", r"workload.hours\[0\]: from_h and until_h are both 9, which is no time at all"),
        ("[{from_h: 9, until_h: 18, weekdays: [sunday], times: 1}]", r"workload.hours\[0\].weekdays: 'sunday' is not a weekday"),
        ("[{dates: [2026-02-30], times: 1}]", r"workload.hours\[0\].dates: '2026-02-30' must be a day"),
        ("[{from_h: 9, until_h: 25, times: 1}]", r"workload.hours\[0\].until_h=25"),
        ("[{from_h: 9, times: -1}]", r"workload.hours\[0\].times=-1"),
    ],
)
def test_bad_hours_are_one_line(hours: str, said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said) as refused:
        sim.load(f"workload.hours={hours}")
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_an_office_is_as_busy_as_reported() -> None:
    """An agent at work in 2 to 3 % of all minutes."""
    week = sim.simulate(sim.load("agent=solo", "workload=office", "workload.users=200", "work=same", "horizon_s=604800", "replications=1"))
    tasks = week.tasks
    busy_s = (tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"]).sum()
    assert 0.02 < busy_s / (200 * 604_800) < 0.03
