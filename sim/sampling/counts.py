"""Distributions that are counts: turns, batches, events, yes or no."""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass
from typing import ClassVar

from sim.sampling.shapes import Constant, Distribution, Quantile


@dataclass(frozen=True)
class Geometric(Distribution):
    """1, 2, 3, ...: stop after each with the same probability `1 / mean`."""

    mean: float
    lowest: ClassVar[float] = 1.0
    compiled: ClassVar[bool] = True

    def quantile(self) -> Quantile:
        if self.mean == 1:
            return Constant(1.0).quantile()
        rate, log1p, ceil = math.log1p(-1 / self.mean), math.log1p, math.ceil
        return lambda u: float(ceil(log1p(-u) / rate) or 1)


@dataclass(frozen=True)
class Poisson(Distribution):
    """0, 1, 2, ...: a count of independent rare events."""

    mean: float
    compiled: ClassVar[bool] = True

    def quantile(self) -> Quantile:
        table = self.table()
        return lambda u: float(bisect.bisect_left(table, u))

    def table(self) -> list[float]:
        """The share of counts up to 0, 1, 2, ..."""
        return list(itertools.accumulate(self._pmf()))

    def _pmf(self) -> list[float]:
        top = int(self.mean + 12 * math.sqrt(self.mean) + 30)
        log_mean = math.log(self.mean) if self.mean > 0 else -math.inf
        first = math.exp(-self.mean)
        return [first] + [math.exp(k * log_mean - self.mean - math.lgamma(k + 1)) for k in range(1, top)]


@dataclass(frozen=True)
class Bernoulli(Distribution):
    """1 with probability `p`, else 0."""

    p: float
    highest: ClassVar[float] = 1.0
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return self.p

    def quantile(self) -> Quantile:
        q = 1 - self.p
        return lambda u: 1.0 if u >= q else 0.0
