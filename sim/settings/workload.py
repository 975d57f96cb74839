"""Where tasks come from, as it is set."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from sim.settings.bounds import setting


class WorkloadKind(enum.Enum):
    """Where tasks come from."""

    open = "open"
    users = "users"
    trace = "trace"


@dataclass
class WorkloadSettings:
    """Who sends which task when. The run ends when all tasks have, or at the horizon."""

    kind: WorkloadKind = WorkloadKind.open
    tasks: int | None = setting(100, low=1)
    """open: tasks to send in all; null: as many as arrive before the horizon."""
    interarrival_s: Any = setting(60.0, low=0, quantity=True)
    """open: seconds between tasks; exponential = Poisson arrivals, gamma or weibull with shape < 1 = bursts."""
    backlog: int = setting(0, low=0, high=10_000_000)
    """open: the first so many tasks are there at second 0 (caches are cold all the same); the others come as they would have."""
    batch_size: Any = setting(1, low=1, quantity=True)
    """open: tasks that arrive together after each gap (the last of them may be cut off)."""
    users: int = setting(10, low=1, high=1_000_000)
    """users: how many people work side by side."""
    tasks_per_user: int | None = setting(1, low=1)
    """users: sessions of each, one after another; null: until the horizon."""
    session_gap_s: Any = setting(0.0, low=0, quantity=True)
    """users: seconds before each session of a user, the first one included."""
    trace: str = ""
    """trace: a CSV or Parquet table of calls (columns: `sim.columns.TRACE`); `excerpt` is the one shipped."""
    trace_sessions: int | None = setting(None, low=1)
    """trace: replay only so many sessions."""
    trace_gap_s: float = setting(60.0, low=0)
    """trace: seconds between the starts of two sessions (assumption: files say nothing of it)."""
    chat_share: float = setting(0.0, low=0, high=1)
    """open, users: share of tasks that are the matched chat (`matched_chat`) and not the agent's work."""
    urgent_share: float = setting(0.0, low=0, high=1)
    """Share of tasks whose calls go before all others in a backend's line; what is being served is not interrupted."""
