"""`make engines`: other discrete-event engines on the same two bare models, as ratios to SimPy; none may be fast and wrong."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from scipy.special import gammainc

from benchmarks import Run, alternate, ratio, record
from benchmarks.engines import ARRIVALS_PER_S, FANOUT, GAP_S, SERVERS, SERVICE_S, TURNS, Found
from sim.theory import queues

ROUNDS = 7
CALLS = 40_000
CHECKED_CALLS = 200_000
WARM_UP_S = 40.0
TOLERANCE = 0.03
"""Of SimPy's means around theory, for so many checked calls."""
ENGINES = ("simpy", "asimpy", "desimpy", "ciw", "salabim")
CANNOT = {
    "desimpy": "has no processes and no resources: it runs callbacks, and slots, line and join are counted by hand",
    "ciw": "has no fork and join: a customer cannot split",
    "salabim": "runs with generators and its resource's statistics off; most of a customer's price is making a component",
}
Model = Callable[[int], Found]


def main() -> None:
    """Check every engine that is installed, print one table, put it into the README."""
    missing = [engine for engine in ENGINES if not _version(engine)]
    parts = [_table("M/M/c, a customer", "queue", 1), _table("fork and join, a call", "fork_join", FANOUT * TURNS)]
    notes = [f"{engine} {CANNOT[engine]}" for engine in CANNOT if engine not in missing]
    text = "\n\n".join([record.machine(), *parts, "\n".join([_footer(), *notes])])
    print(text)
    if missing:
        print(f"not installed: {', '.join(missing)} (pip install '.[engines]')")
    else:
        record.fill("engines", text)


def models(name: str) -> dict[str, Model]:
    """The engines that are installed and can do a model."""
    found = {engine: importlib.import_module(f"benchmarks.engines.with_{engine}") for engine in ENGINES if _version(engine)}
    return {engine: getattr(module, name) for engine, module in found.items() if hasattr(module, name)}


def check(name: str, engine: str, found: Found, simpy: Found) -> None:
    """Raise `AssertionError` unless an engine lived through SimPy's path, visit by visit, and that is near theory."""
    if not np.allclose(sorted(found.visits), sorted(simpy.visits), rtol=1e-9, atol=0):
        raise AssertionError(f"{engine}: {name}: its visits are not SimPy's: {found.means(WARM_UP_S)}, not {simpy.means(WARM_UP_S)}")
    for what, mean, right in zip(("time", "number"), found.means(WARM_UP_S), theory(name), strict=True):
        if abs(mean / right - 1) > TOLERANCE:
            raise AssertionError(f"{engine}: {name}: mean {what} {mean:.4g}, by theory {right:.4g}")


def theory(name: str) -> tuple[float, float]:
    """(mean time, mean number): Erlang C; or the longest of so many Erlang sums, as slots are never short, with Little's law."""
    if name == "queue":
        steady = queues.line(rate=ARRIVALS_PER_S, service_s=SERVICE_S, slots=SERVERS)
        return steady.stay_s, steady.present
    t = np.linspace(0, 10 * TURNS, 100_001)
    longest_s = float(np.trapezoid(1 - gammainc(TURNS, t) ** FANOUT, t))
    return longest_s, longest_s / GAP_S


def _table(title: str, name: str, calls_each: int) -> str:
    runs = models(name)
    simpy = runs["simpy"](CHECKED_CALLS // calls_each)
    for engine, model in runs.items():
        check(name, engine, model(CHECKED_CALLS // calls_each), simpy)
    taken = alternate({engine: _counted(model, calls_each) for engine, model in runs.items()}, CALLS, ROUNDS, title)
    lines = [f"{title:26}{'us':>8}{'speed x SimPy':>15}"]
    lines += [
        f"{f'{engine} {_version(engine)}':26}{1e6 / statistics.median(speeds):8.2f}{ratio(taken, engine, 'simpy'):15.2f}"
        for engine, speeds in taken.items()
    ]
    return "\n".join(lines)


def _counted(model: Model, calls_each: int) -> Run:
    return lambda calls: len(model(calls // calls_each).visits) * calls_each


def _footer() -> str:
    return (
        f"medians of {ROUNDS} alternating rounds of {CALLS:,} calls in one process; each engine lived through SimPy's path "
        f"({CHECKED_CALLS:,} calls,\nvisit by visit), whose mean time and mean number are within {TOLERANCE:.0%} of theory"
    )


def _version(engine: str) -> str:
    """Empty where it is not installed."""
    try:
        return version(engine)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
