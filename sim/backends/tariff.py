"""Prices that change with the time: hours, weekdays and dates of one zone in which every price is multiplied."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from sim.calendar import Calendar, hours_of
from sim.settings.market import PriceWindow


class Tariff:
    """All windows of a backend; the first one that holds counts. `start` is the moment of simulated second 0."""

    def __init__(self, windows: list[PriceWindow], start: datetime) -> None:
        calendars = {window.zone: Calendar(start, window.zone) for window in windows}
        self._windows = [(hours_of(window, calendars[window.zone]), window.multiplier) for window in windows]

    def __bool__(self) -> bool:
        return bool(self._windows)

    def multiplier(self, t_s: float) -> float:
        """The factor on every price at a simulated second."""
        for hours, multiplier in self._windows:
            if hours.holds(t_s):
                return multiplier
        return 1.0

    def multipliers(self, t_s: np.ndarray) -> np.ndarray:
        """The same of many moments."""
        factors = np.ones(len(t_s))
        for hours, multiplier in reversed(self._windows):
            factors[hours.hold(t_s)] = multiplier
        return factors
