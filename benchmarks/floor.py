"""The clock's floor: processes that only wait. A call here is one `env.timeout`, which no model on SimPy can undercut."""

from __future__ import annotations

import math

import simpy
from simpy.events import ProcessGenerator

from benchmarks import median_calls_per_s

PROCESSES = 1_000
"""Waiting at the same time: as many as the other baselines have live agents."""


def run(calls: int, processes: int = PROCESSES) -> int:
    """Wait `calls` times, rounded up so that every process waits equally often."""
    env = simpy.Environment()
    for _ in range(processes):
        env.process(wait(env))
    rounds = math.ceil(calls / processes)
    env.run(until=rounds + 0.5)
    return rounds * processes


def wait(env: simpy.Environment) -> ProcessGenerator:
    """One second at a time, for ever."""
    while True:
        yield env.timeout(1)


if __name__ == "__main__":
    print(f"floor: {median_calls_per_s(run, 1_000_000):,.0f} calls/s")
