"""Other engines for discrete events on the two bare models that most of them can do, each as its own documentation would write it.

queue      M/M/c: customers come at random to a few servers and wait in line
fork_join  tasks that fork into sub-agents and join (`benchmarks.idiomatic`)

All take their luck from two generators, of gaps and of services, in the order of events, so a right engine lives through
the very same path as SimPy: it is compared with it to the last digits, and SimPy with theory.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from benchmarks import idiomatic

SERVERS = 8
SERVICE_S = 1.0
ARRIVALS_PER_S = 0.7 * SERVERS / SERVICE_S
FANOUT, TURNS, SLOTS, GAP_S = idiomatic.FANOUT, idiomatic.TURNS, idiomatic.SLOTS, idiomatic.INTERARRIVAL_S


class Found(NamedTuple):
    """What came out of a run."""

    visits: list[tuple[float, float]]
    """(arrival, departure) in seconds, of each customer or task."""

    def means(self, warm_up_s: float = 0.0) -> tuple[float, float]:
        """(how long a visit takes, how many are there between the warm-up and the last arrival)."""
        last_s = max(came for came, _ in self.visits)
        time_s = math.fsum(went - came for came, went in self.visits) / len(self.visits)
        area = math.fsum(max(0.0, min(went, last_s) - max(came, warm_up_s)) for came, went in self.visits)
        return time_s, area / (last_s - warm_up_s)


class Luck:
    """Gaps and services, exponential, each from a generator of its own."""

    def __init__(self, seed: int, arrivals_per_s: float, service_s: float) -> None:
        self._gaps, self._services = random.Random(seed), random.Random(seed + 1)
        self._arrivals_per_s, self._services_per_s = arrivals_per_s, 1 / service_s

    def gap(self) -> float:
        """Seconds to the next arrival."""
        return self._gaps.expovariate(self._arrivals_per_s)

    def service(self) -> float:
        """Seconds of a service that begins now."""
        return self._services.expovariate(self._services_per_s)


def queue_luck(seed: int) -> Luck:
    """Of the M/M/c queue."""
    return Luck(seed, ARRIVALS_PER_S, SERVICE_S)


def fork_luck(seed: int) -> Luck:
    """Of tasks that fork and join."""
    return Luck(seed, 1 / GAP_S, idiomatic.SERVICE_S)
