"""One thing the simulator is held to, and the small worlds in which that is tried."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentSettings
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadSettings


@dataclass(frozen=True)
class Target:
    """A value to meet. `margin` is relative; `low` and `high` are given instead where a range was published."""

    name: str
    target: float
    ours: float
    margin: float = 0.0
    source: str = ""
    low: float = math.nan
    high: float = math.nan
    missed: str = ""
    """Why it cannot be met yet, where that is known: then a miss is listed, not failed."""

    @property
    def bounds(self) -> tuple[float, float]:
        """What still passes; an exact target leaves room for the rounding of sums alone."""
        if not math.isnan(self.low):
            return self.low, self.high
        room = abs(self.target) * max(self.margin, 1e-9)
        return self.target - room, self.target + room

    @property
    def verdict(self) -> str:
        """pass, fail, or not reproduced."""
        low, high = self.bounds
        if low <= self.ours <= high:
            return "pass"
        return "not reproduced" if self.missed or math.isnan(self.ours) else "fail"


Check = Callable[[], list[Target]]
"""Runs something and returns what came of it."""
SIZES: dict[str, Any] = {"system_tokens": 1500, "prompt_tokens": 500, "output_tokens": 300, "tool_result_tokens": 700, "turns": 10}
"""B = 2,000 tokens, o = 300, g = 1,000, ten turns."""


def backend(**changes: Any) -> BackendSettings:
    """$1 a million tokens of each kind, a second a call, everything cached, nothing fails."""
    plain: dict[str, Any] = {
        "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 1.0, "cache_min_tokens": 0, "context_window_tokens": 10**9,
        "network_rtt_s": 0.0, "ttft_s": 1.0, "decode_tokens_per_s": None,
    }  # fmt: skip
    return BackendSettings(**(plain | changes))


def agent(**changes: Any) -> AgentSettings:
    """An agent of those sizes."""
    return AgentSettings(**(SIZES | changes))


def world(agent: AgentSettings, served: BackendSettings | dict[str, BackendSettings] | None = None, **changes: Any) -> Scenario:
    """One task, or `tasks` of them `every_s` seconds."""
    models = served if isinstance(served, dict) else {"one": served or backend()}
    tasks, every_s = changes.pop("tasks", 1), changes.pop("every_s", 1.0)
    given: dict[str, Any] = {"replications": 1, "processes": 1, "log": Log.none} | changes
    workload = WorkloadSettings(tasks=tasks, interarrival_s=every_s)
    return Scenario(backends=list(models), market=MarketSettings("test", models), workload=workload, agent=agent, **given).check()


def many(scenario: Scenario, tasks: int = 2000, replications: int = 8) -> Result:
    """The same with enough tasks for a mean."""
    workload = replace(scenario.workload, tasks=tasks)
    return simulate(replace(scenario, workload=workload, replications=replications, processes=None, log=Log.none).check())
