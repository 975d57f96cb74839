"""Budgets, as they are set: how much may be spent on what, and what happens to work that comes after.

`budget` is one; `budgets` holds as many more as there are, by name. Where several are spent, the strictest says what happens.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.settings.bounds import alone, setting
from sim.settings.traits import ALONE, TWIN, Feature, Traits


class Per(Feature):
    """What one budget is for; a task of a person at work is one session."""

    task = "task", TWIN
    """Each task has one of its own."""
    hour = "hour", TWIN
    """It turns at the full hour of `zone`."""
    day = "day", TWIN
    """It turns at midnight of `zone`."""
    run = "run", TWIN
    """One for the whole run."""
    rolling = "rolling", TWIN
    """The last `window_h` hours, whenever they began."""


class Then(Feature):
    """What happens when it is spent."""

    stop = "stop", TWIN
    """Refuse what comes: it has failed."""
    downgrade = "downgrade", TWIN
    """Go on, on the backend with the least list price (or `downgrade_to`)."""
    wait = "wait", TWIN
    """Wait for the next hour or day, or until enough of a rolling window is past."""


class At(Feature):
    """Before what a budget is looked at."""

    call = "call", TWIN
    """Before each call: work that is under way may be cut off."""
    task = "task", TWIN
    """Before a task is begun: what is begun is ended."""


def _spent_by(budget: BudgetSettings) -> Traits:
    """What is spent of a budget decides what comes after; only that of a single task concerns no other task."""
    touches = ALONE._replace(looks=True, unsolved="a budget: what it stops")
    return touches if budget.per is Per.task else touches._replace(undealt="a budget of time or of the run is spent by all tasks together")


@dataclass
class BudgetSettings:
    """One budget; spending counts when a call is served."""

    usd: float | None = setting(None, above=0, traits=_spent_by)
    """What may be spent, by whom and in how long `per` says; null: no limit."""
    per: Per = Per.day
    window_h: float | None = alone(None, above=0)
    """per=rolling: hours, e.g. 5, or 168 for a week."""
    zone: str = alone("UTC")
    """per=hour and day: time zone by its IANA name, e.g. America/Los_Angeles."""
    users: int | None = alone(None, low=1)
    """How many users share one such budget: 1 = each has their own, 8 = teams of eight; null: one for everybody in the run."""
    at: At = At.call
    then: Then = Then.stop
    downgrade_to: str | None = alone(None)
    """Backend id; null: the one of `backends` with the least list price of input."""
