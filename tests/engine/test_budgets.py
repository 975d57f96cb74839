"""When budgets turn, by hand: midnights and full hours of a zone, hours that roll, several at once. A call of $0.0023 an hour."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

import sim
from sim.engine.budgets import Budget, budget_of
from sim.report.grid import Study
from sim.report.lost import first
from sim.settings.budget import At, BudgetSettings, Per, Then
from sim.settings.run import Warmup
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.task import Task
from tests.worlds import agent, backend, run, scenario, with_

CALL_USD = 2300e-6
HOUR_S = 3600.0


def hours(calls: int, *more: BudgetSettings, start: str = "2026-02-16T00:00:00", **budget: Any) -> list[float]:
    """When the calls of one task an hour, from the first hour on, are asked for, in order."""
    first = BudgetSettings(**({"then": Then.wait} | budget))
    others = {str(number): each for number, each in enumerate(more)}
    result = run(agent(turns=1), backend(), tasks=calls, every_s=HOUR_S, budget=first, budgets=others, start=start)
    assert (result.calls["status"] == "ok").all()
    return sorted((result.calls["t_request_s"] / HOUR_S).tolist())


@pytest.mark.parametrize("at", list(At))
@pytest.mark.parametrize(
    ("zone", "start", "turns_at"),
    [
        ("UTC", "2026-02-16T00:00:00", 24),
        ("UTC", "2026-02-16T10:00:00", 14),  # not 24 hours after the start
        ("America/Los_Angeles", "2026-02-16T10:00:00", 22),  # 08:00 UTC
        ("Asia/Shanghai", "2026-02-16T10:00:00", 6),  # 16:00 UTC
        ("Asia/Kolkata", "2026-02-16T10:00:00", 8.5),  # 18:30 UTC
        ("Asia/Shanghai", "2026-02-16T10:00:00+08:00", 14),
    ],
)
def test_a_day_turns_at_midnight_of_its_zone(zone: str, start: str, turns_at: float, at: At) -> None:
    """Money for two calls a day; the third waits for the exact moment."""
    assert hours(3, usd=1.5 * CALL_USD, per=Per.day, zone=zone, start=start, at=at) == [1, 2, turns_at]


@pytest.mark.parametrize("at", list(At))
def test_what_a_task_waits_for_its_budget_is_a_metric_and_comes_before_the_headline(at: At) -> None:
    """Money for two calls a day; the third task comes at 3 o'clock and waits 21 hours: 7 a task, and no wait of a call."""
    budget = BudgetSettings(usd=1.5 * CALL_USD, per=Per.day, then=Then.wait, at=at)
    result = run(agent(turns=1), backend(), tasks=3, every_s=HOUR_S, budget=budget)
    assert result.mean("budget_wait_s") == pytest.approx(7 * HOUR_S, rel=1e-12)
    assert result.mean("mean_wait_s") == 0
    assert "1 of 3 ended tasks" in result.notes["money"]
    assert "21 hours each" in result.notes["money"]
    one = Study(rows=pd.DataFrame([{"budget_wait_s": 7 * HOUR_S}]), failed=pd.DataFrame(), axes=[], x="", places=[], lines={})
    assert first(one)[-1] == "Tasks waited for their budgets: 7 hours a task on average"


def test_what_comes_in_the_warm_up_waits_for_no_money() -> None:
    """The second and the third day's tasks, of one a day, come at 2 and 3 o'clock: they wait 22 and 45 hours."""
    budget = BudgetSettings(usd=0.5 * CALL_USD, per=Per.day, then=Then.wait)
    result = run(agent(turns=1), backend(), tasks=3, every_s=HOUR_S, budget=budget, warmup=Warmup.fixed, warmup_s=2.5 * HOUR_S)
    assert result.mean("budget_wait_s") == pytest.approx(45 * HOUR_S, rel=1e-12)


def test_agents_that_wait_for_money_together_wait_once() -> None:
    task = Task(0, 0, 0, 0.0)
    for now, until in ((10, 20), (12, 20), (15, 30), (40, 41)):
        task.wait_for_money(now, until)
    assert task.broke_s == 21


