"""Settings that are a slip, as a rule: they are taken as they are, and told."""

from __future__ import annotations

import math

from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.router import Policy
from sim.settings.workload import WorkloadKind

USUAL_USD_PER_MTOK = 0.001, 2_000
"""Dollars a million tokens; prices outside are told (assumption: a tenth of the cheapest, and three times the dearest that are sold)."""

MUCH_OF_A_BILL = 1.0
"""A router's fee above the bill itself is a slip, as a rule: routers take some per cent."""


def prices(scenario: Scenario) -> str:
    """Prices that are a slip, as a rule: of another unit, or of columns that have changed places."""
    said = []
    for name, model in scenario.chosen().items():
        label, asks = model.label or name, (model.input_usd_per_mtok, model.output_usd_per_mtok)
        odd = [price for price in asks if price and not USUAL_USD_PER_MTOK[0] <= price <= USUAL_USD_PER_MTOK[1]]
        if odd:
            said.append(f"{label} asks {' and '.join(f'{price:g}' for price in odd)} dollars a million tokens: is that the unit?")
        if model.cache_read_usd_per_mtok is not None and model.cache_read_usd_per_mtok > model.input_usd_per_mtok:
            said.append(f"{label} asks more for a token that is read from the cache than for a fresh one.")
        if (fee := max(model.fee, scenario.router.fee)) > MUCH_OF_A_BILL:
            said.append(f"{label} is billed with a fee of {100 * fee:,.4g} %: is it a share, as 0.055 for 5.5 %?")
    return " ".join(said)


def together(scenario: Scenario) -> str:
    """Where the first gap ends with all the work there is."""
    work = scenario.workload
    least, _ = distribution(work.batch_size).support()
    if work.kind is not WorkloadKind.open or work.tasks is None or not 1 < work.tasks <= least:
        return ""
    return f"workload.batch_size={least:g} of workload.tasks={work.tasks:,}: all arrive together."


def floor(scenario: Scenario) -> str:
    """Where no backend is as good as it is to be."""
    best = max((backend.quality or 0.0 for backend in scenario.chosen().values()), default=0.0)
    asked = scenario.router.quality_floor
    if scenario.router.policy is not Policy.meets_floor or best >= asked:
        return ""
    return f"No backend reaches router.quality_floor={asked:g}: the best of them is taken, {best:g}."


def room(scenario: Scenario) -> str:
    """Where an agent's head alone is longer than what it is to be summed up at: every call is preceded by another that sums up."""
    agent, said = scenario.agent, []
    for name, share in (("compact_at_tokens", 1.0), ("window_tokens", agent.compact_at_share)):
        most = math.inf if (law := getattr(agent, name)) is None else distribution(law).support()[1]
        if most * share < agent.system_tokens and agent.kind is not AgentKind.pipeline and scenario.workload.kind is not WorkloadKind.trace:
            said.append(f"agent.{name}={most:g}: below agent.system_tokens={agent.system_tokens:,}, so each turn sums up what there is.")
    return " ".join(said)
