"""A backend on servers of one's own: one line for all replicas, first come, first served, whoever is at its head."""

from __future__ import annotations

from heapq import heapify, heappush
from math import inf
from typing import Any

from simpy import Event
from simpy.events import NORMAL, EventPriority

from sim.backends.backend import Backend
from sim.backends.capacity.fleet import Fleet
from sim.backends.queue import Line
from sim.call import Call, Status
from sim.clock import happening
from sim.usage import Paid


class SelfHosted(Backend):
    """A call has a seat on a replica instead of a slot; one that no replica has room for holds up those behind it."""

    def __init__(self, *parts: Any, fleet: Fleet, queue: Line, **more: Any) -> None:
        """`parts` and `more` are those of `Backend`."""
        super().__init__(*parts, service=fleet, queue=queue, **more)
        self._fleet = fleet
        self._line = queue
        self._wake_s = inf
        self._wake: tuple[float, EventPriority, int, Event] | None = None

    def paid(self, until_s: float) -> Paid:
        """By the hour, for all replicas."""
        return self._fleet.paid(until_s)

    @property
    def most_at_once(self) -> tuple[int, float]:
        """Calls on one replica, and tokens on one."""
        return self._fleet.most()

    def left(self, call: Call) -> None:
        """One that leaves the line may have held up others."""
        self._fleet.advance(self.env.now)
        super().left(call)
        self._serve_line()

    def _take(self, call: Call) -> None:
        self._fleet.advance(self.env.now)
        if not self._line and self._fleet.seat(call):
            self._begin(call)
        else:
            self._line.append(call)
        self._changed()

    def release(self, call: Call) -> None:
        """An attempt is over: its seat is free, and its memory."""
        self._fleet.advance(self.env.now)
        self.slots.taken -= 1
        self._fleet.leave(call)
        self._serve_line()

    def _serve_line(self) -> None:
        while self._line and self._fleet.seat(self._line.head):
            self._begin(self._line.popleft())
        self._changed()

    def _begin(self, call: Call) -> None:
        self.slots.taken += 1
        self._serve(call, self.env.now)

    def _changed(self) -> None:
        """The load is another; while somebody waits, look again when there may be a new replica, and only then."""
        self._fleet.load = self.slots.taken + len(self._line)
        wake_s = self._fleet.next_s(self.env.now) if self._line else inf
        if wake_s == self._wake_s:
            return
        if self._wake is not None:
            self._events.remove(self._wake)
            heapify(self._events)
        self._wake_s, self._wake = wake_s, None
        if wake_s < inf:
            self._wake = wake_s, NORMAL, next(self._eid), happening(self.env, None, self._woken)
            heappush(self._events, self._wake)

    def _woken(self, event: Any) -> None:
        self._wake_s, self._wake = inf, None
        self._fleet.advance(self.env.now)
        self._serve_line()


class FullHouse:
    """The gate of a line that holds so many: whoever would have to wait and finds it full is turned away."""

    status = int(Status.rate_limited)

    def __init__(self, most: int, fleet: Fleet, line: Line) -> None:
        self._most = most
        self._fleet = fleet
        self._line = line

    def refuses(self, call: Call, now: float) -> float | None:
        """None where it passes."""
        self._fleet.advance(now)
        waits = self._line or not self._fleet.has_room(call)
        return 0.0 if waits and len(self._line) >= self._most else None
