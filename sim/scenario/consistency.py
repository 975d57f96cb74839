"""What has to fit together in a scenario, beyond the bounds of each setting: names that exist, runs that end, prompts that fit."""

from __future__ import annotations

import math

from sim.errors import ConfigError, did_you_mean
from sim.sampling.distributions import Constant, distribution
from sim.scenario.coupling import check_shards
from sim.scenario.custom import check_named
from sim.scenario.dates import check_dates
from sim.scenario.sources import market_with
from sim.scenario.stages import check_stages
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.budget import Per, Then
from sim.settings.capacity.checked import check_capacity
from sim.settings.market import check_backend
from sim.settings.outcome import QualitySource
from sim.settings.population.plan import check_plan
from sim.settings.profile import LoopSettings
from sim.settings.provider.fleet import check_provider
from sim.settings.provider.place import check_place
from sim.settings.router import ChoosePer, Policy, RouterSettings, Tastes
from sim.settings.run import check_retry, check_warmup
from sim.settings.scenario import ScenarioSettings
from sim.settings.traits import CAUTIOUS
from sim.settings.work import Work
from sim.settings.workload import WorkloadKind, check_teams

MOST_AGENTS = 100_000
"""Agents of one task; more is a typing error rather than a team."""
MOST_CALLS = 10_000_000
"""Calls of one task, on average; the same."""
ROLES = ("chat", "agent", "lead", "worker", "verifier")


def check_consistency(scenario: ScenarioSettings) -> None:
    """Raise `ConfigError` for the first two settings that contradict one another."""
    _check_backends(scenario)
    check_dates(scenario)
    check_retry(scenario.retry, scenario.chosen())
    _check_work(scenario)
    _check_qualities(scenario)
    _check_router(scenario)
    check_named(scenario)
    _check_people(scenario)
    _check_budgets(scenario)
    check_plan(scenario)
    check_provider(scenario)
    check_place(scenario)
    _check_workload(scenario)
    _check_agent(scenario)
    _check_shards(scenario)
    check_warmup(scenario)
    _check_goal(scenario)


def _check_backends(scenario: ScenarioSettings) -> None:
    models = scenario.market.models
    if not scenario.backends:
        raise ConfigError(f"backends=[]: name at least one; the market has {', '.join(sorted(models))}")
    for name in scenario.backends:
        if name not in models:
            there = market_with(name)
            instead = f"but in {there}: say market={there}" if there else did_you_mean(name, models)
            instead = "commas stand between names" if len(several := name.split()) > 1 and {*several} <= {*models} else instead
            raise ConfigError(f"backends: '{name}' is not in market {scenario.market.name}{' ' if there else '; '}{instead}")
    if len(set(scenario.backends)) != len(scenario.backends):
        raise ConfigError(f"backends=[{','.join(scenario.backends)}]: names one twice")
    if len(scenario.backends) > 255:
        raise ConfigError(f"backends: {len(scenario.backends)} of them, must be at most 255")
    for name, model in models.items():
        check_backend(model, f"market.models.{name}")
    check_capacity(scenario)


def _check_work(scenario: ScenarioSettings) -> None:
    """A harness that no model of the market knows is a typing error; a market without any bills has only the same work."""
    known = {harness for model in scenario.market.models.values() for harness in model.works}
    if known and scenario.work.kind is not Work.same and scenario.work.harness not in known:
        raise ConfigError(f"work.harness={scenario.work.harness}: {did_you_mean(scenario.work.harness, sorted(known))}")


