"""Reserved units at work: which calls find some free."""

from __future__ import annotations

import math

from sim.clock import MINUTE_S
from sim.settings.capacity.reserved import ReservedSettings
from sim.usage import Usage


def weighted(settings: ReservedSettings, usage: Usage) -> float:
    """Tokens of a call as units count them."""
    fresh = usage.input_tokens - usage.cache_read_tokens
    return (
        fresh * settings.input_weight + usage.cache_read_tokens * settings.cache_read_weight + usage.output_tokens * settings.output_weight
    )


class Units:
    """A bucket of the last seconds: in any D of them units take no more than rate x (window + D), and one call beyond."""

    def __init__(self, settings: ReservedSettings) -> None:
        self._settings = settings
        self._s_per_token = MINUTE_S / (settings.units * (settings.tokens_per_min or math.inf))
        self._full_at = -math.inf

    def take(self, usage: Usage, now: float) -> float:
        """Weighted tokens of a call that they take; nan: nothing is left, and it is paid by the list."""
        used_s = max(0.0, self._full_at - now)
        if used_s >= self._settings.window_s:
            return math.nan
        tokens = weighted(self._settings, usage)
        self._full_at = now + used_s + tokens * self._s_per_token
        return tokens
