"""Teams of people that share backends, and teams of agents that were none."""

from __future__ import annotations

from collections.abc import Mapping

from sim.meter.tally import Tally
from sim.results.teams.metrics import evenness, told
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.workload import WorkloadKind


def shared(scenario: Scenario, pooled: Tally) -> str:
    """Who is served and who waits, where several share the backends."""
    names = list(scenario.workload.teams)
    if not (each := "; ".join(told(pooled, names))):
        return ""
    index = evenness(pooled, len(names))
    return f"Of the time that calls took they were being answered, by team: {each}. Jain's index of these is {index:.2f} (1: all alike)."


def alone(scenario: Scenario, whole: Mapping[str, float]) -> str:
    """Where leads were to hand over and none did."""
    leads = scenario.agent.kind is AgentKind.orchestrator and scenario.workload.kind is not WorkloadKind.trace
    if not leads or scenario.agent.tries.most > 1 or not 0 < whole["agents"] <= whole["tasks"]:
        return ""
    return (
        "No lead handed anything over: what is said here is of one agent a task, not of a team "
        f"(agent.spawn_after_turn={scenario.agent.spawn_after_turn}, agent.fanout)."
    )
