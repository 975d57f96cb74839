"""The clock: SimPy's environment with its inner loop written out, which saves a tenth of a run's time."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from simpy import Environment, Event
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT


class Clock(Environment):
    """Runs until nothing is left to do, or up to a moment; anything else SimPy offers works as ever."""

    def run(self, until: Any = None) -> Any:
        """As `Environment.run` with `until` a number of seconds or None; other kinds are left to SimPy."""
        if until is not None and not isinstance(until, (int, float)):
            return super().run(until)
        if until is not None:
            self._stop_at(float(until))
        queue = self._queue
        try:
            while queue:
                self._now, _, _, event = heappop(queue)
                callbacks = event.callbacks
                event.callbacks = None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    raise event._value
        except StopSimulation:
            pass
        return None

    def at(self, moment: float) -> Event:
        """An event at a moment: exactly there, where a timeout of `moment - now` may be off by a rounding error."""
        event = Event(self)
        event._ok = True
        event._value = None
        heappush(self._queue, (moment, NORMAL, next(self._eid), event))
        return event

    def _stop_at(self, moment: float) -> None:
        if moment <= self.now:
            raise ValueError(f"until ({moment}) must be after the current time ({self.now})")
        end = Event(self)
        end._ok = True
        end._value = None
        end.callbacks = [_stop]
        self.schedule(end, URGENT, moment - self.now)


def _stop(event: Event) -> None:
    raise StopSimulation
