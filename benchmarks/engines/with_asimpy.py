"""asimpy: processes are objects with an `async def run`; a process is not an event, so each worker carries one for its end."""

from __future__ import annotations

import asimpy

from benchmarks.engines import FANOUT, SERVERS, SLOTS, TURNS, Found, Luck, fork_luck, queue_luck


class World:
    """What all processes of a run know."""

    def __init__(self, luck: Luck, slots: int) -> None:
        self.env = asimpy.Environment()
        self.luck = luck
        self.slots = asimpy.Resource(self.env, capacity=slots)
        self.visits: list[tuple[float, float]] = []


class Customer(asimpy.Process):
    """Waits for a server, is served, leaves."""

    def init(self, world: World) -> None:
        """Called before it runs."""
        self.world = world

    async def run(self) -> None:
        """Its life."""
        came = self.now
        async with self.world.slots:
            await self.timeout(self.world.luck.service())
        self.world.visits.append((came, self.now))


class Task(asimpy.Process):
    """Starts its workers and waits for all of them."""

    def init(self, world: World) -> None:
        """Called before it runs."""
        self.world = world

    async def run(self) -> None:
        """Its life."""
        came = self.now
        workers = [Worker(self.world.env, self.world) for _ in range(FANOUT)]
        await asimpy.AllOf(self.world.env, **{str(number): worker.over for number, worker in enumerate(workers)})
        self.world.visits.append((came, self.now))


class Worker(asimpy.Process):
    """Calls again and again."""

    def init(self, world: World) -> None:
        """Called before it runs."""
        self.world = world
        self.over = asimpy.Event(world.env)

    async def run(self) -> None:
        """Its life."""
        for _ in range(TURNS):
            async with self.world.slots:
                await self.timeout(self.world.luck.service())
        self.over.succeed()


class Arrivals(asimpy.Process):
    """Sends customers or tasks."""

    def init(self, world: World, count: int, kind: type[Customer] | type[Task]) -> None:
        """Called before it runs."""
        self.world, self.count, self.kind = world, count, kind

    async def run(self) -> None:
        """Its life."""
        for _ in range(self.count):
            await self.timeout(self.world.luck.gap())
            self.kind(self.world.env, self.world)


def queue(customers: int, seed: int = 1) -> Found:
    """M/M/c."""
    return _run(World(queue_luck(seed), SERVERS), customers, Customer)


def fork_join(tasks: int, seed: int = 1) -> Found:
    """Tasks that fork and join."""
    return _run(World(fork_luck(seed), SLOTS), tasks, Task)


def _run(world: World, count: int, kind: type[Customer] | type[Task]) -> Found:
    Arrivals(world.env, world, count, kind)
    world.env.run()
    return Found(world.visits)
