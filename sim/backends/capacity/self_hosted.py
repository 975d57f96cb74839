"""A backend on servers of one's own: one line for all replicas, first come, first served, whoever is at its head."""

from __future__ import annotations

from typing import Any

from sim.backends.backend import Backend
from sim.backends.capacity.fleet import Fleet
from sim.backends.queue import Line
from sim.call import Call, Status
from sim.usage import Paid


class SelfHosted(Backend):
    """A call has a seat on a replica instead of a slot; one that no replica has room for holds up those behind it."""

    def __init__(self, *parts: Any, fleet: Fleet, queue: Line, **more: Any) -> None:
        """`parts` and `more` are those of `Backend`."""
        super().__init__(*parts, service=fleet, queue=queue, **more)
        self._fleet = fleet
        self._line = queue

    def paid(self, until_s: float) -> Paid:
        """By the hour, for all replicas."""
        return self._fleet.paid(until_s)

    @property
    def replicas(self) -> list[Any]:
        """For the laws that they keep."""
        return self._fleet.replicas

    def left(self, call: Call) -> None:
        """One that leaves the line may have held up others."""
        super().left(call)
        self._serve_line()

    def _take(self, call: Call) -> None:
        if not self._line and self._fleet.seat(call):
            self._begin(call)
        else:
            self._line.append(call)

    def release(self, call: Call) -> None:
        """An attempt is over: its seat is free, and its memory."""
        self.slots.taken -= 1
        self._fleet.leave(call)
        self._serve_line()

    def _serve_line(self) -> None:
        while self._line and self._fleet.seat(self._line.head):
            self._begin(self._line.popleft())

    def _begin(self, call: Call) -> None:
        self.slots.taken += 1
        self._serve(call, self.env.now)


class FullHouse:
    """The gate of a line that holds so many: whoever would have to wait and finds it full is turned away."""

    status = int(Status.rate_limited)

    def __init__(self, most: int, fleet: Fleet, line: Line) -> None:
        self._most = most
        self._fleet = fleet
        self._line = line

    def refuses(self, call: Call, now: float) -> float | None:
        """None where it passes."""
        waits = self._line or not self._fleet.has_room(call)
        return 0.0 if waits and len(self._line) >= self._most else None
