"""A task: what somebody wants done. What it spends is added up by the meter."""

from __future__ import annotations

from typing import Any


class Task:
    """One piece of work; for a person at work, one session."""

    __slots__ = (
        "agents", "backend", "broke_s", "broke_until", "capped", "chats", "effort", "finished", "id", "kind", "success",
        "t_arrive", "t_end", "thinking_s", "thinks_until", "tries", "u_difficulty", "urgent", "user",
    )  # fmt: skip

    def __init__(self, number: int, user: int, kind: int, t_arrive: float) -> None:
        self.id = number
        self.user = user
        self.kind = kind
        self.t_arrive = t_arrive
        self.t_end = t_arrive
        self.thinking_s = 0.0
        """Seconds in which the task waited for its user."""
        self.thinks_until = t_arrive
        self.broke_s = 0.0
        """Seconds in which it waited for a budget, before it or a call of its began."""
        self.broke_until = t_arrive
        self.success = False
        self.finished = False
        """It has an answer, right or wrong: one of its tries came to its end. A task that ends without is lost."""
        self.agents = 0
        self.tries = 0
        self.capped = False
        """It has come to a cap on its agents or tokens (pipelines)."""
        self.backend: Any = None
        """The backend that serves all of it, where the router or a cascade has said so."""
        self.u_difficulty = 0.5
        """Latent: a share of tasks is easier than this one. Read when a try is judged, by nobody who chooses."""
        self.chats = False
        """It is the matched chat, not the agent's work."""
        self.urgent = False
        """Its calls go before those of other tasks in every line."""
        self.effort = 1.0
        """How many times the turns it takes, for its difficulty."""

    def wait_for_user(self, now: float, seconds: float) -> None:
        """The user takes so long before a message to one of its agents; what several agents wait for at once counts once."""
        if now < self.thinks_until:
            seconds, now = max(0.0, now + seconds - self.thinks_until), self.thinks_until
        self.thinking_s += seconds
        self.thinks_until = now + seconds

    def wait_for_money(self, now: float, until: float) -> None:
        """It, or one of its agents, waits for a budget; what several wait for at once counts once."""
        if self.broke_until < until:
            self.broke_s += until - max(now, self.broke_until)
            self.broke_until = until
