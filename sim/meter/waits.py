"""How long calls wait, whatever for: in line, turned away, between two attempts, in attempts that come to nothing.

A call waits from when it is asked for to when the attempt begins that answers it, or to when it is given up. Rows tell all of it: what
lies between two attempts is counted with the reason for which the first of them failed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.call import Role, Status
from sim.meter.histogram import Sketch
from sim.meter.sums import exact, real

_OK, _LIMITED, _TIMEOUT, _COMPACTION = int(Status.ok), int(Status.rate_limited), int(Status.timeout), int(Role.compaction)
_READ = ("task", "agent", "turn", "attempt", "role", "status", "t_request_s", "t_start_s", "t_end_s")


class Wait(enum.IntEnum):
    """What a call waits for."""

    line = 0
    """A slot, of attempts that got one."""
    rate_limit = 1
    """To try again after it was turned away: queue full, or a rate limit reached."""
    backoff = 2
    """To try again after an attempt that broke or was withdrawn."""
    patience = 3
    """In line, until the attempt was withdrawn."""
    broken = 4
    """An answer that broke off, or that was given up."""


@dataclass
class Waits:
    """Sums over calls that were answered or given up; additive."""

    calls: int = 0
    refused: int = 0
    """Calls that were turned away at least once."""
    units: np.ndarray = field(default_factory=lambda: np.full(len(Wait), 0, dtype=object))
    """By `Wait`, in units of `sim.meter.sums`."""
    each: Sketch = field(default_factory=Sketch)
    """The whole wait of a call, in seconds."""

    money_tasks: int = 0
    """Tasks that waited for a budget, of those that ended."""
    money_units: int = 0
    """How long they did: before a call is asked for, so it is in no other sum."""

    def plus(self, other: Waits) -> Waits:
        """Both counted together."""
        calls, refused = self.calls + other.calls, self.refused + other.refused
        money = self.money_tasks + other.money_tasks, self.money_units + other.money_units
        return Waits(calls, refused, self.units + other.units, self.each.plus(other.each), *money)

    @property
    def seconds(self) -> np.ndarray:
        """By `Wait`, summed over calls."""
        found: np.ndarray = real(self.units)
        return found


class _Open:
    """A call whose first attempt has failed and whose last has not been seen."""

    __slots__ = ("asked_s", "ended_s", "parts", "refused", "status")

    def __init__(self, asked_s: float) -> None:
        self.asked_s = self.ended_s = asked_s
        self.parts = [0.0] * len(Wait)
        self.refused = False
        self.status = _OK


class WaitsOfCalls:
    """Follows calls over their attempts, chunk by chunk; what is answered at once costs no more than a few array operations."""

    def __init__(self, sums: Waits) -> None:
        self._sums = sums
        self._open: dict[int, dict[tuple[int, int, bool], _Open]] = {}
        """By task, then by agent, turn and whether it is a compaction."""

    def add_calls(self, rows: Any) -> None:
        """Rows of attempts, those of one call in their order. Attempts of calls that were asked for before the first chunk are skipped."""
        hard = (rows["status"] != Status.ok) | (rows["attempt"] != 0)
        waited = rows["t_start_s"] - rows["t_request_s"]
        if hard.any():
            some = rows[hard]
            attempts = zip(*(some[name].tolist() for name in _READ), strict=True)
            self._close([ended for attempt in attempts if (ended := self._attempt(*attempt)) is not None])
            waited = waited[~hard]
        if waited.any():
            self.answered(waited)
        else:
            self.answered_at_once(len(waited))

    def answered(self, waited_s: np.ndarray) -> None:
        """Calls whose first attempt was answered, after so long in line."""
        self._sums.calls += len(waited_s)
        self._sums.units[Wait.line] += exact(waited_s)
        self._sums.each.add(waited_s)

    def answered_at_once(self, calls: int) -> None:
        """So many calls waited for nothing."""
        self._sums.calls += calls
        self._sums.each.counts[0] += calls

    def add_tasks(self, tasks: Any) -> None:
        """Numbers of tasks that have ended: their calls that have no answer by now were given up."""
        if self._open:
            self._close([call for task in tasks.tolist() for call in self._open.pop(task, {}).values()])

    def add_money(self, seconds: float) -> None:
        """A task has ended that waited so long for a budget."""
        self._sums.money_tasks += 1
        self._sums.money_units += exact(np.array([seconds]))

    def _attempt(
        self, task: int, agent: int, turn: int, attempt: int, role: int, status: int, asked: float, start: float, end: float
    ) -> _Open | None:
        """Take an attempt in; returns the call that is over with it, if any."""
        key = (agent, turn, role == _COMPACTION)
        calls = self._open.setdefault(task, {})
        before = None
        if not attempt:
            before, calls[key] = calls.get(key), _Open(asked)  # the same again: it was given up, and is asked for once more
        call = calls.get(key)
        if call is None:
            return None
        if attempt:
            call.parts[Wait.rate_limit if call.status == _LIMITED else Wait.backoff] += asked - call.ended_s
        call.parts[Wait.patience if status == _TIMEOUT and end == start else Wait.line] += start - asked
        if status == _OK:
            return calls.pop(key)
        call.parts[Wait.broken] += end - start
        call.refused |= status == _LIMITED
        call.status, call.ended_s = status, end
        return before

    def _close(self, calls: list[_Open]) -> None:
        if calls:
            self.over(np.array([call.parts for call in calls]), sum(call.refused for call in calls))

    def over(self, parts: np.ndarray, refused: int = 0) -> None:
        """Calls are answered or given up after failures: how long each waited, by `Wait`; and how many of them were turned away."""
        sums = self._sums
        sums.calls += len(parts)
        sums.refused += refused
        for at in range(0, len(parts), _EXACTLY):
            sums.units += [exact(part) for part in parts[at : at + _EXACTLY].T]
        sums.each.add(parts.sum(axis=1))


_EXACTLY = 16384
"""Values that `sim.meter.sums.exact` adds up at a time."""
