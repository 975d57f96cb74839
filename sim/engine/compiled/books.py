"""What the twin has added up of its own rows, handed to the meter: the same sums as `sim.meter.tally` makes of them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_int64, c_uint64, c_void_p
from typing import Any

import numpy as np

from sim.backends.pricing import Price
from sim.call import Role, Status
from sim.meter.digest import factors
from sim.meter.meter import CHUNK
from sim.meter.minutes import MINUTE_SUMS
from sim.meter.rows import CALL
from sim.meter.sums import PARTS, joined
from sim.meter.tally import DOLLARS, TOKENS, Tally
from sim.meter.waits import Wait, WaitsOfCalls
from sim.scenario.scenario import Scenario

WORDS = -(-CALL.size // 8)
"""Of a row, in its digest."""
Exact = c_int64 * PARTS
"""`Exact` of `model.h`."""


class BackendSums(ctypes.Structure):
    """`BackendSums` of `model.h`."""

    _fields_ = (
        ("tokens", c_int64 * len(TOKENS)), ("attempts", c_int64 * len(Status)), ("dollars", Exact * len(DOLLARS)),
        ("busy", Exact), ("in_line", Exact),
    )  # fmt: skip


class RoleSums(ctypes.Structure):
    """`RoleSums` of `model.h`."""

    _fields_ = (("answers", c_int64), ("tokens", c_int64), ("cost", Exact))


class StageSums(ctypes.Structure):
    """`StageSums` of `model.h`."""

    _fields_ = (("begun", c_int64), ("tokens", c_int64), ("cost", Exact))


class SumsTable(ctypes.Structure):
    """`Sums` of `model.h`."""

    _fields_ = (
        ("backend_count", c_int64), ("stage_count", c_int64), ("backends", POINTER(BackendSums)), ("roles", RoleSums * len(Role)),
        ("stages", POINTER(StageSums)),
        ("cost", Exact), ("failed", Exact), ("compactions", c_int64), ("at_once", c_int64),
        ("factors", c_uint64 * WORDS), ("digest", c_uint64),
        ("minutes", c_void_p), ("minute_count", c_int64), ("minute_room", c_int64), ("minute_places", c_void_p),
        ("latencies", c_void_p), ("lines", c_void_p), ("latency_count", c_int64), ("line_count", c_int64),
        ("waits", c_void_p), ("wait_count", c_int64), ("wait_room", c_int64),
    )  # fmt: skip


_MINUTE = np.dtype([("minute", np.int64), ("backend", np.int64), ("sums", np.float64, MINUTE_SUMS)])
_WAIT = np.dtype([*((f"{name}_s", np.float64) for name in ("line", "limit", "backoff", "broken")), ("refused", np.int64)])


def may_keep(scenario: Scenario, prices: Sequence[Price]) -> bool:
    """Whether they hold all that the meter would add up: prices that never change, and nobody whose calls are told apart."""
    return not scenario.workload.teams and all(type(price) is Price and not price.changes for price in prices)


def tells_all(scenario: Scenario, prices: Sequence[Price]) -> bool:
    """Whether a task's row says all that is asked of it: its sums are the twin's, and no sub-agent counts in its success."""
    return may_keep(scenario, prices) and not scenario.outcome.success_exponent


class Books:
    """The sums of one run, as the twin keeps them."""

    def __init__(self, sums: SumsTable) -> None:
        self._sums = sums
        self._latencies, self._lines = np.empty(CHUNK), np.empty(CHUNK)
        sums.latencies, sums.lines = self._latencies.ctypes.data, self._lines.ctypes.data
        sums.factors[:] = factors(WORDS).tolist()

    def chunk(self, tally: Tally, waits: WaitsOfCalls) -> None:
        """The rows in the buffer are taken out of it: what needs numpy is added of them."""
        sums = self._sums
        tally.latency.add(self._latencies[: sums.latency_count])
        waits.answered(self._lines[: sums.line_count])
        sums.latency_count = sums.line_count = 0
        if sums.wait_count >= CHUNK:
            self._wait(waits)

    def close(self, tally: Tally, waits: WaitsOfCalls) -> int:
        """Nothing more will come: add all of it; returns the digest of the rows."""
        sums = self._sums
        self._wait(waits)
        waits.answered_at_once(sums.at_once)
        for index in range(len(tally.tokens)):
            backend = sums.backends[index]
            tally.tokens[index] += backend.tokens
            tally.attempts[index] += backend.attempts
            tally.dollar_units[index] += [joined(each) for each in backend.dollars]
            tally.busy_units[index] += joined(backend.busy)
            tally.waited_units[index] += joined(backend.in_line)
        for place, role in enumerate(sums.roles):
            tally.answers[place] += (role.answers, role.tokens)
            tally.role_units[place] += joined(role.cost)
        for place in range(len(tally.stage_counts)):
            stage = sums.stages[place]
            tally.stage_counts[place] += (stage.begun, stage.tokens)
            tally.stage_cost_units[place] += joined(stage.cost)
        tally.cost_units += joined(sums.cost)
        tally.failed_units += joined(sums.failed)
        tally.compactions += sums.compactions
        minutes = _read(sums.minutes, sums.minute_count, _MINUTE)
        tally.minutes.add(minutes["minute"], minutes["backend"], minutes["sums"])
        return int(sums.digest)

    def _wait(self, waits: WaitsOfCalls) -> None:
        found = _read(self._sums.waits, self._sums.wait_count, _WAIT)
        parts = np.zeros((len(found), len(Wait)))
        parts[:, Wait.line], parts[:, Wait.rate_limit] = found["line_s"], found["limit_s"]
        parts[:, Wait.backoff], parts[:, Wait.broken] = found["backoff_s"], found["broken_s"]
        waits.over(parts, int(found["refused"].sum()))
        self._sums.wait_count = 0


def _read(address: int | None, count: int, kind: np.dtype[Any]) -> np.ndarray:
    """A copy of rows in C's memory."""
    if not address or not count:
        return np.zeros(0, kind)
    return np.frombuffer(ctypes.string_at(address, count * kind.itemsize), kind)
