"""From recorded values to settings: lognormal mixtures, quantiles, the spread between sessions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

ROUNDS = 200
"""Steps of expectation maximisation; the mixtures here have long settled by then."""


def lognormals(values: pd.Series, parts: int) -> dict[str, Any]:
    """A mixture of lognormals by maximum likelihood (expectation maximisation from spread-out medians) of values of at least 1."""
    logs = np.log(values.dropna().clip(lower=1).to_numpy(float))
    if not logs.std():
        return {"dist": "constant", "value": round(float(np.exp(logs[0])), 1)}
    centre, spread, weight = np.quantile(logs, np.linspace(0.2, 0.85, parts)), np.full(parts, logs.std() * 0.7), np.full(parts, 1 / parts)
    for _ in range(ROUNDS):
        belongs = weight * np.exp(-0.5 * ((logs[:, None] - centre) / spread) ** 2) / spread
        near = belongs.sum(axis=1, keepdims=True)
        belongs = np.where(near > 0, belongs / np.where(near > 0, near, 1), 1 / parts)
        size = belongs.sum(axis=0)
        weight, centre = size / len(logs), (belongs * logs[:, None]).sum(axis=0) / size
        spread = np.maximum(0.05, np.sqrt((belongs * (logs[:, None] - centre) ** 2).sum(axis=0) / size))
    shapes = [
        {"dist": "lognormal", "median": round(float(np.exp(c)), 1), "sigma": round(float(s), 3)}
        for c, s in zip(centre, spread, strict=True)
    ]
    if parts == 1:
        return shapes[0]
    return {"dist": "mixture", "weights": [round(float(w), 3) for w in weight], "parts": shapes}


def narrowed(mixture: dict[str, Any], between: float) -> dict[str, Any]:
    """The mixture within a session, when a lognormal factor of sigma `between` on each session makes up the rest."""
    if mixture["dist"] == "constant":
        return mixture
    if "parts" not in mixture:
        return mixture | {"sigma": round(float(np.sqrt(max(mixture["sigma"] ** 2 - between**2, 0.0025))), 3)}
    return mixture | {"parts": [narrowed(part, between) for part in mixture["parts"]]}


def between_sessions(values: pd.Series, session: pd.Series) -> float:
    """Standard deviation of the logarithm between sessions (of eight values or more), by moments; 0 where fewer than two have so many."""
    logs = np.log(values.clip(lower=1))
    groups = logs.groupby(session)
    count, mean = groups.size(), groups.mean()
    if (count >= 8).sum() < 2:
        return 0.0
    within = float(((logs - groups.transform("mean")) ** 2).sum() / (len(logs) - len(count)))
    long = count >= 8
    return float(np.sqrt(max(0.0, mean[long].var(ddof=1) - (within / count[long]).mean())))


def quantiles(values: pd.Series, points: int) -> dict[str, Any]:
    """Evenly spaced quantiles, straight lines between."""
    found = np.quantile(values.to_numpy(float), np.linspace(0, 1, points))
    return {"dist": "empirical", "quantiles": [round(float(v), 1) for v in found]}


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, points: int) -> dict[str, Any]:
    """The same with weights."""
    order = np.argsort(values)
    share = (np.cumsum(weights[order]) - 0.5 * weights[order]) / weights.sum()
    found = np.interp(np.linspace(0, 1, points), share, values[order])
    return {"dist": "empirical", "quantiles": [round(float(v), 1) for v in found]}


def scale(between: float) -> dict[str, Any] | int:
    """A factor on each session, of median 1."""
    return {"dist": "lognormal", "median": 1, "sigma": round(between, 3)} if between else 1


def means(waits: pd.Series, parts: int) -> dict[str, Any]:
    """The means of so many equal parts of some waits, in order, so that their mean is the recorded one."""
    ordered = np.sort(waits.dropna().to_numpy(float))
    return {"dist": "empirical", "values": [round(float(part.mean()), 2) for part in np.array_split(ordered, parts)]}
