"""How fast it is: the baselines that the kernel is compared with, and how a speed is taken.

floor      the clock alone: nothing can be faster on it
stripped   the two events, the row and the luck of a call, and nothing else
idiomatic  fork and join as SimPy's documentation writes it, with no features
naive      every feature of ours, as one would write it first
ours       the kernel on SimPy, and with one feature changed at a time: one of them is its compiled twin
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

Run = Callable[[int], int]
"""Simulates about so many calls and returns how many they were."""
Taken = dict[str, list[float]]
"""Calls per second of each contestant, by round."""


def calls_per_s(run: Run, calls: int) -> float:
    """Calls per second of this process's CPU time in one round; what earlier rounds left behind is swept up first."""
    gc.collect()
    start = time.process_time()
    simulated = run(calls)
    return simulated / (time.process_time() - start)


def median_calls_per_s(run: Run, calls: int, rounds: int = 5) -> float:
    """The middle one of some rounds: a neighbour on the machine slows one of them, not the figure."""
    return statistics.median(calls_per_s(run, calls) for _ in range(rounds))


def alternate(contestants: Mapping[str, Run], calls: int, rounds: int, title: str, warm_up: bool = True) -> Taken:
    """Every contestant once a round, in this one process, after a short run of each that is not counted."""
    taken: Taken = {name: [] for name in contestants}
    for run in contestants.values() if warm_up else ():
        run(max(1, calls // 10))
    for _ in tqdm(range(rounds), desc=title, disable=None, leave=False):
        for name, run in contestants.items():
            taken[name].append(calls_per_s(run, calls))
    return taken


def ratio(taken: Taken, name: str, to: str) -> float:
    """Median over rounds: both ran within seconds of one another, so the machine's drift cancels."""
    return statistics.median(a / b for a, b in zip(taken[name], taken[to], strict=True))
