"""Budgets, as they are set: how much may be spent on what, and what happens to work that comes after.

`budget` is one; `budgets` holds as many more as there are, by name. Where several are spent, the strictest says what happens.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sim.settings.bounds import setting


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
