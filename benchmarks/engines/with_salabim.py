"""salabim, by generators (its `yieldless=False`) and with the statistics of its resource off, as the others keep none."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import salabim

from benchmarks.engines import FANOUT, SERVERS, SLOTS, TURNS, Found, Luck, fork_luck, queue_luck

Life = Generator[Any, Any, None]


class World:
    """What all components of a run know."""

    def __init__(self, luck: Luck, slots: int) -> None:
        salabim.yieldless(False)
        self.env = salabim.Environment(trace=False)
        self.luck = luck
        self.slots = salabim.Resource("slots", capacity=slots, env=self.env, monitor=False)
        self.visits: list[tuple[float, float]] = []


class Customer(salabim.Component):
    """Waits for a server, is served, leaves."""

    def setup(self, world: World) -> None:
        """Called before it runs."""
        self.world = world

    def process(self) -> Life:
        """Its life."""
        world = self.world
        came = world.env.now()
        yield self.request(world.slots)
        yield self.hold(world.luck.service())
        self.release(world.slots)
        world.visits.append((came, world.env.now()))


class Task(salabim.Component):
    """Starts its workers and sleeps until the last of them wakes it."""

    def setup(self, world: World) -> None:
        """Called before it runs."""
        self.world, self.left = world, FANOUT

    def process(self) -> Life:
        """Its life."""
        world = self.world
        came = world.env.now()
        for _ in range(FANOUT):
            Worker(world=world, task=self, env=world.env)
        yield self.passivate()
        world.visits.append((came, world.env.now()))


class Worker(salabim.Component):
    """Calls again and again."""

    def setup(self, world: World, task: Task) -> None:
        """Called before it runs."""
        self.world, self.lead = world, task

    def process(self) -> Life:
        """Its life."""
        world = self.world
        for _ in range(TURNS):
            yield self.request(world.slots)
            yield self.hold(world.luck.service())
            self.release(world.slots)
        self.lead.left -= 1
        if not self.lead.left:
            self.lead.activate()


class Arrivals(salabim.Component):
    """Sends customers or tasks."""

    def setup(self, world: World, count: int, kind: type[Customer] | type[Task]) -> None:
        """Called before it runs."""
        self.world, self.count, self.kind = world, count, kind

    def process(self) -> Life:
        """Its life."""
        for _ in range(self.count):
            yield self.hold(self.world.luck.gap())
            self.kind(world=self.world, env=self.world.env)


def queue(customers: int, seed: int = 1) -> Found:
    """M/M/c."""
    return _run(World(queue_luck(seed), SERVERS), customers, Customer)


def fork_join(tasks: int, seed: int = 1) -> Found:
    """Tasks that fork and join."""
    return _run(World(fork_luck(seed), SLOTS), tasks, Task)


def _run(world: World, count: int, kind: type[Customer] | type[Task]) -> Found:
    Arrivals(world=world, count=count, kind=kind, env=world.env)
    world.env.run()
    return Found(world.visits)
