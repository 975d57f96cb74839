"""What can be set, with units in the names and bounds beside the values.

A *quantity* takes a number (constant) or a mapping (`sim.sampling.distributions`). Defaults are placeholders of
a small, valid scenario; the values with a source live in `conf/`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from sim.settings.bounds import setting


class WorkloadKind(enum.Enum):
    """Where tasks come from."""

    open = "open"
    users = "users"
    trace = "trace"


@dataclass
class WorkloadSettings:
    """Who sends which task when. The run ends when all tasks have, or at the horizon."""

    kind: WorkloadKind = WorkloadKind.open
    tasks: int | None = setting(100, low=1)
    """open: tasks to send in all; null: as many as arrive before the horizon."""
    interarrival_s: Any = setting(60.0, low=0, quantity=True)
    """open: seconds between tasks; exponential = Poisson arrivals, gamma or weibull with shape < 1 = bursts."""
    backlog: int = setting(0, low=0, high=10_000_000)
    """open: the first so many tasks are there at second 0 (caches are cold all the same); the others come as they would have."""
    batch_size: Any = setting(1, low=1, quantity=True)
    """open: tasks that arrive together after each gap (the last of them may be cut off)."""
    users: int = setting(10, low=1, high=1_000_000)
    """users: how many people work side by side."""
    tasks_per_user: int | None = setting(1, low=1)
    """users: sessions of each, one after another; null: until the horizon."""
    session_gap_s: Any = setting(0.0, low=0, quantity=True)
    """users: seconds before each session of a user, the first one included."""
    trace: str = ""
    """trace: a CSV or Parquet table of calls (columns: `sim.columns.TRACE`); `excerpt` is the one shipped."""
    trace_sessions: int | None = setting(None, low=1)
    """trace: replay only so many sessions."""
    trace_gap_s: float = setting(60.0, low=0)
    """trace: seconds between the starts of two sessions (assumption: files say nothing of it)."""
    chat_share: float = setting(0.0, low=0, high=1)
    """open, users: share of tasks that are the matched chat (`matched_chat`) and not the agent's work."""
    urgent_share: float = setting(0.0, low=0, high=1)
    """Share of tasks whose calls go before all others in a backend's line; what is being served is not interrupted."""


class Pick(enum.Enum):
    """Which of several answers is taken."""

    accepted = "accepted"
    """One that was accepted, any of them; where none was, any of the rest."""
    majority = "majority"
    """The answer of more than half of the tries; wrong answers are taken to agree, so this is the cautious end."""


class AgentKind(enum.Enum):
    """Workflows: one file each in `sim/agents/`."""

    chat = "chat"
    react = "react"
    orchestrator = "orchestrator"
    debate = "debate"
    custom = "custom"
    """Yours: `workflow` names a function, `my_module:my_life`, that takes an agent and yields its calls."""


class OnFailure(enum.Enum):
    """What a lead does about a worker whose call was given up."""

    go_on = "go_on"
    """Do without its report."""
    retry = "retry"
    """Send another one, once."""
    fail = "fail"
    """Give up too, when the others have ended."""


class Split(enum.Enum):
    """What workers do: each a whole job of its own, or a share of one job."""

    replicate = "replicate"
    divide = "divide"


@dataclass
class LoopSettings:
    """One agent's conversation with a model: what is sent, what grows, what waits."""

    system_tokens: int = setting(1000, low=0)
    """System prompt and tool schemas, at the head of every prompt."""
    prompt_tokens: Any = setting(200, low=0, quantity=True)
    """The first message: the task, or the brief a worker gets."""
    requests: Any = setting(1, low=1, quantity=True)
    """Messages from the user in one session (chat: exchanges)."""
    request_tokens: Any = setting(100, low=0, quantity=True)
    """Tokens of each later message from the user."""
    think_time_s: Any = setting(0.0, low=0, quantity=True)
    """Seconds the user takes before each later message."""
    turns: Any = setting(1, low=1, quantity=True)
    """Model calls for each message."""
    turns_scale: Any = setting(1.0, low=0, quantity=True)
    """One factor a session on all its turns: some sessions work longer on everything."""
    turns_exponent: float = setting(0.0, low=0, high=3)
    """A session of m messages takes m^-exponent as many turns for each: who asks often asks for little at a time."""
    output_tokens: Any = setting(300, low=1, quantity=True)
    """Billed output of a call, reasoning included."""
    output_scale: Any = setting(1.0, low=0, quantity=True)
    """One factor an agent on all its outputs: some sessions are wordier than others."""
    reasoning_share: float = setting(0.0, low=0, high=1)
    """Share of output that is reasoning: billed, and dropped from the context unless kept."""
    keep_reasoning: float = setting(0.0, low=0, high=1)
    """Share of the reasoning that stays in the context."""
    tool_result_tokens: Any = setting(0, low=0, quantity=True)
    """Tokens a tool call puts into the context, between two turns of one message."""
    opening_turns: int = setting(0, low=0)
    """In its first turns an agent looks around, and its tool results are longer:"""
    opening_result_tokens: Any = setting(0, low=0, quantity=True)
    """Tokens of a tool result in those turns."""
    result_scale: Any = setting(1.0, low=0, quantity=True)
    """One factor an agent on all its tool results: some code bases have longer files than others."""
    tool_time_s: Any = setting(0.0, low=0, quantity=True)
    """Seconds the tools take between two turns."""
    prior_tokens: Any = setting(0, low=0, quantity=True)
    """Tokens already in the context at the start: a session that is resumed."""
    rewrite_rate: float = setting(0.0, low=0, high=1)
    """Share of turns before which the agent changes the head of its context (tools, instructions): nothing cached fits any more."""
    compact_at_tokens: Any = setting(None, above=0, quantity=True)
    """A prompt longer than this is summarised first; null: never."""
    compact_at_share: float = setting(0.8, above=0, high=1)
    """Where `compact_at_tokens` is set: compact at this share of the backend's context window at the latest."""
    summary_tokens: Any = setting(1000, low=1, quantity=True)
    """Output of a compaction call, which stays as the new history."""
    restore_tokens: Any = setting(0, low=0, quantity=True)
    """Tokens put back after a compaction: files read again."""


