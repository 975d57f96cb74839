"""The settings under which a log is replayed as it was: what it holds already is not drawn again, and caches keep what its own kept."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sim.backends.pricing import ONE_HOUR_S
from sim.logs.log import Log
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.market import BackendSettings


@functools.lru_cache(maxsize=8)
def composed(*words: str) -> Scenario:
    """As `sim.load`, once: nothing here changes a scenario."""
    return load(*words)


def composed_of_one_user(before: Scenario, words: Sequence[str]) -> Scenario:
    """The same; a budget for each user is one for all, since a log is taken as one user's."""
    keys = [word.lstrip("+") for word in words]
    if not any(key.startswith("budget") for key in keys) or any(key.startswith("workload") for key in keys):
        return composed(*words)
    found = composed(*words, "workload=users")
    budgets = {name: dataclasses.replace(each, users=None) for name, each in found.budgets.items()}
    return dataclasses.replace(found, workload=before.workload, budget=dataclasses.replace(found.budget, users=None), budgets=budgets)


def with_models(scenario: Scenario, models: Mapping[str, BackendSettings]) -> Scenario:
    """With these backends otherwise."""
    market = dataclasses.replace(scenario.market, models={**scenario.market.models, **models})
    return dataclasses.replace(scenario, market=market)


def kept_for_an_hour(log: Log) -> bool:
    """Whether most of what was written to caches, as far as the log says for how long, was written for an hour."""
    said = log.calls["cache_write_1h_tokens"] >= 0
    hour, written = (int(log.calls[name][said].clip(0).sum()) for name in ("cache_write_1h_tokens", "cache_write_tokens"))
    return 2 * hour > written


def as_recorded(scenario: Scenario, words: Sequence[str] = (), hour: bool = False) -> Scenario:
    """No call fails, and none takes longer than the next by chance: a log has both. Caches of several lifetimes keep prompts for an `hour`.

    What these words set stays as they say.
    """

    def free(key: str) -> bool:
        return not any(f".{key}=" in word or f"{key}:" in word for word in words)

    quiet: dict[str, Any] = {key: 0.0 for key in ("error_rate", "noise_sigma") if free(key)}
    longer: dict[str, Any] = {"cache_ttl_s": ONE_HOUR_S} if hour and free("cache_ttl_s") else {}
    return with_models(scenario, {
        name: dataclasses.replace(model, **quiet, **(longer if model.cache_write_1h_usd_per_mtok else {}))
        for name, model in scenario.market.models.items()
    })  # fmt: skip
