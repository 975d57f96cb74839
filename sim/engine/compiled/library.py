"""The twin as it was built, if it was: found, held to Python's own functions, and chosen where it covers a scenario."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator, Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int, c_int64, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np

from sim.backends.build import blueprints
from sim.columns import CALLS, row_type
from sim.engine.compiled.books import Exact, SumsTable, may_keep, tells_all
from sim.engine.compiled.build import LIBRARY, sources
from sim.engine.compiled.laws import Law, Laws
from sim.engine.compiled.tables import JOB, EngineState, Lived, WorldTable
from sim.meter.sums import PARTS, exact, joined
from sim.sampling.distributions import distribution
from sim.sampling.streams import LONGEST, Streams, key
from sim.scenario.coupling import uncompiled
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.run import Engine
from sim.settings.workload import WorkloadKind

CALLED = CFUNCTYPE(c_int)
"""What the twin calls when the meter's buffer is full, and when paths are to be named; other than 0: all is to end."""


class Library:
    """The functions of one that was built. Raises `OSError` where there is none."""

    def __init__(self, path: Path) -> None:
        found = ctypes.CDLL(str(path))
        engine, world, numbers = POINTER(EngineState), POINTER(WorldTable), POINTER(c_double)
        self.sources = _function(found.engine_sources, c_char_p)().decode()
        """A digest of what it was built from."""
        self.sizes = (c_int64 * 6)()
        """In bytes, of what both sides read."""
        _function(found.engine_sizes, None, POINTER(c_int64))(self.sizes)
        self.new = _function(found.engine_new, engine, c_int64, c_int64, c_int64, c_int64)
        self.free = _function(found.engine_free, None, c_void_p)
        self.live = _function(found.engine_live, None, engine, world, c_uint64, c_double, POINTER(Lived))
        self.live_all = _function(found.engine_live_all, None, engine, world, c_void_p, c_int64)
        self.users = _function(found.engine_users, None, engine, world, c_void_p, c_int64)
        self.arrivals = _function(found.engine_arrivals, None, engine, world, c_void_p, c_int64, c_int64)
        self.turn = _function(found.engine_turn, c_int64, engine, world, c_int64)
        self.left = _function(found.engine_left, None, engine)
        self.gaps = _function(found.engine_gaps, None, world, c_int64, c_int64, c_uint64, c_int64, c_int64, c_void_p)
        self.scores = _function(found.engine_scores, None, c_void_p, c_int64, c_double, c_double, c_void_p)
        self.page = _function(found.engine_page, None, world, c_int64, c_uint64, c_uint64, c_uint64, numbers, c_int64)
        self.add = _function(found.engine_add, None, c_int64 * PARTS, c_double)
        self.draw = _function(found.engine_draw, c_double, world, c_int64, c_double)


def _function(found: Any, result: Any, *arguments: Any) -> Any:
    found.restype, found.argtypes = result, arguments
    return found


def chosen(scenario: Scenario, *, on_clock: bool = False, left: Sequence[str] | None = None) -> Library | None:
    """The twin for a scenario; None: SimPy's clock has to do. `on_clock`: calls meet in it, so it is not worked off ahead of the clock.

    `left`: what it does not have of it, where that is known (`sim.scenario.coupling.ways`).
    """
    return None if why_not(scenario, on_clock=on_clock, left=left) else _built()[0]


def why_not(scenario: Scenario, *, on_clock: bool = False, left: Sequence[str] | None = None) -> str:
    """Why a scenario is not the twin's, in words; empty where it is."""
    if scenario.engine is Engine.simpy:
        return "engine=simpy"
    left = uncompiled(scenario) if left is None else left
    if left:
        return f"it does not cover {', '.join(left[:3])}{' ...' if len(left) > 3 else ''}"
    left_alone = _left_alone(scenario) if on_clock else ""
    return f"calls wait for one another, and there it does not cover {left_alone}" if left_alone else missing()


def may_meet(scenario: Scenario) -> bool:
    """Whether calls of a scenario that the twin covers may meet on its clock."""
    return not _left_alone(scenario)


_RARELY = 1e-9


