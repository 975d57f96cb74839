"""How a task becomes calls, as it is set: alone, in a team, in a debate, in stages, several times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from sim.sampling.distributions import distribution
from sim.settings.bounds import alone, setting, twin
from sim.settings.profile import AtCap, LoopSettings, StageSettings, staff
from sim.settings.traits import ALONE, TWIN, Feature, Traits
from sim.settings.tries import TriesSettings


def _led(agent: AgentSettings) -> Traits:
    """The twin lives a task's agents one after another, so it takes teams in which a user keeps one of them waiting at a time."""
    fixed = agent.delegated_share and agent.split is Split.divide
    one = fixed or (_keeps_nobody(agent.worker) and (agent.depth == 1 or _keeps_nobody(agent)))
    return TWIN if one else ALONE


def _staged(agent: AgentSettings) -> Traits:
    """The same of a pipeline."""
    known = all(name in agent.stages for name in agent.order)
    return TWIN if known and all(map(_keeps_nobody, agent.staged)) else ALONE


def _keeps_nobody(loop: LoopSettings) -> bool:
    """Whether its user sends one message, or later ones at once."""
    return distribution(loop.requests).support()[1] < 1.5 or not distribution(loop.think_time_s).support()[1]


class AgentKind(Feature):
    """Workflows: one file each in `sim/agents/`."""

    chat = "chat", TWIN
    """A person and a model: one call for each message."""
    react = "react", TWIN
    """One agent in a loop: it calls the model, uses tools, and calls again with all that came before."""
    orchestrator = "orchestrator", _led
    """A lead that hands work to sub-agents, in waves."""
    debate = "debate", ALONE
    """Agents that answer side by side and read one another, round after round."""
    pipeline = "pipeline", _staged
    """The stages of `order`, one after another; they take all settings of their loops from `stages`."""
    custom = "custom"
    """Yours: `workflow` names a function, `my_module:my_life`, that takes an agent and yields its calls."""


class OnFailure(Feature):
    """What a lead does about a worker whose call was given up."""

    go_on = "go_on", TWIN
    """Do without its report."""
    retry = "retry", TWIN
    """Send another one, once."""
    fail = "fail", TWIN
    """Give up too, when the others have ended."""


class Split(Feature):
    """What workers do: each a whole job of its own, or a share of one job."""

    replicate = "replicate", TWIN
    """Each a whole job of its own."""
    divide = "divide", TWIN
    """Each a share of one job."""


_CAP = ALONE._replace(unsolved="{key}: what it cuts off")


def _may_cut(agent: AgentSettings) -> Traits:
    """A cap that no task can come to is as good as none."""
    known = agent.kind is AgentKind.pipeline and all(name in agent.stages for name in agent.order)
    most = sum(stage.most_agents for stage in staff(agent.order, agent.stages).values()) if known else math.inf
    return TWIN if agent.max_agents is not None and most <= agent.max_agents else _CAP._replace(twin=True)


