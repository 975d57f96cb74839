"""Reserved units of each backend at work, and what they came to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sim.backends.capacity.units import Units
from sim.calendar import HOUR_S
from sim.call import Call
from sim.clock import MINUTE_S
from sim.meter.capacity.sums import CapacitySums
from sim.meter.sums import UNITS
from sim.settings.capacity.reserved import ReservedSettings
from sim.usage import Usage


class ReservedUnits:
    """By a backend's place. What counts was asked for from `cut_s` on, and has ended before the horizon."""

    def __init__(self, settings: Mapping[int, ReservedSettings], horizon_s: float, cut_s: float) -> None:
        self.sums = CapacitySums()
        self._settings = settings
        self._units = {backend: Units(each) for backend, each in settings.items()}
        self._horizon_s, self._cut_s = horizon_s, cut_s

    def covers(self, call: Call, billed: Usage, usd: float, now: float, end_s: float) -> bool:
        """Whether an attempt, which costs so much by the list, finds units free when it begins to be served."""
        backend = call.backend.index  # type: ignore[union-attr]
        units = self._units.get(backend)
        if units is None or not billed.total_tokens:
            return False
        tokens = units.take(billed, now)
        covered = not math.isnan(tokens)
        if end_s < self._horizon_s and call.t_request >= self._cut_s:
            self.sums.taken[backend] += covered
            self.sums.spilled[backend] += not covered
            if covered:
                self.sums.listed[backend] += int(usd * UNITS)
                self.sums.used[backend] += int(tokens * UNITS)
        return covered

    def close(self, ended_s: float) -> CapacitySums:
        """With the hours of all units."""
        seconds = max(0.0, ended_s - self._cut_s)
        for backend, each in self._settings.items():
            self.sums.units_usd[backend] = int(seconds / HOUR_S * each.usd_per_h * each.units * UNITS)
            self.sums.room[backend] = int(seconds / MINUTE_S * (each.tokens_per_min or 0.0) * each.units * UNITS)
        return self.sums
