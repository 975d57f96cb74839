"""Scenarios that run side by side, their replications on one pool of processes or by Ray; outcomes come in their order, or as they end."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from sim.engine.recorded import as_recorded, check_trace
from sim.engine.replicate import replicate_shard, shards_of
from sim.engine.replication import Parts, Progress, Replication
from sim.engine.stop import stop_if_noted
from sim.engine.workers.cluster import Cluster, cluster
from sim.engine.workers.pool import Pool, count, pool
from sim.errors import DataError, SimError
from sim.scenario.coupling import own_code
from sim.scenario.scenario import Scenario
from sim.scenario.sources import Content, named, sources
from sim.settings.run import ShardsOn

Rounds = Callable[[Scenario, Sequence[Replication]], range]
"""Given what a scenario has, the numbers of the replications that it needs next; none when it is done."""
KILLED = "a process of this run was killed, for want of memory perhaps; try log=none or fewer processes"


class Ended(NamedTuple):
    """What became of a scenario: its replications, in order, or why it failed."""

    scenario: Scenario
    replications: Sequence[Replication]
    error: Exception | None
    number: int
    """Its place among those that were put in."""
    read: Mapping[str, Content]
    """What it read from disk (`sim.scenario.sources`): the same before it began and when it had ended."""


class _Run:
    """A scenario on its way."""

    def __init__(self, scenario: Scenario, number: int, read: Mapping[str, Content], first: range, processes: int) -> None:
        self.scenario = scenario
        self.number = number
        self.read = read
        self.shards = range(shards_of(scenario))
        self.waiting: deque[tuple[int, int]] = deque()
        """(replication, shard)"""
        self.flying = 0
        self.done: list[Replication] = []
        self._parts: dict[int, Parts] = {}
        self.error: Exception | None = None
        self.in_line = False
        """A line has formed in one of its shards: lookahead would be in vain in the others."""
        self.ended = False
        self.processes = processes
        """Of the pool it runs on; of Ray's, how many shards are out at once; 1: it runs in this process."""
        self.by_ray = scenario.shards_on is ShardsOn.ray and processes > 1
        self.wait_for(first)

    def wait_for(self, numbers: range) -> None:
        """These replications are to be run."""
        self.waiting.extend(itertools.product(numbers, self.shards))

    def check_unchanged(self) -> None:
        """Fail where a file has changed since the run began: which part of it is of which content, nobody knows."""
        for file, now in sources(self.scenario).items():
            if now != self.read.get(file):
                self.error = DataError(f"{named(file)}: was changed while the run went on, so what came out is not kept; run it again")

    def take(self, part: Replication) -> None:
        """One more shard has been run."""
        self.in_line |= part.line_formed
        parts = self._parts.setdefault(part.number, Parts(self.scenario))
        parts.take(part)
        if len(parts) == len(self.shards):
            self.done.append(self._parts.pop(part.number).joined())


