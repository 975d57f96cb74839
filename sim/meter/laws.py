"""Operational laws, checked on every run's own counts: what they say must hold exactly, whatever the settings (Denning and Buzen 1978).

Two books are kept of a run. The meter's rows say what each attempt and task was; the world's own counters (tasks present, slots
taken, places in line, calls that wait to try again) say what happened on the clock. Where they do not agree the run is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.call import Status
from sim.errors import LawError
from sim.meter.sums import PARTS, joined, real
from sim.meter.tally import TOKENS, Tally
from sim.settings.capacity.servers import ServerSettings

CLOSE = 1e-9
"""Relative room for the rounding of sums of floats."""


class Presence:
    """How many tasks are there, integrated over time as they come and go; told of that in any order, the sum is the same."""

    __slots__ = ("_since", "area_s", "arrivals_s", "count")

    def __init__(self) -> None:
        self.count = 0
        self.area_s = 0.0
        self.arrivals_s = 0.0
        """Sum of the moments of arrival."""
        self._since = 0.0

    def come(self, now: float) -> None:
        """One more."""
        self.until(now)
        self.arrivals_s += now
        self.count += 1

    def go(self, now: float) -> None:
        """One less."""
        self.until(now)
        self.count -= 1

    def come_all(self, moments: np.ndarray) -> None:
        """One more at each moment."""
        self.arrivals_s += float(moments.sum())
        self._step(moments, 1)

    def go_all(self, moments: np.ndarray) -> None:
        """One less at each moment."""
        self._step(moments, -1)

    def _step(self, moments: np.ndarray, by: int) -> None:
        if len(moments):
            before = self.count + by * np.arange(len(moments))
            self.area_s += float((before * np.diff(moments, prepend=self._since)).sum())
            self.count, self._since = self.count + by * len(moments), float(moments[-1])

    def until(self, now: float) -> None:
        """Nothing has changed up to now."""
        self.area_s += self.count * (now - self._since)
        self._since = now


class Occupancy:
    """The most calls that rows show in service at one moment, found chunk by chunk; where slots are enough, perhaps some more."""

    def __init__(self, slots: float = 0.0) -> None:
        """Up to so many it need not be the number itself."""
        self.most = 0
        self._slots, self._full = slots, False
        """Slots that have once been nearly all taken will be so again: then no bound is of use."""
        self._starts = self._ends = np.zeros(0)
        """Of the calls that have not been seen to begin yet, and of those that have not been seen to end."""

    def add(self, starts: np.ndarray, ends: np.ndarray, until: float = math.inf) -> None:
        """A chunk of attempts, where none that starts before `until` is still to come.

        A slot that ends at a moment is free at it; an attempt of no length takes none.
        """
        real = ends > starts
        starts, ends = np.concatenate([self._starts, starts[real]]), np.concatenate([self._ends, ends[real]])
        before, come = len(ends) - len(starts), starts < until
        begun, self._starts = starts[come], starts[~come]
        if len(begun):
            last = begun.max()
            most = 0 if self._full else _at_most(begun, ends, last) + before
            self._full |= most > self._slots
            self.most = max(self.most, _exactly(begun, ends) + before if self._full else most)
            ends = ends[ends > last]
        self._ends = ends


def _at_most(starts: np.ndarray, ends: np.ndarray, last: float) -> int:
    """No more calls than these are under way at once: in any of many short spans, those that were and those that begin in it."""
    first, spans = starts.min(), max(64, len(starts) // 4)
    if not last > first:
        return len(starts)
    scale = spans / (last - first)
    begin, end = (((np.clip(moments, first, last) - first) * scale).astype(np.int64) for moments in (starts, ends))
    begun, ended = (np.cumsum(np.bincount(places, minlength=spans + 1)) for places in (begin, end))
    ended_before = np.concatenate([[0], ended[:-1]])
    return int((begun - ended_before).max())


def _exactly(starts: np.ndarray, ends: np.ndarray) -> int:
    """How many are under way at once, of calls whose ends are among these."""
    starts = np.sort(starts) if (starts[1:] < starts[:-1]).any() else starts
    begun = np.arange(1, len(starts) + 1)
    return int((begun - np.searchsorted(np.sort(ends), starts, side="right")).max())


class Counters(NamedTuple):
    """What the clock's side counts at the end of one replication; lists have one entry a backend."""

    ended_s: float
    tasks: Presence
    open_sums: np.ndarray
    """Calls, tokens by kind and the parts of the bill of tasks that have not ended (`Meter.open_tasks`)."""
    in_service: Sequence[int]
    in_line: Sequence[int]
    trying_again: int
    """Calls between two attempts."""
    slots: Sequence[float]
    """As the settings have them; inf: no limit."""
    watched: Sequence[float]
    """The same as the meter knows them: by these it tells whether a line has formed."""
    most_in_service: Sequence[int]
    servers: Sequence[tuple[int, float, ServerSettings]] = ()
    """Of servers of one's own: the most calls that one had at once, the most tokens, and what they are set to."""


