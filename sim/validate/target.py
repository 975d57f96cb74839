"""One thing the simulator is held to, and the small worlds in which that is tried."""

from __future__ import annotations

import enum
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


class Kind(enum.Enum):
    """What it means that a row passes; the value is how tables say it."""

    exact = "exact theory"
    """Nothing varies: a closed form, or a record that is replayed, met to the token."""
    chance = "theory within chance"
    """A closed form that simulated draws come near to."""
    fitted = "reproduces its fit"
    """Data from which the settings were made: no evidence beyond that the fit is in place."""
    predicted = "predicts"
    """Data that the settings were not made from."""
    missed = "not reproduced"
    """Off, and known why: listed, not failed."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A value to meet. `margin` is relative; `low` and `high` are given instead where a range was published."""

    name: str
    target: float
    ours: float
    margin: float = 0.0
    source: str = ""
    low: float = math.nan
    high: float = math.nan
    made: Kind | None = None
    """fitted or predicted; None: theory, exact where there is no margin."""
    basis: str = ""
    """What ours was predicted from, or fitted on."""
    missed: str = ""
    """Why it cannot be met yet, where that is known: then a miss is listed, not failed."""

    def __post_init__(self) -> None:
        if (self.made in (Kind.fitted, Kind.predicted)) != bool(self.basis):
            raise ValueError(f"{self.name}: what is fitted or predicted, and only that, says from what")

    @property
    def bounds(self) -> tuple[float, float]:
        """What still passes; an exact target leaves room for the rounding of sums alone."""
        if not math.isnan(self.low):
            return self.low, self.high
        room = abs(self.target) * max(self.margin, 1e-9)
        return self.target - room, self.target + room

    @property
    def room(self) -> str:
        """The bounds in words."""
        low, high, target = *self.bounds, self.target
        if math.isnan(self.low):
            return f"{100 * self.margin:.3g} %" if self.margin else "none"
        if low == 0 and high == target:
            return "at most that"
        if math.isclose(low * high, target * target):
            return f"a factor {high / target:.3g}"
        return f"±{(high - low) / 2:.3g}" if math.isclose(low + high, 2 * target) else f"{low:,.3g} to {high:,.3g}"

    @property
    def verdict(self) -> str:
        """pass, fail, or not reproduced; what has no value fails."""
        low, high = self.bounds
        if low <= self.ours <= high:
            return "pass"
        return Kind.missed.value if self.missed else "fail"

    @property
    def kind(self) -> Kind:
        """As it came out: what is not reproduced is no evidence of its kind."""
        if self.verdict == Kind.missed.value:
            return Kind.missed
        return self.made or (Kind.chance if self.margin or not math.isnan(self.low) else Kind.exact)


def near(name: str, target: float, ours: float, margin: float = 0.0, source: str = "") -> Target:
    """Theory: exactly, or within a relative margin where something is drawn."""
    return Target(name=name, target=target, ours=ours, margin=margin, source=source)


def within(factor: float, target: float) -> dict[str, Any]:
    """Bounds a factor apart, both ways."""
    return {"low": target / factor, "high": target * factor}


def apart(most: float, target: float) -> dict[str, Any]:
    """Bounds that many units apart, both ways."""
    return {"low": target - most, "high": target + most}


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
