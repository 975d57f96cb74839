"""What many tasks come to together, from what single ones were: the law of a sum (aggregate losses, as actuaries have it)."""

from __future__ import annotations

import math

import numpy as np

from sim.results.outlook.spread import Span, rank_interval, without_each
from sim.statistics import jackknife

POINTS = 2**13
FAR = 10
"""Standard deviations of a sum above its mean that are looked at, beside its largest values."""
_ROUNDED = 1e-9
"""Of their mean: values that are no farther apart differ by how they were added up."""
SUMMED = 200
"""Values up to which a sum's law is worked out; beyond it is a normal law with the skewness that is left (Cornish and Fisher 1938)."""


def percentiles_of_sum(values: np.ndarray, groups: np.ndarray, many: int, shares: list[float], mean: float = math.nan) -> list[Span]:
    """Percentiles of the sum of so many independent values; `mean`: theirs, where it is known better than these values say.

    The interval is of the values' being few: the jackknife over their groups.
    """
    if not len(values) or not values.any():
        return [Span(0.0, 0.0, 0.0) if len(values) else Span(math.nan, math.nan, math.nan)] * len(shares)
    if many == 1:
        return [rank_interval(values, share) for share in shares]
    whole = _of(_scaled(values, mean), many, shares)
    left_out = np.array([_of(_scaled(part, mean), many, shares) for part in without_each(values, groups)]).reshape(-1, len(shares))
    spans = [Span(*jackknife(found, left_out[:, place])) for place, found in enumerate(whole)]
    return [span._replace(low=float(np.maximum(span.low, 0.0))) for span in spans]


def _scaled(values: np.ndarray, mean: float) -> np.ndarray:
    return values if math.isnan(mean) or not values.any() else values * (mean / values.mean())


def _of(values: np.ndarray, many: int, shares: list[float]) -> list[float]:
    middle, spread = float(values.mean()), float(values.std())
    if spread <= _ROUNDED * middle:
        return [many * middle] * len(shares)
    if many > SUMMED:
        return _normal(values, many, shares)
    step = (many * middle + FAR * math.sqrt(many) * spread + 3 * float(values.max())) / POINTS
    place = values / step
    low = place.astype(np.int64)
    law = np.bincount(low, 1 - (place - low), POINTS) + np.bincount(low + 1, place - low, POINTS)  # between two points: the mean stays
    summed = np.cumsum(np.fft.irfft(np.fft.rfft(law / len(values)) ** many, POINTS))
    return [float(np.interp(share, summed, step * np.arange(POINTS))) for share in shares]


def _normal(values: np.ndarray, many: int, shares: list[float]) -> list[float]:
    from scipy.special import ndtri

    spread = float(values.std())
    skew = float(((values - values.mean()) ** 3).mean()) / spread**3 / math.sqrt(many)
    z = ndtri(shares)
    return [float(found) for found in many * values.mean() + math.sqrt(many) * spread * (z + (z * z - 1) * skew / 6)]
