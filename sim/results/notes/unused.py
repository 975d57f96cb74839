"""Settings that are set and change nothing, since another says that they are not asked for: each is told, with what they need."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sim.results.notes.of_backends import unasked
from sim.results.notes.of_loops import loops
from sim.results.notes.of_market import backends, lines, places, windows
from sim.results.notes.of_settings import of_menu, replayed
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, Split
from sim.settings.budget import Per, Then
from sim.settings.profile import LoopSettings
from sim.settings.router import Policy
from sim.settings.run import Log
from sim.settings.work import Work
from sim.settings.workload import WorkloadKind

_LOGITS = (Policy.logit, Policy.logit_log)
_LOOP = " ".join(field.name for field in dataclasses.fields(LoopSettings))

_WITHOUT_CHOICE = (Policy.fixed, Policy.by_role, Policy.recorded, Policy.custom)
"""Policies that choose nothing, or by words of the user's."""


class Needs(NamedTuple):
    """Settings of a part that are asked for only where something else is so."""

    part: str
    """Where they stand, dotted; empty: at the top."""
    names: str
    """Which they are, spaces between them."""
    asked: Callable[[Scenario], bool]
    """Whether anything asks for them."""
    why: str


def _workload(*kinds: WorkloadKind) -> Callable[[Scenario], bool]:
    return lambda scenario: scenario.workload.kind in kinds


def _agent(*kinds: AgentKind) -> Callable[[Scenario], bool]:
    """A workflow of one's own may ask for anything; of what recorded sessions do without, one word is enough."""
    return lambda scenario: scenario.agent.kind in (*kinds, AgentKind.custom) or not _fresh(scenario)


def _policy(*policies: Policy) -> Callable[[Scenario], bool]:
    return lambda scenario: scenario.router.policy in policies


def _fresh(scenario: Scenario) -> bool:
    """Whether work is made up, not recorded."""
    return scenario.workload.kind is not WorkloadKind.trace


def _dated(scenario: Scenario) -> bool:
    """Whether anything depends on when a run begins."""
    turns = any(one.usd is not None and one.per in (Per.hour, Per.day) for one in scenario.named_budgets().values())
    return (
        turns
        or bool(scenario.workload.hours or scenario.events or not _fresh(scenario))
        or any(model.windows for model in scenario.chosen().values())
    )


def _helped(scenario: Scenario) -> bool:
    return scenario.agent.kind is AgentKind.custom or scenario.agent.helpers > 1


def _all_fit(scenario: Scenario) -> bool:
    """Whether as many sub-agents may be at work at once as a lead ever has."""
    agent = scenario.agent
    most = distribution(agent.fanout).support()[1]
    return agent.kind is AgentKind.orchestrator and agent.max_parallel is not None and agent.max_parallel >= most


def _sums_up(scenario: Scenario, name: str) -> bool:
    """Whether contexts have a length at which they are summarised; what a profile ships with is asked for by it."""
    agent = scenario.agent
    if getattr(agent, name) in of_menu(name) or not _fresh(scenario):
        return True
    return agent.window_tokens is not None or agent.compact_at_tokens is not None or agent.kind is AgentKind.custom


def _worth(scenario: Scenario) -> bool:
    """Whether anything depends on what tasks are worth, but for those that a budget refuses."""
    return not scenario.success_unknown or scenario.router.policy not in _WITHOUT_CHOICE


_OPEN, _PEOPLE = (WorkloadKind.open,), (WorkloadKind.users,)