def _left_alone(scenario: Scenario) -> str:
    """What the twin's clock does not have of a scenario that it covers where calls meet; empty: it has all."""
    prices = [plan.price for plan in blueprints(scenario, Shard())]
    work = scenario.workload
    in_batches = work.kind is WorkloadKind.open and distribution(work.batch_size).support() != (1.0, 1.0)
    if in_batches and distribution(work.interarrival_s).quantile()(_RARELY) == 0:  # one ends where the next begins, it cannot tell where
        return "batches that come with no time between them"
    if not may_keep(scenario, prices):
        return "workload.teams" if work.teams else "prices that change"
    return "" if tells_all(scenario, prices) else "outcome.success_exponent"


def missing() -> str:
    """Why there is none here; empty where there is one."""
    return _built()[1]


@functools.cache
def _built() -> tuple[Library | None, str]:
    """What was built here, and why it is of no use."""
    try:
        library = Library(LIBRARY)
    except (OSError, AttributeError):
        return None, "it was not built (make .venv/twin; needs a C compiler)"
    if library.sources != sources() or list(library.sizes) != SIZES:
        return None, "it was built from other sources (make .venv/twin)"
    differs = next(differences(library), "")
    return (None, f"on this machine its {differs} is not Python's") if differs else (library, "")


SIZES = [*map(ctypes.sizeof, (WorldTable, EngineState, Lived)), row_type(CALLS).itemsize, ctypes.sizeof(SumsTable), JOB.itemsize]
"""As Python has them."""
SAMPLES: dict[str, Any] = {
    "constant": 7.5,
    "exponential": {"dist": "exponential", "mean": 40.0},
    "lognormal": {"dist": "lognormal", "median": 300.0, "sigma": 1.1},
    "weibull": {"dist": "weibull", "mean": 90.0, "shape": 0.6},
    "bass": {"dist": "bass", "p": 0.03, "q": 0.4},
    "uniform": {"dist": "uniform", "low": 1.0, "high": 900.0},
    "normal": {"dist": "normal", "mean": 40.0, "sd": 9.0},
    "geometric": {"dist": "geometric", "mean": 2.5},
    "bernoulli": {"dist": "bernoulli", "p": 0.3},
    "poisson": {"dist": "poisson", "mean": 4.0},
    "values": {"dist": "empirical", "values": [700.0, 0.0, 4.0, 45.0]},
    "quantiles": {"dist": "empirical", "quantiles": [20.0, 200.0, 350.0, 2000.0]},
    "mixture of two": {"dist": "mixture", "weights": [0.544, 0.456], "parts": [3, {"dist": "uniform", "low": 1.0, "high": 6.0}]},
    "mixture": {"dist": "mixture", "weights": [0.3, 0.4, 0.3], "parts": [1, 2, {"dist": "exponential", "mean": 3.0, "shift": 60}]},
    "bounded": {"dist": "lognormal", "median": 3.0, "sigma": 0.6, "low": 1.0, "high": 5.0},
}
"""One of each kind that the twin draws from."""
PLACES = *((place + 0.5) / 61 for place in range(61)), 1e-3, 1e-6, 1e-12, 1 - 1e-3, 1 - 1e-6, 1 - 1e-12
"""Where they are compared: in the middle, and on both sides where the normal quantile has formulas of its own."""


def differences(library: Library) -> Iterator[str]:
    """Functions that do not give the very bits that Python's do: of another C library, or compiled in another way."""
    laws = Laws()
    places = {name: laws.add(law) for name, law in SAMPLES.items()}
    rows = (Law * len(laws.rows))(*laws.rows)
    numbers, parts = (c_double * len(laws.numbers))(*laws.numbers), (c_int64 * len(laws.parts))(*laws.parts)
    world = WorldTable(laws=rows, numbers=numbers, parts=parts)
    for name, place in places.items():
        quantile = distribution(SAMPLES[name]).quantile()
        if any(library.draw(world, place, u) != quantile(u) for u in PLACES):
            yield f"{name} quantile"
    found, purpose = (c_double * LONGEST)(), 3
    world.keys[purpose][:] = key(1, 2, purpose)
    library.page(world, purpose, 77, 12345678901234567, 5, found, LONGEST)
    if bytes(found) != Streams(1, 2).page(purpose, 77, 12345678901234567, 5, LONGEST):
        yield "random numbers"
    sum_, values = Exact(), np.array(PLACES) ** 3 * 1e5
    for value in values.tolist():
        library.add(sum_, value)
    if joined(sum_) != exact(values):
        yield "exact sum"
