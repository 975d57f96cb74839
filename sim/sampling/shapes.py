"""Distributions: every one is its quantile function, so one uniform is one decision."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import _normal_dist_inv_cdf  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, ClassVar

Quantile = Callable[[float], float]
"""u in (0, 1) -> the value below which a share u of the distribution lies."""
normal_quantile: Callable[[float, float, float], float] = _normal_dist_inv_cdf
"""(u, mean, sd) -> quantile of the normal distribution: the C function behind `NormalDist.inv_cdf`, without its Python frame."""


@dataclass(frozen=True)
class Distribution:
    """One shape. `mean` is exact; `quantile()` compiles the inverse of its cumulative distribution."""

    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = math.inf
    compiled: ClassVar[bool] = False
    """Whether the compiled twin knows its quantile (`sim.engine.compiled.laws`)."""

    if TYPE_CHECKING:

        @property
        def mean(self) -> float:
            """The expected value, in the unit of the setting."""

    def quantile(self) -> Quantile:
        """A fast function from a uniform in (0, 1) to a value."""
        raise NotImplementedError

    def support(self) -> tuple[float, float]:
        """The least and the largest value that can come out."""
        return self.lowest, self.highest

    @property
    def twin(self) -> bool:
        """Whether the compiled twin draws from it, and so from all that it is made of."""
        held = [part for value in vars(self).values() for part in (value if isinstance(value, tuple) else (value,))]
        return self.compiled and all(part.twin for part in held if isinstance(part, Distribution))


@dataclass(frozen=True)
class Constant(Distribution):
    """Always `value`."""

    value: float
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return self.value

    def quantile(self) -> Quantile:
        value = self.value
        return lambda u: value

    def support(self) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True)
class Exponential(Distribution):
    """Memoryless gaps of the given `mean`."""

    mean: float
    compiled: ClassVar[bool] = True

    def quantile(self) -> Quantile:
        mean, log1p = self.mean, math.log1p
        return lambda u: -mean * log1p(-u)


@dataclass(frozen=True)
class Lognormal(Distribution):
    """Half of the values lie below `median`; `sigma` is the standard deviation of the logarithm."""

    median: float
    sigma: float
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)

    def quantile(self) -> Quantile:
        if self.sigma == 0:
            return Constant(self.median).quantile()
        mu, sigma, normal, exp = math.log(self.median), self.sigma, normal_quantile, math.exp
        return lambda u: exp(normal(u, mu, sigma))


@dataclass(frozen=True)
class Gamma(Distribution):
    """Coefficient of variation `1 / sqrt(shape)`: a shape below 1 comes in bursts."""

    mean: float
    shape: float

    def quantile(self) -> Quantile:
        from scipy.special import gammaincinv

        scale, shape = self.mean / self.shape, self.shape
        return lambda u: scale * float(gammaincinv(shape, u))


@dataclass(frozen=True)
class Weibull(Distribution):
    """A shape below 1 has a heavier tail than the exponential."""

    mean: float
    shape: float
    compiled: ClassVar[bool] = True

    def quantile(self) -> Quantile:
        scale, power, log1p = self.mean / math.gamma(1 + 1 / self.shape), 1 / self.shape, math.log1p
        return lambda u: scale * float((-log1p(-u)) ** power)


@dataclass(frozen=True)
class Bass(Distribution):
    """When one of many takes something up who is won over by advertising at rate `p` and by those who have it at rate `q`.

    Bass (1969): a share F(t) = (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t) has it by t (`sim.theory.bass_share`). Rates by unit of the
    setting, e.g. by second; q = 0: exponential with mean 1/p. Values are independent: the curve is that of a market too large for chance.
    """

    p: float
    q: float
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return math.log1p(self.q / self.p) / self.q if self.q else 1 / self.p

    def quantile(self) -> Quantile:
        rate, ratio, log1p = self.p + self.q, self.q / self.p, math.log1p
        return lambda u: (log1p(u * ratio) - log1p(-u)) / rate


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between `low` and `high` equally likely."""

    low: float
    high: float
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    def quantile(self) -> Quantile:
        low, width = self.low, self.high - self.low
        return lambda u: low + width * u

    def support(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True)
