"""Every distribution that the twin draws from has the very values of the model's."""

from __future__ import annotations

from ctypes import c_double, c_int64
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.compiled.laws import Kind, Law, Laws
from sim.engine.compiled.library import SAMPLES, Library
from sim.engine.compiled.tables import WorldTable
from sim.sampling.distributions import KINDS, compiled, distribution

EDGES: dict[str, Any] = {
    "a lognormal of no width": {"dist": "lognormal", "median": 7.0, "sigma": 0.0},
    "a normal of no width": {"dist": "normal", "mean": 7.0, "sd": 0.0},
    "a geometric of one": {"dist": "geometric", "mean": 1.0},
    "shifted and clipped": {"dist": "exponential", "mean": 298, "shift": 60, "low": 70, "high": 500},
    "mixtures of mixtures": {"dist": "mixture", "weights": [1, 2, 3], "parts": [SAMPLES["mixture"], SAMPLES["mixture of two"], 4]},
}


@pytest.mark.parametrize("name", [*SAMPLES, *EDGES])
def test_values_are_those_of_the_model(name: str, library: Library) -> None:
    setting, laws = (SAMPLES | EDGES)[name], Laws()
    place = laws.add(setting)
    rows = (Law * len(laws.rows))(*laws.rows)
    numbers, parts = (c_double * (len(laws.numbers) or 1))(*laws.numbers), (c_int64 * (len(laws.parts) or 1))(*laws.parts)
    world, quantile = WorldTable(laws=rows, numbers=numbers, parts=parts), distribution(setting).quantile()
    places = [*np.random.Generator(np.random.PCG64(5)).random(2000).tolist(), 1e-300, 1e-15, 0.5, 0.075, 0.925, 1 - 2**-53]
    assert [library.draw(world, place, u) for u in places] == [quantile(u) for u in places]


def test_each_kind_has_a_sample() -> None:
    assert all(compiled(law) and distribution(law).twin for law in SAMPLES.values())
    rows = Laws()
    assert {Kind(rows.rows[rows.add(law)].kind) for law in SAMPLES.values()} == set(Kind)


def test_what_it_does_not_know_is_not_said_to_be_known() -> None:
    unknown = {"gamma": {"dist": "gamma", "mean": 3.0, "shape": 2.0}}
    for name, kind in KINDS.items():
        assert kind.compiled is (name not in unknown)
    for setting in (
        unknown["gamma"],
        {"dist": "mixture", "weights": [1, 1], "parts": [1, unknown["gamma"]]},
        unknown["gamma"] | {"low": 1},
    ):
        assert not distribution(setting).twin
        assert not compiled(setting)
        with pytest.raises(sim.SimError, match="no gamma"):
            Laws().add(setting)
