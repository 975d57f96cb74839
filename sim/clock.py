"""The clock: SimPy's environment with its inner loop written out, which saves a tenth of a run's time.

Whoever acts may set `now` forward for itself, where nothing can happen to it in between (`sim.engine.lookahead`): the clock stands at
`reached`, and gives each of its callbacks that moment as `now`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from simpy import Environment, Event
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT, EventPriority

MINUTE_S = 60.0


class Clock(Environment):
    """Runs until nothing is left to do, or up to a moment; anything else SimPy offers works as ever."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = 0.0
        """The moment of the last event: nothing that is still to come begins before it."""

    @property
    def due(self) -> int:
        """How many events are still to come, those included that nobody waits for any more."""
        return len(self._queue)

    def run(self, until: Any = None) -> Any:
        """As `Environment.run` with `until` a number of seconds or None; other kinds are left to SimPy."""
        if until is not None and not isinstance(until, (int, float)):
            return super().run(until)
        if until is not None:
            self._stop_at(float(until))
        queue = self._queue
        try:
            while queue:
                moment, _, _, event = heappop(queue)
                self.reached = moment
                callbacks = event.callbacks
                event.callbacks = None  # type: ignore[assignment]
                for callback in callbacks:
                    self._now = moment
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    raise event._value
        except StopSimulation:
            pass
        return None

    def at(self, moment: float) -> Event:
        """An event at a moment: exactly there, where a timeout of `moment - now` may be off by a rounding error."""
        return self._at(moment, NORMAL)

    def _at(self, moment: float, priority: EventPriority) -> Event:
        event = happening(self, None)
        heappush(self._queue, (moment, priority, next(self._eid), event))
        return event

    def run_apart(self, begin: Callable[[], None], now: float, until: float) -> None:
        """Begin something at `now`, and run until nothing of it is left to do, or up to `until`: then the rest is dropped."""
        self._now = self.reached = now
        begin()
        if until < math.inf:
            self._stop_at(until)
        self.run()
        self._queue.clear()

    def back_to(self, moment: float) -> None:
        """It is `moment` again for whoever acts next."""
        self._now = moment

    def _stop_at(self, moment: float) -> None:
        if moment <= self.now:
            raise ValueError(f"until ({moment}) must be after the current time ({self.now})")
        self._at(moment, URGENT).callbacks.append(_stop)


def happening(env: Environment, value: Any, *callbacks: Callable[[Event], None]) -> Event:
    """An event that is sure to come, and is yet to be put on the clock."""
    event = Event(env)
    event._ok = True
    event._value = value
    event.callbacks = [*callbacks]
    return event


def after(env: Environment, delay_s: float, callback: Callable[[Event], None]) -> Event:
    """Schedule `callback` in `delay_s` seconds, without a process to wait for it."""
    event = happening(env, None, callback)
    env.schedule(event, NORMAL, delay_s)
    return event


def _stop(event: Event) -> None:
    raise StopSimulation