NEEDS = (
    Needs("workload", "tasks interarrival_s batch_size", _workload(*_OPEN, WorkloadKind.trace), "needs workload=open"),
    Needs("workload", "backlog", _workload(*_OPEN), "needs workload=open"),
    Needs("workload", "users tasks_per_user session_gap_s", _workload(*_PEOPLE), "needs workload=users"),
    Needs("workload", "zone otherwise", lambda scenario: bool(scenario.workload.hours), "needs workload.hours"),
    Needs("workload", "trace_sessions trace_cache trace_input trace_gap_s", _workload(WorkloadKind.trace), "needs workload=trace"),
    Needs("workload", "urgent_share", lines, "needs slots of a backend, so that there is a line"),
    Needs("workload", "tasks", _fresh, "a trace has its own; workload.trace_sessions takes the first ones"),
    Needs(
        "workload", "hours growth_per_week interarrival_s batch_size",
        _fresh, "recorded sessions begin when they did, as they are",
    ),
    Needs("agent", "tries", _fresh, "recorded sessions are replayed as they are, once"),
    Needs("agent", "fanout", _agent(AgentKind.orchestrator, AgentKind.debate), "needs a team or a debate"),
    Needs(
        "agent", "depth spawn_after_turn waves turns_per_wave delegated_share resumed_share inherit_context split warmup_turns "
        "on_worker_failure report_tokens worker", _agent(AgentKind.orchestrator), "only leads hand over",
    ),
    Needs("agent", "max_parallel", _agent(AgentKind.orchestrator, AgentKind.pipeline), "needs a team or a pipeline"),
    Needs("agent", "max_parallel", lambda scenario: not _all_fit(scenario), "agent.fanout is no more than that"),
    Needs("agent", "order stages max_agents max_tokens at_cap", _agent(AgentKind.pipeline), "needs agent=pipeline"),
    Needs(
        "agent", _LOOP, lambda scenario: scenario.agent.kind is not AgentKind.pipeline or not _fresh(scenario),
        "a pipeline's agents take it from agent.stages",
    ),
    Needs("agent", "compact_at_share", lambda scenario: _sums_up(scenario, "compact_at_share"),
          "needs agent.window_tokens or agent.compact_at_tokens"),
    Needs("agent", "tool_result_tokens opening_turns opening_result_tokens result_scale tool_time_s",
          lambda scenario: scenario.agent.kind is not AgentKind.chat or not _fresh(scenario), "chats use no tools"),
    Needs(
        "agent.tries", "parallel pick keep_tokens true_positive false_positive verifier stop_when_lost",
        lambda scenario: scenario.agent.tries.most > 1, "needs agent.tries.most above 1",
    ),
    Needs("agent", "summary_tokens", lambda scenario: _sums_up(scenario, "summary_tokens"), "needs agent.compact_at_tokens"),
    Needs("agent", "restore_tokens", lambda scenario: _sums_up(scenario, "restore_tokens"), "needs agent.compact_at_tokens"),
    Needs("agent", "warmup_turns", lambda scenario: scenario.agent.split is Split.divide, "needs agent.split=divide"),
    Needs("agent", "at_cap", lambda scenario: scenario.agent.max_agents is not None or scenario.agent.max_tokens is not None,
          "needs agent.max_agents or agent.max_tokens"),
    Needs("router", "per", lambda scenario: scenario.router.policy not in (Policy.fixed, Policy.recorded), "needs a router that chooses"),
    Needs("router", "knows_cache", _policy(Policy.cheapest, Policy.custom), "needs router=cheapest"),
    Needs("router", "backend", _policy(Policy.fixed, Policy.by_role, Policy.custom), "needs router=fixed"),
    Needs("router", "weights", _policy(Policy.weighted, Policy.custom), "needs router=weighted"),
    Needs("router", "roles", _policy(Policy.by_role, Policy.custom), "needs router=by_role"),
    Needs("router", "models", _policy(Policy.recorded, Policy.custom), "needs router.policy=recorded"),
    Needs("router", "quality_floor", _policy(Policy.meets_floor, Policy.custom), "needs router=meets_floor"),
    Needs("router", "scale_usd tastes", _policy(*_LOGITS, Policy.custom), "needs router=logit"),
    Needs("router", "elasticity", _policy(Policy.logit_log, Policy.custom), "needs router=logit_log"),
    Needs("router", "memory_tasks", _policy(Policy.thompson, Policy.ucb, Policy.custom), "needs router=thompson or ucb"),
    Needs("router", "custom", _policy(Policy.custom), "needs router.policy=custom"),
    Needs(
        "router", "fallback_retries allowed_fails cooldown_s",
        lambda scenario: bool(scenario.router.fallback), "needs backends in router.fallback",
    ),
    Needs("router", "switching_cost_usd", lambda scenario: scenario.router.policy is not Policy.fixed, "needs a router that chooses"),
    Needs(
        "plan", "third_party then cost_share_low cost_share_high",
        lambda scenario: bool(scenario.plan.name), "needs plan=max_20x or another",
    ),
    Needs("agent", "workflow", lambda scenario: scenario.agent.kind is AgentKind.custom, "needs agent.kind=custom"),
    Needs(
        "outcome", "value_usd",
        lambda scenario: _worth(scenario) or any(one.usd is not None for one in scenario.all_budgets()),
        "nobody knows how often such work succeeds, so what it is worth",
    ),
    Needs(
        "outcome", "wage_usd_per_h", _worth,
        "nobody knows how often such work succeeds, so what it is worth",
    ),
    Needs(
        "retry", "backoff backoff_base_s backoff_cap_s heeds_retry_after",
        lambda scenario: scenario.retry.attempts > 1, "needs retry.attempts above 1",
    ),
    Needs("retry", "breaker_failures", lambda scenario: not scenario.batch, "the batch queue has no circuit breaker"),
    Needs("place", "connection_idle_s", lambda scenario: scenario.place.handshake_round_trips > 0, "needs place.handshake_round_trips"),
    Needs("outcome", "value_exponent", lambda scenario: scenario.outcome.value_usd > 0, "needs outcome.value_usd"),
    Needs("outcome", "value_exponent success_exponent", _helped, "needs sub-agents"),
    Needs("", "start", _dated, "nothing here changes with the date; prices of another one are another market=..."),
    Needs("", "shards_run", lambda scenario: scenario.shards > 1, "needs shards"),
    Needs("work", "harness", lambda scenario: scenario.work.kind is not Work.same, "work=same asks no bills"),
    Needs("outcome", "reference_turns", lambda scenario: scenario.outcome.length_exponent > 0, "needs outcome.length_exponent"),
    Needs("sensitivity", "method metric samples", lambda scenario: bool(scenario.sensitivity.ranges), "needs sensitivity.ranges"),
    Needs("", "log_sample", lambda scenario: scenario.log is Log.sample, "needs log=sample"),
    Needs("", "replications_most", lambda scenario: scenario.precision is not None, "needs precision"),
)  # fmt: skip
"""One after another; what a choice of a menu sets itself, it asks for."""


