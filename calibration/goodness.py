"""How well a fitted session, simulated afresh, meets recorded ones that were not used for the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.stats import ks_2samp

from calibration.sessions import recorded_hit_rate
from sim.call import Role
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings

SESSIONS = 2000
FIVE_MINUTES_S, HOUR_S = 300.0, 3600.0
LIMITS = {
    "output per call": 0.06,
    "growth per call": 0.06,
    "input per call": 0.12,
    "total input per session": 0.18,
    "calls per session": None,
}
"""Kolmogorov-Smirnov distances that a fit must stay within."""


def score(ours: Any, recorded: Any) -> float:
    """Two-sample Kolmogorov-Smirnov distance."""
    return float(ks_2samp(ours, recorded).statistic)


@dataclass
class Goodness:
    """Distances of the simulated sessions to the held-out ones, and of the two recorded halves to one another."""

    distance: dict[str, float]
    floor: dict[str, float]
    hits: dict[str, tuple[float, float, float]]
    """Token-weighted hit rates: simulated with the recorded waits after tool results, recorded, simulated with published tool times."""

    @classmethod
    def of(cls, profile: dict[str, Any], fit: pd.DataFrame, held_out: pd.DataFrame) -> Goodness:
        """Simulate `SESSIONS` sessions of a profile and compare."""
        ours, theirs, used = simulated(profile), views(held_out, "trace"), views(fit, "trace")
        distance = {name: score(ours[name], theirs[name]) for name in LIMITS}
        floor = {name: score(used[name], theirs[name]) for name in LIMITS}
        recorded_gaps = profile | {"tool_time_s": _recorded_tool_waits(fit)}
        hits = {
            f"hit rate, TTL {ttl_s / 60:.0f} min": (
                hit_rate(recorded_gaps, ttl_s),
                recorded_hit_rate(held_out, ttl_s),
                hit_rate(profile, ttl_s),
            )
            for ttl_s in (FIVE_MINUTES_S, HOUR_S)
        }
        return cls(distance, floor, hits)

    def __str__(self) -> str:
        lines = [f"{'KS distance to held-out sessions':40}{'ours':>8}{'limit':>8}{'two recorded halves':>22}"]
        for name, value in self.distance.items():
            limit = "" if LIMITS[name] is None else f"{LIMITS[name]:.2f}"
            lines.append(f"{name:40}{value:8.3f}{limit:>8}{self.floor[name]:22.3f}")
        lines.append(f"{'under the same waits':40}{'ours':>8}{'recorded':>10}{'points apart':>14}{'with published tool times':>27}")
        for name, (ours, theirs, published) in self.hits.items():
            lines.append(f"{name:40}{ours:8.3f}{theirs:10.3f}{100 * (ours - theirs):14.1f}{published:27.3f}")
        return "\n".join(lines)


def _recorded_tool_waits(calls: pd.DataFrame) -> dict[str, Any]:
    """Waits after tool results as they were recorded, so that the caches are compared under the same waits."""
    waits = calls["think_time_s"][(calls["trigger"] == "tool_result") & (calls["position"] > 0)]
    return {"dist": "empirical", "values": [float(v) for v in np.quantile(waits, (np.arange(400) + 0.5) / 400)]}


def scenario(profile: dict[str, Any], sessions: int = SESSIONS) -> Scenario:
    """Sessions of a profile side by side on Opus 4.6, without failed calls."""
    made = load("agent=solo", "backends=[claude_opus_4_6]", "replications=1", "retry.attempts=1", "workload.interarrival_s=1", "seed=7")
    made.workload.tasks = sessions
    made.agent = AgentSettings(kind=AgentKind.react, **profile)
    backend = made.market.models["claude_opus_4_6"]
    backend.error_rate, backend.share_system = 0.0, False
    made.agent.compact_at_share = 1.0
    return made


def simulated(profile: dict[str, Any]) -> dict[str, Any]:
    """The distributions of `LIMITS` from sessions simulated afresh."""
    calls = simulate(scenario(profile)).calls.sort_values(["task", "t_request_s"])
    calls["growth"] = calls.groupby("task")["input_tokens"].diff()
    calls["growth"] = calls["growth"].where(calls["role"] != Role.compaction.name)
    return views(calls, "task")


def views(calls: pd.DataFrame, session: str) -> dict[str, Any]:
    """What the two kinds of table are compared by."""
    sessions = calls.groupby(session)["input_tokens"]
    return {
        "output per call": calls["output_tokens"],
        "growth per call": calls["growth"][calls["growth"] > 0],
        "input per call": calls["input_tokens"],
        "total input per session": sessions.sum(),
        "calls per session": sessions.size(),
    }


def hit_rate(profile: dict[str, Any], ttl_s: float) -> float:
    """Token-weighted share of cache reads in simulated sessions."""
    made = scenario(profile)
    made.market.models["claude_opus_4_6"].cache_ttl_s = ttl_s
    return simulate(made).mean("cache_hit_rate")


def latency(calls: pd.DataFrame) -> str:
    """Seconds of a call by model: base + output / speed + context, times lognormal noise; fitted on even, tested on odd sessions."""
    lines = [
        f"{'seconds of a call':34}{'calls':>8}{'base s':>8}{'tokens/s':>10}{'s per 100k':>12}{'sigma':>7}{'held-out median error':>23}"
    ]
    timed = calls[(calls["api_time_s"] > 0) & (calls["depth"] == 0)]
    for model, rows in timed.groupby("model"):
        if len(rows) < 300:
            continue
        even = rows["trace"].rank(method="dense") % 2 == 0
        base, per_output, per_input, sigma = _latency_of(rows[even])
        test = rows[~even]
        told = base + per_output * test["output_tokens"] + per_input * test["input_tokens"]
        error = float((test["api_time_s"] / told - 1).abs().median())
        lines.append(f"{model:34}{len(rows):8,}{base:8.2f}{1 / per_output:10.1f}{per_input * 1e5:12.2f}{sigma:7.2f}{error:22.0%} ")
    return "\n".join(lines)


def _latency_of(rows: pd.DataFrame) -> tuple[float, float, float, float]:
    """Least squares of the logarithm: (base s, s per output token, s per input token, sigma of the lognormal noise)."""
    took = np.log(rows["api_time_s"].to_numpy(float))
    output, prompt = rows["output_tokens"].to_numpy(float), rows["input_tokens"].to_numpy(float)

    def wrong(found: Any) -> Any:
        return np.log(found[0] + found[1] * output / 1e3 + found[2] * prompt / 1e5) - took

    found = least_squares(wrong, [1.0, 15.0, 1.0], bounds=(1e-3, np.inf), loss="soft_l1", f_scale=0.3).x
    sigma = float(np.median(np.abs(wrong(found))) / 0.6745)
    return float(found[0]), float(found[1] / 1e3), float(found[2] / 1e5), sigma
