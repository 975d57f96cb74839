"""How fast it is: the baselines that the kernel is compared with, and how a speed is taken.

floor      the clock alone: nothing can be faster on it
idiomatic  fork and join as SimPy's documentation writes it, with no features
naive      every feature of ours, as one would write it first
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def calls_per_s(run: Callable[[int], int], calls: int) -> float:
    """Calls per second of wall clock in one round; what earlier rounds left behind is swept up first."""
    gc.collect()
    start = time.perf_counter()
    simulated = run(calls)
    return simulated / (time.perf_counter() - start)


def median_calls_per_s(run: Callable[[int], int], calls: int, rounds: int = 5) -> float:
    """The middle one of some rounds: a neighbour on the machine slows one of them, not the figure."""
    return statistics.median(calls_per_s(run, calls) for _ in range(rounds))
