"""Seats: each user's windows at list prices, what they cover, and when a call that finds one spent may be asked for.

The windows are rolling budgets (`sim.engine.budgets.Rolling`), so what holds of those holds of them: a call is spent when it begins to be
served, a call may overdraw a window, and a dollar is back to the second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.backends.backend import Backend
from sim.engine.budgets import Rolling
from sim.meter.capacity.seats import SeatSums
from sim.meter.sums import UNITS
from sim.settings.budget import BudgetSettings, Per, Then
from sim.settings.population.plan import Beyond, PlanSettings
from sim.task import Task


class Windows:
    """What is covered in any so many hours, all windows at once; each user's are their own."""

    def __init__(self, allowances: Iterable[tuple[float, float]]) -> None:
        """`allowances`: hours, and USD at list prices in any so many hours."""
        self._each = [
            Rolling(BudgetSettings(usd=usd, per=Per.rolling, window_h=hours, users=1, then=Then.wait)) for hours, usd in allowances
        ]

    def over(self, task: Task, now: float) -> Rolling | None:
        """A window of which nothing is left for this user."""
        return next((window for window in self._each if window.over(task, now)), None)

    def spend(self, task: Task, now: float, usd: float) -> None:
        """Something that they cover begins to be served."""
        for window in self._each:
            window.spend(task, now, usd)


class Seats:
    """One a user."""

    def __init__(self, plan: PlanSettings, horizon_s: float = math.inf) -> None:
        self.sums = SeatSums()
        self.waits = plan.then is Beyond.wait
        self._horizon_s = horizon_s
        self._windows = Windows((each.window_h, each.usd) for each in plan.windows.values())
        self._blocked_until: dict[int, float] = {}

    def free_at(self, task: Task, backend: Backend, now: float) -> float | None:
        """When a call may be asked for; None: now."""
        window = self._windows.over(task, now) if self.waits and backend.covered else None
        return None if window is None else window.free_at(task, now)

    def block(self, task: Task, now: float, until: float) -> None:
        """A call of this user waits so long for a window."""
        until, since = min(until, self._horizon_s), max(now, self._blocked_until.get(task.user, 0.0))
        if until > since:
            self.sums.blocked_seats += task.user not in self._blocked_until
            self.sums.blocked_units += int(until * UNITS) - int(since * UNITS)
            self._blocked_until[task.user] = until

    def spend(self, task: Task, backend: Backend, now: float, usd: float, end_s: float) -> bool:
        """An attempt begins to be served; it is in the sums if it ends within the run. Returns whether a seat covers it."""
        covered = backend.covered and (self.waits or self._windows.over(task, now) is None)
        if covered:
            self._windows.spend(task, now, usd)
        if end_s < self._horizon_s:
            sums = self.sums.used if covered else self.sums.overflow if backend.covered else self.sums.outside
            sums[backend.index] += int(usd * UNITS)
        return covered
