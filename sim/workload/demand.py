"""When tasks begin where demand changes with the hour: a clock that runs as many times as fast as there is demand.

Gaps are drawn in seconds of usual demand; this says how long they take. So whatever gaps come by, as many tasks are expected in a
window as the usual rate times the length of the window times its factor.
"""

from __future__ import annotations

import bisect
import math
from datetime import datetime

from sim.calendar import DAY_S, Calendar, hours_of
from sim.settings.workload import WorkloadSettings

WEEK_S = 7 * DAY_S
LONGEST_S = 3660 * DAY_S
"""Where nothing begins for ten years nothing ever does."""
_SHORTEST_S = 1e-6


class Demand:
    """How fast gaps run, in pieces of an hour at most. `start` is the moment of simulated second 0."""

    def __init__(self, settings: WorkloadSettings, start: datetime) -> None:
        self._calendar = Calendar(start, settings.zone)
        self._windows = [(hours_of(window, self._calendar), window.times) for window in settings.hours]
        self._otherwise = settings.otherwise if settings.hours else 1.0
        self._growth = settings.growth_per_week
        self.changes = bool(self._windows) or self._growth != 1
        """Whether there is anything but usual demand."""
        self._begins_s, self._usual_s, self._rates = [0.0], [0.0], list[float]()
        """Where each piece begins, seconds of usual demand until then, and times the usual in it; the last one is to come."""

    def after(self, t_s: float, usual_s: float) -> float:
        """The second at which so many seconds of usual demand have passed since `t_s`, and something may begin; infinite: never."""
        while self._begins_s[-1] <= t_s:
            self._look_further()
        piece = bisect.bisect_right(self._begins_s, t_s) - 1
        goal = self._usual_s[piece] + (t_s - self._begins_s[piece]) * self._rates[piece] + usual_s
        while self._usual_s[-1] <= goal:
            if self._begins_s[-1] - t_s > LONGEST_S:
                return math.inf
            self._look_further()
        piece = bisect.bisect_right(self._usual_s, goal) - 1
        return max(t_s, self._begins_s[piece] + (goal - self._usual_s[piece]) / self._rates[piece])

    def times(self, t_s: float) -> float:
        """Demand at a moment, over the usual of second 0."""
        grown: float = self._growth ** (t_s / WEEK_S)
        for hours, times in self._windows:
            if hours.holds(t_s):
                return times * grown
        return self._otherwise * grown

    def _look_further(self) -> None:
        """One piece more: until the next full hour, or until a window begins or ends."""
        begins_s, calendar = self._begins_s[-1], self._calendar
        second = calendar.at(begins_s)[1]
        left = [calendar.hour_at(calendar.hour(begins_s) + 1) - begins_s]
        left += [edge_s - second for hours, _ in self._windows for edge_s in (hours.from_s, hours.until_s)]
        length_s = min(each for each in left if each > _SHORTEST_S)
        rate = self.times(begins_s + length_s / 2)
        self._rates.append(rate)
        self._begins_s.append(begins_s + length_s)
        self._usual_s.append(self._usual_s[-1] + rate * length_s)
