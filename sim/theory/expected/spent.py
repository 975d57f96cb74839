"""What is asked of the theory about one agent, and what it answers: expected sums; nan where they are not solved."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.backends.pricing import Price
from sim.settings.market import BackendSettings
from sim.settings.run import RetrySettings


class Spent(NamedTuple):
    """Expected sums of one agent, or of several; nan where they are not solved."""

    agents: float = 0.0
    answers: float = 0.0
    attempts: float = 0.0
    compactions: float = 0.0
    input: float = 0.0
    read: float = 0.0
    write: float = 0.0
    output: float = 0.0
    reasoning: float = 0.0
    fresh_usd: float = 0.0
    read_usd: float = 0.0
    write_usd: float = 0.0
    output_usd: float = 0.0
    fees_usd: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Both."""
        return Spent(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Spent:
        """So many of them."""
        return Spent(*(value * factor for value in self)) if factor else Spent()

    @property
    def bill(self) -> dict[str, float]:
        """Its parts, as metrics."""
        parts = {"fresh_input": self.fresh_usd, "cache_read": self.read_usd, "cache_write": self.write_usd, "output": self.output_usd}
        return {f"cost_{kind}_usd": usd for kind, usd in (parts | {"fees": self.fees_usd}).items()}

    @property
    def usd(self) -> float:
        """The bill."""
        return self.fresh_usd + self.read_usd + self.write_usd + self.output_usd + self.fees_usd


class Site(NamedTuple):
    """Where an agent's calls go, and how."""

    backend: BackendSettings
    price: Price
    retry: RetrySettings
    batch: bool
    alone: bool
    """No call ever finds all slots taken, or another one decoding."""


class Pause(NamedTuple):
    """A team that a lead waits for after one of its turns."""

    tokens: float
    """What it puts into the lead's context."""
    variance: float = 0.0
    """Of these tokens."""
    miss: float = 0.0
    """Probability that the lead's cache entry expires in the pause."""


@dataclass
class Work:
    """What bears on a loop besides its settings."""

    effort: float = 1.0
    before_tokens: float = 0.0
    """In its context at the start besides its own: what failed tries have left, an inherited context, reports."""
    before_variance: float = 0.0
    inherited_read: float = 0.0
    """Tokens of its first prompt that are cached."""
    inherits: bool = False
    alive: np.ndarray | None = None
    """P(n > t), where that is not a matter of its own turns."""
    stays: np.ndarray | None = None
    """P(it has not given in before turn t): F12."""
    pauses: dict[int, Pause] = field(default_factory=dict)
    """By the turn after which they come (from 1)."""
    board_tokens: float | None = None
    """Debates: what its context grows by each turn, instead of its own growth; it has no tools then."""
    board_miss: float = 0.0


@dataclass
class Solved:
    """One agent: its sums, and what hangs on how it ran."""

    spent: Spent
    seconds: float = math.nan
    """Calls and tools; neither its user's thinking nor waits in line."""
    at_most_s: float = math.inf
    """Hardly ever more than that: the longest it may run, in mean times, and ten standard deviations."""
    steady: bool = False
    """It always takes `seconds`."""
    ends: list[float] = field(default_factory=list)
    """P(it ended well, with t + 1 turns)."""
    reaches: list[float] = field(default_factory=list)
    """P(turn t was answered)."""
    prompts: list[float] = field(default_factory=list)
    parts: dict[str, Spent] = field(default_factory=dict)
    """Of a pipeline, by stage."""
    why: set[str] = field(default_factory=set)


NOTHING = Spent(*[math.nan] * len(Spent._fields))