def test_a_day_is_as_long_as_its_clocks_say() -> None:
    """Berlin from 28 March 2026, 12:00 UTC: the next day begins in 11 hours and lasts 23. Two calls a day."""
    asked = hours(7, usd=1.5 * CALL_USD, per=Per.day, zone="Europe/Berlin", start="2026-03-28T12:00:00")
    assert asked == [1, 2, 11, 11, 34, 34, 58]


def test_an_hour_turns_at_the_full_hour_of_its_zone() -> None:
    """In Kolkata that is at half past."""
    assert hours(2, usd=0.5 * CALL_USD, per=Per.hour) == [1, 2]
    quarter = "2026-02-16T00:15:00"
    budget = BudgetSettings(usd=0.5 * CALL_USD, per=Per.hour, then=Then.wait, zone="Asia/Kolkata")
    calls = run(agent(turns=1), backend(), tasks=3, every_s=60.0, budget=budget, start=quarter).calls
    assert sorted(calls["t_request_s"].tolist()) == [60.0, 900.0, 4500.0]


def test_hours_that_roll_give_each_dollar_back_in_its_time() -> None:
    """Money for three calls in any five hours: the fourth goes when the first is five hours past, and so on."""
    asked = hours(9, usd=2.5 * CALL_USD, per=Per.rolling, window_h=5)
    assert asked == [1, 2, 3, 6, 7, 8, 11, 12, 13]


def test_hours_that_roll_are_no_hours_of_the_clock() -> None:
    """Two at 23:30 and 23:40 on one day; midnight gives nothing back."""
    budget = BudgetSettings(usd=1.5 * CALL_USD, per=Per.rolling, window_h=1, then=Then.wait)
    calls = run(agent(turns=1), backend(), tasks=3, every_s=600.0, budget=budget, start="2026-02-16T23:20:00").calls
    assert sorted(calls["t_request_s"].tolist()) == [600.0, 1200.0, 4200.0]


def test_five_hours_and_a_week_at_once() -> None:
    """Three in five hours, five in a week: the sixth goes a week after the first, when the five hours are long past."""
    week = BudgetSettings(usd=4.5 * CALL_USD, per=Per.rolling, window_h=168, then=Then.wait)
    assert hours(8, week, usd=2.5 * CALL_USD, per=Per.rolling, window_h=5) == [1, 2, 3, 6, 7, 169, 170, 171]


def test_a_window_that_rolls_for_months_counts_to_the_cent() -> None:
    """2,000 calls at a price that no float holds: three of them, to the end, and a fourth where a cent in a billion is left."""
    budget = BudgetSettings(usd=0.69 * (1 - 1e-11), per=Per.rolling, window_h=5, then=Then.stop)
    dear = backend(input_usd_per_mtok=100.0, output_usd_per_mtok=100.0)
    for most, limit in ((3, budget), (4, with_(budget, usd=0.69 * (1 + 1e-11)))):
        calls = run(agent(turns=1), dear, tasks=2000, every_s=HOUR_S, budget=limit).calls.sort_values("task")
        assert (calls["status"] == "ok").tolist() == [number % 5 < most for number in range(2000)]


