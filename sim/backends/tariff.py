"""Prices that change with the time: hours, weekdays and dates of one zone in which every price is multiplied."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from sim.calendar import EVERY_DAY, HOUR_S, WEEKDAYS, Calendar, days_of, weekday, weekdays_of
from sim.settings.market import PriceWindow


class Window(NamedTuple):
    """One of them, compiled."""

    calendar: Calendar
    from_s: float
    """Second of the day."""
    until_s: float
    weekdays: frozenset[int]
    spans: tuple[tuple[float, float], ...]
    """First and last day of each span."""
    multiplier: float

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


class Tariff:
    """All windows of a backend; the first one that holds counts. `start` is the moment of simulated second 0."""

    def __init__(self, windows: list[PriceWindow], start: datetime) -> None:
        calendars = {window.zone: Calendar(start, window.zone) for window in windows}
        self._windows = [
            Window(
                calendars[window.zone], window.from_h * HOUR_S, window.until_h * HOUR_S,
                weekdays_of(window.weekdays), days_of(window.dates), window.multiplier,
            )
            for window in windows
        ]  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self._windows)

    def multiplier(self, t_s: float) -> float:
        """The factor on every price at a simulated second."""
        for window in self._windows:
            if window.holds(t_s):
                return window.multiplier
        return 1.0

    def multipliers(self, t_s: np.ndarray) -> np.ndarray:
        """The same of many moments."""
        factors = np.ones(len(t_s))
        for window in reversed(self._windows):
            factors[window.hold(t_s)] = window.multiplier
        return factors
