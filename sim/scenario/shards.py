"""Shards: parts of one replication that are simulated apart.

Tasks (or users) are dealt out by number, so each has the random numbers it would have had. Where they share nothing (unlimited
slots, no limits, no shared decoding or prefixes, budgets of single tasks) the shards add up to the very bits of the whole. What
they do share is dealt out too: slots, places in line, rate limits, quotas.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from sim.settings.capacity.limits import QuotaSettings
from sim.settings.market import BackendSettings


class Shard(NamedTuple):
    """One part of `of`."""

    number: int = 0
    of: int = 1

    def has(self, number: int) -> bool:
        """Whether a task, user or recorded session of that number is dealt to it."""
        return number % self.of == self.number


def dealt(backend: BackendSettings, shard: Shard) -> BackendSettings:
    """A backend's share for one shard."""
    if shard.of == 1:
        return backend

    def places(most: int | None) -> int | None:
        return None if most is None else most // shard.of + (shard.number < most % shard.of)

    return dataclasses.replace(
        limited(backend, 1 / shard.of),
        slots=places(backend.slots),
        queue_limit=places(backend.queue_limit),
        decode_slowdown=backend.decode_slowdown * shard.of,
    )


def limited(backend: BackendSettings, times: float) -> BackendSettings:
    """A backend with so many times its limits on requests and tokens, a minute and in quotas."""

    def rate(most: float | None) -> float | None:
        return None if most is None else most * times

    def quota(whole: QuotaSettings) -> QuotaSettings:
        parts: dict[str, Any] = {name: rate(getattr(whole, name)) for name in ("requests", "input_tokens", "output_tokens", "tokens")}
        return dataclasses.replace(whole, **parts)

    return dataclasses.replace(
        backend,
        requests_per_min=rate(backend.requests_per_min),
        input_tokens_per_min=rate(backend.input_tokens_per_min),
        output_tokens_per_min=rate(backend.output_tokens_per_min),
        tokens_per_min=rate(backend.tokens_per_min),
        quotas={name: quota(whole) for name, whole in backend.quotas.items()},
    )
