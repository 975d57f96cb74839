"""How rows of attempts and tasks are packed (`sim.columns` says what is in them)."""

from __future__ import annotations

from typing import NamedTuple

from sim.columns import CALLS, TASKS, row_format

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
