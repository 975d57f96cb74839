"""Calls that went elsewhere than to their own backend, and what their moves found cold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.meter.sums import exact, real


@dataclass
class Switches:
    """Counts of a whole run, its warm-up too; additive."""

    calls: int = 0
    """Calls that were sent to a fallback, from the start or after failures."""
    moves: int = 0
    """Moves, there and back, in the middle of a session, away from a cache entry that was alive."""
    cold_tokens: int = 0
    """Tokens that such a move found cold, and would have read from the cache that it left."""
    cold_units: int = 0
    """What they cost more than such reads, by the list of the backend that it went to, in units of `sim.meter.sums`."""

    def add(self, tokens: int, usd: float) -> None:
        """One move more."""
        self.moves += 1
        self.cold_tokens += tokens
        self.cold_units += exact(np.array([usd]))

    def take(self, tokens: int, usd: float) -> None:
        """One less: it came to nothing."""
        self.moves -= 1
        self.cold_tokens -= tokens
        self.cold_units -= exact(np.array([usd]))

    def plus(self, other: Switches) -> Switches:
        """Both counted together."""
        return Switches(
            self.calls + other.calls, self.moves + other.moves, self.cold_tokens + other.cold_tokens, self.cold_units + other.cold_units
        )

    @property
    def cold_usd(self) -> float:
        """`cold_units` in USD."""
        return float(real(self.cold_units))
