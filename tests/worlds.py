"""Small worlds for tests: one backend called `one`, everything constant unless said otherwise."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from scipy import stats

import sim
from sim.results.metrics import metrics
from sim.sampling.decisions import TASK
from sim.sampling.streams import Streams
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.profile import LoopSettings, StageSettings
from sim.settings.router import RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.workload import WorkloadSettings

Settings = TypeVar("Settings", bound=Any)
SIZES: dict[str, Any] = {"system_tokens": 1500, "prompt_tokens": 500, "output_tokens": 300, "tool_result_tokens": 700}
"""B = 2,000 tokens, o = 300, g = 1,000."""
MANY: dict[str, Any] = {"tasks": 2500, "replications": 10, "processes": None, "log": Log.none}
"""Enough for a mean."""
MARGIN = 0.02


def backend(**changes: Any) -> BackendSettings:
    """$1 a million tokens of each kind, a second a call, everything cached, nothing fails."""
    plain = {
        "input_usd_per_mtok": 1.0,
        "output_usd_per_mtok": 1.0,
        "cache_min_tokens": 0,
        "context_window_tokens": 10**9,
        "network_rtt_s": 0.0,
        "ttft_s": 1.0,
        "decode_tokens_per_s": None,
    }
    return BackendSettings(**(plain | changes))


def loop(**changes: Any) -> LoopSettings:
    """One agent's loop: 10 turns."""
    return LoopSettings(**(SIZES | {"turns": 10} | changes))


def agent(**changes: Any) -> AgentSettings:
    """The same, as the root of a task."""
    return AgentSettings(**(SIZES | {"turns": 10} | changes))


def team(lead: int, worker: LoopSettings, **changes: Any) -> AgentSettings:
    """A lead of so many turns and its workers."""
    return agent(kind=AgentKind.orchestrator, turns=lead, worker=worker, **changes)


def stage(**changes: Any) -> StageSettings:
    """One stage of a pipeline: an agent of 2 turns."""
    return StageSettings(**(SIZES | {"turns": 2} | changes))


def stages(settings: dict[str, StageSettings], **changes: Any) -> AgentSettings:
    """A pipeline of these stages, in this order."""
    plain: dict[str, Any] = {"kind": AgentKind.pipeline, "order": list(settings), "stages": settings}
    return AgentSettings(**(plain | changes))


def scenario(
    agent: AgentSettings | None = None,
    backends: dict[str, BackendSettings] | BackendSettings | None = None,
    *,
    tasks: int = 1,
    every_s: Any = 0.0,
    workload: WorkloadSettings | None = None,
    router: RouterSettings | None = None,
    retry: RetrySettings | None = None,
    **changes: Any,
) -> sim.Scenario:
    """One replication in this process."""
    models = backends if isinstance(backends, dict) else {"one": backends or backend()}
    return sim.Scenario(
        **({"replications": 1, "processes": 1} | changes),
        backends=list(models),
        market=MarketSettings("test", models),
        workload=workload or WorkloadSettings(tasks=tasks, interarrival_s=every_s),
        agent=agent or globals()["agent"](),
        router=router or RouterSettings(),
        retry=retry or RetrySettings(),
    ).check()


def run(*given: Any, **changes: Any) -> sim.Result:
    """Simulate `scenario(...)`."""
    return sim.simulate(scenario(*given, **changes))


def with_(settings: Settings, **changes: Any) -> Settings:
    """A copy with some settings changed."""
    return dataclasses.replace(settings, **changes)


def urgent_tasks(share: float, tasks: int, *, seed: int = 1, replication: int = 0) -> list[int]:
    """Numbers of the urgent ones: luck is a function of the task."""
    streams = Streams(seed, replication)
    return [task for task in range(tasks) if streams.draws(TASK, task)[1] < share]


def values(result: sim.Result, metric: str) -> list[float]:
    """A metric of each replication."""
    measure = metrics(result.scenario)[metric]
    return [float(measure(tally)) for tally in result.tallies]


def assert_equivalent(result: sim.Result, metric: str, expected: float, margin: float = MARGIN) -> None:
    """Two one-sided tests at 5 %: the 90 % interval of the mean over replications lies within the margin."""
    per_run = values(result, metric)
    mean, error = stats.tmean(per_run), stats.sem(per_run)
    half = stats.t.ppf(0.95, len(per_run) - 1) * error
    assert expected * (1 - margin) < mean - half, (mean, half, expected)
    assert mean + half < expected * (1 + margin), (mean, half, expected)
