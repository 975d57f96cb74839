"""A flat rate: what its windows allow of a bill by list prices, and what is beyond them."""

from __future__ import annotations

import dataclasses

import numpy as np

from sim.engine.seats.seats import Windows
from sim.scenario.scenario import Scenario
from sim.settings.budget import BudgetSettings, Per, Then
from sim.sweeps.what_if.question import FlatRate
from sim.task import Task


def _windows(flat: FlatRate) -> dict[str, BudgetSettings]:
    return {
        f"flat_{hours:g}h".replace(".", "_"): BudgetSettings(usd=usd, per=Per.rolling, window_h=hours, then=Then.wait)
        for hours, usd in flat.allowances
    }


def waiting(scenario: Scenario, flat: FlatRate) -> Scenario:
    """The scenario whose calls wait whenever a window is spent."""
    return dataclasses.replace(scenario, budgets={**scenario.budgets, **_windows(flat)})


def beyond(flat: FlatRate, served_s: np.ndarray, usd: np.ndarray) -> np.ndarray:
    """By call, whether it comes while a window is spent, and so is paid by the list instead of waiting; only others spend of the windows.

    As of a plan in a run, what a call comes to is spent when it begins to be served, and back a window later (`sim.engine.seats`).
    """
    windows = Windows(flat.allowances)
    all_calls = Task(0, 0, 0, 0.0)
    paid = np.zeros(len(usd), bool)
    for place in np.argsort(served_s, kind="stable").tolist():
        now = float(served_s[place])
        paid[place] = windows.over(all_calls, now) is not None
        if not paid[place]:
            windows.spend(all_calls, now, float(usd[place]))
    return paid
