"""Settings that are a slip, as a rule: they are taken as they are, and told."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF
from sim.scenario.text import plain, read_settings
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.router import Policy
from sim.settings.workload import WorkloadKind
from sim.statistics import digits

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
            said.append(f"{label} is billed with a fee of {digits(100 * fee, 4)} %: is it a share, as 0.055 for 5.5 %?")
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
    if agent.kind in (AgentKind.pipeline, AgentKind.debate) or scenario.workload.kind is WorkloadKind.trace:
        return ""
    head = agent.system_tokens + max(distribution(agent.prompt_tokens).mean, distribution(agent.summary_tokens).mean)
    for name, share in (("compact_at_tokens", 1.0), ("window_tokens", agent.compact_at_share)):
        most = math.inf if (law := getattr(agent, name)) is None else distribution(law).support()[1]
        if most * share < agent.system_tokens:
            said.append(f"agent.{name}={most:g}: below agent.system_tokens={agent.system_tokens:,}, so each turn sums up what there is.")
        elif most * share < head:
            said.append(
                f"agent.{name}={most:g}: below a first prompt or a summary ({digits(head)} tokens), so each turn sums up what there is."
            )
    return " ".join(said)


def never(scenario: Scenario) -> str:
    """Limits and memories that an average first prompt is too large for: it never passes, or runs alone, however long it waits."""
    agent, said = scenario.agent, []
    if agent.kind is AgentKind.pipeline or scenario.workload.kind is WorkloadKind.trace:
        return ""
    prompt = agent.system_tokens + distribution(agent.prompt_tokens).mean
    for name, model in scenario.chosen().items():
        label, rates = model.label or name, ("input_tokens_per_min", "tokens_per_min")
        holds = {f"{each} x limit_burst_s": (getattr(model, each) or math.inf) * model.limit_burst_s / 60 for each in rates}
        for quota, limit in model.quotas.items():
            holds |= {f"quotas.{quota}.{each}": getattr(limit, each) or math.inf for each in ("input_tokens", "tokens")}
        said += [
            f"{label} lets {digits(most, 6)} tokens through at most ({limit}), and a first prompt has {digits(prompt)} on average: "
            "one that is larger than the limit never passes, so raise it."
            for limit, most in holds.items()
            if most < prompt
        ]
        if (room := model.servers.memory_tokens) is not None and room < prompt:
            said.append(
                f"A server of {label} has memory for {room:,} tokens (servers.memory_tokens), and a first prompt has {digits(prompt)} "
                "on average: calls run one at a time there, as if it had just room for each."
            )
    return " ".join(said)


def waits(scenario: Scenario) -> str:
    """Where a backoff begins above its cap: the cap holds from the first one on."""
    retry = scenario.retry
    if retry.backoff_base_s <= retry.backoff_cap_s:
        return ""
    return f"retry.backoff_base_s={retry.backoff_base_s:g}: above retry.backoff_cap_s={retry.backoff_cap_s:g}, which holds from the first."


def turns(scenario: Scenario) -> str:
    """Where the user's turns for a message are scaled by what the menu's profile brings with it, so that fewer are taken."""
    agent = scenario.agent
    shipped = [(loop["turns"], loop.get("turns_exponent", 0.0)) for loop in shipped_loops() if "turns" in loop]
    asked_for = (agent.turns, agent.turns_exponent) not in shipped
    if agent.kind is AgentKind.pipeline or scenario.workload.kind is WorkloadKind.trace or not asked_for:
        return ""
    if distribution(agent.turns).support()[1] <= 1:  # fewer than one there cannot be
        return ""
    said, (least, most) = [], distribution(agent.turns).support()
    if least == most != int(most) and agent.kind is not AgentKind.chat:
        return f"agent.turns={most:g}: turns are whole, so what each message takes is rounded; a distribution can have that mean."
    if agent.turns_exponent > 0 and distribution(agent.requests).support()[1] > 1:
        said.append(f"of m messages each takes m^-{agent.turns_exponent:g} of that (agent.turns_exponent=0: all)")
    if agent.resumed_turns < 1 and distribution(agent.prior_tokens).support()[1] > 0:
        said.append(f"one that is resumed takes {agent.resumed_turns:g} of it (agent.resumed_turns=1: all)")
    return f"agent.turns is of a new session of one message: {', and '.join(said)}." if said else ""


@functools.cache
def shipped_loops() -> tuple[dict[str, Any], ...]:
    """Loops of the menu, as their files have them."""
    return tuple(read_settings(file) for part in ("profile", "agent") for file in sorted((CONF / part).glob("*.yaml")))


def of_menu(name: str) -> list[Any]:
    """Values that a setting of a loop has in the profiles and agents that ship: nobody has asked for those."""
    return [loop[name] for loop in shipped_loops() if name in loop]


def replayed(scenario: Scenario) -> Iterator[str]:
    """How agents work, set where recorded sessions say it; what the menu's agents have nobody has asked for."""
    agent, plain_one = scenario.agent, AgentSettings()
    others = {"system_tokens", "tries", "success_measured", "worker", "stages", "kind", "workflow", "order"}
    names = [field.name for field in dataclasses.fields(agent) if field.name not in others]
    set_here = [
        name for name in names if getattr(agent, name) != getattr(plain_one, name) and plain(getattr(agent, name)) not in of_menu(name)
    ]
    if set_here and scenario.workload.kind is WorkloadKind.trace:
        yield f"agent.{', '.join(set_here)} (recorded sessions are replayed as they are)"
