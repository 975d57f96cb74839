"""Published facts: those that the simulator reproduces, and those that it cannot yet, with the reason."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.run import Log
from sim.validate.recorded import HIT_APART
from sim.validate.target import Check, Kind, Target, apart, within

TRACELAB = "TraceLab (arXiv 2606.30560)"
OPUS = "backends=[claude_opus_4_6]"
WAITS = "profile@agent=coding_session_recorded_waits"
FITTED = "coding_session, fitted on other sessions (half of the 386 of kv-cache-tester); prices and call times of Claude Opus 4.6"
TOOLS = "its tool times, but contexts and misses of our recorded sessions, whose calls cost half as much again"
HELD_UP = "recorded waits hold people who approve and laptops that sleep, so an hour has 45 calls and not 128"
OTHERS = "fitted on other sessions (of kv-cache-tester), whose contexts, waits and models differ"
TOOL_TIMES = "its own tool times, which coding_session takes; call times of other sessions (kv-cache-tester)"
predicted = functools.partial(Target, made=Kind.predicted, basis=FITTED)


def coding(*overrides: str, tasks: int = 150) -> Result:
    """Fitted sessions on Claude Opus 4.6."""
    scenario: Scenario = load("agent=solo", OPUS, f"workload.tasks={tasks}", *overrides)
    return simulate(replace(scenario, replications=6, processes=None, log=Log.sample, log_sample=1_000_000))


def sessions() -> list[Target]:
    """V2: what our fitted sessions come to beside those of TraceLab; V9: their requests."""
    found = coding()
    total = found.mean("cost_usd")
    tasks = found.tasks["cost_usd"]
    skew = float(tasks.mean() / tasks.median())
    seconds = found.mean("task_latency_mean_s") / found.mean("calls_per_task")
    shares = {
        f"V2 share of {name} in the bill": (told, found.mean(metric) / total)
        for name, told, metric in (
            ("reads", 0.595, "cost_cache_read_usd"), ("writes", 0.292, "cost_cache_write_usd"), ("output", 0.112, "cost_output_usd"),
        )
    }  # fmt: skip
    lab = functools.partial(predicted, source=TRACELAB)
    hour = "V2 USD a busy hour"
    return [
        lab(name="V2 hit rate", target=0.958, ours=found.mean("cache_hit_rate"), **apart(HIT_APART, 0.958), missed=OTHERS),
        *(lab(name=name, target=told, ours=ours, margin=0.10, missed=OTHERS) for name, (told, ours) in shares.items()),
        Target(name="V2 seconds a step", target=28.0, ours=seconds, margin=0.10, source=TRACELAB, made=Kind.fitted, basis=TOOL_TIMES),
        lab(name=f"{hour}, published tool times", target=14.9, ours=found.mean("cost_per_busy_hour_usd"), margin=0.10, missed=TOOLS),
        lab(
            name=f"{hour}, recorded waits", target=14.9, ours=coding(WAITS).mean("cost_per_busy_hour_usd"), margin=0.10, missed=HELD_UP,
        ),
        lab(name="V2 mean over median of a session's bill", target=16.0, ours=skew, margin=0.30, missed=OTHERS),
        *requests((found.mean("input_tokens") + found.mean("output_tokens")) / found.mean("calls")),
    ]  # fmt: skip


def requests(tokens: float) -> list[Target]:
    """V9: the tokens of one request of a coding agent, and how many times those of a person who chats or plays a role."""
    published = {
        "V9 tokens a request of a coding agent": (74_000.0, tokens),
        "V9 a request, times one of plain chat (2,200 tokens)": (34.0, tokens / 2200),
        "V9 a request, times one of role-play (12,000 tokens)": (6.0, tokens / 12_000),
    }
    source = "tokens over requests of Claude Code and of chat apps on OpenRouter, as reported"
    return [
        predicted(name=name, target=told, ours=ours, source=source, **within(2.0, told)) for name, (told, ours) in published.items()
    ]  # fmt: skip


TEAMS = {"team": "solo", "team_2": "solo", "team_4": "solo", "swe_team_2": "swe_task", "swe_team_4": "swe_task"}
"""Teams, and who does the same alone."""
TEAM_METRICS = {"cost_per_task_usd": ("USD", 0.8, 1.5), "task_latency_mean_s": ("time", 0.0, 1.0)}
"""What a team is held to beside one agent: its name, lowest and highest ratio."""


def teams(*overrides: str) -> list[Target]:
    """Sub-agents against none on the same tasks (common random numbers), in dollars and elapsed time on Claude Opus 4.6."""

    @functools.cache
    def ran(agent: str, *more: str) -> Result:
        return coding(f"agent={agent}", *more, tasks=40)

    crews = {team: (ran(team, *overrides), ran(alone)) for team, alone in TEAMS.items()}
    return team_ratios({(team, name): crew.mean(name) / one.mean(name) for name in TEAM_METRICS for team, (crew, one) in crews.items()})


def team_ratios(ratios: dict[tuple[str, str], float]) -> list[Target]:
    """The rows, by preset and metric."""
    source = "sub-agents against none on the same tasks, as reported"
    basis = "the profile of one agent and that of recorded sub-agents or of the same job in parts; how work is handed over is assumed"
    rows = []
    for (team, metric), ratio in ratios.items():
        word, low, high = TEAM_METRICS[metric]
        name = f"agent={team}, {word} over agent={TEAMS[team]}"
        rows.append(Target(name=name, ours=ratio, made=Kind.predicted, basis=basis, target=1.0, low=low, high=high, source=source))
    return rows


def workers() -> list[Target]:
    """V3: 20 people's agents on Opus 4.6 side by side; a measured run and TraceLab's mix span the range."""
    users = "workload=users", "workload.users=20", "workload.tasks_per_user=3"
    published, recorded = (coding(*users, *waits, tasks=1).mean("cost_per_busy_hour_usd") for waits in ((), (WAITS,)))
    asked: dict[str, Any] = {"target": 8.8, "low": 8.8, "high": 16.3, "source": "a measured run of 41 minutes; TraceLab's mix"}
    return [
        predicted(name="V3 USD a worker-hour of 20, published tool times", ours=published, missed=TOOLS, **asked),
        predicted(name="V3 USD a worker-hour of 20, recorded waits", ours=recorded, **asked),
    ]


def distance() -> list[Target]:
    """V10: what a round trip between the US and China takes of an agent's step."""
    step = coding("market.models.claude_opus_4_6.network_rtt_s=0.18", tasks=60)
    share = 0.18 * step.mean("calls_per_task") / step.mean("task_latency_mean_s")
    source = "round trips of 100-300 ms (hosting guides)"
    return [predicted(name="V10 share of a round trip in an agent's step", target=0.02, ours=share, source=source, low=0.0, high=0.02)]