def _check_qualities(scenario: ScenarioSettings) -> None:
    """Sources have names; what nobody has measured cannot be weighed against what somebody has."""
    sources = [source.value for source in QualitySource]
    for name, model in scenario.market.models.items():
        for source in model.qualities.keys() - set(sources):
            raise ConfigError(f"market.models.{name}.qualities.{source}: {did_you_mean(source, sources)}")
    unknown = [name for name, backend in scenario.chosen().items() if backend.quality is None]
    if _weighs_quality(scenario) and 0 < len(unknown) < len(scenario.backends):
        raise ConfigError(
            f"router.policy={scenario.router.policy.value}: nobody knows how often {unknown[0]} succeeds "
            f"(outcome.quality_source={scenario.outcome.quality_source.value}), so it cannot be weighed against the others: "
            f"leave it out or set market.models.{unknown[0]}.quality"
        )


def _weighs_quality(scenario: ScenarioSettings) -> bool:
    policy = scenario.router.policy
    if policy is Policy.meets_floor:
        return scenario.router.quality_floor > 0
    valued = policy in (Policy.most_value, Policy.logit, Policy.logit_log) and scenario.outcome.value_usd > 0
    return valued or policy is Policy.cost_per_success


def _check_router(scenario: ScenarioSettings) -> None:
    router, known = scenario.router, scenario.backends

    def must_be_known(key: str, name: str) -> None:
        if name not in known:
            raise ConfigError(f"{key}={name}: not among backends; {did_you_mean(name, known)}")

    if router.backend is not None:
        must_be_known("router.backend", router.backend)
    for role, name in router.roles.items():
        if role not in ROLES:
            raise ConfigError(f"router.roles.{role}: {did_you_mean(role, ROLES)}")
        must_be_known(f"router.roles.{role}", name)
    for key in ("weights", "fallback", "heard_after_h"):
        for name in getattr(router, key):
            must_be_known(f"router.{key}", name)
    if router.per is not ChoosePer.task and (router.review_tasks or _learns(router)):
        raise ConfigError(f"router.per={router.per.value}: must be task, so that what a choice has brought can be told")
    if router.policy is Policy.weighted and router.weights and not sum(router.weights.values()) > 0:
        raise ConfigError("router.weights: at least one must be above 0")
    if router.policy is Policy.by_role and not router.roles:
        raise ConfigError("router.roles={}: by_role needs a backend for at least one role")


def _learns(router: RouterSettings) -> bool:
    """Whether a policy is told what tasks have brought, by its own word; one that says nothing is refused nothing for it."""
    return router.policy.declared is not CAUTIOUS and router.policy.traits(router).learns


def _check_budgets(scenario: ScenarioSettings) -> None:
    for key, one in scenario.named_budgets().items():
        if one.downgrade_to is not None and one.downgrade_to not in scenario.backends:
            raise ConfigError(
                f"{key}.downgrade_to={one.downgrade_to}: not among backends; {did_you_mean(one.downgrade_to, scenario.backends)}"
            )
        if one.then is Then.wait and one.per in (Per.task, Per.run):
            raise ConfigError(f"{key}.then=wait: a budget per {one.per.value} never comes back; take hour, day or rolling")
        if one.per is Per.rolling and one.window_h is None:
            raise ConfigError(f"{key}.per=rolling: needs {key}.window_h, e.g. 5")
        if one.per is not Per.rolling and one.window_h is not None:
            raise ConfigError(f"{key}.window_h={one.window_h:g}: needs {key}.per=rolling, not {one.per.value}")
        if one.users is not None and scenario.workload.kind is not WorkloadKind.users:
            raise ConfigError(f"{key}.users={one.users}: needs workload.kind=users, or there is but one user")


