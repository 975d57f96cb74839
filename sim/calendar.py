"""The calendar: which day and hour it is somewhere on earth at a simulated second, daylight saving included.

A day is a number, days since 1970-01-01, as the clocks of its zone show it; it turns at their midnight. Zones are those of the IANA
database, by name (`Asia/Shanghai`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from sim.errors import ConfigError, did_you_mean

HOUR_S, DAY_S = 3600, 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = ((-np.inf, np.inf),)
"""As a span of days."""
_EPOCH = date(1970, 1, 1)
_THURSDAY = 3
"""The weekday of day 0."""
OPEN = ".."
"""In a span of days: as early, or as late, as you like (ISO 8601-2)."""


class Turn(NamedTuple):
    """One day of UTC: seconds that clocks are ahead of UTC until some second of that day, and from then on."""

    before_s: float
    from_s: float
    """Simulated seconds; where the clocks are not set, any."""
    after_s: float


class Calendar:
    """Clocks of one zone. `start` is the moment of simulated second 0. Raises `ConfigError` for a zone that there is not."""

    def __init__(self, start: datetime, zone: str = "UTC") -> None:
        self._start = start.astimezone(UTC)
        self._zone = zone_of(zone)
        midnight = self._start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._since_s = (self._start - midnight).total_seconds()
        """How long the first day of UTC has lasted: sums stay small, so seconds stay exact."""
        self._first_day = (midnight.date() - _EPOCH).days
        self._turns: dict[int, Turn] = {}

    def at(self, t_s: float) -> tuple[int, float]:
        """(day, second of the day) at a simulated second."""
        wall_s = self._since_s + t_s + self._ahead_s(t_s)
        days = wall_s // DAY_S
        return self._first_day + int(days), wall_s - days * DAY_S

    def at_all(self, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of many moments."""
        utc_days = ((self._since_s + t_s) // DAY_S).astype(np.int64)
        first, last = (int(utc_days.min()), int(utc_days.max())) if len(t_s) else (0, 0)
        turns = np.array([self._turn(day) for day in range(first, last + 1)])[utc_days - first]
        wall_s = self._since_s + t_s + np.where(t_s < turns[:, 1], turns[:, 0], turns[:, 2])
        days = wall_s // DAY_S
        return self._first_day + days.astype(np.int64), wall_s - days * DAY_S

    def midnight(self, day: int) -> float:
        """The simulated second at which a day begins; where clocks are set forward over midnight, that moment."""
        there = datetime.combine(date_of(day), datetime.min.time(), self._zone)
        return (there.astimezone(UTC) - self._start).total_seconds()

    def hour(self, t_s: float) -> int:
        """A number of the hour in which a simulated second falls: one more at each full hour there, whether or not clocks are set."""
        return int((self._since_s + t_s + self._ahead_s(t_s) % HOUR_S) // HOUR_S)

    def hour_at(self, hour: int) -> float:
        """The simulated second at which it begins."""
        utc_s = hour * HOUR_S - self._since_s
        return utc_s - self._ahead_s(utc_s) % HOUR_S

    def _ahead_s(self, t_s: float) -> float:
        turn = self._turn(int((self._since_s + t_s) // DAY_S))
        return turn.before_s if t_s < turn.from_s else turn.after_s

    def _turn(self, utc_day: int) -> Turn:
        """Of the day of UTC that is so many after the first one; looked up once."""
        turn = self._turns.get(utc_day)
        if turn is None:
            turn = self._turns[utc_day] = self._looked_up(utc_day * DAY_S - self._since_s)
        return turn

    def _looked_up(self, begins_s: float) -> Turn:
        """By halving: clocks are set once a day at most, on a full second."""
        before_s, after_s = self._offset_s(begins_s), self._offset_s(begins_s + DAY_S)
        low, high = 0, DAY_S
        while before_s != after_s and high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset_s(begins_s + middle) == before_s else (low, middle)
        return Turn(before_s, begins_s + high, after_s)

    def _offset_s(self, t_s: float) -> float:
        moment = (self._start + timedelta(seconds=t_s)).astimezone(self._zone)
        offset = moment.utcoffset()
        assert offset is not None
        return offset.total_seconds()


class Window(Protocol):
    """Hours of some days, as they are set (`sim.settings.market.TimeWindow`)."""

    from_h: float
    until_h: float
    weekdays: list[str]
    dates: list[str]


class Hours(NamedTuple):
    """Hours of some days of one zone, from a second of the day until another."""

    calendar: Calendar
    from_s: float
    """Second of the day."""
    until_s: float
    weekdays: frozenset[int]
    spans: tuple[tuple[float, float], ...]
    """First and last day of each span."""

    def holds(self, t_s: float) -> bool:
        """Hours past midnight belong to the day on which they began."""
        day, second = self.calendar.at(t_s)
        if self.from_s <= self.until_s:
            if not self.from_s <= second < self.until_s:
                return False
        elif second < self.until_s:
            day -= 1
        elif second < self.from_s:
            return False
        return weekday(day) in self.weekdays and any(first <= day <= last for first, last in self.spans)

    def hold(self, t_s: np.ndarray) -> np.ndarray:
        """The same of many moments."""
        day, second = self.calendar.at_all(t_s)
        if self.from_s <= self.until_s:
            there = (second >= self.from_s) & (second < self.until_s)
        else:
            there = (second >= self.from_s) | (second < self.until_s)
            day = day - (second < self.until_s)
        if len(self.weekdays) < len(WEEKDAYS):
            there &= np.isin(weekday(day), list(self.weekdays))
        if self.spans != EVERY_DAY:
            there &= np.logical_or.reduce([(first <= day) & (day <= last) for first, last in self.spans])
        return there


def hours_of(window: Window, calendar: Calendar) -> Hours:
    """A window by the clocks of a calendar."""
    spans = days_of(window.dates)
    return Hours(calendar, window.from_h * HOUR_S, window.until_h * HOUR_S, weekdays_of(window.weekdays), spans)


def zone_of(name: str, key: str = "zone") -> ZoneInfo:
    """A time zone by its name. Raises `ConfigError` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name, no name of a file, or one of a folder
        pass
    tail = did_you_mean(name, available_timezones())
    if re.fullmatch(r"[A-Z]{2,5}|.*\d.*", name) or not tail.startswith("did"):  # `PST` is no slip for `MST`, nor `GMT+1` for `GMT+0`
        tail = "take one such as UTC, America/New_York or Asia/Shanghai; Etc/GMT-1 is an hour ahead of UTC"
    raise ConfigError(f"{key}={name}: not a time zone; {tail}")


def date_of(day: int) -> date:
    """A day as a date."""
    return _EPOCH + timedelta(days=day)


def weekday(day: Any) -> Any:
    """0 is Monday; of a day, or of an array of days."""
    return (day + _THURSDAY) % 7


def weekdays_of(names: list[str], key: str = "weekdays") -> frozenset[int]:
    """Weekdays by their names, `mon` to `sun`; none named: all."""
    for name in names:
        if name not in WEEKDAYS:
            raise ConfigError(f"{key}: '{name}' is not a weekday; {did_you_mean(name, WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(name) for name in names or WEEKDAYS)


def days_of(texts: list[str], key: str = "dates") -> tuple[tuple[float, float], ...]:
    """Spans of days, both ends included, of texts such as `2026-10-01`, `2026-10-01/2026-10-08` and `2026-10-01/..`; none: every day."""
    return tuple(_span(str(text), key) for text in texts) or EVERY_DAY


def _span(text: str, key: str) -> tuple[float, float]:
    first, _, last = text.partition("/")
    ends = [-np.inf if first == OPEN else _day(first, text, key), np.inf if last == OPEN else _day(last or first, text, key)]
    if ends[0] > ends[1]:
        raise ConfigError(f"{key}: '{text}' ends before it begins")
    return ends[0], ends[1]


def _day(text: str, whole: str, key: str) -> float:
    try:
        return float((date.fromisoformat(text) - _EPOCH).days)
    except ValueError:
        raise ConfigError(f"{key}: '{whole}' must be a day such as 2026-10-01, or two with a slash between them") from None
