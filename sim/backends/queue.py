"""Calls that wait for a slot: in which order they are served, and when they have waited enough.

Most are served long before their patience ends: so the clock is told of the next end alone, and those of calls that have been served
are cleared away.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.backends.service import Recorder
from sim.call import Call, Status
from sim.clock import happening

TIMEOUT = int(Status.timeout)


class Queue(Protocol):
    """Calls in line: a `deque`, or a line with rules of its own."""

    def __len__(self) -> int: ...

    def append(self, call: Call, /) -> None:
        """Join."""

    def popleft(self) -> Call:
        """The next to be served."""


class Line:
    """First come, first served, calls of urgent tasks before the others; who waits can leave from the middle."""

    def __init__(self, *, urgent_first: bool = True) -> None:
        self._urgent_first = urgent_first
        self._urgent: OrderedDict[Call, int] = OrderedDict()
        self._others: OrderedDict[Call, int] = OrderedDict()
        self._joined = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def append(self, call: Call) -> None:
        """Join the end of one's class."""
        self._joined += 1
        self._class_of(call)[call] = self._joined

    def popleft(self) -> Call:
        """The next to be served."""
        return (self._urgent or self._others).popitem(last=False)[0]

    @property
    def head(self) -> Call:
        """The same, who waits on."""
        return next(iter(self._urgent or self._others))

    def place(self, call: Call) -> int:
        """Number of a call's wait, 0 if it does not wait: the same call may wait again later."""
        return self._class_of(call).get(call, 0)

    def leave(self, call: Call) -> None:
        """Wait no longer."""
        del self._class_of(call)[call]

    def _class_of(self, call: Call) -> OrderedDict[Call, int]:
        return self._urgent if self._urgent_first and call.task.urgent else self._others


_FEW = 64
"""What has been served is cleared away once there is as much of it as there are calls in line, and so many more."""


class Patience:
    """That of the calls in one line; `over` is told of each that still waits when it comes to its end."""

    def __init__(self, env: Environment, line: Line, over: Callable[[Call], None]) -> None:
        self._env = env
        self._line = line
        self._over = over
        self._ends: list[tuple[float, int, int, Call]] = []
        """A heap of (moment, place of its event among those of that moment, number of the wait, call)."""
        self._on_clock: set[int] = set()
        """Places of the events that the clock has; that of the first end is always there."""

    def begin(self, call: Call, patience_s: float) -> None:
        """A call that has just joined the line will wait for so long."""
        end = self._env.now + patience_s, next(self._env._eid), self._line.place(call), call
        heappush(self._ends, end)
        if len(self._ends) > 2 * len(self._line) + _FEW:
            self._ends = [each for each in self._ends if self._waits(each)]
            heapify(self._ends)
            self._tell_clock()
        elif self._ends[0] is end:
            self._tell_clock()

    def _waits(self, end: tuple[float, int, int, Call]) -> bool:
        _, _, number, call = end
        return self._line.place(call) == number

    def _tell_clock(self) -> None:
        while self._ends and not self._waits(self._ends[0]):
            heappop(self._ends)
        if self._ends and self._ends[0][1] not in self._on_clock:
            moment, place, _, _ = self._ends[0]
            self._on_clock.add(place)
            heappush(self._env._queue, (moment, NORMAL, place, happening(self._env, place, self._ring)))

    def _ring(self, event: Event) -> None:
        place: Any = event.value
        self._on_clock.remove(place)
        if self._ends and self._ends[0][1] == place:
            end = heappop(self._ends)
            if self._waits(end):
                self._over(end[-1])
        self._tell_clock()


class ImpatientLine(Line):
    """A line that a call leaves when it has waited for as long as its client waits: the attempt is withdrawn."""

    def __init__(self, env: Environment, recorder: Recorder) -> None:
        super().__init__()
        self._env = env
        self._recorder = recorder
        self._patience = Patience(env, self, self._withdraw)

    def append(self, call: Call) -> None:
        """Join the end of one's class, for a while."""
        super().append(call)
        self._patience.begin(call, call.client.patience_s(call))

    def _withdraw(self, call: Call) -> None:
        self.leave(call)
        call.backend.left(call)  # type: ignore[union-attr]
        self._recorder.refused(call, TIMEOUT, self._env.now)
        call.client.attempt_refused(call, 0.0)
