"""Settings that can vary: a number, or a mapping such as `{dist: lognormal, median: 256, sigma: 0.89}`.

Any mapping may add `shift` (added to each value) and then `low` / `high` (values are clipped there).
"""

from __future__ import annotations

import contextlib
import functools
import marshal
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.sampling.counts import Bernoulli, Geometric, Poisson
from sim.sampling.shapes import (
    Bass,
    Bounded,
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Mixture,
    Normal,
    Quantile,
    Uniform,
    Weibull,
    expectation,
    normal_quantile,
)

__all__ = ["KINDS", "Constant", "Distribution", "Quantile", "distribution", "expectation", "normal_quantile", "whole"]

KINDS: dict[str, type[Distribution]] = {
    kind.__name__.lower(): kind
    for kind in (
        Constant, Exponential, Lognormal, Gamma, Weibull, Geometric,
        Poisson, Uniform, Normal, Bernoulli, Bass, Mixture, Empirical,
    )
}  # fmt: skip
PARAMETERS = {field.name for kind in KINDS.values() for field in fields(kind)}
"""Of any kind: one that another kind has was left from before, as a rule, where `dist` alone was changed."""
_ASKED = {"distribution", "kind", "law", "type"}
"""What `dist` is called elsewhere."""
_POSITIVE = {"median"}
_NOT_NEGATIVE = {"sd"}
_WITHIN = {"sigma": (0.0, 5.0), "shape": (0.02, 1e6)}
"""Beyond these a distribution is one of zeros and numbers that overflow."""
_MOST_EVENTS = 100_000
"""Mean of a Poisson count: it is drawn from a table."""


def distribution(value: Any, key: str = "value") -> Distribution:
    """Read a setting that is a number, a mapping with `dist`, or already a distribution."""
    if isinstance(value, Distribution):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Constant(_finite(value, key))
    if not isinstance(value, Mapping):
        hint = "; a number has no unit, and no range: -m KEY=1,2,5 sweeps" if isinstance(value, str) and value[:1].isdigit() else ""
        raise ConfigError(f"{key}={value!r}: must be a number or a mapping with 'dist'{hint}".replace("=None:", "=null:"))
    if value.__class__ is dict:
        with contextlib.suppress(ValueError, ConfigError):  # what is no plain value, and what is refused below by its key
            return _known(marshal.dumps(value, _ALL_WRITTEN_OUT))
    return _read(value, key)


@functools.lru_cache(maxsize=1024)
def _known(written: bytes) -> Distribution:
    """The same settings come again and again: for each replication, check and table."""
    return _read(marshal.loads(written), "value")


_ALL_WRITTEN_OUT = 2
"""The version of `marshal` that has the same bytes for the same value, whoever else refers to it."""


def _read(value: Mapping[str, Any], key: str) -> Distribution:
    """Of a mapping."""
    given = dict(value)
    name = given.pop("dist", None)
    if name is None:
        raise ConfigError(f"{key}: is a mapping without dist, which says the kind; {did_you_mean('', KINDS)}")
    if not isinstance(name, str) or name not in KINDS:
        raise ConfigError(f"{key}.dist={name}: {did_you_mean(str(name), KINDS)}")
    kind = KINDS[name]
    allowed = [field.name for field in fields(kind)]
    if (other := next((each for each in sorted(_ASKED & given.keys()) if given[each] in KINDS), None)) is not None:
        raise ConfigError(f"{key}.{other}: the kind of distribution is called dist, as in {key}={_form(given[other])}")
    frame = {k: _finite(given.pop(k), f"{key}.{k}") for k in ("shift", "low", "high") if k in given and k not in allowed}
    for unknown in sorted(set(given) - set(allowed)):
        known = did_you_mean(unknown, allowed) if unknown not in PARAMETERS else f"give it whole: {key}={_form(name)}"
        raise ConfigError(f"{key}.{unknown}: {name} has no such parameter; {known}")
    shape = _build(kind, name, given, key)
    if frame.get("low", -math.inf) > frame.get("high", math.inf):
        raise ConfigError(f"{key}: high={frame['high']:g} is below low={frame['low']:g}")
    return Bounded(shape, **frame) if frame else shape


def _form(name: str) -> str:
    """How a distribution is written: with what it takes."""
    takes = [field.name for field in fields(KINDS[name])] if name != "empirical" else ["values"]
    return f"{{dist: {name}, {', '.join(f'{each}: ...' for each in takes)}}}"


