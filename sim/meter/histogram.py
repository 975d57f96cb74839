"""Percentiles in constant memory: counts in bins whose edges grow by half a per cent.

A percentile read from it is within 0.5 % of the true one (of the value, not of the rank), whatever the run's length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

LEAST, GROWTH, BINS = 1e-3, 1.005, 6020
"""First edge, factor between edges, how many (the last edge is 11 billion: batch sessions of weeks fit)."""
SIZES = LEAST * GROWTH ** (np.arange(BINS) - 0.5)
"""The middle of each bin."""


@dataclass
class Sketch:
    """How many values fell into each bin."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, values: Any) -> None:
        """Count an array of values; what lies outside the edges goes to the first or last bin."""
        if len(values):
            place = np.log(np.maximum(values, LEAST) / LEAST) / np.log(GROWTH)
            self.counts += np.bincount(np.minimum(place.astype(np.int64) + (values > LEAST), BINS - 1), minlength=BINS)

    def percentile(self, share: float) -> float:
        """The value below which `share` (0 to 1) of the counted ones lie; nan when there are none."""
        if not self.counts.any():
            return float("nan")
        place, within = self.place(share)
        return float(LEAST * GROWTH ** (place - 1 + within)) if place else 0.0

    def place(self, share: float) -> tuple[int, float]:
        """The bin in which that percentile lies, and how far into it."""
        below = np.cumsum(self.counts)
        wanted = share * int(below[-1])
        place = int(np.searchsorted(below, wanted, side="left"))
        return place, float((wanted - (below[place] - self.counts[place])) / self.counts[place])

    def below(self, place: int, within: float) -> float:
        """How many values lie below a point so far into a bin."""
        return float(self.counts[:place].sum() + within * self.counts[place])

    def plus(self, other: Sketch) -> Sketch:
        """Both counted together."""
        return Sketch(self.counts + other.counts)
