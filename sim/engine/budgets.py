"""Budgets at work: what has been spent of each, by whom it is for, and when there is money again."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime
from typing import Protocol

from sim.calendar import HOUR_S, Calendar
from sim.meter.sums import UNITS
from sim.settings.budget import BudgetSettings, Per
from sim.task import Task


class Budget(Protocol):
    """One of them. Moments are simulated seconds."""

    settings: BudgetSettings

    def spend(self, task: Task, now: float, usd: float, /) -> None:
        """A call is served."""

    def over(self, task: Task, now: float, /) -> bool:
        """Whether nothing is left for this task now."""

    def free_at(self, task: Task, now: float, /) -> float:
        """The first moment at which something is left again, where it is over; inf: never."""

    def close(self, task: Task, /) -> None:
        """A task has ended."""


def budget_of(settings: BudgetSettings, start: datetime) -> Budget:
    """At its beginning. `start` is the moment of simulated second 0."""
    if settings.per is Per.task:
        return OfTask(settings)
    if settings.per is Per.rolling:
        return Rolling(settings)
    windows = {Per.hour: OfHour, Per.day: OfDay, Per.run: OfRun}
    return windows[settings.per](settings, start)


class OfTask:
    """Each task has its own."""

    def __init__(self, settings: BudgetSettings) -> None:
        self.settings = settings
        self._limit_usd = _limit_usd(settings)
        self._spent: dict[int, float] = {}

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        self._spent[task.id] = self._spent.get(task.id, 0.0) + usd

    def over(self, task: Task, now: float) -> bool:
        """Whether nothing is left."""
        return self._spent.get(task.id, 0.0) >= self._limit_usd

    def free_at(self, task: Task, now: float) -> float:
        """Never."""
        return math.inf

    def close(self, task: Task) -> None:
        """Its task has ended."""
        self._spent.pop(task.id, None)


class OfRun:
    """One for the whole run, or for each team; begins anew with each window."""

    def __init__(self, settings: BudgetSettings, start: datetime) -> None:
        self.settings = settings
        self._limit_usd = _limit_usd(settings)
        self._calendar = Calendar(start, settings.zone)
        self._spent: dict[int, tuple[int, float]] = {}
        """By team: window, spent in it."""

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        team, window = _team(self.settings, task), self._window(now)
        last, spent = self._spent.get(team, (window, 0.0))
        self._spent[team] = window, (spent if last == window else 0.0) + usd

    def over(self, task: Task, now: float) -> bool:
        """Whether nothing is left in the window of the moment."""
        last, spent = self._spent.get(_team(self.settings, task), (0, 0.0))
        return spent >= self._limit_usd and last == self._window(now)

    def free_at(self, task: Task, now: float) -> float:
        """Never; of a day or an hour, when the next one begins."""
        return math.inf

    def close(self, task: Task) -> None:
        """Its task has ended: nothing comes back."""

    def _window(self, now: float) -> int:
        return 0


class OfDay(OfRun):
    """It turns at midnight, by the clocks of its zone."""

    def free_at(self, task: Task, now: float) -> float:
        """The next midnight."""
        return self._calendar.midnight(self._window(now) + 1)

    def _window(self, now: float) -> int:
        return self._calendar.at(now)[0]


class OfHour(OfRun):
    """It turns at the full hour, by the clocks of its zone."""

    def free_at(self, task: Task, now: float) -> float:
        """The next full hour."""
        return self._calendar.hour_at(self._window(now) + 1)

    def _window(self, now: float) -> int:
        return self._calendar.hour(now)


class Rolling:
    """What was spent in the last hours, whenever they began: a dollar spent at second s is back at s + window.

    It adds and takes away for weeks on end, so it counts in whole units of `sim.meter.sums`: nothing is rounded."""

    def __init__(self, settings: BudgetSettings) -> None:
        assert settings.window_h is not None
        self.settings = settings
        self._limit = int(_limit_usd(settings) * UNITS)
        self._window_s = settings.window_h * HOUR_S
        self._back: dict[int, deque[tuple[float, int]]] = {}
        """By team: (moment at which it is back, how much), in the order of spending."""
        self._spent: dict[int, int] = {}

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        team, amount = _team(self.settings, task), int(usd * UNITS)
        self._back.setdefault(team, deque()).append((now + self._window_s, amount))
        self._spent[team] = self._spent.get(team, 0) + amount

    def over(self, task: Task, now: float) -> bool:
        """Whether nothing is left."""
        team = _team(self.settings, task)
        back = self._back.get(team, deque())
        while back and back[0][0] <= now:
            self._spent[team] -= back.popleft()[1]
        return self._spent.get(team, 0) >= self._limit

    def free_at(self, task: Task, now: float) -> float:
        """When enough of it is back."""
        team = _team(self.settings, task)
        spent = self._spent.get(team, 0)
        for moment, amount in self._back.get(team, ()):
            spent -= amount
            if spent < self._limit:
                return moment
        return now

    def close(self, task: Task) -> None:
        """Its task has ended: what it spent comes back in its time."""


def _limit_usd(settings: BudgetSettings) -> float:
    assert settings.usd is not None
    return settings.usd


def _team(settings: BudgetSettings, task: Task) -> int:
    return 0 if settings.users is None else task.user // settings.users