def check(tally: Tally, counters: Counters) -> None:
    """Raise `LawError` for the first law that one replication breaks."""
    _conservation(tally, counters)
    _flow_balance(tally, counters)
    _littles_law(tally, counters)
    _utilisation(tally, counters)
    _servers(tally, counters)


def _conservation(tally: Tally, counters: Counters) -> None:
    """Tokens and dollars: by backend = by minute = by task; dollars by kind = call by call."""
    minutes = tally.minutes.total()
    _equal("conservation: attempts by minute and by status", minutes[0], tally.calls)
    _equal("conservation: attempts by task and by status", tally.task_sums[0] + counters.open_sums[0], tally.calls)
    for column, kind in enumerate(TOKENS):
        total = int(tally.tokens[:, column].sum())
        _equal(f"conservation: {kind} by task and by backend", tally.task_sums[1 + column] + counters.open_sums[1 + column], total)
        if column < 4:
            _equal(f"conservation: {kind} by minute and by backend", minutes[1 + column], total)
    bill = float(real(tally.cost_units))
    by_task = float(real(tally.task_cost_units + joined(counters.open_sums[-PARTS:])))
    _close("conservation: USD by kind and call by call", float(tally.dollars.sum()), bill)
    _equal("conservation: units of USD by role and call by call", tally.role_units.sum(), tally.cost_units)
    _close("conservation: USD by minute and call by call", float(real(joined(minutes[5:]))), bill)
    _close("conservation: USD by task and call by call", by_task, bill)


def _flow_balance(tally: Tally, counters: Counters) -> None:
    """What has begun has ended or is still there: calls in slots, in line or about to try again; tasks that are present."""
    there = sum(counters.in_service) + sum(counters.in_line) + counters.trying_again
    _equal("flow balance: calls asked for less answered and given up, and calls in flight", tally.calls_in_flight, there)
    _equal("flow balance: tasks begun less ended, and tasks present", tally.started_tasks - tally.tasks, counters.tasks.count)
    answered = int(tally.attempts[:, Status.ok].sum())
    _equal("flow balance: answers by role and by backend", int(tally.answers[:, 0].sum()), answered)


def _littles_law(tally: Tally, counters: Counters) -> None:
    """L = lambda x W for tasks: the number present, integrated over time, is the sum of their stays (those present: up to the end)."""
    counters.tasks.until(counters.ended_s)
    arrivals_s, stays_s = float(real(tally.task_arrival_units)), float(real(tally.task_stay_units))
    still = counters.tasks.count * counters.ended_s - (counters.tasks.arrivals_s - arrivals_s)
    room = CLOSE * (counters.tasks.arrivals_s + counters.tasks.area_s + 1)
    _close("Little's law: tasks present over time, and their stays in sum", counters.tasks.area_s, stays_s + still, room)


def _utilisation(tally: Tally, counters: Counters) -> None:
    """No more calls in service than slots, at any moment and in the mean."""
    for index, slots in enumerate(counters.slots):
        if counters.most_in_service[index] > slots or counters.in_service[index] > slots:
            raise LawError(f"utilisation: backend {index} served {counters.most_in_service[index]} calls at once on {slots:g} slots")
        if slots < math.inf and tally.busy_s[index] > slots * counters.ended_s * (1 + CLOSE):
            raise LawError(f"utilisation: backend {index} was busy for {tally.busy_s[index]:g} s in {slots:g} x {counters.ended_s:g} s")
        _equal(f"utilisation: slots of backend {index} in the settings and at the meter", slots, counters.watched[index])


def _servers(tally: Tally, counters: Counters) -> None:
    """No server runs more than its batch, holds more than its memory, or is idle for longer than it is paid."""
    for backend, (calls, tokens, servers) in enumerate(counters.servers):
        if calls > servers.batch or tokens > (servers.memory_tokens or math.inf):
            raise LawError(f"utilisation: a server of backend {backend} ran {calls} calls of {tokens:g} tokens at once")
        seconds, idle = (float(real(units[backend])) for units in (tally.capacity.seconds, tally.capacity.idle))
        room = CLOSE * (seconds + 1)
        if not -room <= idle <= seconds + room:
            raise LawError(f"utilisation: servers of backend {backend} were idle for {idle:g} of {seconds:g} s")


def _equal(law: str, one: float, other: float) -> None:
    if one != other:
        raise LawError(f"{law}: {one:.17g} is not {other:.17g}")


def _close(law: str, one: float, other: float, room: float = 0.0) -> None:
    if not math.isclose(one, other, rel_tol=CLOSE, abs_tol=room or CLOSE * 1e-6):
        raise LawError(f"{law}: {one:.17g} is not {other:.17g}")
