"""How rows of attempts and tasks are packed (`sim.columns` says what is in them)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from sim.columns import CALLS, TASKS, row_format
from sim.meter.sums import PARTS, grouped, split
from sim.meter.tally import TOKENS, Tally
from sim.meter.waits import WaitsOfCalls

AGENT = row_format(CALLS[:4])
"""The part of a call's row that all calls of an agent share."""
CALL = row_format(CALLS[4:], AGENT.size)
TASK = row_format(TASKS)


class TaskRow(NamedTuple):
    """A task's row (`sim.columns.TASKS`); the sums over its calls are filled in when the row is flushed."""

    task: int
    user: int
    kind: int
    t_arrive_s: float
    t_end_s: float
    thinking_s: float
    success: bool
    tries: int
    calls: int = 0
    agents: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    finished: bool = False


def larger(buffer: bytearray, most: int) -> bytearray:
    """A buffer with room for twice as many rows; the same once it has that of `most` bytes."""
    return buffer if len(buffer) >= most else bytearray(2 * len(buffer))


class Books(Protocol):
    """Those who price rows and add them up before the meter takes them out of its buffer (`sim.engine.compiled.books`)."""

    def chunk(self, tally: Tally, waits: WaitsOfCalls) -> None:
        """The buffer is full."""

    def close(self, tally: Tally, waits: WaitsOfCalls) -> int:
        """Add the sums of all rows; returns their digest."""


class OpenTasks:
    """Sums by task: calls, tokens by kind and the parts of the bill (`sim.meter.sums.split`), kept until the task's own row is flushed."""

    def __init__(self) -> None:
        self._sums: dict[int, np.ndarray] = {}

    def add(self, rows: Any) -> None:
        """A chunk of priced call rows."""
        tasks, place = grouped(rows["task"])
        columns = [rows[kind] for kind in TOKENS] + split(rows["cost_usd"])
        sums = np.stack([np.bincount(place)] + [np.bincount(place, column) for column in columns], axis=1)
        for task, row in zip(tasks.tolist(), sums, strict=True):
            known = self._sums.get(task)
            self._sums[task] = row if known is None else known + row

    def put(self, task: int, sums: np.ndarray) -> None:
        """All calls of a task, added up by somebody else."""
        self._sums[task] = sums

    def take(self, tasks: Sequence[int]) -> np.ndarray:
        """Those of tasks that have ended, which are forgotten (their calls have all been flushed by then): a row each."""
        nothing = np.zeros(1 + len(TOKENS) + PARTS)
        return np.array([self._sums.pop(task, nothing) for task in tasks])

    def total(self) -> np.ndarray:
        """Of all that have not ended."""
        return sum(self._sums.values(), start=np.zeros(1 + len(TOKENS) + PARTS))