@dataclass
class AgentSettings(LoopSettings):
    """How a task becomes calls: alone, or with a team of workers."""

    kind: AgentKind = AgentKind.react
    fanout: Any = twin(4, low=1, high=10_000, quantity=True, whole=True)
    """Workers that a lead starts at a time (whole, at least 1; drawn for each wave of each lead); debaters of a debate."""
    depth: int = twin(1, low=1, high=8)
    """Levels of orchestrators: with 2, each worker of the first one leads a team itself."""
    spawn_after_turn: int = twin(1, low=1)
    """The lead's turn after which its (first) workers start."""
    waves: Any = twin(1, low=1, high=1000, quantity=True, whole=True)
    """How many times a lead hands out work (whole, at least 1; drawn for each lead), evenly over its turns from `spawn_after_turn` on;
    at most once after each turn but the last."""
    turns_per_wave: int | None = twin(None, low=1)
    """Turns that a lead hands over in each wave: as many waves as `delegated_share` of its turns fills, to the nearest, in place of
    `waves`; a lead whose session is too short for one does all of it itself. null: `waves`, whatever there is to hand over."""
    delegated_share: float = twin(0.0, low=0, high=1)
    """Share of its own turns that a lead hands over and does not do itself. It keeps those up to `spawn_after_turn`, one to read the
    reports, and one of every message."""
    resumed_share: float = setting(0.0, low=0, high=1, traits=TWIN._replace(unsolved="{key}: what sub-agents that go on find cached"))
    """Share of the sub-agents of later waves that go on with the one that had their place before, where that one has finished: its
    history is sent again, in its cache entry while that lives. The others start afresh."""
    max_parallel: int | None = twin(None, low=1)
    """Workers of one lead that run at the same time; null: all."""
    inherit_context: bool = twin(False)
    """Workers start from a copy of the lead's context (and of its cache) instead of from the brief alone."""
    report_tokens: Any = twin(1000, low=0, quantity=True)
    """Tokens of each worker's report, put into the lead's context when all have ended."""
    split: Split = Split.replicate
    """Each worker does a job of `worker.turns`, or all of them share one out: what the lead handed over (`delegated_share`), or where
    it hands over nothing of its own a job of `worker.turns`."""
    warmup_turns: int = twin(0, low=0)
    """divide: turns that each worker adds to its share, to find its way in; one that is resumed knows it."""
    workflow: str = alone("")
    """custom: the function, as module:function."""
    on_worker_failure: OnFailure = OnFailure.go_on
    worker: LoopSettings = field(default_factory=LoopSettings)
    """The loop of a worker without a team of its own."""
    order: list[str] = twin([])
    """pipeline: names of the stages that run, the first one first."""
    stages: dict[str, StageSettings] = twin({})
    """pipeline: stages by name; one that is not in `order` does not run."""
    max_agents: int | None = setting(None, low=1, traits=_may_cut)
    """pipeline: agents of one try at most; null: as many as there are to be."""
    max_tokens: int | None = setting(None, low=1, traits=_CAP)
    """pipeline: no agent starts once those of its try that have ended have spent so many (input and output of calls that were answered);
    those at work go on. null: no such limit."""
    at_cap: AtCap = AtCap.stop
    success_measured: bool | None = twin(None)
    """Whether a backend's `quality` (the share of coding issues that it solves) was measured for such work; where it was not, success is
    unknown. null: of agents, of teams and of a workflow of one's own (react, orchestrator, custom), not of chats, debates, pipelines."""
    tries: TriesSettings = field(default_factory=TriesSettings)

    @property
    def success_known(self) -> bool:
        """`success_measured`, as it is set or by the kind of workflow."""
        known = self.kind in (AgentKind.react, AgentKind.orchestrator, AgentKind.custom)
        return known if self.success_measured is None else self.success_measured

    @property
    def staged(self) -> list[StageSettings]:
        """A pipeline's stages in their order; none of another workflow."""
        return [self.stages[name] for name in self.order] if self.kind is AgentKind.pipeline else []

    @property
    def helpers(self) -> float:
        """Sub-agents at the bottom of a task's tree, debaters of a debate, on average; 1 for an agent alone."""
        if self.kind is AgentKind.orchestrator:
            return self.led**self.depth
        return mean_count(self.fanout) if self.kind is AgentKind.debate else 1

    @property
    def led(self) -> float:
        """Sub-agents of one lead, on average (fewer where its turns are fewer than its waves)."""
        return mean_count(self.fanout) * self.mean_waves

    @property
    def mean_waves(self) -> float:
        """Waves of one lead, on average; where turns fill them as if sessions were as long as their means."""
        if self.turns_per_wave is None:
            return mean_count(self.waves)
        turns = math.prod(distribution(law).mean for law in (self.requests, self.turns, self.turns_scale))
        messages: float = distribution(self.requests).mean
        return float(self.delegated_share * turns * messages**-self.turns_exponent / self.turns_per_wave)

    @property
    def leads(self) -> float:
        """Leads of a task, on average: Galton-Watson."""
        return sum(self.led**level for level in range(self.depth))


def mean_count(setting: Any) -> float:
    """Mean of a quantity that stands for a whole number of at least 1."""
    return max(1.0, distribution(setting).mean)
