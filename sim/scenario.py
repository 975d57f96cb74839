"""A scenario: everything that a run needs to know, checked before it starts."""

from __future__ import annotations

import math
import re
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim import budget, choice, market, outcome, settings
from sim.bounds import check, setting
from sim.budget import BudgetSettings, Per, Then
from sim.choice import ChoosePer, Policy, RouterSettings, Tastes
from sim.custom import imported
from sim.distributions import Constant, distribution
from sim.errors import ConfigError, did_you_mean
from sim.market import BackendSettings, MarketSettings
from sim.outcome import OutcomeSettings
from sim.settings import AgentKind, AgentSettings, Log, LoopSettings, RetrySettings, SensitivitySettings, WorkloadKind, WorkloadSettings

HERE = Path(__file__).resolve().parent
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
MOST_AGENTS = 100_000
"""Agents of one task; more is a typing error rather than a team."""
MOST_CALLS = 10_000_000
"""Calls of one task, on average; the same."""
ROLES = ("chat", "agent", "lead", "worker", "verifier")


@dataclass
class Scenario:
    """The settings of a run. Errors are `ConfigError`s that name the key, the value and what is allowed."""

    name: str = "scenario"
    seed: int = setting(1, low=0, high=2**63 - 1)
    replications: int = setting(5, low=1, high=10_000)
    """Independent repetitions, for the intervals."""
    precision: float | None = setting(None, above=0, high=1)
    """Repeat until every headline's 95 % interval is within this share of its value, e.g. 0.02; null: `replications` times."""
    replications_most: int = setting(200, low=1, high=10_000)
    """precision: stop here all the same, and say so."""
    processes: int | None = setting(None, low=1, high=1024)
    """Worker processes for the replications; null: one a core."""
    baseline: dict[str, Any] = field(default_factory=dict)
    """Of a sweep: settings of the scenario that each other one is compared with, the rest being its own, e.g. {agent: solo}."""
    start: str = "2026-02-16T00:00:00"
    """UTC moment of simulated second 0: decides time-of-day prices."""
    horizon_s: float | None = setting(None, above=0)
    """Stop at this simulated second; null: when the last task has ended."""
    log: Log = Log.full
    log_sample: int = setting(100, low=1)
    """log=sample: keep the calls of one task in so many."""
    batch: bool = False
    """Send every call through the backends' batch queue: cheaper, and hours late."""
    backends: list[str] = field(default_factory=list)
    """Ids from the market."""
    market: MarketSettings = field(default_factory=MarketSettings)
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    router: RouterSettings = field(default_factory=RouterSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    outcome: OutcomeSettings = field(default_factory=OutcomeSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    budgets: dict[str, BudgetSettings] = field(default_factory=dict)
    """More of them by name, all in force at once: a cap a task, an allowance a user, a day's limit for a team."""
    matched_chat: LoopSettings = field(default_factory=LoopSettings)
    """The conversation that would be about the same matter: its tokens are 1 in `token_multiplier`."""
    sensitivity: SensitivitySettings = field(default_factory=SensitivitySettings)

    def check(self) -> Scenario:
        """Raise `ConfigError` for the first thing that cannot be; returns the scenario itself."""
        check(self)
        self.start_time()
        _check_backends(self)
        _check_router(self)
        _check_people(self)
        _check_budgets(self)
        _check_workload(self)
        _check_agent(self)
        return self

    def start_time(self) -> datetime:
        """`start` as a moment in UTC."""
        try:
            moment = datetime.fromisoformat(self.start)
        except ValueError:
            raise ConfigError(f"start={self.start!r}: must be a date and time such as 2026-02-16T00:00:00") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def chosen(self) -> dict[str, BackendSettings]:
        """The backends in use, by id."""
        return {name: self.market.models[name] for name in self.backends}

    def all_budgets(self) -> list[BudgetSettings]:
        """The one and the others."""
        return [self.budget, *self.budgets.values()]


def _check_backends(scenario: Scenario) -> None:
    models = scenario.market.models
    if not scenario.backends:
        raise ConfigError(f"backends=[]: name at least one; the market has {', '.join(sorted(models))}")
    for name in scenario.backends:
        if name not in models:
            raise ConfigError(f"backends: '{name}' is not in market {scenario.market.name}; {did_you_mean(name, models)}")
    if len(set(scenario.backends)) != len(scenario.backends):
        raise ConfigError(f"backends=[{','.join(scenario.backends)}]: names one twice")
    if len(scenario.backends) > 255:
        raise ConfigError(f"backends: {len(scenario.backends)} of them, must be at most 255")


def _check_router(scenario: Scenario) -> None:
    router, known = scenario.router, scenario.backends

    def must_be_known(key: str, name: str) -> None:
        if name not in known:
            raise ConfigError(f"{key}={name}: not among backends; {did_you_mean(name, known)}")

    if router.backend is not None:
        must_be_known("router.backend", router.backend)
    for name in router.weights:
        must_be_known("router.weights", name)
    for role, name in router.roles.items():
        if role not in ROLES:
            raise ConfigError(f"router.roles.{role}: {did_you_mean(role, ROLES)}")
        must_be_known(f"router.roles.{role}", name)
    for name in router.fallback:
        must_be_known("router.fallback", name)
    if router.per is not ChoosePer.task and (router.review_tasks or router.policy in (Policy.thompson, Policy.ucb)):
        raise ConfigError(f"router.per={router.per.value}: must be task, so that what a choice has brought can be told")
    for name in router.heard_after_h:
        must_be_known("router.heard_after_h", name)
    if router.policy is Policy.custom:
        imported(router.custom, "router.custom")
    if router.policy is Policy.weighted and router.weights and not sum(router.weights.values()) > 0:
        raise ConfigError("router.weights: at least one must be above 0")
    if router.policy is Policy.by_role and not router.roles:
        raise ConfigError("router.roles={}: by_role needs a backend for at least one role")


def _check_budgets(scenario: Scenario) -> None:
    for key, one in {"budget": scenario.budget, **{f"budgets.{name}": one for name, one in scenario.budgets.items()}}.items():
        if one.downgrade_to is not None and one.downgrade_to not in scenario.backends:
            raise ConfigError(
                f"{key}.downgrade_to={one.downgrade_to}: not among backends; {did_you_mean(one.downgrade_to, scenario.backends)}"
            )
        if one.then is Then.wait and one.per not in (Per.hour, Per.day):
            raise ConfigError(f"{key}.then=wait: a budget per {one.per.value} never comes back; take hour or day")
        if one.users is not None and scenario.workload.kind is not WorkloadKind.users:
            raise ConfigError(f"{key}.users={one.users}: needs workload.kind=users, or there is but one user")


def _check_people(scenario: Scenario) -> None:
    """What a user likes or knows is a matter of policies that weigh backends for users."""
    router, known = scenario.router, scenario.backends
    for name, hours in router.heard_after_h.items():
        if distribution(hours, f"router.heard_after_h.{name}").support()[0] < 0:
            raise ConfigError(f"router.heard_after_h.{name}: must be at least 0")
    if scenario.workload.kind is not WorkloadKind.users and (router.heard_after_h or router.tastes is Tastes.user):
        key = "heard_after_h" if router.heard_after_h else "tastes=user"
        raise ConfigError(f"router.{key}: needs workload.kind=users, or there is but one user")
    if router.tastes is Tastes.user and router.policy not in (Policy.logit, Policy.logit_log):
        raise ConfigError(f"router.tastes=user: needs router.policy=logit or logit_log, not {router.policy.value}")
    if router.heard_after_h and router.policy in (Policy.fixed, Policy.by_role, Policy.thompson, Policy.ucb):
        raise ConfigError(f"router.heard_after_h: policy {router.policy.value} does not weigh what a user knows")
    if known and set(known) <= set(router.heard_after_h):
        raise ConfigError("router.heard_after_h: one of backends must be known from the start, so must be absent")


def _check_workload(scenario: Scenario) -> None:
    workload = scenario.workload
    endless = {
        WorkloadKind.open: ("tasks", "interarrival_s"),
        WorkloadKind.users: ("tasks_per_user", "session_gap_s"),
    }
    if workload.kind is WorkloadKind.trace:
        if not workload.trace:
            raise ConfigError("workload.trace: name a CSV or Parquet file of calls, or 'excerpt'")
        return
    count, gap = endless[workload.kind]
    if getattr(workload, count) is None:
        if scenario.horizon_s is None:
            raise ConfigError(f"workload.{count}=null: needs horizon_s, or the run would never end")
        if distribution(getattr(workload, gap)).mean <= 0:
            raise ConfigError(f"workload.{gap}=0: must be more than 0 when workload.{count} is null")


def _check_agent(scenario: Scenario) -> None:
    agent = scenario.agent
    if agent.kind is AgentKind.custom:
        imported(agent.workflow, "agent.workflow")
    if agent.kind is AgentKind.chat and distribution(agent.turns) != Constant(1.0):
        raise ConfigError("agent.turns: a chat has one call a message, so must be 1 (set agent.requests)")
    loops: list[tuple[str, LoopSettings]] = [("agent", agent)]
    _check_tries(scenario)
    if agent.tries.verifier is not None:
        loops.append(("agent.tries.verifier", agent.tries.verifier))
    if agent.kind is AgentKind.orchestrator:
        agents = sum(agent.fanout**level for level in range(agent.depth + 1))
        if agents > MOST_AGENTS:
            raise ConfigError(
                f"agent.fanout={agent.fanout}, agent.depth={agent.depth}: {agents:,} agents a task, must be at most {MOST_AGENTS:,}"
            )
        loops.append(("agent.worker", agent.worker))
    _check_calls(agent)
    if scenario.workload.kind is not WorkloadKind.trace:
        for key, loop in loops:
            _check_window(scenario, key, loop)


def _check_calls(agent: AgentSettings) -> None:
    """A task has to end some day."""
    team = agent.kind is AgentKind.orchestrator
    loops: dict[str, tuple[LoopSettings, int]] = {"agent": (agent, sum(agent.fanout**level for level in range(agent.depth)) if team else 1)}
    if team:
        loops["agent.worker"] = (agent.worker, agent.fanout**agent.depth)
    for key, (loop, agents) in loops.items():
        calls = agents * math.prod(distribution(law).mean for law in (loop.requests, loop.turns, loop.turns_scale))
        if calls > MOST_CALLS:
            raise ConfigError(f"{key}.requests x {key}.turns: {calls:,.0f} calls a task on average, must be at most {MOST_CALLS:,}")


def _check_tries(scenario: Scenario) -> None:
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


def _check_window(scenario: Scenario, key: str, loop: LoopSettings) -> None:
    """An average first prompt must fit every backend in use."""
    prompt = loop.system_tokens + distribution(loop.prompt_tokens).mean + distribution(loop.prior_tokens).mean
    for name, backend in scenario.chosen().items():
        if prompt > backend.context_window_tokens:
            raise ConfigError(
                f"{key}.system_tokens + {key}.prompt_tokens = {prompt:,.0f} tokens on average: "
                f"more than the context window of {name}, {backend.context_window_tokens:,}"
            )


_COMPOSING = threading.Lock()


def load(*overrides: str, config_dir: str | Path | None = None) -> Scenario:
    """The scenario that `sim OVERRIDES` would run, e.g. `load("agent.fanout=8", "market=feb_2026")`.

    `config_dir` is a folder of your own settings, searched after the ones that ship. Raises `ConfigError`.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    extra = [] if config_dir is None else [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"]
    with _COMPOSING:
        register_schema()
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(CONF), job_name="sim", version_base="1.3"):
                composed = compose("config", [*open_mappings(overrides), *extra])
        except Exception as error:
            if not is_hydras(error):
                raise
            raise ConfigError(explain(error)) from None
    return from_hydra(composed)


def register_schema() -> None:
    """Tell Hydra the types of the settings."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Scenario)


def from_hydra(composed: Any) -> Scenario:
    """A composed configuration as a checked scenario."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        scenario = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(scenario, Scenario)
    return scenario.check()


def open_mappings(overrides: Sequence[str]) -> list[str]:
    """`agent.turns={dist: geometric, mean: 8}` as Hydra wants it (`++`) where the old value was of another kind."""
    for text in overrides:
        if re.fullmatch(r"[A-Za-z_][\w.]*=\s*\{\s*\}", text):
            raise ConfigError(f"{text}: an empty mapping changes nothing")
    return [f"++{text}" if re.match(r"[A-Za-z_][\w.]*=\s*\{", text) else text for text in overrides]


def is_hydras(error: BaseException) -> bool:
    """Whether Hydra, or what it stands on, has refused something: now and then it says so in a plain ValueError."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    told_by = {type(error).__module__.split(".")[0], frame.f_globals["__name__"].split(".")[0]}
    return isinstance(error, UnicodeDecodeError) or bool(told_by & {"hydra", "omegaconf", "antlr4", "yaml"})


def explain(error: BaseException) -> str:
    """Hydra's and OmegaConf's words in one line, with the likely key where one is unknown."""
    cause = error.__cause__ if error.__cause__ is not None and str(error).startswith(("Could not override", "Error merging")) else None
    message = _one_line(cause or error)
    unknown = re.search(r"Key '(\w+)' (?:not in|is not in struct)(?: '(\w+)')?", message)
    if unknown:
        name, kind = unknown.groups()
        key = _key(error) or name
        known = [field.name for field in fields(_kind(kind))]
        return (
            f"{key}: '{name}' is not a setting; {did_you_mean(name, known)}" if kind or "." not in key else f"{key}: there is no '{name}'"
        )
    key = _key(error) if cause else ""
    if message.startswith("Config group override must be"):
        message = "a group, such as agent= or workload=, takes the name of a file of its menu, not null or a number (see --help)"
    if isinstance(error, UnicodeDecodeError):
        message = f"a file of settings is not UTF-8 text: {error.reason} at byte {error.start}"
    if message == "Cannot merge DictConfig with ListConfig":
        kind = "a mapping such as {agent.fanout: [2, 8]}" if key == "sensitivity.ranges" else "a number or a mapping with 'dist'"
        message = f"must be {kind}, not a list"
    return f"{key}: {message}" if key else message


def _kind(name: str | None) -> type[Any]:
    """The settings of that name; the scenario itself where there is none."""
    for module in (settings, market, choice, outcome, budget):
        if hasattr(module, name or ""):
            found: type[Any] = getattr(module, name or "")
            return found
    return Scenario


def _key(error: BaseException) -> str:
    """The key that an override error is about."""
    found = re.search(r"(?:Could not override '|Error merging override \+*)([\w.]+)", str(error))
    return found.group(1) if found else ""


def _one_line(error: BaseException) -> str:
    """The telling lines of a many-line message."""
    noise = (
        "object_type",
        "reference_type",
        "set_errno",
        "full_key",
        "See https",
        "Set the environment",
        "Config search path",
        "provider=",
    )
    told = [" ".join(line.split()) for line in str(error).splitlines()]
    return "; ".join(line for line in told if line and not line.startswith(noise)).replace(":;", ":")
