"""What ties calls to one another."""

from __future__ import annotations

from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.market import BackendSettings
from sim.settings.router import Policy
from sim.settings.run import Warmup

_WITH_MEMORY = {Policy.thompson, Policy.ucb, Policy.custom}
"""Policies whose choices may depend on those before."""


def may_look_ahead(scenario: Scenario) -> bool:
    """Whether calls can touch one another only by filling all slots of a backend."""
    agent, router, tries = scenario.agent, scenario.router, scenario.agent.tries
    return not (
        agent.kind is AgentKind.custom
        or router.policy in _WITH_MEMORY
        or router.review_tasks is not None
        or (tries.parallel and tries.backends)
        or any(budget.usd is not None for budget in scenario.all_budgets())
        or scenario.warmup is not Warmup.none
        or scenario.retry.patience_s is not None
        or scenario.workload.urgent_share
        or any(
            needs_door(backend)
            or backend.decode_slowdown
            or backend.share_system
            or (backend.slots is not None and not backend.network_rtt_s + backend.ttft_s)
            for backend in scenario.chosen().values()
        )
    )


def needs_door(settings: BackendSettings) -> bool:
    """Whether a backend itself turns calls away."""
    limits = (settings.queue_limit, settings.requests_per_min, settings.input_tokens_per_min, settings.output_tokens_per_min)
    return any(limit is not None for limit in limits)
