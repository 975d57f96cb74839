"""Windows of prices by hours, weekdays, dates and zone: each edge by hand, one moment and many the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import sim
from sim.backends.tariff import Tariff
from sim.settings.market import PriceWindow
from tests.worlds import agent, backend, run, scenario

SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
HOUR_S = 3600.0
MONDAYS = {"weekdays": ["mon"]}


def factor(at: str, *windows: PriceWindow, start: datetime = SUNDAY) -> float:
    """At a moment of UTC, both ways."""
    tariff = Tariff(list(windows), start)
    t_s = (datetime.fromisoformat(at).replace(tzinfo=UTC) - start).total_seconds()
    [same] = tariff.multipliers(np.array([t_s]))
    assert tariff.multiplier(t_s) == same
    return float(same)


def window(**changes: Any) -> PriceWindow:
    return PriceWindow(**({"multiplier": 3.0} | changes))


@pytest.mark.parametrize(
    ("at", "beijing", "utc"),
    [
        ("2026-11-22T15:59:59", 1, 1),  # Sunday 23:59:59 in Beijing
        ("2026-11-22T16:00:00", 3, 1),  # Monday there, Sunday here
        ("2026-11-22T23:59:59", 3, 1),
        ("2026-11-23T00:00:00", 3, 3),
        ("2026-11-23T15:59:59", 3, 3),
        ("2026-11-23T16:00:00", 1, 3),  # Tuesday there
        ("2026-11-24T00:00:00", 1, 1),
    ],
)
def test_a_weekday_is_that_of_the_zone(at: str, beijing: float, utc: float) -> None:
    assert factor(at, window(**MONDAYS, zone="Asia/Shanghai")) == beijing
    assert factor(at, window(**MONDAYS)) == utc


@pytest.mark.parametrize(
    ("at", "expected"),
    [("23T21:59:59", 1), ("23T22:00:00", 3), ("24T05:59:59", 3), ("24T06:00:00", 1), ("23T05:00:00", 1), ("24T22:00:00", 1)],
)
def test_a_night_belongs_to_the_day_on_which_it_began(at: str, expected: float) -> None:
    """Monday 22:00 to Tuesday 06:00: not Sunday's night, which ends on Monday."""
    assert factor(f"2026-11-{at}", window(from_h=22, until_h=6, **MONDAYS)) == expected
    assert factor(f"2026-11-{at}", window(from_h=22, until_h=6, dates=["2026-11-23"])) == expected


@pytest.mark.parametrize(("day", "expected"), [(22, 1), (23, 3), (25, 3), (26, 1), (27, 3), (28, 3)])
def test_dates_are_spans_with_both_ends(day: int, expected: float) -> None:
    assert factor(f"2026-11-{day}T23:59:59", window(dates=["2026-11-23/2026-11-25", "2026-11-27/.."])) == expected


def test_a_holiday_is_a_window_before_the_others() -> None:
    """National Day falls on a Thursday: the first window that holds counts."""
    work = window(from_h=9, until_h=18, weekdays=["mon", "tue", "wed", "thu", "fri"], zone="Asia/Shanghai")
    off = window(multiplier=1.0, dates=["2026-10-01/2026-10-07"], zone="Asia/Shanghai")
    start = datetime(2026, 9, 1, tzinfo=UTC)
    assert [factor(f"2026-{day}T02:00:00", off, work, start=start) for day in ("09-30", "10-01", "10-07", "10-08")] == [3, 1, 1, 3]
    assert factor("2026-10-01T02:00:00", work, off, start=start) == 3


def test_hours_are_those_of_the_clocks_when_they_are_set() -> None:
    """09:00 in New York is 14:00 UTC up to 7 March 2026, and 13:00 from then on."""
    morning, start = window(from_h=9, until_h=10, zone="America/New_York"), datetime(2026, 3, 1, tzinfo=UTC)
    assert [factor(f"2026-03-{at}", morning, start=start) for at in ("07T13:30:00", "07T14:30:00", "08T13:30:00", "08T14:30:00")] == [
        1,
        3,
        3,
        1,
    ]


def test_many_moments_cost_as_each_alone() -> None:
    windows = [
        window(from_h=22, until_h=6.5, weekdays=["fri", "sun"], zone="America/New_York"),
        window(multiplier=2.0, from_h=9, until_h=12, zone="Asia/Shanghai", dates=["2026-11-01/2026-11-20"]),
        window(multiplier=0.5, from_h=0.25, until_h=23, zone="Asia/Kolkata"),
    ]
    tariff = Tariff(windows, datetime(2026, 10, 20, 3, 7, tzinfo=UTC))
    moments = np.random.default_rng(1).random(4000) * 40 * 86_400
    alone = [tariff.multiplier(t_s) for t_s in moments.tolist()]
    assert tariff.multipliers(moments).tolist() == alone
    assert set(alone) == {0.5, 1.0, 2.0, 3.0}
    assert tariff.multipliers(np.empty(0)).tolist() == []


def test_a_run_is_billed_by_the_week() -> None:
    """A call of $0.0023 a day, Tuesday to Monday, at three times the price on two days of it."""
    weekend = [window(weekdays=["sat", "sun"], zone="Europe/Berlin")]
    result = run(agent(turns=1), backend(windows=weekend), tasks=7, every_s=86_400.0, start="2026-11-23T12:00:00")
    assert result.tasks["cost_usd"].tolist() == pytest.approx([0.0023] * 4 + [0.0069] * 2 + [0.0023], rel=1e-12)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Asia/Beijing"}, r"market\.models\.one\.windows\[1\]\.zone=Asia/Beijing: not a time zone"),
        ({"weekdays": ["monday"]}, r"market\.models\.one\.windows\[1\]\.weekdays: 'monday' is not a weekday; did you mean 'mon'"),
        ({"dates": ["2026-13-01"]}, r"market\.models\.one\.windows\[1\]\.dates: '2026-13-01' must be a day such as"),
    ],
)
def test_a_window_that_cannot_be_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(agent(), backend(windows=[window(), window(**wrong)]))


@pytest.mark.parametrize(("at", "morning", "night"), [("08:59:59", 1, 1), ("09:00:00", 3, 1), ("09:59:59", 3, 1), ("10:00:00", 1, 1)])
def test_a_window_begins_with_its_first_second_and_ends_before_its_last(at: str, morning: float, night: float) -> None:
    """From 9 to 10, and from 22 to 6: at 10 and at 6 sharp it is over."""
    assert factor(f"2026-11-23T{at}", window(from_h=9, until_h=10)) == morning
    assert factor(f"2026-11-23T{at}", window(from_h=22, until_h=6)) == night
    edges = {"21:59:59": 1, "22:00:00": 3, "05:59:59": 3, "06:00:00": 1}
    assert {edge: factor(f"2026-11-23T{edge}", window(from_h=22, until_h=6)) for edge in edges} == edges


def test_a_window_that_ends_when_it_begins_is_empty() -> None:
    assert [factor(f"2026-11-23T{at}", window(from_h=6, until_h=6)) for at in ("05:59:59", "06:00:00", "12:00:00")] == [1, 1, 1]
