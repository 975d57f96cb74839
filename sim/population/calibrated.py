"""A population fitted to what was counted: as many of its numbers as there are counts, and others left free within ranges."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from sim.errors import ConfigError
from sim.settings.population.segments import PopulationSettings


class Knob(NamedTuple):
    """A number of a population that may be turned, within bounds."""

    keys: tuple[str, ...]
    """Where it stands, e.g. `habits.launch`, `segments.*.people`: * is all of them."""
    low: float
    high: float
    ratio: bool = False
    """Its steps are ratios: what is turned is its logarithm."""
    factor: bool = False
    """It multiplies what stands there."""

    def at(self, place: float) -> float:
        """Its value at a place from 0 (low) to 1 (high)."""
        if self.ratio:
            return math.exp(math.log(self.low) + place * math.log(self.high / self.low))
        return self.low + place * (self.high - self.low)

    def place(self, value: float) -> float:
        """The other way round."""
        if self.ratio:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


Knobs = Mapping[str, Knob]


class Fit(NamedTuple):
    """What was found."""

    values: dict[str, float]
    error: float
    """The largest relative error of a count."""
    bound: tuple[str, ...]
    """Knobs that were turned as far as they go."""


def turned(population: PopulationSettings, knobs: Knobs, values: Mapping[str, float]) -> PopulationSettings:
    """A copy of the population with knobs set to values. Raises `ConfigError` for a key that there is not."""
    found = copy.deepcopy(population)
    for name, value in values.items():
        for key in knobs[name].keys:
            _turn(found, key.split("."), value, knobs[name].factor, key)
    return found


def _turn(settings: Any, path: Sequence[str], value: float, factor: bool, key: str) -> None:
    head, rest = path[0], path[1:]
    if isinstance(settings, dict) and head == "*":
        for name in settings:
            _turn(settings, [name, *rest], value, factor, key)
        return
    there = head in settings if isinstance(settings, dict) else dataclasses.is_dataclass(settings) and hasattr(settings, head)
    if not there:
        raise ConfigError(f"{key}: is no setting of a population ({head})")
    one = settings[head] if isinstance(settings, dict) else getattr(settings, head)
    if rest:
        _turn(one, rest, value, factor, key)
        return
    new = one * value if factor else value
    if isinstance(settings, dict):
        settings[head] = new
    else:
        setattr(settings, head, new)


def fit(
    population: PopulationSettings,
    knobs: Knobs,
    start: Mapping[str, float],
    counted: np.ndarray,
    predict: Callable[[PopulationSettings], np.ndarray],
) -> Fit:
    """Turn the knobs until what is predicted is what was counted, in relative error (least squares on logarithms, within the bounds).

    `start` is where the search begins. Raises `ConfigError` where there are more knobs than counts: then nothing is fitted.
    """
    if len(knobs) > len(counted):
        raise ConfigError(f"{len(knobs)} knobs for {len(counted)} counts: leave as many free as there are counts, at most")

    def values(places: np.ndarray) -> dict[str, float]:
        return {name: knob.at(float(place)) for (name, knob), place in zip(knobs.items(), places, strict=True)}

    def off(places: np.ndarray) -> np.ndarray:
        errors: np.ndarray = np.log(np.maximum(predict(turned(population, knobs, values(places))), 1e-300) / counted)
        return errors

    begin = [min(0.999, max(0.001, knob.place(start[name]))) for name, knob in knobs.items()]
    found = least_squares(off, begin, bounds=(0.0, 1.0), diff_step=1e-4, xtol=1e-4, ftol=1e-6, gtol=1e-6, max_nfev=60)
    at_bound = tuple(name for name, place in zip(knobs, found.x, strict=True) if not 1e-3 < place < 1 - 1e-3)
    return Fit(values(found.x), float(np.abs(np.expm1(off(found.x))).max()), at_bound)


def sampled(knobs: Knobs, count: int, seed: int) -> list[dict[str, float]]:
    """Values of knobs spread over their ranges: a Latin hypercube, so that few of them already cover each range."""
    rng = np.random.default_rng(seed)
    places = np.column_stack([(rng.permutation(count) + rng.random(count)) / count for _ in knobs]).reshape(count, len(knobs))
    return [{name: knob.at(float(place)) for (name, knob), place in zip(knobs.items(), row, strict=True)} for row in places]
