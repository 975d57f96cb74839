"""A task: what somebody wants done. What it spends is added up by the meter."""

from __future__ import annotations


class Task:
    """One piece of work; for a person at work, one session."""

    __slots__ = (
        "agents", "id", "kind", "success", "t_arrive", "t_end", "thinking_s", "user",
    )  # fmt: skip

    def __init__(self, number: int, user: int, kind: int, t_arrive: float) -> None:
        self.id = number
        self.user = user
        self.kind = kind
        self.t_arrive = t_arrive
        self.t_end = t_arrive
        self.thinking_s = 0.0
        """Seconds in which the task waited for its user."""
        self.success = False
        self.agents = 0
