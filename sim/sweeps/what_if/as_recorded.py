"""The settings under which a log is replayed as it was: what it holds already is not drawn again, and caches keep what its own kept."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sim.results.billed.lifetimes import for_an_hour
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


def as_recorded(scenario: Scenario, words: Sequence[str] = (), hour: bool = False) -> Scenario:
    """No call fails, and none takes longer than the next by chance: a log has both. Caches of several lifetimes keep prompts for an `hour`.

    What these words set stays as they say.
    """

    def free(key: str) -> bool:
        return not any(f".{key}=" in word or f"{key}:" in word for word in words)

    quiet: dict[str, Any] = {key: 0.0 for key in ("error_rate", "noise_sigma") if free(key)}
    models = for_an_hour(scenario.market.models) if hour and free("cache_ttl_s") else scenario.market.models
    return with_models(scenario, {name: dataclasses.replace(model, **quiet) for name, model in models.items()})
