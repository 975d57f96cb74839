"""DESimpy: a schedule of callbacks, without processes or resources, so slots, line and join are counted here by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import desimpy

from benchmarks.engines import FANOUT, SERVERS, SLOTS, TURNS, Found, Luck, fork_luck, queue_luck


class Slots:
    """So many at once, the rest in line: first come, first served."""

    def __init__(self, schedule: desimpy.EventScheduler, luck: Luck, slots: int) -> None:
        self.schedule, self.luck, self.free = schedule, luck, slots
        self.line: deque[Callable[[], None]] = deque()

    def ask(self, then: Callable[[], None]) -> None:
        """To be served; `then` is told at the end."""
        if self.free:
            self.free -= 1
            self._serve(then)
        else:
            self.line.append(then)

    def _serve(self, then: Callable[[], None]) -> None:
        def over() -> None:
            if self.line:
                self._serve(self.line.popleft())
            else:
                self.free += 1
            then()

        self.schedule.timeout(self.luck.service(), over)


def queue(customers: int, seed: int = 1) -> Found:
    """M/M/c."""
    schedule, luck, visits = desimpy.EventScheduler(), queue_luck(seed), list[tuple[float, float]]()
    servers = Slots(schedule, luck, SERVERS)

    def customer() -> None:
        came = schedule.now
        servers.ask(lambda: visits.append((came, schedule.now)))

    return _run(schedule, luck, customers, customer, visits)


def fork_join(tasks: int, seed: int = 1) -> Found:
    """Tasks that fork and join."""
    schedule, luck, visits = desimpy.EventScheduler(), fork_luck(seed), list[tuple[float, float]]()
    slots = Slots(schedule, luck, SLOTS)

    def task() -> None:
        came, left = schedule.now, FANOUT

        def ended() -> None:
            nonlocal left
            left -= 1
            if not left:
                visits.append((came, schedule.now))

        for _ in range(FANOUT):
            _work(slots, ended)

    return _run(schedule, luck, tasks, task, visits)


def _work(slots: Slots, ended: Callable[[], None]) -> None:
    turn = 0

    def answered() -> None:
        nonlocal turn
        turn += 1
        if turn < TURNS:
            slots.ask(answered)
        else:
            ended()

    slots.ask(answered)


def _run(schedule: desimpy.EventScheduler, luck: Luck, count: int, begin: Callable[[], None], visits: list[tuple[float, float]]) -> Found:
    left = count

    def arrive() -> None:
        nonlocal left
        left -= 1
        if left:
            schedule.timeout(luck.gap(), arrive)
        begin()

    schedule.timeout(luck.gap(), arrive)
    schedule.run(stop=lambda schedule: False, logging=False)
    return Found(visits)
