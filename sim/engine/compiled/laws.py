"""Distributions as the twin reads them: rows of a table, their numbers and their parts."""

from __future__ import annotations

import ctypes
import enum
import itertools
import math
from collections.abc import Callable, Sequence
from ctypes import c_double, c_int64
from typing import Any

from sim.errors import SimError
from sim.sampling.counts import Bernoulli, Geometric, Poisson
from sim.sampling.distributions import distribution
from sim.sampling.shapes import (
    Bass,
    Bounded,
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Mixture,
    Normal,
    Uniform,
    Weibull,
)

NO_LAW = -1


class Kind(enum.IntEnum):
    """As in `model.h`."""

    constant = 0
    exponential = 1
    lognormal = 2
    weibull = 3
    bass = 4
    uniform = 5
    normal = 6
    geometric = 7
    bernoulli = 8
    poisson = 9
    values = 10
    quantiles = 11
    two = 12
    mixture = 13
    bounded = 14


class Law(ctypes.Structure):
    """`Law` of `model.h`."""

    _fields_ = (
        ("kind", c_int64), ("count", c_int64), ("numbers", c_int64), ("parts", c_int64),
        ("a", c_double), ("b", c_double), ("c", c_double),
    )  # fmt: skip


def _constant(value: float) -> Law:
    return Law(Kind.constant, a=value)


_PLAIN: dict[type[Distribution], Callable[[Any], Law]] = {
    Constant: lambda law: _constant(law.value),
    Exponential: lambda law: Law(Kind.exponential, a=law.mean),
    Lognormal: lambda law: Law(Kind.lognormal, a=math.log(law.median), b=law.sigma) if law.sigma else _constant(law.median),
    Weibull: lambda law: Law(Kind.weibull, a=law.mean / math.gamma(1 + 1 / law.shape), b=1 / law.shape),
    Bass: lambda law: Law(Kind.bass, a=law.q / law.p, b=law.p + law.q),
    Uniform: lambda law: Law(Kind.uniform, a=law.low, b=law.high - law.low),
    Normal: lambda law: Law(Kind.normal, a=law.mean, b=law.sd) if law.sd > 0 else _constant(law.mean),
    Geometric: lambda law: Law(Kind.geometric, a=math.log1p(-1 / law.mean)) if law.mean != 1 else _constant(1.0),
    Bernoulli: lambda law: Law(Kind.bernoulli, a=1 - law.p),
}
"""Those that are three numbers at most, prepared as in their `quantile`."""


class Laws:
    """A table that grows; a law is known by its place in it."""

    def __init__(self) -> None:
        self.rows: list[Law] = []
        self.numbers: list[float] = []
        self.parts: list[int] = []

    def add(self, setting: Any) -> int:
        """The place of a quantity's law; `NO_LAW` for None. Raises `SimError` for one that the twin does not know."""
        if setting is None:
            return NO_LAW
        row = self._row(distribution(setting))
        self.rows.append(row)
        return len(self.rows) - 1

    def put(self, numbers: Sequence[float]) -> int:
        """Numbers that a row refers to; returns where they begin."""
        self.numbers += numbers
        return len(self.numbers) - len(numbers)

    def refer(self, places: Sequence[int]) -> int:
        """Places of other rows; returns where they begin."""
        self.parts += places
        return len(self.parts) - len(places)

    def _row(self, law: Distribution) -> Law:
        if type(law) in _PLAIN:
            return _PLAIN[type(law)](law)
        match law:
            case Poisson():
                return self._listed(Kind.poisson, law.table())
            case Empirical(values, quantiles):
                return self._listed(Kind.values, sorted(values)) if values else self._listed(Kind.quantiles, quantiles)
            case Mixture(weights, parts):
                return self._mixed(weights, parts)
            case Bounded(shape, shift, low, high):
                return Law(Kind.bounded, parts=self._put_parts([shape]), a=shift, b=low, c=high)
        raise SimError(f"the compiled twin has no {type(law).__name__.lower()}")

    def _listed(self, kind: Kind, numbers: Sequence[float]) -> Law:
        return Law(kind, len(numbers), self.put(numbers))

    def _mixed(self, weights: Sequence[float], parts: Sequence[Distribution]) -> Law:
        total = math.fsum(weights)
        shares = [weight / total for weight in weights]
        if len(parts) == 2:
            return Law(Kind.two, parts=self._put_parts(parts), a=shares[0])
        edges = [0.0, *itertools.accumulate(shares)][:-1]
        return Law(Kind.mixture, len(parts), self.put(edges + shares), self._put_parts(parts))

    def _put_parts(self, laws: Sequence[Distribution]) -> int:
        return self.refer([self.add(law) for law in laws])
