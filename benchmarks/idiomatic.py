"""Idiomatic SimPy: tasks that fork into sub-agents and join, as the documentation would write it, and no features.

No tokens, prices, caches, errors or records: a call is a slot of a `Resource` held for a random time.
"""

from __future__ import annotations

import math
import random

import simpy
from simpy.events import ProcessGenerator

from benchmarks import median_calls_per_s

FANOUT = 8  # sub-agents of a task
TURNS = 10  # calls of a sub-agent, one after another
SERVICE_S = 1.0  # mean time of a call
LIVE_AGENTS = 1_000  # sub-agents at work at the same time, on average
SLOTS = 2_000  # plenty: each live sub-agent is in a call, so half of them stay free

INTERARRIVAL_S = FANOUT * TURNS * SERVICE_S / LIVE_AGENTS  # mean; by Little's law


def run(calls: int, seed: int = 1) -> int:
    """Simulate `calls` calls, rounded up to whole tasks."""
    env = simpy.Environment()
    backend = simpy.Resource(env, capacity=SLOTS)
    rng = random.Random(seed)
    tasks = math.ceil(calls / (FANOUT * TURNS))
    env.process(arrivals(env, backend, rng, tasks))
    env.run()
    return tasks * FANOUT * TURNS


def arrivals(env: simpy.Environment, backend: simpy.Resource, rng: random.Random, tasks: int) -> ProcessGenerator:
    """Poisson arrivals."""
    for _ in range(tasks):
        yield env.timeout(rng.expovariate(1 / INTERARRIVAL_S))
        env.process(task(env, backend, rng))


def task(env: simpy.Environment, backend: simpy.Resource, rng: random.Random) -> ProcessGenerator:
    """Start the sub-agents and wait for all of them."""
    children = [env.process(sub_agent(env, backend, rng)) for _ in range(FANOUT)]
    yield env.all_of(children)


def sub_agent(env: simpy.Environment, backend: simpy.Resource, rng: random.Random) -> ProcessGenerator:
    """Call the model again and again."""
    for _ in range(TURNS):
        with backend.request() as req:
            yield req
            yield env.timeout(rng.expovariate(1 / SERVICE_S))


if __name__ == "__main__":
    print(f"idiomatic: {median_calls_per_s(run, 200_000):,.0f} calls/s")
