"""For how long a log's caches kept prompts, by what it says of its writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sim.backends.pricing import ONE_HOUR_S
from sim.logs.log import Log
from sim.settings.market import BackendSettings


def kept_for_an_hour(log: Log) -> bool:
    """Whether most of what was written to caches, as far as the log says for how long, was written for an hour."""
    said = log.calls["cache_write_1h_tokens"] >= 0
    hour, written = (int(log.calls[name][said].clip(0).sum()) for name in ("cache_write_1h_tokens", "cache_write_tokens"))
    return 2 * hour > written


def for_an_hour(models: Mapping[str, BackendSettings]) -> dict[str, BackendSettings]:
    """Backends whose caches keep prompts for an hour, where that is sold."""
    return {
        name: dataclasses.replace(model, cache_ttl_s=ONE_HOUR_S) if model.cache_write_1h_usd_per_mtok else model
        for name, model in models.items()
    }