def _check_people(scenario: ScenarioSettings) -> None:
    """Teams are of users; what a user likes or knows is a matter of policies that weigh backends for users."""
    check_teams(scenario.workload)
    router, known = scenario.router, scenario.backends
    for name, hours in router.heard_after_h.items():
        if distribution(hours, f"router.heard_after_h.{name}").support()[0] < 0:
            raise ConfigError(f"router.heard_after_h.{name}: must be at least 0")
    if scenario.workload.kind is not WorkloadKind.users and (router.heard_after_h or router.tastes is Tastes.user):
        key = "heard_after_h" if router.heard_after_h else "tastes=user"
        raise ConfigError(f"router.{key}: needs workload.kind=users, or there is but one user")
    if router.tastes is Tastes.user and router.policy not in (Policy.logit, Policy.logit_log):
        raise ConfigError(f"router.tastes=user: needs router.policy=logit or logit_log, not {router.policy.value}")
    if router.heard_after_h and (router.policy in (Policy.fixed, Policy.by_role) or _learns(router)):
        raise ConfigError(f"router.heard_after_h: policy {router.policy.value} does not weigh what a user knows")
    if known and set(known) <= set(router.heard_after_h):
        raise ConfigError("router.heard_after_h: one of backends must be known from the start, so must be absent")


def _check_workload(scenario: ScenarioSettings) -> None:
    workload = scenario.workload
    if scenario.router.policy is Policy.recorded and workload.kind is not WorkloadKind.trace:
        raise ConfigError("router.policy=recorded: needs workload.kind=trace, whose calls name their models")
    if workload.chat_share and workload.kind is WorkloadKind.trace:
        raise ConfigError("workload.chat_share: a recorded trace is replayed as it was, so must be 0")
    policy = scenario.router.policy
    if workload.chat_share and policy.declared is not CAUTIOUS and policy.traits(scenario.router).forecasts:
        raise ConfigError(f"workload.chat_share: router.policy={policy.value} weighs the bill of the agent's work alone, so must be 0")
    endless = {
        WorkloadKind.open: ("tasks", "interarrival_s"),
        WorkloadKind.users: ("tasks_per_user", "session_gap_s"),
    }
    if workload.kind is WorkloadKind.trace:
        if not workload.trace:
            raise ConfigError("workload.trace: name a table of calls, a log, a folder of logs, or 'excerpt'")
        return
    if workload.backlog and workload.kind is not WorkloadKind.open:
        raise ConfigError(f"workload.backlog={workload.backlog}: needs workload.kind=open")
    if workload.backlog > (workload.tasks or math.inf):
        raise ConfigError(f"workload.backlog={workload.backlog}: must be at most workload.tasks={workload.tasks}")
    count, gap = endless[workload.kind]
    if getattr(workload, count) is None:
        if scenario.horizon_s is None:
            raise ConfigError(f"workload.{count}=null: needs horizon_s, or the run would never end")
        if distribution(getattr(workload, gap)).mean <= 0:
            raise ConfigError(f"workload.{gap}=0: must be more than 0 when workload.{count} is null")


def _check_agent(scenario: ScenarioSettings) -> None:
    agent = scenario.agent
    if agent.kind is AgentKind.chat and distribution(agent.turns) != Constant(1.0):
        raise ConfigError("agent.turns: a chat has one call a message, so must be 1 (set agent.requests)")
    loops: list[tuple[str, LoopSettings]] = [("agent", agent)]
    _check_tries(scenario)
    check_stages(agent, MOST_AGENTS, MOST_CALLS)
    if agent.kind is AgentKind.pipeline:
        loops = [(f"agent.stages.{name}", agent.stages[name]) for name in agent.order]
    if agent.tries.verifier is not None:
        loops.append(("agent.tries.verifier", agent.tries.verifier))
    if agent.turns_per_wave is not None and (agent.waves != 1 or not agent.delegated_share):
        said = "what is handed over fills the waves, so set agent.delegated_share above 0 and agent.waves=1, or agent.turns_per_wave=null"
        raise ConfigError(f"agent.turns_per_wave={agent.turns_per_wave}: {said}")
    if agent.kind is AgentKind.orchestrator:
        agents = agent.leads + agent.helpers
        if agents > MOST_AGENTS:
            names = ["fanout", *(name for name in ("waves", "turns_per_wave") if getattr(agent, name) not in (1, None)), "depth"]
            set_to = ", ".join(f"agent.{name}={getattr(agent, name)}" for name in names)
            raise ConfigError(f"{set_to}: {agents:,.10g} agents a task, must be at most {MOST_AGENTS:,}")
        loops.append(("agent.worker", agent.worker))
    _check_calls(agent)
    if scenario.workload.chat_share:
        loops.append(("matched_chat", scenario.matched_chat))
    if scenario.workload.kind is not WorkloadKind.trace:
        for key, loop in loops:
            _check_window(scenario, key, loop)


