"""Weighted people: a few that stand for all of a segment, each for their share of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm


class Strata(NamedTuple):
    """Parts of a segment, from those who do least to those who do most."""

    means: np.ndarray
    """Of the quantity in each part."""
    weights: np.ndarray
    """Shares of the people; they sum to 1."""


def strata(mean: float, sigma: float, count: int) -> Strata:
    """A lognormal quantity in `count` parts.

    Their weighted mean is `mean` exactly, however few they are: E[x; a < Z < b] of a lognormal is a difference of normal probabilities.
    They are cut at the quantiles of a normal halfway between that of people and that of what they do, so that neither is cut too
    coarsely: the few who do most do a lot of it.
    """
    edges = norm.ppf(np.linspace(0, 1, count + 1)) + sigma / 2
    weights = np.diff(norm.cdf(edges))
    return Strata(mean * np.diff(norm.cdf(edges - sigma)) / weights, weights)
