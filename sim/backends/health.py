"""When a backend is out, or slower and worse than usual: of each moment it can be told beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sim.settings.events.event import DISTURBING, EventKind, EventSettings


class State(NamedTuple):
    """Of a moment."""

    out: bool
    slower: float
    """Times the server's usual seconds."""
    error_rate: float


class Health:
    """Outages and brownouts of one backend; they may overlap: then the worse of each counts."""

    def __init__(self, events: Sequence[EventSettings], start: datetime) -> None:
        met = [event for event in events if event.kind in DISTURBING]
        self._spans = [(event.begins_s(start), event.ends_s(start), event.kind is EventKind.outage, event) for event in met]

    def __bool__(self) -> bool:
        return bool(self._spans)

    def at(self, t_s: float) -> State:
        """Of a simulated second; one at which something ends is past it."""
        met = [(out, event) for begins_s, ends_s, out, event in self._spans if begins_s <= t_s < ends_s]
        slower = max((event.slower for _, event in met), default=1.0)
        return State(any(out for out, _ in met), slower, max((event.error_rate for _, event in met), default=0.0))

    def breaks_s(self, t_s: float) -> float:
        """When the next outage after a second begins; infinite: never."""
        return min((begins_s for begins_s, _, out, _ in self._spans if out and begins_s > t_s), default=math.inf)