def _check_calls(agent: AgentSettings) -> None:
    """A task has to end some day."""
    team = agent.kind is AgentKind.orchestrator
    loops: dict[str, tuple[LoopSettings, float]] = {"agent": (agent, agent.leads if team else 1)}
    if team:
        loops["agent.worker"] = (agent.worker, agent.helpers)
    for key, (loop, agents) in loops.items():
        calls = agents * math.prod(distribution(law).mean for law in (loop.requests, loop.turns, loop.turns_scale))
        if calls > MOST_CALLS:
            raise ConfigError(f"{key}.requests x {key}.turns: {calls:,.0f} calls a task on average, must be at most {MOST_CALLS:,}")


def _check_tries(scenario: ScenarioSettings) -> None:
    tries = scenario.agent.tries
    for name in tries.backends:
        if name not in scenario.backends:
            raise ConfigError(f"agent.tries.backends: '{name}' is not among backends; {did_you_mean(name, scenario.backends)}")
    if tries.parallel and tries.backends:
        raise ConfigError("agent.tries.backends: a cascade goes one after another, so agent.tries.parallel must be false")
    if tries.stop_when_lost and not scenario.outcome.length_exponent:
        raise ConfigError("agent.tries.stop_when_lost: needs outcome.length_exponent above 0, or no turn goes wrong")
    if tries.stop_when_lost and scenario.outcome.success_exponent:
        raise ConfigError("agent.tries.stop_when_lost: needs outcome.success_exponent=0, or a team may still mend what went wrong")


def _check_window(scenario: ScenarioSettings, key: str, loop: LoopSettings) -> None:
    """An average first prompt must fit every backend in use."""
    prompt = loop.system_tokens + distribution(loop.prompt_tokens).mean
    if loop.window_tokens is None:
        prompt += distribution(loop.prior_tokens).mean
    for name, backend in scenario.chosen().items():
        if prompt > backend.context_window_tokens:
            raise ConfigError(
                f"{key}.system_tokens + {key}.prompt_tokens = {prompt:,.0f} tokens on average: "
                f"more than the context window of {name}, {backend.context_window_tokens:,}"
            )


def _check_shards(scenario: ScenarioSettings) -> None:
    """What tasks share must be dealt out (`sim.scenario.shards`), and not everything can."""
    shards, run = scenario.shards, scenario.shards_run
    if run is not None and run > shards:
        raise ConfigError(f"shards_run={run}: must be at most shards={shards}")
    if shards == 1:
        return
    for name, backend in scenario.chosen().items():
        for key in ("slots", "queue_limit"):
            most = getattr(backend, key)
            if most is not None and most < shards:
                raise ConfigError(f"shards={shards}: {name} has {key}={most}, which cannot be dealt out to more than {max(most, 1)} shards")
    check_shards(scenario)
    people = scenario.workload.users if scenario.workload.kind is WorkloadKind.users else shards
    if people < shards:
        raise ConfigError(f"shards={shards}: there are only {people} users to deal out (workload.users)")


def _check_goal(scenario: ScenarioSettings) -> None:
    """Of a goal's metric `sim.sweeps.goal` says whether there is one: metrics are not known down here."""
    if scenario.goal.success_floor is not None:
        for name, backend in scenario.chosen().items():
            if backend.quality is None:
                raise ConfigError(f"goal.success_floor: needs market.models.{name}.quality, or nobody knows how often it succeeds")
        if scenario.success_unknown:
            raise ConfigError(f"goal.success_floor: nobody knows how often this succeeds: {scenario.success_unknown}")
