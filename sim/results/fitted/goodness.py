"""How well a fitted session, simulated afresh, meets recorded ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.call import Role
from sim.results.fitted.fit import Fit
from sim.results.outlook.spread import Span
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.run import Log as Kept
from sim.settings.work import Work, WorkChoice
from sim.settings.workload import WorkloadSettings
from sim.statistics import ks_distance

SESSIONS = 400
"""That are simulated."""
VIEWS = ("output per call", "growth per call", "input per call", "total input per session", "calls per session")


@dataclass(frozen=True)
class Goodness:
    """The simulated sessions beside the recorded ones that were held out (of all, where none were)."""

    distance: dict[str, float]
    """Kolmogorov-Smirnov, by view."""
    floor: dict[str, float]
    """Of the two recorded halves from one another: what chance alone makes; empty where none were held out."""
    means: dict[str, tuple[Span, Span]]
    """Simulated and recorded, with 95 % intervals over sessions."""
    ours: dict[str, Any]
    recorded: dict[str, Any]
    """Values by view: what a figure shows."""


def goodness(found: Fit, scenario: Scenario) -> Goodness:
    """Simulate sessions of the fit on the backend that it is of."""
    held_out = found.held_out if len(found.held_out) else found.used
    result = simulate(sessions(found, scenario))
    ours, recorded, used = simulated(result), views(held_out, "trace"), views(found.used, "trace")
    distance = {name: ks_distance(ours[name], recorded[name]) for name in VIEWS if len(ours[name]) and len(recorded[name])}
    floor = {name: ks_distance(used[name], recorded[name]) for name in distance} if len(found.held_out) else {}
    return Goodness(distance, floor, dict(_means(result, held_out)), ours, recorded)


def sessions(found: Fit, scenario: Scenario, many: int = SESSIONS) -> Scenario:
    """Sessions of a fit as they came, on the backend that it is of: no failed calls or lines, turns and words as recorded."""
    backend = dataclasses.replace(scenario.market.models[found.backend], error_rate=0.0, slots=None)
    market = dataclasses.replace(scenario.market, models=scenario.market.models | {found.backend: backend})
    plain: Any = {"replications": 1, "precision": None, "processes": 1, "log": Kept.full, "horizon_s": None, "name": "fitted"}
    return dataclasses.replace(
        scenario, market=market, backends=[found.backend], work=WorkChoice(Work.same),
        workload=WorkloadSettings(tasks=many, **found.workload), agent=AgentSettings(kind=AgentKind.react, **found.profile), **plain,
    )  # fmt: skip


def simulated(result: Result) -> dict[str, Any]:
    """The `views` of simulated sessions."""
    calls = result.calls.sort_values(["task", "t_request_s"])
    calls["growth"] = calls.groupby("task")["input_tokens"].diff()
    calls["growth"] = calls["growth"].where(calls["role"] != Role.compaction.name)
    return views(calls, "task")


def views(calls: pd.DataFrame, session: str) -> dict[str, Any]:
    """What the two kinds of table are compared by."""
    of = calls.groupby(session)["input_tokens"]
    return {
        "output per call": calls["output_tokens"],
        "growth per call": calls["growth"][calls["growth"] > 0],
        "input per call": calls["input_tokens"],
        "total input per session": of.sum(),
        "calls per session": of.size(),
    }


def _means(result: Result, held_out: pd.DataFrame) -> Iterator[tuple[str, tuple[Span, Span]]]:
    tasks = result.tasks
    busy_s = (tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"]).to_numpy(float)
    cost, calls = tasks["cost_usd"].to_numpy(float), tasks["calls"].to_numpy(float)
    waits = held_out["think_time_s"].where((held_out["trigger"] != "user") & (held_out["position"] > 0), 0.0)
    rows = held_out.assign(usd=held_out["cost_usd"], busy_s=held_out["api_time_s"] + waits.fillna(0.0), calls=1.0)
    of = rows.groupby("trace").agg(
        calls=("calls", "sum"), usd=("usd", "sum"), busy_s=("busy_s", "sum"), tokens=("input_tokens", "sum"), out=("output_tokens", "sum")
    )
    yield "calls a session", (_ratio(calls, np.ones(len(calls))), _ratio(of["calls"], np.ones(len(of))))
    tokens = (tasks["input_tokens"] + tasks["output_tokens"]).to_numpy(float)
    yield "tokens a session", (_ratio(tokens, np.ones(len(calls))), _ratio(of["tokens"] + of["out"], np.ones(len(of))))
    yield "USD a session", (_ratio(cost, np.ones(len(calls))), _ratio(of["usd"], np.ones(len(of))))
    yield "USD a call", (_ratio(cost, calls), _ratio(of["usd"], of["calls"]))
    if not rows["busy_s"].isna().all() and of["busy_s"].sum() > 0:
        yield "USD a busy hour", (_ratio(cost, busy_s / 3600), _ratio(of["usd"], of["busy_s"] / 3600))


def _ratio(above: Any, below: Any) -> Span:
    """A ratio of sums over sessions, with the interval of its linearised error."""
    above, below = np.asarray(above, float), np.asarray(below, float)
    n, value = len(above), float(above.sum() / below.sum())
    if n < 2:
        return Span(value, float("nan"), float("nan"))
    error = 1.96 * float(np.sqrt(((above - value * below) ** 2).sum() * n / (n - 1))) / float(below.sum())
    return Span(value, value - error, value + error)
