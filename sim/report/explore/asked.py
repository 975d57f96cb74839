"""What sliders ask, and what a small simulation says to it: dollars a month, success, times, waits, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from sim.report.grid import UNMEASURED
from sim.report.html.content import Drawing
from sim.report.html.drawing import inline
from sim.report.numbers import compact, dollars, number, percent, share
from sim.report.plots.canvas import drawn, title_of
from sim.report.plots.compared.by_backend import by_backend
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.population.plan import DAYS_A_MONTH
from sim.statistics import Estimate
from sim.sweeps.sweep import replaced

DAY_S = 86_400.0
TASKS, REPLICATIONS = 60, 4
"""Of the simulation behind each answer: a third of a second."""
MOST_AGENTS = 16
BACKENDS = (
    "claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "minimax_m2_5", "kimi_k2_5", "glm_5", "deepseek_v3_2",
)  # fmt: skip
"""Those of the main study."""


@dataclass(frozen=True)
class Asked:
    """Where the sliders stand."""

    agents: int = 1
    """1: one agent does a task alone; more: a lead and so many sub-agents share it out."""
    backend: str = BACKENDS[0]
    tasks_a_day: float = 200.0
    quota_tokens_per_min: float | None = None
    """Input tokens a minute that the provider lets through; None: all."""


def labels() -> dict[str, str]:
    """Backends by what they are called."""
    models = _base(team=False).market.models
    return {models[name].label or name: name for name in BACKENDS}


@cache
def _base(team: bool) -> Scenario:
    settings = ("outcome=hard_costs_more", "log=none", "processes=1", f"workload.tasks={TASKS}", f"replications={REPLICATIONS}")
    return load("agent=swe_team" if team else "agent=swe_task", *settings)


def scenario(asked: Asked) -> Scenario:
    """An issue of a repository to be fixed, so many times a day, as `sim agent=swe_task` or `sim agent=swe_team agent.fanout=N` has it."""
    values = {
        "backends": [asked.backend],
        "workload.interarrival_s": {"dist": "exponential", "mean": DAY_S / asked.tasks_a_day},
        f"market.models.{asked.backend}.input_tokens_per_min": asked.quota_tokens_per_min,
    }
    team = {"agent.fanout": asked.agents} if asked.agents > 1 else {}
    return replaced(_base(asked.agents > 1), values | team).check()


@lru_cache(256)
def simulated(asked: Asked) -> Result:
    """The answer with all that it rests on; asked again, it is there."""
    return simulate(scenario(asked))


def _month(asked: Asked, result: Result) -> Estimate:
    """Dollars a month: of a task, times tasks."""
    found, times = result.estimates.intervals["cost_per_task_usd"], asked.tasks_a_day * DAYS_A_MONTH
    return Estimate(found.mean * times, max(0.0, found.ci_low) * times, found.ci_high * times)


def warnings(asked: Asked) -> list[str]:
    """What has to be known before any number."""
    result = simulated(asked)
    lost = result.mean("lost_share")
    said = [f"{share(lost)} of tasks are lost: what they cost is less than the work would."] if lost > 0 else []
    if (refused := result.mean("rate_limited_share")) > 0:
        said.append(f"The quota is too small: {share(refused)} of attempts are turned away.")
    if asked.agents > UNMEASURED:
        said.append(f"Nobody has measured a team of {asked.agents}: this is an extrapolation.")
    return said


def headline(asked: Asked) -> str:
    """Dollars a month, success and time in a sentence."""
    result = simulated(asked)
    month, times = _month(asked, result), number(result.mean("task_latency_p50_s"))
    span = f" ({dollars(month.ci_low)} to {dollars(month.ci_high)})" if month.ci_low < month.ci_high else ""
    success = f"{percent(result.mean('success_rate'))} of tasks are solved"
    return f"{dollars(month.mean)} a month{span}, {success}, half of those that get an answer have it within {times} s."


def table(asked: Asked) -> list[tuple[str, str, str]]:
    """More of it, a row a number: what, mean, 95 % interval."""
    found = simulated(asked).estimates.intervals
    rows = {
        "dollars a month": (dollars, _month(asked, simulated(asked))),
        "dollars a task": (dollars, found["cost_per_task_usd"]),
        "dollars a solved task": (dollars, found["cost_per_success_usd"]),
        "tasks solved": (percent, found["success_rate"]),
        "tokens a task": (compact, found["tokens_per_task"]),
        "time of a task, median, s": (number, found["task_latency_p50_s"]),
        "time of a task, 95th percentile, s": (number, found["task_latency_p95_s"]),
        "wait of a call, mean, s": (number, found["mean_wait_s"]),
        "attempts turned away": (percent, found["rate_limited_share"]),
    }
    return [
        (name, write(value.mean), f"{write(value.ci_low)} to {write(value.ci_high)}" if value.ci_low < value.ci_high else "")
        for name, (write, value) in rows.items()
    ]


@lru_cache(64)
def _freely(agents: int, backend: str) -> Result:
    """Of a task whatever else is asked: without a quota how many come does not matter."""
    return simulated(Asked(agents, backend))


def drawing(asked: Asked) -> str:
    """Dollars a month on each backend, without a quota, as an SVG for a page."""
    months = {label: _month(asked, _freely(asked.agents, name)) for label, name in labels().items()}
    chosen = next(label for label, name in labels().items() if name == asked.backend)
    figure = by_backend(months, chosen)
    return inline(Drawing("by_backend", title_of(figure), drawn(figure, "by_backend")))


def under(asked: Asked) -> list[str]:
    """What the numbers rest on."""
    result = simulated(asked)
    settings = f"agent=swe_team agent.fanout={asked.agents}" if asked.agents > 1 else "agent=swe_task"
    quota = asked.quota_tokens_per_min
    limit = f" market.models.{asked.backend}.input_tokens_per_min={quota:.0f}" if quota is not None else ""
    gap = f" 'workload.interarrival_s={{dist: exponential, mean: {DAY_S / asked.tasks_a_day:.6g}}}'"
    size = f"workload.tasks={TASKS} replications={REPLICATIONS}"
    again = f"sim {settings} outcome=hard_costs_more backends=[{asked.backend}]{gap}{limit} {size}"
    made = f"Simulated: {REPLICATIONS} times {TASKS} tasks, an issue of a repository each. Intervals: 95 %, of random numbers alone."
    return [made, *result.notes.values(), f"The same in the shell: {again}"]