def compiled(value: Any) -> bool:
    """Whether the compiled twin draws from a setting's law; of one that was checked, whose parts need not be read again."""
    if isinstance(value, Mapping):
        return KINDS[value["dist"]].compiled and all(map(compiled, value.get("parts", ())))
    return value.twin if isinstance(value, Distribution) else True


def _build(kind: type[Distribution], name: str, given: dict[str, Any], key: str) -> Distribution:
    required = [f.name for f in fields(kind)] if kind is not Empirical else []
    for missing in [n for n in required if n not in given]:
        raise ConfigError(f"{key}.{missing}: missing for {name}; give it whole: {key}={_form(name)}")
    arguments: dict[str, Any] = {}
    for parameter, raw in given.items():
        place = f"{key}.{parameter}"
        if parameter == "parts":
            if isinstance(raw, str) or not isinstance(raw, Sequence):
                raise ConfigError(f"{place}={raw!r}: must be a list of distributions")
            arguments[parameter] = tuple(distribution(part, f"{place}[{i}]") for i, part in enumerate(raw))
        elif parameter in ("weights", "values", "quantiles"):
            arguments[parameter] = _numbers(raw, place)
        else:
            arguments[parameter] = _parameter(parameter, raw, place)
    shape = kind(**arguments)
    _check_shape(shape, key)
    return shape


def _parameter(parameter: str, raw: Any, place: str) -> float:
    number = _finite(raw, place)
    if parameter in _POSITIVE and number <= 0:
        raise ConfigError(f"{place}={raw}: must be more than 0")
    if parameter in _NOT_NEGATIVE and number < 0:
        raise ConfigError(f"{place}={raw}: must be at least 0")
    least, most = _WITHIN.get(parameter, (-math.inf, math.inf))
    if not least <= number <= most:
        raise ConfigError(f"{place}={raw}: must be from {least:g} to {most:,g}")
    return number


def _check_shape(shape: Distribution, key: str) -> None:
    if isinstance(shape, (Exponential, Gamma, Weibull, Poisson)) and shape.mean < 0:
        raise ConfigError(f"{key}.mean={shape.mean:g}: must be at least 0")
    if isinstance(shape, Poisson) and shape.mean > _MOST_EVENTS:
        raise ConfigError(f"{key}.mean={shape.mean:g}: must be at most {_MOST_EVENTS:,} for a Poisson count")
    if isinstance(shape, Geometric) and shape.mean < 1:
        raise ConfigError(f"{key}.mean={shape.mean:g}: a geometric count starts at 1, so must be at least 1")
    if isinstance(shape, Bernoulli) and not 0 <= shape.p <= 1:
        raise ConfigError(f"{key}.p={shape.p:g}: must be between 0 and 1")
    if isinstance(shape, Bass) and not (shape.p > 0 and shape.q >= 0):
        raise ConfigError(f"{key}: p={shape.p:g} must be above 0, q={shape.q:g} at least 0 (rates by unit of the setting)")
    if isinstance(shape, Uniform) and shape.high < shape.low:
        raise ConfigError(f"{key}: high={shape.high:g} is below low={shape.low:g}")
    if isinstance(shape, Mixture) and (len(shape.weights) != len(shape.parts) or not shape.parts or min(shape.weights) <= 0):
        raise ConfigError(f"{key}: a mixture needs as many positive weights as parts")
    if isinstance(shape, Empirical):
        if bool(shape.values) == bool(shape.quantiles):
            raise ConfigError(f"{key}: empirical takes either values or quantiles")
        if shape.quantiles and (len(shape.quantiles) < 2 or list(shape.quantiles) != sorted(shape.quantiles)):
            raise ConfigError(f"{key}.quantiles: must be two or more, in rising order")


def _finite(raw: Any, place: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ConfigError(f"{place}={raw!r}: must be a number")
    if not abs(raw) < 1e300:
        raise ConfigError(f"{place}={str(raw)[:20]}: must be a finite number")
    return float(raw)


def _numbers(raw: Any, place: str) -> tuple[float, ...]:
    if isinstance(raw, str) or not isinstance(raw, Sequence) or not raw:
        raise ConfigError(f"{place}={raw!r}: must be a list of numbers")
    return tuple(_finite(item, f"{place}[{i}]") for i, item in enumerate(raw))


def whole(law: Distribution, low: int) -> Callable[[float], int]:
    """A fast function from a uniform to a whole number of at least `low`: tokens, turns, requests."""
    if isinstance(law, Constant):
        constant = max(low, round(law.value))
        return lambda u: constant
    quantile = law.quantile()
    if law.support()[0] >= low:
        return lambda u: round(quantile(u))
    return lambda u: n if (n := round(quantile(u))) > low else low
