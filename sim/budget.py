"""Budgets: how much may be spent on a task, in an hour, a day or a run, and what happens to work that comes after."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from sim.bounds import setting
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
    """One budget, shared by everybody in the run (a team); spending counts when a call is served."""

    usd: float | None = setting(None, above=0)
    """null: no limit."""
    per: Per = Per.day
    at: At = At.call
    then: Then = Then.stop
    downgrade_to: str | None = None
    """Backend id; null: the one of `backends` with the least list price of input."""


class Ledger:
    """What has been spent, as it is spent."""

    def __init__(self, settings: BudgetSettings) -> None:
        self.settings = settings
        self.limit_usd = math.inf if settings.usd is None else settings.usd
        self._by_task: dict[int, float] = {}
        self._window, self._in_window = -1.0, 0.0

    def spend(self, task: Task, now: float, usd: float) -> None:
        """A call is served."""
        self._by_task[task.id] = self._by_task.get(task.id, 0.0) + usd
        self._turn_page(now)
        self._in_window += usd

    def over(self, task: Task, now: float) -> bool:
        """Whether nothing is left for this task now."""
        if self.settings.per is Per.task:
            return self._by_task.get(task.id, 0.0) >= self.limit_usd
        self._turn_page(now)
        return self._in_window >= self.limit_usd

    def wait_s(self, now: float) -> float:
        """Seconds until there is money again."""
        window_s = _WINDOW_S[self.settings.per.value]
        return (math.floor(now / window_s) + 1) * window_s - now

    def close(self, task: Task) -> float:
        """What a task that has ended has cost."""
        return self._by_task.pop(task.id, 0.0)

    def _turn_page(self, now: float) -> None:
        window_s = _WINDOW_S.get(self.settings.per.value)
        page = math.floor(now / window_s) if window_s else 0.0
        if page != self._window:
            self._window, self._in_window = page, 0.0
