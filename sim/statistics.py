"""Intervals, stopping rules, tails, who is best: arrays in, numbers out, and with how many digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")


class Estimate(NamedTuple):
    """A value with its two-sided interval; the ends are nan where one replication cannot give one."""

    mean: float
    ci_low: float
    ci_high: float

    @property
    def relative_half_width(self) -> float:
        """Half of the interval, in shares of the value; nan where there is no value or no interval."""
        half = (self.ci_high - self.ci_low) / 2
        return half / abs(self.mean) if self.mean else math.nan


def t_quantile(share: float, freedom: int) -> float:
    """Student's t: the value below which `share` lies with `freedom` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def jackknife(whole: float, without_each: Any, confidence: float = 0.95) -> Estimate:
    """The interval of a statistic of pooled replications, from its values with each one left out.

    For a mean this is exactly the t interval; for a ratio of sums it has the proper variance and stays centred on
    the pooled ratio (Quenouille 1956, Tukey 1958). The bias correction, of order 1/n, is not applied.
    """
    n = len(without_each)
    if n < 2:
        return Estimate(whole, math.nan, math.nan)
    half = t_quantile((1 + confidence) / 2, n - 1) * float(jackknife_error(without_each))
    return Estimate(whole, whole - half, whole + half)


def jackknife_error(without_each: Any) -> Any:
    """Standard error of a statistic from its values with each replication left out: one column a statistic."""
    left_out = np.asarray(without_each, float)
    n = len(left_out)
    return np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def share_error(share: float, below: Any, counts: Any) -> float:
    """Standard error of the share of pooled values below a point, where replication i has `below[i]` of its `counts[i]` there.

    A ratio of sums over replications, so values within a replication may depend on one another in any way.
    """
    excess = np.asarray(below, float) - share * np.asarray(counts, float)
    n, total = len(excess), float(np.sum(counts))
    return math.sqrt(n / (n - 1) * float(((excess - excess.mean()) ** 2).sum())) / total if n > 1 and total else math.nan


def quantile_interval(read: Callable[[float], float], share: float, error: float, freedom: int, confidence: float = 0.95) -> Estimate:
    """The interval of a pooled quantile: the quantiles of `share` plus and minus the uncertainty of that share (Woodruff 1952).

    `read` gives the quantile of a share. An end that would lie beyond all values is nan: there are too few to say. (The
    jackknife of a quantile covers too rarely: 81 to 91 % instead of 95 % with ten replications of twenty tasks.)
    """
    half = t_quantile((1 + confidence) / 2, freedom) * error if freedom > 0 else math.nan
    low, high = share - half, share + half
    return Estimate(read(share), read(low) if low > 0 else math.nan, read(high) if high < 1 else math.nan)


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


FIRST_LOOK = 10
"""Replications before a stopping rule looks for the first time: fewer make a variance that is too small by chance too likely."""


def next_look(n: int, widest: float, asked: float, most: int) -> int:
    """How many replications to have before looking at the intervals again; n itself where it is time to stop.

    `widest` and `asked` are relative half-widths. A rule that stops as soon as the interval is narrow stops too often when
    it is narrow by chance, and then covers too rarely (Chow and Robbins 1965 hold only as the width goes to 0). So looks are
    few: from `FIRST_LOOK` on each is at least a quarter later, and at most twice as late, as the width foretells.
    """
    if widest <= asked or n >= most:
        return n
    wanted = n * min((widest / asked) ** 2, 2.0)
    return min(most, max(math.ceil(wanted), math.ceil(1.25 * n)))


BATCH = 5
"""Values that MSER-5 averages before it looks for a cut."""


def mser5(series: Any) -> int:
    """How many of the first values to leave out, so that the mean of the rest has the least marginal standard error.

    MSER-5 (White 1997; White, Cobb and Spratt 2000): batches of five values; of all cuts in the first half the one with the least
    sum of squares around the mean of the rest, over the square of how many batches are left. 0 for fewer than ten values.
    """
    values = np.asarray(series, float)
    batches = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(batches) < 2:
        return 0
    left = np.arange(len(batches), 0, -1)
    rest = (batches - batches.mean())[::-1]
    squares, sums = np.cumsum(rest**2)[::-1], np.cumsum(rest)[::-1]
    errors = (squares - sums**2 / left) / left**2
    return BATCH * int(np.argmin(errors[: len(batches) // 2 + 1]))


def top_share(sizes: Any, counts: Any, share: float) -> float:
    """What part of the total the largest `share` of all values make up; `counts` by ascending `sizes`; nan without any."""
    sizes, counts = np.asarray(sizes, float)[::-1], np.asarray(counts, float)[::-1]
    total = float((sizes * counts).sum())
    before = np.cumsum(counts) - counts
    taken = np.clip(share * counts.sum() - before, 0, counts)
    return float((sizes * taken).sum()) / total if total else math.nan


def tail_index(sizes: Any, counts: Any, top: int) -> float:
    """Hill's index of the tail from the largest `top` values: P(X > x) falls as x^-index; below 2 there is no variance.

    Hill (1975): one over the mean of log(x / the value just below the top ones). nan where they are all alike, or too few.
    """
    sizes, counts = np.asarray(sizes, float)[::-1], np.asarray(counts, float)[::-1]
    before = np.cumsum(counts) - counts
    taken = np.clip(top - before, 0, counts)
    if taken.sum() < top or counts.sum() <= top:
        return math.nan
    floor = sizes[int(np.searchsorted(np.cumsum(counts), top, side="right"))]
    excess = float((taken[taken > 0] * np.log(sizes[taken > 0] / floor)).sum())
    return top / excess if excess else math.nan


def may_be_least(whole: Any, without: Any, confidence: float = 0.95) -> np.ndarray:
    """Which of k scenarios may truly have the least value; the true one is among them with at least this confidence.

    `whole` has k values, `without` a row a replication that was left out. One is ruled out when another is significantly
    less in a paired one-sided t test at (1 - confidence) / (k - 1): Bonferroni over the k - 1 comparisons of the true
    best, which holds whatever random numbers the scenarios share (multiple comparisons with the best: Hsu 1984, Nelson et al. 2001).
    """
    whole, without = np.asarray(whole, float), np.asarray(without, float)
    n, k = without.shape
    if k == 1 or n < 2:
        return np.ones(k, bool)
    t = t_quantile(1 - (1 - confidence) / (k - 1), n - 1)
    kept = [bool((whole[i] - whole <= t * jackknife_error(without[:, [i]] - without)).all()) for i in range(k)]
    return np.array(kept)


def ks_distance(ours: Any, theirs: Any) -> float:
    """Two samples' Kolmogorov-Smirnov distance: the largest difference of their shares below any value."""
    ours, theirs = np.sort(np.asarray(ours, float)), np.sort(np.asarray(theirs, float))
    both = np.concatenate([ours, theirs])
    below = [np.searchsorted(each, both, side="right") / len(each) for each in (ours, theirs)]
    return float(np.abs(below[0] - below[1]).max())


def digits(value: float, many: int = 3, sign: str = "") -> str:
    """A number in a sentence, `12,300` and not `1.23e+04`: so many significant digits, no zeros at the end; `-` where there is none.

    `sign`: `+` to have one in any case."""
    if not math.isfinite(value):
        return "-"
    rounded = float(f"{value:.{many}g}")
    if abs(rounded) >= 10**many:
        return f"{rounded:{sign},.0f}"
    if 1e-9 < abs(rounded) < 1e-4:
        return f"{rounded:{sign}.{many - 1 - math.floor(math.log10(abs(rounded)))}f}".rstrip("0")
    return f"{rounded:{sign},.{many}g}"