class Runs:
    """A context: `put` scenarios in, take `outcomes` out. Left early, it ends the work that is still under way.

    Work is handed to the pool in order, the next scenario's as soon as there is room, so no core idles while the last
    replication of a scenario ends. With one process everything runs in this one.
    """

    def __init__(self, rounds: Rounds, progress: Progress | None = None, scenarios: int = 1) -> None:
        """`scenarios`: how many will be put in; with one, no more processes are made than it has replications."""
        self._rounds = rounds
        self._progress = progress
        self._scenarios = scenarios
        self._open: deque[_Run] = deque()
        self._put = 0
        self._flying: dict[Future[Replication], tuple[_Run, tuple[int, int]]] = {}
        self._pools: dict[int, tuple[Pool | Cluster, int]] = {}
        """By their processes, Ray's by 0; and how many calls had ended there when somebody was last told."""
        self._alone = False
        """A worker was killed by one of several scenarios: from now on one after another, so that only the guilty one fails."""

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        if self._flying:
            for mine, _seen in self._pools.values():
                mine.kill()

    def put(self, scenario: Scenario) -> int:
        """Add a scenario that has been checked, and start on it if there is room; its number. Raises `ConfigError` for what only its files
        tell."""
        read = sources(scenario)
        scenario = as_recorded(scenario)
        check_trace(scenario)
        first = self._rounds(scenario, ())
        most = cluster().most if scenario.shards_on is ShardsOn.ray and scenario.processes != 1 else os.cpu_count() or 1
        processes = min(scenario.processes or most, len(first) * shards_of(scenario) * self._scenarios)
        run = _Run(scenario, self._put, read, first, processes)
        self._put += 1
        self._open.append(run)
        self._fill()
        return run.number

    def outcomes(self, patient: bool = True, in_order: bool = True) -> Iterator[Ended]:
        """Of the scenarios put in so far: all, or without patience those that have ended by now; in their order, or as they end.

        What runs in this process is run now, with or without patience.
        """
        while self._open:
            run = next((each for each in self._open if each.ended), self._open[0]) if not in_order else self._open[0]
            if run.ended:
                self._open.remove(run)
                yield Ended(run.scenario, sorted(run.done, key=lambda each: each.number), run.error, run.number, run.read)
            elif run.processes == 1:
                self._here(run)
            elif not self._turn(0.2 if patient else 0) and not patient:
                return

    def _here(self, run: _Run) -> None:
        """One more shard of a replication in this process."""
        try:
            run.take(replicate_shard(run.scenario, *run.waiting.popleft(), self._done, in_line=run.in_line))
        except Exception as error:
            run.error = error
        self._settle(run)

    def _done(self, calls: int) -> None:
        """So many more have ended in this process."""
        stop_if_noted()
        if self._progress is not None:
            self._progress(calls)

    def _turn(self, patience_s: float) -> bool:
        """Hand out work and take back what is done, for so long at most; whether anything was."""
        stop_if_noted()
        self._fill()
        landed = wait(self._flying, timeout=patience_s, return_when=FIRST_COMPLETED).done
        for future in landed:
            run, number = self._flying.pop(future, (None, (0, 0)))
            if run is None:  # its pool broke, and it with it
                continue
            run.flying -= 1
            try:
                run.take(future.result())
            except BrokenProcessPool:
                run.waiting.appendleft(number)
                self._broken(run)
            except Exception as error:
                run.error = error
            self._settle(run)
        self._fill()
        self._tell()
        return bool(landed)

    def _settle(self, run: _Run) -> None:
        """Ask for the next round when one is complete."""
        if run.error is not None:
            run.waiting.clear()
        elif not run.waiting and not run.flying:
            run.wait_for(self._rounds(run.scenario, run.done))
        run.ended = not run.waiting and (run.error is not None or not run.flying)
        if run.ended:
            run.check_unchanged()

    def _fill(self) -> None:
        for run in self._open:
            if run.processes > 1:
                most = run.processes if run.by_ray else 2 * (run.processes + len(run.waiting) + run.flying)
                while run.waiting and len(self._flying) < most:
                    if not self._submit(run):
                        return
                if len(self._flying) >= most:
                    return
            if self._alone and not run.ended:
                return

    def _submit(self, run: _Run) -> bool:
        """Hand out a replication; not to a pool that has just broken, which its work under way will tell."""
        key = 0 if run.by_ray else run.processes
        if key not in self._pools:
            if own_code(run.scenario):  # workers of before know the user's modules as they were then
                pool.cache_clear()
            mine = cluster() if run.by_ray else pool(run.processes)
            self._pools[key] = mine, mine.ended
        mine, _seen = self._pools[key]
        try:
            if isinstance(mine, Cluster):
                future = mine.shard(run.scenario, run.read, *run.waiting[0], run.in_line)
            else:
                future = mine.submit(in_worker, run.scenario, *run.waiting[0], run.in_line)
        except BrokenProcessPool:
            if not self._flying:  # it broke while it had nothing to do
                mine.kill()
                del self._pools[key]
            return False
        self._flying[future] = run, run.waiting.popleft()
        run.flying += 1
        return True

    def _broken(self, run: _Run) -> None:
        """A worker was killed: by this scenario if no other had work out, else nobody knows, and all of it is done again."""
        others = {each for each, _ in self._flying.values() if each is not run}
        for each, number in self._flying.values():
            each.waiting.appendleft(number)
            each.flying = 0
        run.flying = 0
        self._flying.clear()
        for mine, _seen in self._pools.values():
            mine.kill()
        self._pools.clear()
        if others:
            self._alone = True
        else:
            run.error = SimError(killed(run.scenario))

    def _tell(self) -> None:
        for processes, (mine, seen) in self._pools.items():
            ended = mine.ended
            if self._progress is not None and ended > seen:
                self._progress(ended - seen)
            self._pools[processes] = mine, ended


def killed(scenario: Scenario) -> str:
    """What has happened to it, as far as anybody can tell."""
    own = " or ".join(f"{key}={name}" for key, name in own_code(scenario))
    return f"{own}: a process that ran it was killed: it crashed or ended itself, or for want of memory" if own else KILLED


def in_worker(scenario: Scenario, number: int, shard: int, in_line: bool = False) -> Replication:
    """One shard of a replication, in a worker of the pool: its calls are counted there, its log is the parent's to keep."""
    part = replicate_shard(scenario, number, shard, count, in_line=in_line)
    part.log.hand_over()
    return part
