"""Percentiles of few values, with what their being few leaves open."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.statistics import jackknife, quantile_interval, share_error

SHARES = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
GROUPS = 20
"""Of values that came after one another, where they may depend on each other."""
FEW_RUNS = 10
"""From so many runs on, the runs are the groups."""


class Span(NamedTuple):
    """A figure with its 95 % interval; an end that too few values were simulated to tell is nan."""

    value: float
    low: float
    high: float


def rank_interval(values: np.ndarray, share: float, confidence: float = 0.95) -> Span:
    """A percentile of independent values between two of them, whatever their law: their ranks hold it with at least this confidence.

    P(x_(l) <= q <= x_(u)) is at least P(l <= B < u) for a binomial B of n values and this share (David and Nagaraja 2003, 7.1).
    """
    from scipy.special import bdtr

    ordered, n = np.sort(values), len(values)
    if not n:
        return Span(math.nan, math.nan, math.nan)
    below = bdtr(np.arange(n), n, share)  # P(B <= k)
    low = int(np.searchsorted(below, (1 - confidence) / 2, side="right"))  # of the ranks l whose P(B < l) is within a tail the highest
    high = int(np.searchsorted(below, (1 + confidence) / 2, side="left")) + 1
    ends = float(ordered[low - 1]) if low else math.nan, float(ordered[high - 1]) if high <= n else math.nan
    return Span(float(ordered[max(0, math.ceil(share * n) - 1)]), *ends)


def percentile(values: np.ndarray, groups: np.ndarray, share: float, independent: bool) -> Span:
    """The same; where values of one group may depend on each other, no narrower than the groups' differences say (Woodruff 1952)."""
    ranked = rank_interval(values, share)
    if independent or not len(values):
        return ranked
    many = int(groups.max()) + 1
    counts = np.bincount(groups, minlength=many)
    error = share_error(share, np.bincount(groups, values <= ranked.value, many), counts)
    among = quantile_interval(lambda at: float(np.quantile(values, at)), share, error, many - 1)
    return Span(ranked.value, float(np.minimum(ranked.low, among.ci_low)), float(np.maximum(ranked.high, among.ci_high)))


def mean(values: np.ndarray, groups: np.ndarray) -> Span:
    """With its interval by the groups."""
    if not len(values):
        return Span(math.nan, math.nan, math.nan)
    return Span(*jackknife(float(values.mean()), [float(part.mean()) for part in without_each(values, groups)]))


def without_each(values: np.ndarray, groups: np.ndarray) -> list[np.ndarray]:
    """The values with each group left out."""
    return [values[groups != group] for group in np.unique(groups)] if len(np.unique(groups)) > 1 else []


def grouped(found_in: Any, arrivals: Any) -> np.ndarray:
    """For each value the number of its group: its run where there are enough of them, else of about so many neighbours in time."""
    runs: np.ndarray = np.asarray(found_in, np.int64)
    if len(runs) and int(runs.max()) + 1 >= FEW_RUNS:
        return runs
    place = np.empty(len(runs), np.int64)
    place[np.lexsort((np.asarray(arrivals), runs))] = np.arange(len(runs))
    found: np.ndarray = place * min(GROUPS, len(runs)) // max(1, len(runs))
    return found
