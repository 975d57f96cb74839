"""How many calls a run will come to, roughly and at once: what an estimate of the time left is made of."""

from __future__ import annotations

from sim.backends.pricing import Price
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, WorkloadKind
from sim.theory.twin.forecast import forecast


def calls_ahead(scenario: Scenario) -> float | None:
    """Calls in all replications and shards that will be run, as routers forecast them: one try, nothing cut off; None: unknown."""
    tasks = _tasks(scenario)
    if tasks is None or scenario.precision is not None or scenario.agent.kind is AgentKind.custom:
        return None
    backend = scenario.chosen()[scenario.backends[0]]
    share = scenario.workload.chat_share
    work = forecast(scenario.agent, backend, Price(backend)).calls
    each = (1 - share) * work + share * distribution(scenario.matched_chat.requests).mean
    return tasks * each * scenario.replications * (scenario.shards_run or scenario.shards) / scenario.shards


def _tasks(scenario: Scenario) -> float | None:
    workload, horizon_s = scenario.workload, scenario.horizon_s
    if workload.kind is WorkloadKind.users and workload.tasks_per_user is not None:
        return workload.users * workload.tasks_per_user
    if workload.kind is not WorkloadKind.open:
        return None
    gap_s = distribution(workload.interarrival_s).mean
    come = horizon_s / gap_s * distribution(workload.batch_size).mean if horizon_s is not None and gap_s else None
    known = [tasks for tasks in (workload.tasks, come) if tasks is not None]
    return min(known) if known else None
