"""What a backend lets through, as it is set: quotas over hours and days, and what the settings of all its limits have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.errors import ConfigError
from sim.settings.bounds import alone, setting
from sim.settings.traits import ALONE

REFUSES = ALONE._replace(
    looks=True, waits=True, unsolved="calls that are turned away: full lines and rate limits", undealt="{key} counts all calls together"
)
"""Traits of whatever turns calls away for what others have asked for."""
DEALT = REFUSES._replace(undealt="")
"""The same, where each shard gets its part of the limit (`sim.scenario.shards.dealt`)."""


@dataclass
class QuotaSettings:
    """What a backend lets through in a window of time, for all its clients together; of these, those that are set."""

    window_h: float | None = alone(None, above=0)
    """The last hours, whenever they began, e.g. 5, or 168 for a week; null: a day, from midnight to midnight of `zone`."""
    zone: str = alone("UTC")
    """Time zone by its IANA name, e.g. America/Los_Angeles."""
    requests: float | None = setting(None, above=0, high=1e15, traits=DEALT)
    """Requests in a window."""
    input_tokens: float | None = setting(None, above=0, high=1e15, traits=DEALT)
    """Input in a window."""
    output_tokens: float | None = setting(None, above=0, high=1e15, traits=DEALT)
    """Output in a window."""
    tokens: float | None = setting(None, above=0, high=1e15, traits=DEALT)
    """Input and output together in a window."""


def check_reserve(model: Any, key: str) -> None:
    """Raise `ConfigError` where a backend's limits never hold as much as each of its calls sets aside."""
    reserve, burst_min = model.limits_reserve_output_tokens, model.limit_burst_s / 60
    for limit in ("output_tokens_per_min", "tokens_per_min") if reserve is not None else ():
        if (rate := getattr(model, limit)) is not None and reserve > rate * burst_min:
            holds = f"{key}.{limit} holds {rate * burst_min:,.6g} at most"
            raise ConfigError(f"{key}.limits_reserve_output_tokens={reserve}: no call would ever pass, since {holds}; make it smaller")
