"""The calendar against the standard library, second by second: days, hours, midnights, clocks that are set."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import sim
from sim.calendar import DAY_S, Calendar, date_of, days_of, weekday, weekdays_of, zone_of

HOUR_S = 3600
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
STARTS = (datetime(2026, 2, 16, tzinfo=UTC), datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC), datetime(2026, 10, 24, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("zone", ZONES)
def test_day_and_second_are_those_of_the_clocks_there(zone: str, start: datetime) -> None:
    """Every 1,800 s for eight weeks, one moment at a time and all at once: clocks are set in each of them but the first two."""
    calendar = Calendar(start, zone)
    moments = np.arange(0.0, 56 * DAY_S, 1800.0)
    days, seconds = calendar.at_all(moments)
    for t_s, day, second in zip(moments.tolist(), days.tolist(), seconds.tolist(), strict=True):
        there = (start + timedelta(seconds=t_s)).astimezone(ZoneInfo(zone))
        assert (date_of(day), second) == (there.date(), there.hour * 3600 + there.minute * 60 + there.second)
        assert calendar.at(t_s) == (day, second)
        assert weekday(day) == there.weekday()


def test_a_day_begins_at_midnight_there_and_is_as_long_as_it_is() -> None:
    """Berlin: 23 hours on 29 March 2026, 25 on 25 October; Beijing: 24 always, from 16:00 UTC on."""
    berlin, beijing = Calendar(STARTS[0], "Europe/Berlin"), Calendar(STARTS[0], "Asia/Shanghai")

    def lasts(calendar: Calendar, on: date) -> float:
        day = (on - date(1970, 1, 1)).days
        return (calendar.midnight(day + 1) - calendar.midnight(day)) / HOUR_S

    assert [lasts(berlin, date(2026, 3, each)) for each in (28, 29, 30)] == [24, 23, 24]
    assert [lasts(berlin, date(2026, 10, each)) for each in (24, 25, 26)] == [24, 25, 24]
    assert [lasts(beijing, date(2026, 3, 29)), lasts(beijing, date(2026, 10, 25))] == [24, 24]
    today, _ = beijing.at(0.0)
    assert beijing.midnight(today + 1) == 16 * HOUR_S


def test_the_second_at_which_clocks_are_set() -> None:
    """Los Angeles, 8 March 2026: after 01:59:59 comes 03:00:00, at 10:00 UTC."""
    calendar = Calendar(datetime(2026, 3, 8, tzinfo=UTC), "America/Los_Angeles")
    assert [calendar.at(10 * HOUR_S + late)[1] for late in (-1, 0, 1)] == [2 * HOUR_S - 1, 3 * HOUR_S, 3 * HOUR_S + 1]


def test_a_start_with_an_offset_is_the_same_moment() -> None:
    there = datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert Calendar(there, "Asia/Shanghai").at(5.0) == Calendar(there.astimezone(UTC), "Asia/Shanghai").at(5.0)


def test_spans_of_days() -> None:
    """Day 0 is 1 January 1970."""
    assert days_of(["1970-01-02", "1970-01-03/1970-01-05", "../1970-01-01", "1970-02-01/.."]) == (
        (1, 1),
        (2, 4),
        (-np.inf, 0),
        (31, np.inf),
    )
    assert days_of([]) == ((-np.inf, np.inf),)
    assert weekdays_of(["sat", "mon"]) == {5, 0}
    assert weekdays_of([]) == set(range(7))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "..", "../etc/passwd", "/etc/passwd", "America", "a\0b", "Ä"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(sim.ConfigError, match=r"^here=.*: not a time zone; "):
        zone_of(zone, "here")


def test_the_likely_zone_is_named() -> None:
    with pytest.raises(sim.ConfigError, match="did you mean 'Asia/Shanghai'"):
        zone_of("Asia/Shangai")


@pytest.mark.parametrize("zone", ["PST", "CEST", "GMT+1", "UTC+01:00"])
def test_an_abbreviation_is_no_slip_for_the_next_one(zone: str) -> None:
    with pytest.raises(sim.ConfigError, match=rf"={re.escape(zone)}: not a time zone; take one such as UTC, America/New_York or"):
        zone_of(zone)


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "2026-10-01/", "20261001/..x", "2026-10-08/2026-10-01", "/", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    if text == "2026-10-01/":
        assert days_of([text]) == days_of(["2026-10-01"])
        return
    with pytest.raises(sim.ConfigError, match=r"^dates: "):
        days_of([text])