class Normal(Distribution):
    """The bell curve; give `low: 0` where the quantity cannot be negative."""

    mean: float
    sd: float
    lowest: ClassVar[float] = -math.inf
    compiled: ClassVar[bool] = True

    def quantile(self) -> Quantile:
        mean, sd = self.mean, self.sd
        return (lambda u: normal_quantile(u, mean, sd)) if sd > 0 else Constant(mean).quantile()


@dataclass(frozen=True)
class Empirical(Distribution):
    """Recorded `values`, each equally likely; or `quantiles` at evenly spaced shares from 0 to 1, straight lines between."""

    values: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        if self.values:
            return math.fsum(self.values) / len(self.values)
        q = self.quantiles
        return (math.fsum(q) - (q[0] + q[-1]) / 2) / (len(q) - 1)

    def quantile(self) -> Quantile:
        if self.values:
            values, n = tuple(sorted(self.values)), len(self.values)
            return lambda u: values[int(u * n)]
        points, last = self.quantiles, len(self.quantiles) - 1

        def interpolate(u: float) -> float:
            place = u * last
            i = int(place)
            return points[i] + (points[i + 1] - points[i]) * (place - i)

        return interpolate

    def support(self) -> tuple[float, float]:
        points = self.values or self.quantiles
        return min(points), max(points)


@dataclass(frozen=True)
class Mixture(Distribution):
    """With probability `weights[i]` a value of `parts[i]`; one uniform picks the part and the value."""

    weights: tuple[float, ...]
    parts: tuple[Distribution, ...]
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        return math.fsum(w * p.mean for w, p in zip(self.weights, self.parts, strict=True)) / math.fsum(self.weights)

    def quantile(self) -> Quantile:
        total = math.fsum(self.weights)
        shares = [w / total for w in self.weights]
        edges = [0.0, *itertools.accumulate(shares)][:-1]
        parts = [part.quantile() for part in self.parts]
        if len(parts) == 2:
            first, second, w = parts[0], parts[1], shares[0]
            return lambda u: first(u / w) if u < w else second((u - w) / (1 - w))

        def pick(u: float) -> float:
            i = bisect.bisect_right(edges, u) - 1
            return parts[i](min((u - edges[i]) / shares[i], 1 - 2**-53))

        return pick

    def support(self) -> tuple[float, float]:
        edges = [part.support() for part in self.parts]
        return min(low for low, _ in edges), max(high for _, high in edges)


@dataclass(frozen=True)
class Bounded(Distribution):
    """Another shape, moved by `shift` and then clipped to `low` and `high`."""

    shape: Distribution
    shift: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    compiled: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        if math.isinf(self.low) and math.isinf(self.high):
            return self.shape.mean + self.shift
        return _mean(self)

    def quantile(self) -> Quantile:
        inner, shift, low, high = self.shape.quantile(), self.shift, self.low, self.high
        return lambda u: min(max(inner(u) + shift, low), high)

    def support(self) -> tuple[float, float]:
        least, most = self.shape.support()
        return min(max(least + self.shift, self.low), self.high), min(max(most + self.shift, self.low), self.high)


@lru_cache(maxsize=256)
def _mean(law: Distribution) -> float:
    """A fifth of a second each: settings are read into distributions again and again."""
    return expectation(law)


def expectation(law: Distribution, of: Callable[[float], float] = lambda x: x, points: int = 100_000) -> float:
    """E[of(X)] by averaging over evenly spaced quantiles; the far tail in finer and finer steps."""
    if isinstance(law, Constant):
        return of(law.value)
    quantile = law.quantile()
    total, low, width = [], 0.0, 0.9
    for _ in range(12):
        step = width / (points // 12)
        total.append(step * math.fsum(of(quantile(low + (i + 0.5) * step)) for i in range(points // 12)))
        low += width
        width = (1 - low) * 0.9
    total.append((1 - low) * of(quantile((1 + low) / 2)))
    return math.fsum(total)
