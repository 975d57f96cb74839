"""Intervals: arrays in, numbers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")


class Estimate(NamedTuple):
    """A value with its two-sided interval; the ends are nan where one replication cannot give one."""

    mean: float
    ci_low: float
    ci_high: float


def t_quantile(share: float, freedom: int) -> float:
    """Student's t: the value below which `share` lies with `freedom` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def jackknife(whole: float, without_each: Sequence[float], confidence: float = 0.95) -> Estimate:
    """The interval of a statistic of pooled replications, from its values with each one left out.

    For a mean this is exactly the t interval; for a ratio of sums it has the proper variance and stays centred on
    the pooled ratio (Quenouille 1956, Tukey 1958). The bias correction, of order 1/n, is not applied.
    """
    n = len(without_each)
    if n < 2:
        return Estimate(whole, float("nan"), float("nan"))
    left_out = np.asarray(without_each, float)
    variance = (n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum())
    half = t_quantile((1 + confidence) / 2, n - 1) * variance**0.5
    return Estimate(whole, whole - half, whole + half)


def leave_one_out(items: Sequence[T], plus: Callable[[T, T], T]) -> list[T]:
    """For each item the sum of all the others, in linear time: running sums from both ends."""
    n = len(items)
    if n < 2:
        return []
    before: list[T] = [items[0]]
    for item in items[1:-1]:
        before.append(plus(before[-1], item))
    after = items[-1]
    out = [before[-1]]
    for place in range(n - 2, 0, -1):
        out.append(plus(before[place - 1], after))
        after = plus(items[place], after)
    out.append(after)
    return out[::-1]
