"""Rate limits as arithmetic: the generic cell rate algorithm, which is a token bucket without a clock of its own.

A bucket of C units that fills at r units a second is one number, the moment at which it will be full again. In any window of D seconds
it lets through no more than C + r D. Source: ITU-T I.371, Annex A (virtual scheduling); buckets as in the API documents of vendors.
"""

from __future__ import annotations

import math

from sim.clock import MINUTE_S
from sim.settings.market import BackendSettings

_LATE_S = 1e-9
"""A client that has waited for as long as it was told must not be refused for a rounding error."""


class Bucket:
    """One limit."""

    def __init__(self, per_min: float, burst_s: float) -> None:
        self._s_per_unit = MINUTE_S / per_min
        self._burst_s = burst_s
        self._full_at = -math.inf

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until so much would pass; inf where it is more than the bucket ever holds."""
        takes_s = amount * self._s_per_unit
        if takes_s > self._burst_s + _LATE_S:
            return math.inf
        return max(0.0, self._full_at - now + takes_s - self._burst_s) if self._full_at > now else 0.0

    def take(self, amount: float, now: float) -> None:
        """Let so much through."""
        self._full_at = max(self._full_at, now) + amount * self._s_per_unit


class Limits:
    """A backend's limits on requests, input and output tokens, for all its clients together (one organisation)."""

    def __init__(self, settings: BackendSettings) -> None:
        burst_s = settings.limit_burst_s
        self.reads_count = settings.limits_count_cache_reads
        self._buckets: list[tuple[int, Bucket]] = []
        """(which of requests, input and output it limits, bucket)"""
        if settings.requests_per_min is not None:
            one_s = MINUTE_S / settings.requests_per_min
            self._buckets.append((0, Bucket(settings.requests_per_min, max(burst_s, one_s))))
        if settings.input_tokens_per_min is not None:
            self._buckets.append((1, Bucket(settings.input_tokens_per_min, burst_s)))
        if settings.output_tokens_per_min is not None:
            self._buckets.append((2, Bucket(settings.output_tokens_per_min, burst_s)))

    def __len__(self) -> int:
        return len(self._buckets)

    def retry_after_s(self, input_tokens: int, output_tokens: int, now: float) -> float:
        """0 where a call passes all limits, and then it counts against all; else the Retry-After of its refusal."""
        amounts = (1, input_tokens, output_tokens)
        wait_s = max(bucket.wait_s(amounts[which], now) for which, bucket in self._buckets)
        if wait_s > _LATE_S:
            return wait_s
        for which, bucket in self._buckets:
            bucket.take(amounts[which], now)
        return 0.0