@dataclass
class TriesSettings:
    """How often a task is tried, who checks the answers, and which one is taken."""

    most: int = setting(1, low=1, high=1000)
    parallel: bool = False
    """All tries at once (best of n), instead of one after another until an answer is accepted."""
    pick: Pick = Pick.accepted
    true_positive: float = setting(1.0, low=0, high=1)
    """Probability that a right answer is accepted; with `false_positive` 0 a perfect check."""
    false_positive: float = setting(0.0, low=0, high=1)
    """Probability that a wrong answer is accepted."""
    verifier: LoopSettings | None = None
    """Who reads each answer and judges it, an agent with calls of its own; null: a check that costs nothing (tests)."""
    keep_tokens: Any = setting(0, low=0, quantity=True)
    """Tokens that each failed try leaves in the contexts of the tries after it (reflexion)."""
    backends: list[str] = field(default_factory=list)
    """A cascade: the first try on the first of them, the next on the next, all others on the last; empty: the router's choice."""
    stop_when_lost: bool = False
    """A try ends at the turn in which it goes wrong, instead of working on (needs `outcome.length_exponent` above 0)."""


@dataclass
class AgentSettings(LoopSettings):
    """How a task becomes calls: alone, or with a team of workers."""

    kind: AgentKind = AgentKind.react
    fanout: int = setting(4, low=1, high=10_000)
    """Workers that each orchestrator starts."""
    depth: int = setting(1, low=1, high=8)
    """Levels of orchestrators: with 2, each worker of the first one leads a team itself."""
    spawn_after_turn: int = setting(1, low=1)
    """The lead's turn after which its workers start."""
    max_parallel: int | None = setting(None, low=1)
    """Workers of one lead that run at the same time; null: all."""
    inherit_context: bool = False
    """Workers start from a copy of the lead's context (and of its cache) instead of from the brief alone."""
    report_tokens: Any = setting(1000, low=0, quantity=True)
    """Tokens of each worker's report, put into the lead's context when all have ended."""
    split: Split = Split.replicate
    """Each worker does a job of `worker.turns`, or all of them share it out."""
    warmup_turns: int = setting(0, low=0)
    """divide: turns that each worker adds to its share, to find its way in."""
    workflow: str = ""
    """custom: the function, as module:function."""
    on_worker_failure: OnFailure = OnFailure.go_on
    worker: LoopSettings = field(default_factory=LoopSettings)
    """The loop of a worker without a team of its own."""
    tries: TriesSettings = field(default_factory=TriesSettings)

    @property
    def helpers(self) -> int:
        """Sub-agents at the bottom of a task's tree, debaters of a debate; 1 for an agent alone."""
        if self.kind is AgentKind.orchestrator:
            return int(self.fanout**self.depth)
        return self.fanout if self.kind is AgentKind.debate else 1


@dataclass
class RetrySettings:
    """What a client does when an attempt fails: waits uniform(0, min(cap, base x 2^n)), or as long as it is told, and asks again."""

    attempts: int = setting(5, low=1, high=50)
    """Attempts in all before the call is given up."""
    backoff_base_s: float = setting(1.0, low=0)
    backoff_cap_s: float = setting(60.0, low=0)
    patience_s: Any = setting(None, above=0, quantity=True)
    """Seconds in a backend's line after which an attempt is withdrawn (status timeout) and has failed; null: as long as it takes."""


class Warmup(enum.Enum):
    """What the summary leaves out at the start of a run: tasks that arrived and calls that were asked for before a moment."""

    none = "none"
    fixed = "fixed"
    """The first `warmup_s` seconds."""
    mser5 = "mser5"
    """As much as MSER-5 says of the task latencies of a pilot run: the same for all replications."""


class Log(enum.Enum):
    """Which rows of calls and tasks a run keeps; sums, percentiles and the timeline are always on."""

    none = "none"
    sample = "sample"
    """Every task, and all calls of one task in `log_sample`."""
    full = "full"


class Method(enum.Enum):
    """How the drivers of a metric are found."""

    tornado = "tornado"
    """One setting at a time, at the low and at the high end of its range."""
    sobol = "sobol"
    """All at once: the share of the metric's variance that each accounts for."""


@dataclass
class SensitivitySettings:
    """What moves a metric. Where `ranges` names settings, `sim` finds that out instead of running the scenario once."""

    method: Method = Method.tornado
    metric: str = "cost_per_success_usd"
    """Any of `sim.columns.METRICS`."""
    ranges: dict[str, Any] = field(default_factory=dict)
    """[low, high] of each numeric setting, by its dotted key, e.g. {agent.turns.mean: [20, 120]}."""
    samples: int = setting(128, low=2, high=65_536)
    """sobol: base points, a power of 2; it takes samples x (settings + 2) runs."""


@dataclass
class GoalSettings:
    """What a sweep looks for: of the scenarios that succeed often enough, the one that is best by a metric (`sim.sweeps.goal`).

    An optimiser that Hydra runs (`hydra/sweeper=optuna`) is led by it; any other sweep says which of its scenarios that is.
    """

    metric: str = "cost_per_task_usd"
    """Any of `sim.columns.METRICS`: the least is best, or the most where more is better (success, value)."""
    success_floor: float | None = setting(None, low=0, high=1)
    """Least success rate; null: none, and a sweep of the shell looks for nothing."""
