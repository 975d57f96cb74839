"""A subscription, as it is set: its fee, what it covers in windows of list prices, and what happens beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.settings.bounds import alone, setting
from sim.settings.events.event import EventKind, EventSettings
from sim.settings.market import BackendSettings
from sim.settings.traits import ALONE, TWIN, Feature
from sim.settings.workload import WorkloadKind

DAYS_A_MONTH = 365.2425 / 12
DAY_S = 86_400.0
_SEATED = ALONE._replace(looks=True, unsolved="{key}: what a subscription covers, and who waits for it")
"""What a user has spent decides what comes after, and users are dealt to shards whole."""


class Beyond(Feature):
    """What happens to a call that comes while a window is spent."""

    wait = "wait", TWIN
    """It waits until enough of the window is back."""
    overflow = "overflow", TWIN
    """It is paid by the list (extra usage), and takes nothing from the windows."""


@dataclass(kw_only=True)
class PlanWindow:
    """What a seat covers in any so many hours, at list prices."""

    usd: float = setting(above=0, traits=_SEATED)
    """Dollars at list prices that a window covers."""
    window_h: float = alone(above=0)
    """The last hours, whenever they began: a dollar spent at second s is back at s + window."""


@dataclass
class PlanSettings:
    """One subscription a user. Calls to other vendors, and all that a plan does not cover, are paid by the list."""

    name: str = setting("", traits=_SEATED)
    """What it is called, in metrics too; empty: nobody has one."""
    vendors: list[str] = alone([])
    """Whose backends it covers (`vendor` of a backend)."""
    usd_per_month: float = alone(0.0, low=0)
    """The fee of a seat, paid for the time of the run (`horizon_s`)."""
    windows: dict[str, PlanWindow] = alone({})
    """By name, all in force at once."""
    then: Beyond = Beyond.wait
    third_party: bool = alone(False)
    """The agent is not the vendor's own: it comes by the OAuth route, which the vendor may close (events: kind=route_closed)."""
    cost_share_low: float = alone(0.1, low=0)
    """What a covered list dollar costs its vendor to serve, at least. Assumption: list prices are some ten times the compute, as
    DeepSeek disclosed of its own prices (a theoretical margin of 545 % is a share of 0.16)."""
    cost_share_high: float = alone(0.6, low=0)
    """What a covered list dollar costs its vendor to serve, at most (assumption: a gross margin of 40 %)."""

    def fee_usd(self, users: int, seconds: float) -> float:
        """Of so many seats for so long."""
        return users * self.usd_per_month * seconds / DAY_S / DAYS_A_MONTH


def covered_until(plan: PlanSettings, model: BackendSettings, models: dict[str, BackendSettings], events: Sequence[EventSettings],
                  start: datetime) -> float:  # fmt: skip
    """The simulated second until which a plan covers a backend; -inf: never, inf: always."""
    if not plan.name or model.vendor not in plan.vendors:
        return -math.inf
    closed = [
        event.begins_s(start) for event in events if event.kind is EventKind.route_closed and models[event.backend].vendor == model.vendor
    ]
    return min(closed, default=math.inf) if plan.third_party else math.inf


def check_plan(scenario: Any) -> None:
    """Raise `ConfigError` where a scenario's plan cannot be."""
    plan: PlanSettings = scenario.plan
    closes = any(event.kind is EventKind.route_closed for event in scenario.events)
    if closes and not (plan.name and plan.third_party):
        raise ConfigError("events: kind=route_closed needs a plan whose agent comes by that route (plan.third_party=true)")
    if not plan.name:
        if plan.windows or plan.usd_per_month or plan.vendors:
            raise ConfigError("plan.name='': a plan needs a name, e.g. max_20x")
        return
    vendors = sorted({model.vendor for model in scenario.market.models.values() if model.vendor})
    if not plan.vendors:
        raise ConfigError(f"plan.vendors=[]: name whose backends it covers; the market has {', '.join(vendors)}")
    for vendor in plan.vendors:
        if vendor not in vendors:
            raise ConfigError(f"plan.vendors: '{vendor}' has no backend in the market; {did_you_mean(vendor, vendors)}")
    if "." in plan.name or "<" in plan.name:
        raise ConfigError(f"plan.name={plan.name}: is part of a metric's name, so must not have . or <")
    if scenario.workload.kind is not WorkloadKind.users:
        raise ConfigError("plan: needs workload.kind=users, who have a seat each")
    if scenario.horizon_s is None:
        raise ConfigError("plan: needs horizon_s, for how long its fee is paid; a month is horizon_s=2629746")
    if scenario.warmup.value != "none":
        raise ConfigError(f"plan: needs warmup=none, since seats are paid from the start, not {scenario.warmup.value}")
    if plan.cost_share_low > plan.cost_share_high:
        raise ConfigError(f"plan.cost_share_low={plan.cost_share_low:g}: is more than plan.cost_share_high={plan.cost_share_high:g}")