def plans() -> list[Target]:
    """V7: what a seat covers of somebody whose agent never stops (a tool takes no time) in 5 hours, in a week, and in four weeks."""
    hours = {"5 hours": 5.0, "a week": 168.0, "four weeks": 672.0}
    busy = (
        "plan=max_20x", "workload=users", "workload.users=4", "workload.tasks_per_user=null", "workload.session_gap_s=60",
        "agent.tool_time_s=0", "agent.think_time_s=0",
    )  # fmt: skip
    found = {name: coding(*busy, f"horizon_s={3600 * hour}") for name, hour in hours.items()}
    told = {
        "V7 USD in 5 hours of a flat rate": (66.0, found["5 hours"].mean("plan_used_usd.max_20x") / 4),
        "V7 USD in a week of a flat rate": (492.0, found["a week"].mean("plan_used_usd.max_20x") / 4),
        "V7 list dollars for a dollar of the fee": (10.6, found["four weeks"].mean("plan_worth.max_20x")),
    }
    of_plan = functools.partial(
        Target, source="rhombus.so, botfarm.run", made=Kind.fitted, basis="the plan's two windows, as measured there"
    )
    return [of_plan(name=name, target=value, ours=ours, margin=0.1) for name, (value, ours) in told.items()]


def not_yet() -> list[Target]:
    """What has no mechanism here yet."""
    absent = {
        "V6 USD a developer and active day": (13.0, "no independent check yet: how busy an office is was set by this figure, among others"),
    }
    return [
        Target(name=name, target=value, ours=math.nan, margin=0.1, source="published", made=Kind.predicted, basis="nothing yet", missed=why)
        for name, (value, why) in absent.items()
    ]  # fmt: skip


CHECKS: list[Check] = [sessions, teams, workers, distance, plans, not_yet]
