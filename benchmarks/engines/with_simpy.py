"""SimPy, as its documentation would write it: what the others are compared with."""

from __future__ import annotations

from collections.abc import Callable

import simpy
from simpy.events import ProcessGenerator

from benchmarks.engines import FANOUT, SERVERS, SLOTS, TURNS, Found, Luck, fork_luck, queue_luck


def queue(customers: int, seed: int = 1) -> Found:
    """M/M/c."""
    env, luck, visits = simpy.Environment(), queue_luck(seed), list[tuple[float, float]]()
    servers = simpy.Resource(env, capacity=SERVERS)

    def customer() -> ProcessGenerator:
        came = env.now
        with servers.request() as server:
            yield server
            yield env.timeout(luck.service())
        visits.append((came, env.now))

    env.process(_arrivals(env, luck, customers, customer))
    env.run()
    return Found(visits)


def fork_join(tasks: int, seed: int = 1) -> Found:
    """Tasks that fork and join."""
    env, luck, visits = simpy.Environment(), fork_luck(seed), list[tuple[float, float]]()
    slots = simpy.Resource(env, capacity=SLOTS)

    def task() -> ProcessGenerator:
        came = env.now
        yield env.all_of([env.process(worker()) for _ in range(FANOUT)])
        visits.append((came, env.now))

    def worker() -> ProcessGenerator:
        for _ in range(TURNS):
            with slots.request() as slot:
                yield slot
                yield env.timeout(luck.service())

    env.process(_arrivals(env, luck, tasks, task))
    env.run()
    return Found(visits)


def _arrivals(env: simpy.Environment, luck: Luck, count: int, life: Callable[[], ProcessGenerator]) -> ProcessGenerator:
    for _ in range(count):
        yield env.timeout(luck.gap())
        env.process(life())
