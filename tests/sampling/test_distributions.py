"""Every shape: its mean, its quantiles, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.errors import ConfigError
from sim.sampling.distributions import distribution, whole

EVEN = (np.arange(200_000) + 0.5) / 200_000
SHAPES: list[tuple[dict[str, Any], Any]] = [
    ({"dist": "exponential", "mean": 3}, stats.expon(scale=3)),
    ({"dist": "lognormal", "median": 5, "sigma": 0.7}, stats.lognorm(0.7, scale=5)),
    ({"dist": "gamma", "mean": 4, "shape": 0.5}, stats.gamma(0.5, scale=8)),
    ({"dist": "uniform", "low": 2, "high": 6}, stats.uniform(2, 4)),
    ({"dist": "geometric", "mean": 8}, stats.geom(1 / 8)),
    ({"dist": "poisson", "mean": 2.5}, stats.poisson(2.5)),
    ({"dist": "bernoulli", "p": 0.3}, stats.bernoulli(0.3)),
]


@pytest.mark.parametrize(("given", "reference"), SHAPES, ids=lambda value: value["dist"] if isinstance(value, dict) else "")
def test_quantiles_are_scipys(given: dict[str, Any], reference: Any) -> None:
    law = distribution(given)
    quantile = law.quantile()
    us = [0.001, 0.1, 0.25, 0.5, 0.77, 0.9, 0.999]
    np.testing.assert_allclose([quantile(u) for u in us], reference.ppf(us), rtol=1e-9)
    assert law.mean == pytest.approx(reference.mean(), rel=1e-12)


EVERY = [
    *[given for given, _ in SHAPES],
    7,
    {"dist": "bass", "p": 0.003, "q": 0.05},
    {"dist": "bass", "p": 0.02, "q": 0},
    {"dist": "weibull", "mean": 10, "shape": 0.6},
    {"dist": "normal", "mean": 10, "sd": 2, "low": 0},
    {"dist": "mixture", "weights": [1, 3], "parts": [{"dist": "exponential", "mean": 2}, 10]},
    {"dist": "empirical", "values": [1, 2, 2, 9]},
    {"dist": "empirical", "quantiles": [0, 1, 4, 20]},
    {"dist": "lognormal", "median": 5, "sigma": 1, "shift": 3, "low": 4, "high": 20},
    {"dist": "exponential", "mean": 298, "shift": 60, "high": 900},
]


@pytest.mark.parametrize("given", EVERY, ids=str)
def test_the_stated_mean_is_the_mean_and_quantiles_rise_within_the_support(given: Any) -> None:
    law = distribution(given)
    quantile = law.quantile()
    values = np.array([quantile(u) for u in EVEN])
    assert values.mean() == pytest.approx(law.mean, rel=2e-3)
    if "mixture" not in str(given):
        assert (np.diff(values) >= 0).all()
    low, high = law.support()
    assert low <= values.min()
    assert values.max() <= high


def test_whole_numbers_are_rounded_and_bounded() -> None:
    tokens = whole(distribution({"dist": "normal", "mean": 2, "sd": 2, "low": 0}), 1)
    assert {tokens(u) for u in (0.01, 0.3, 0.5, 0.7)} == {1, 2, 3}
    assert all(isinstance(tokens(u), int) for u in (0.1, 0.9))


@pytest.mark.parametrize(
    "given",
    [
        {"dist": "lognormal", "median": 0, "sigma": 1},
        {"dist": "lognormal", "median": 1},
        {"dist": "uniform", "low": 3, "high": 2},
        {"dist": "bernoulli", "p": 1.2},
        {"dist": "bass", "p": 0, "q": 0.1},
        {"dist": "bass", "p": 0.1, "q": -0.1},
        {"dist": "bass", "p": 0.1},
        {"dist": "geometric", "mean": 0.9},
        {"dist": "mixture", "weights": [1], "parts": [1, 2]},
        {"dist": "empirical", "values": [1], "quantiles": [1, 2]},
        {"dist": "empirical", "quantiles": [2, 1]},
        {"dist": "empirical", "values": []},
        {"dist": "exponential", "mean": float("nan")},
        {"dist": "exponential", "mean": "long"},
        {"dist": "expnential", "mean": 3},
        {"median": 3},
        "3",
        True,
        [3],
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_name(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"^agent\.turns"):
        distribution(given, "agent.turns")


def test_a_setting_that_was_read_before_is_held_to_the_same() -> None:
    """True is no 1, whatever Python says; what is refused names the key that it stands under now; a list may change."""
    assert distribution({"dist": "exponential", "mean": 1}) == distribution({"dist": "exponential", "mean": 1.0})
    for key in ("a", "b"):
        with pytest.raises(ConfigError, match=rf"^{key}\.mean=True: must be a number"):
            distribution({"dist": "exponential", "mean": True}, key)
    given: dict[str, Any] = {"dist": "empirical", "values": [1.0, 2.0]}
    before = distribution(given)
    given["values"].append(6.0)
    assert (before.mean, distribution(given).mean) == (1.5, 3.0)
    assert distribution({"dist": "exponential", "mean": np.float64(2.0)}).mean == 2.0
