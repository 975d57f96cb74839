"""All settings of a scenario together: `conf/config.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sim.errors import ConfigError
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.bounds import alone, setting, twin
from sim.settings.budget import BudgetSettings
from sim.settings.events.event import EventSettings, traits_of_events
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.population.plan import PlanSettings
from sim.settings.profile import LoopSettings
from sim.settings.provider.fleet import ProviderSettings
from sim.settings.provider.place import PlaceSettings
from sim.settings.router import RouterSettings
from sim.settings.run import Engine, GoalSettings, Log, RetrySettings, SensitivitySettings, ShardsOn, Warmup
from sim.settings.traits import TWIN
from sim.settings.work import Work, WorkChoice
from sim.settings.workload import TraceCache, WorkloadKind, WorkloadSettings

START = "2026-02-16T00:00:00"
"""Where nobody says otherwise."""


@dataclass
class ScenarioSettings:
    """Everything a run needs to know."""

    name: str = twin("scenario")
    """What it is called in tables, figures and files."""
    seed: int = twin(1, low=0, high=2**63 - 1)
    """Of all random numbers: the same seed gives the same bits."""
    replications: int = twin(5, low=1, high=10_000)
    """Independent repetitions, for the intervals."""
    precision: float | None = twin(None, above=0, high=1)
    """Repeat until every headline's 95 % interval is within this share of its value, e.g. 0.02; null: `replications` times."""
    replications_most: int = twin(200, low=1, high=10_000)
    """precision: stop here all the same, and say so."""
    processes: int | None = twin(None, low=1, high=1024)
    """Worker processes for the replications; null: one a core."""
    shards: int = twin(1, low=1, high=100_000)
    """Parts of each replication that tasks (or users) are dealt to, simulated apart, on all cores, and added up (`sim.scenario.shards`)."""
    shards_run: int | None = twin(None, low=1)
    """Simulate only so many of them and scale totals up: a sample; null: all."""
    shards_on: ShardsOn = ShardsOn.local
    """Where replications and their shards are run; the same numbers wherever it is."""
    yes: bool = twin(False)
    """Go ahead whatever it takes: otherwise more than an hour, or 20 GB, is refused beforehand (`sim.theory.expected.effort`)."""
    baseline: dict[str, Any] = twin({})
    """Of a sweep: settings of the scenario that each other one is compared with, the rest being its own, e.g. {agent: solo}."""
    start: str = twin(START)
    """UTC moment of simulated second 0 (or with an offset, +08:00): decides prices that change with the time, and when budgets turn.
    A trace whose sessions have dates begins with the first of them, unless this is set to another moment."""
    horizon_s: float | None = setting(None, above=0, traits=TWIN._replace(unsolved="a horizon: what it cuts off"))
    """Stop at this simulated second; null: when the last task has ended."""
    budget_usd_per_month: float | None = alone(None, above=0)
    """What a month may cost: a run with a length says how likely it is to cost more. Nothing is held back; `budget` does that."""
    warmup: Warmup = Warmup.none
    warmup_s: float = twin(0.0, low=0)
    """warmup=fixed: seconds; tables, timeline and digest are of the whole run all the same."""
    engine: Engine = Engine.auto
    """The same numbers whichever it is, sooner or later."""
    log: Log = Log.full
    log_sample: int = twin(100, low=1)
    """log=sample: keep the calls of one task in so many."""
    batch: bool = twin(False)
    """Send every call through the backends' batch queue: cheaper, and hours late."""
    web_searches_per_call: float = twin(0.0, low=0, high=1000)
    """Searches that a call has its backend make, on average, at the backend's `web_search_usd_per_1k`."""
    backends: list[str] = twin([])
    """Ids from the market."""
    market: MarketSettings = field(default_factory=MarketSettings)
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    work: WorkChoice = field(default_factory=WorkChoice)
    router: RouterSettings = field(default_factory=RouterSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    outcome: OutcomeSettings = field(default_factory=OutcomeSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    budgets: dict[str, BudgetSettings] = alone({})
    """More of them by name, all in force at once: a cap a task, an allowance a user, a day's limit for a team."""
    plan: PlanSettings = field(default_factory=PlanSettings)
    place: PlaceSettings = field(default_factory=PlaceSettings)
    """Where the client is."""
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    events: list[EventSettings] = setting([], traits=traits_of_events)
    """What happens at a date, in the order of time (`sim.settings.events`)."""
    matched_chat: LoopSettings = field(default_factory=LoopSettings)
    """The conversation that would be about the same matter: what 1 means in a multiplier."""
    chat_baselines: dict[str, LoopSettings] = twin({})
    """More conversations by name, as they were measured elsewhere: multipliers are given for the one that makes least of them, and most."""
    sensitivity: SensitivitySettings = field(default_factory=SensitivitySettings)
    goal: GoalSettings = field(default_factory=GoalSettings)

    def start_time(self) -> datetime:
        """`start` as a moment in UTC."""
        try:
            moment = datetime.fromisoformat(self.start)
        except ValueError:
            raise ConfigError(f"start={self.start!r}: must be a date and time such as 2026-02-16T00:00:00") from None
        if not 1900 <= moment.year < 3000:  # room on both sides for time zones, and for a run of many years
            raise ConfigError(f"start={self.start!r}: must be in a year from 1900 to 2999")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    @property
    def work_taken(self) -> WorkChoice:
        """`work`; chats and recorded calls are the same work for all."""
        same = self.agent.kind is AgentKind.chat or self.workload.kind is WorkloadKind.trace
        return WorkChoice(Work.same) if same else self.work

    @property
    def as_billed(self) -> bool:
        """Whether calls are billed for what a log says was read and written."""
        return self.workload.kind is WorkloadKind.trace and self.workload.trace_cache is TraceCache.recorded

    def chosen(self) -> dict[str, BackendSettings]:
        """The backends in use, by id, each with its work (`work_taken`), its quality (`outcome`), its way, what searches cost."""
        return {name: self.used(self.market.models[name]) for name in self.backends}

    def used(self, model: BackendSettings) -> BackendSettings:
        """A backend of the market as this scenario uses it."""
        found = self.place.seen(self.outcome.judged(self.work_taken.done_by(model)))
        return self._searching(found) if self.web_searches_per_call else found

    def events_of(self, backend: str) -> list[EventSettings]:
        """Those that meet this backend, in their order."""
        return [event for event in self.events if event.backend == backend]

    def _searching(self, model: BackendSettings) -> BackendSettings:
        """Searches are part of the request's fee."""
        return replace(model, request_usd=model.request_usd + self.web_searches_per_call * model.web_search_usd_per_1k / 1000)

    @property
    def success_unknown(self) -> str:
        """Why nobody knows how often this work succeeds, in words; empty where it was measured."""
        missing = [backend.label or name for name, backend in self.chosen().items() if backend.quality is None]
        if missing:
            return f"no score of {', '.join(missing)} from {self.outcome.quality_source.value} (outcome.quality_source)"
        if self.workload.kind is WorkloadKind.trace:
            return "recorded sessions do not say whether they succeeded"
        if self.workload.chat_share:
            return "some of the tasks are chats (workload.chat_share), and scores are of coding issues"
        if not self.agent.success_known:
            return "scores are of coding issues, and not of such work (agent.success_measured)"
        return ""

    def stages_counted(self) -> list[str]:
        """Names of the stages that calls are counted by: a pipeline's; recorded work has none."""
        counted = self.agent.kind is AgentKind.pipeline and self.workload.kind is not WorkloadKind.trace
        return self.agent.order if counted else []

    def all_budgets(self) -> list[BudgetSettings]:
        """The one and the others."""
        return list(self.named_budgets().values())

    def named_budgets(self) -> dict[str, BudgetSettings]:
        """The same, by key."""
        return {"budget": self.budget, **{f"budgets.{name}": one for name, one in self.budgets.items()}}