def unused(scenario: Scenario) -> str:
    """What is set and has no effect, in a sentence; empty where there is nothing."""
    said = [
        *_told(scenario),
        *_budgets(scenario),
        *backends(scenario),
        *windows(scenario),
        *unasked(scenario),
        *replayed(scenario),
        *loops(scenario),
        *places(scenario),
    ]
    if scenario.workload.chat_share == 1 and scenario.agent.kind is not AgentKind.chat:
        said.append("agent (workload.chat_share=1: every task is a chat)")
    tasks = scenario.workload.tasks if scenario.workload.kind is WorkloadKind.open else None
    if tasks is not None and scenario.shards > tasks:
        said.append(f"shards beyond {tasks:,} (there are no more tasks to deal out)")
    if scenario.router.fallback == [scenario.backends[0]] and len(scenario.backends) == 1:
        said.append("router.fallback (it is the only backend)")
    if len(scenario.backends) == 1 and scenario.router.policy not in _WITHOUT_CHOICE:
        said.append(f"router.policy={scenario.router.policy.value} (there is one backend to choose)")
    return f"Without effect here: {'; '.join(said)}." if said else ""


def _told(scenario: Scenario) -> Iterator[str]:
    """What the table says, the settings of one reason together, each once."""
    told: set[str] = set()
    for needs in NEEDS:
        if needs.asked(scenario):
            continue
        part: Any = scenario
        for name in filter(None, needs.part.split(".")):
            part = getattr(part, name)
        set_here = _changed(part)
        changed = [name for name in needs.names.split() if name in set_here]
        if new := [name for name in changed if f"{needs.part}.{name}" not in told]:
            told |= {f"{needs.part}.{name}" for name in new}
            yield f"{needs.part}.{', '.join(new)} ({needs.why})".removeprefix(".")


def _changed(part: Any) -> set[str]:
    """Names of the settings of a part that are not their defaults."""
    plain = _as_it_is(part.__class__)
    return {field.name for field in dataclasses.fields(part) if getattr(part, field.name) != getattr(plain, field.name)}


@functools.cache
def _as_it_is(kind: Any) -> Any:
    """A group of settings of which none was changed."""
    return kind()


def _budgets(scenario: Scenario) -> Iterator[str]:
    for key, one in scenario.named_budgets().items():
        if one.usd is None and (names := sorted(_changed(one))):
            yield f"{key}.{', '.join(names)} (needs {key}.usd)"
        elif one.usd is not None and one.then is Then.downgrade and len(scenario.backends) == 1:
            yield f"{key}.then=downgrade (there is one backend, and nothing to go down to)"
        elif one.downgrade_to is not None and one.then is not Then.downgrade:
            yield f"{key}.downgrade_to (needs {key}.then=downgrade)"
        if one.usd is not None and "zone" in _changed(one) and one.per not in (Per.hour, Per.day):
            yield f"{key}.zone (needs {key}.per=hour or day)"