@pytest.mark.parametrize(("users", "done"), [(1, 4), (2, 2), (None, 1)])
def test_teams_have_windows_of_their_own(users: int | None, done: int) -> None:
    """Four people of three calls each within an hour, and money for one: a user, a team of two, all."""
    people = WorkloadSettings(kind=WorkloadKind.users, users=4, tasks_per_user=3, session_gap_s=600.0)
    for per, window_h in ((Per.rolling, 1.0), (Per.day, None)):
        budget = BudgetSettings(usd=0.5 * CALL_USD, per=per, window_h=window_h, users=users)
        calls = run(agent(turns=1), backend(), workload=people, budget=budget).calls
        assert (calls["status"] == "ok").sum() == done


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (BudgetSettings(usd=1.0, per=Per.rolling), r"budgets\.lab\.per=rolling: needs budgets\.lab\.window_h, e\.g\. 5"),
        (BudgetSettings(usd=1.0, window_h=5.0), r"budgets\.lab\.window_h=5: needs budgets\.lab\.per=rolling, not day"),
        (BudgetSettings(usd=1.0, zone="Europe/Berln"), r"budgets\.lab\.zone=Europe/Berln: not a time zone; did you mean 'Europe/Berlin'"),
    ],
)
def test_a_window_that_cannot_be_is_refused(budget: BudgetSettings, said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(budgets={"lab": budget})


def task(number: int = 0, user: int = 0) -> Task:
    return Task(number, user, 0, 0.0)


def budget(**settings: Any) -> Budget:
    """Of a dollar, from a Monday's midnight on."""
    return budget_of(BudgetSettings(**{"usd": 1.0} | settings), datetime(2026, 2, 16, tzinfo=UTC))


def test_a_task_has_a_budget_of_its_own_that_goes_with_it() -> None:
    """It is over when its last cent is spent, whoever else has spent what, and never comes back; a task of the same number begins anew."""
    each = budget(per=Per.task)
    each.spend(task(1), 0.0, 0.75)
    each.spend(task(2), 0.0, 0.25)
    assert [each.over(task(number), 9e9) for number in (0, 1, 2)] == [False, False, False]
    each.spend(task(1), 1.0, 0.25)
    assert [each.over(task(number), 1.0) for number in (0, 1, 2)] == [False, True, False]
    assert each.free_at(task(1), 1.0) == math.inf
    each.close(task(0))
    each.close(task(1))
    assert not each.over(task(1), 1.0)
    each.spend(task(2), 1.0, 0.75)
    assert each.over(task(2), 1.0), "another's end takes nothing away"


@pytest.mark.parametrize(("per", "free_at"), [(Per.run, math.inf), (Per.day, 86_400.0), (Per.hour, 7200.0)])
def test_money_is_over_with_the_last_cent_of_it_and_back_when_its_window_turns(per: Per, free_at: float) -> None:
    """Half a dollar at 01:10 and at 01:20."""
    all_of_us = budget(per=per)
    all_of_us.spend(task(1), 4200.0, 0.5)
    assert not all_of_us.over(task(2), 4200.0)
    all_of_us.spend(task(2), 4800.0, 0.5)
    assert all_of_us.over(task(3), 4800.0)
    assert all_of_us.free_at(task(3), 4800.0) == free_at
    all_of_us.close(task(1))
    assert all_of_us.over(task(3), 7199.0), "the end of a task brings nothing back"
    if free_at < math.inf:
        assert [all_of_us.over(task(3), now) for now in (free_at - 1, free_at)] == [True, False]


def test_a_window_that_rolls_is_free_when_less_than_all_of_it_is_spent() -> None:
    """A quarter at 0, a half at 600 and at 1,200: without the first a whole dollar is still spent, without the second a half."""
    rolling = budget(per=Per.rolling, window_h=1)
    for now, usd in ((0.0, 0.25), (600.0, 0.5), (1200.0, 0.5)):
        rolling.spend(task(), now, usd)
    assert [rolling.over(task(), now) for now in (1200.0, 3599.0)] == [True, True]
    assert rolling.free_at(task(), 1300.0) == 4200.0
    assert rolling.over(task(), 3600.0), "a dollar of a dollar"
    assert rolling.free_at(task(), 3600.0) == 4200.0
    rolling.close(task())
    assert [rolling.over(task(), now) for now in (4199.0, 4200.0)] == [True, False]


def test_windows_that_roll_are_each_teams_own_and_who_has_spent_nothing_is_free_now() -> None:
    """Teams of two: users 0 and 1, users 2 and 3. The second has spent two dollars at 60."""
    rolling = budget(per=Per.rolling, window_h=1, users=2)
    rolling.spend(task(1, 0), 0.0, 0.5)
    rolling.spend(task(2, 2), 60.0, 2.0)
    assert [rolling.over(task(9, user), 100.0) for user in range(6)] == [False, False, True, True, False, False]
    assert rolling.free_at(task(9, 3), 100.0) == 3660.0
    assert rolling.free_at(task(9, 5), 100.0) == 100.0
