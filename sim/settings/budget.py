"""Budgets: how much may be spent on a task, in an hour, a day or a run, by whom, and what happens to work that comes after.

`budget` is one; `budgets` holds as many more as there are, by name. Where several are spent, the strictest says what happens.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.settings.bounds import setting
from sim.task import Task

_WINDOW_S = {"hour": 3600.0, "day": 86400.0}


class Per(enum.Enum):
    """What one budget is for; a task of a person at work is one session."""

    task = "task"
    hour = "hour"
    day = "day"
    run = "run"


class Then(enum.Enum):
    """What happens when it is spent."""

    stop = "stop"
    """Refuse what comes: it has failed."""
    downgrade = "downgrade"
    """Go on, on the backend with the least list price (or `downgrade_to`)."""
    wait = "wait"
    """Wait for the next hour or day."""


class At(enum.Enum):
    """When it is looked at."""

    call = "call"
    """Before each call: work that is under way may be cut off."""
    task = "task"
    """Before a task is begun: what is begun is ended."""


@dataclass
class BudgetSettings:
    """One budget; spending counts when a call is served."""

    usd: float | None = setting(None, above=0)
    """null: no limit."""
    per: Per = Per.day
    users: int | None = setting(None, low=1)
    """How many users share one such budget: 1 = each has their own, 8 = teams of eight; null: one for everybody in the run."""
    at: At = At.call
    then: Then = Then.stop
    downgrade_to: str | None = None
    """Backend id; null: the one of `backends` with the least list price of input."""


class Purse:
    """One budget at work: what has been spent of it, by whom it is for, in the window of the moment."""

    def __init__(self, settings: BudgetSettings) -> None:
        self.settings = settings
        self.limit_usd = math.inf if settings.usd is None else settings.usd
        self.window_s = _WINDOW_S.get(settings.per.value)
        self._spent: dict[tuple[int, int], float] = {}

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        whose = self._whose(task, now)
        self._spent[whose] = self._spent.get(whose, 0.0) + usd

    def over(self, task: Task, now: float) -> bool:
        """Whether nothing is left for this task now."""
        return self._spent.get(self._whose(task, now), 0.0) >= self.limit_usd

    def forget(self, task: Task) -> None:
        """A task with a budget of its own has ended."""
        self._spent.pop((task.id, 0), None)

    def wait_s(self, now: float) -> float:
        """Seconds until there is money again."""
        assert self.window_s is not None
        return (math.floor(now / self.window_s) + 1) * self.window_s - now

    def _whose(self, task: Task, now: float) -> tuple[int, int]:
        """(task, or team of users; window)."""
        if self.settings.per is Per.task:
            return task.id, 0
        team = 0 if self.settings.users is None else task.user // self.settings.users
        return team, math.floor(now / self.window_s) if self.window_s else 0


_STRICT = (Then.stop, Then.wait, Then.downgrade)


class Ledger:
    """All budgets of a run, and what each task has cost so far."""

    def __init__(self, budgets: Sequence[BudgetSettings]) -> None:
        limited = sorted((budget for budget in budgets if budget.usd is not None), key=lambda budget: _STRICT.index(budget.then))
        self._purses = [Purse(budget) for budget in limited]
        self._by_moment = {at: [purse for purse in self._purses if purse.settings.at is at] for at in At}
        self._by_task: dict[int, float] = {}

    def limits(self, at: At) -> bool:
        """Whether there is a budget that is looked at then."""
        return bool(self._by_moment[at])

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        self._by_task[task.id] = self._by_task.get(task.id, 0.0) + usd
        for purse in self._purses:
            purse.spend(task, now, usd)

    def empty(self, task: Task, now: float, at: At) -> Purse | None:
        """The strictest of the budgets from which nothing is left for this task now."""
        return next((purse for purse in self._by_moment[at] if purse.over(task, now)), None)

    def close(self, task: Task) -> float:
        """What a task that has ended has cost."""
        for purse in self._purses:
            if purse.settings.per is Per.task:
                purse.forget(task)
        return self._by_task.pop(task.id, 0.0)
