"""What people choose: a logit on dollars a week at their own work, among the models they have heard of."""

from __future__ import annotations

import itertools

import numpy as np


def utilities(tasks: np.ndarray, usd: np.ndarray, worth_usd: np.ndarray, scale_usd: np.ndarray) -> np.ndarray:
    """Log-odds of each model (columns) for each person (rows), up to a constant (F17): tasks x (worth - bill) / scale.

    `tasks` a week and `scale_usd` (the spread of tastes in dollars a week) are by person; `usd` and `worth_usd` are dollars a task.
    """
    weighed: np.ndarray = (tasks / scale_usd)[:, None] * (worth_usd - usd)
    return weighed


def shares(log_odds: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Shares of the models that are known; the last axis is models. Nobody may know none."""
    seen = np.where(known, log_odds, -np.inf)
    odds = np.exp(seen - seen.max(axis=-1, keepdims=True))
    chosen: np.ndarray = odds / odds.sum(axis=-1, keepdims=True)
    return chosen


def knowing(new: int) -> np.ndarray:
    """All sets of new models that a person may know: a row a set, a column a model, the empty one first."""
    return np.array(list(itertools.product((False, True), repeat=new)), dtype=bool).reshape(2**new, new)


def spread(heard: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Share of people who know each set, where each new model is heard of independently by the share `heard`."""
    share: np.ndarray = np.where(sets, heard, 1 - heard).prod(axis=1)
    return share
