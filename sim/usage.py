"""The words everybody shares: token kinds (named as OpenTelemetry GenAI does) and dollars by kind."""

from __future__ import annotations

from typing import NamedTuple


class Usage(NamedTuple):
    """Tokens of one call, or of many added up."""

    input_tokens: int = 0
    """The whole prompt: fresh, written to and read from the cache."""
    cache_read_tokens: int = 0
    """Inside `input_tokens`."""
    cache_write_tokens: int = 0
    """Inside `input_tokens`."""
    output_tokens: int = 0
    """Reasoning included."""
    reasoning_tokens: int = 0
    """Inside `output_tokens`."""

    @property
    def fresh_tokens(self) -> int:
        """Input that was neither read from nor written to a cache."""
        return self.input_tokens - self.cache_read_tokens - self.cache_write_tokens

    @property
    def total_tokens(self) -> int:
        """Input and output: what is billed, and what the market's statistics count."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """Kind by kind."""
        return Usage(*(a + b for a, b in zip(self, other, strict=True)))


class Dollars(NamedTuple):
    """USD by the kind of token that they paid for, and what was paid for none."""

    fresh_input: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0
    output: float = 0.0
    fees: float = 0.0
    """For the request itself and its web searches, whatever its tokens."""

    @property
    def total(self) -> float:
        """The bill."""
        return self.fresh_input + self.cache_read + self.cache_write + self.output + self.fees


class Paid(NamedTuple):
    """What capacity by the hour has come to: of one backend, since the start of the run."""

    usd: float = 0.0
    seconds: float = 0.0
    """Of servers, each counted, from when it was ordered until it had stopped."""
    idle_s: float = 0.0
    """Of them, those in which a server had no call: starting and stopping are in them."""
