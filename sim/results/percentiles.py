"""Percentiles: neither sums nor ratios of sums, so with intervals of their own."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np

from sim.meter.histogram import Sketch
from sim.meter.tally import Tally
from sim.statistics import Estimate, quantile_interval, share_error


class Percentile:
    """A percentile of one of the tally's sketches: neither a sum nor a ratio of sums, so with an interval of its own."""

    def __init__(self, which: str, share: float) -> None:
        self.which = which
        self.share = share

    def __call__(self, tally: Tally) -> float:
        return self._sketch(tally).percentile(self.share)

    def _sketch(self, tally: Tally) -> Sketch:
        found: Sketch = operator.attrgetter(self.which)(tally)
        return found

    def _below(self, pooled: Tally, tallies: Sequence[Tally]) -> tuple[np.ndarray, np.ndarray]:
        """Values of each replication below the pooled percentile, and all of them."""
        place = self._sketch(pooled).place(self.share)
        sketches = [self._sketch(tally) for tally in tallies]
        return np.array([each.below(*place) for each in sketches]), np.array([each.counts.sum() for each in sketches])

    def interval(self, pooled: Tally, tallies: Sequence[Tally]) -> Estimate:
        """Woodruff's: what lies at the share plus and minus its own uncertainty between replications."""
        if not self._sketch(pooled).counts.any():
            return Estimate(math.nan, math.nan, math.nan)
        error = share_error(self.share, *self._below(pooled, tallies))
        return quantile_interval(self._sketch(pooled).percentile, self.share, error, len(tallies) - 1)

    def without(self, pooled: Tally, tallies: Sequence[Tally]) -> np.ndarray:
        """The percentile with each replication left out, to first order: smooth, so that differences can be paired.

        A share that is off by e moves the percentile by e / density; the density is read within a standard error around.
        """
        sketch, n = self._sketch(pooled), len(tallies)
        if n < 2 or not sketch.counts.any():
            return np.full(n if n > 1 else 0, math.nan)
        below, counts = self._below(pooled, tallies)
        error = share_error(self.share, below, counts)
        low, high = max(self.share - error, self.share / 2), min(self.share + error, (1 + self.share) / 2)
        slope = (sketch.percentile(high) - sketch.percentile(low)) / (high - low) if high > low else 0.0
        return self(pooled) + (below - self.share * counts) * (slope * n / (n - 1) / float(counts.sum()))
