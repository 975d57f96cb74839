"""How well a fitted session, simulated afresh, meets recorded ones that were not used for the fit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from calibration.sessions import recorded_hit_rate
from sim.results.fitted.goodness import simulated, views
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings
from sim.statistics import ks_distance

SESSIONS = 2000
FIVE_MINUTES_S, HOUR_S, NO_EXPIRY_S = 300.0, 3600.0, 1e9
FAR_TOKENS = 165_000
"""About an eighth of recorded calls have a longer prompt."""
LIMITS = {
    "output per call": 0.06,
    "growth per call": 0.06,
    "input per call": 0.12,
    "total input per session": 0.18,
    "calls per session": 0.15,
}
"""Kolmogorov-Smirnov distances that a fit must stay within."""
HIT_LIMIT, FAR_LIMIT, USD_LIMIT = 0.015, 0.03, 0.10
"""How far hit rates and the share of long prompts may be off, and dollars in proportion."""


class Compared(NamedTuple):
    """A figure of sessions simulated under the recorded waits, of the recorded ones, and of those simulated under the profile's own."""

    ours: float
    recorded: float
    published: float
    """With published tool times."""


@dataclass
class Goodness:
    """Distances of the simulated sessions to the held-out ones, and of the two recorded halves to one another."""

    distance: dict[str, float]
    floor: dict[str, float]
    hits: dict[str, Compared]
    """Token-weighted hit rates."""
    far: Compared
    """Share of calls with a prompt above `FAR_TOKENS`."""
    usd: dict[str, Compared]
    """A call's and a busy hour's at Opus 4.6 prices, cached for 5 minutes; recorded: by replay, call by call."""

    @classmethod
    def of(cls, profile: dict[str, Any], fit: pd.DataFrame, held_out: pd.DataFrame) -> Goodness:
        """Simulate `SESSIONS` sessions of a profile and compare."""
        waiting = profile | waits(held_out)
        result, own, replay = simulate(scenario(waiting)), simulate(scenario(profile)), replayed(held_out)
        found, theirs, used = simulated(result), views(held_out, "trace"), views(fit, "trace")
        distance = {name: ks_distance(found[name], theirs[name]) for name in LIMITS}
        floor = {name: ks_distance(used[name], theirs[name]) for name in LIMITS}
        lifetimes = {"5 min": FIVE_MINUTES_S, "60 min": HOUR_S, "no expiry": NO_EXPIRY_S}
        hits = {
            f"hit rate, TTL {name}": Compared(hit_rate(waiting, ttl_s), recorded_hit_rate(held_out, ttl_s), hit_rate(profile, ttl_s))
            for name, ttl_s in lifetimes.items()
        }
        far = Compared(*(float((np.asarray(prompts) > FAR_TOKENS).mean()) for prompts in _prompts(found, theirs, simulated(own))))
        usd = {name: Compared(ours, _usd(replay)[name], _usd(own)[name]) for name, ours in _usd(result).items()}
        return cls(distance, floor, hits, far, usd)

    def __str__(self) -> str:
        lines = [f"{'KS distance to held-out sessions':40}{'ours':>8}{'limit':>8}{'two recorded halves':>22}"]
        for name, value in self.distance.items():
            lines.append(f"{name:40}{value:8.3f}{LIMITS[name]:8.2f}{self.floor[name]:22.3f}")
        lines.append(f"{'under the same waits':40}{'ours':>8}{'recorded':>10}{'apart':>9}{'limit':>9}{'with published tool times':>27}")
        for name, (ours, theirs, published) in (self.hits | {f"calls above {FAR_TOKENS:,} tokens": self.far}).items():
            limit = HIT_LIMIT if name in self.hits else FAR_LIMIT
            lines.append(f"{name:40}{ours:8.3f}{theirs:10.3f}{ours - theirs:9.3f}{limit:9.3f}{published:27.3f}")
        for name, (ours, theirs, published) in self.usd.items():
            lines.append(f"{name:40}{ours:8.3f}{theirs:10.3f}{ours / theirs - 1:9.1%}{USD_LIMIT:9.0%}{published:27.3f}")
        return "\n".join(lines)

    def missed(self) -> list[str]:
        """What is beyond its limit."""
        found = [name for name, value in self.distance.items() if value > LIMITS[name]]
        found += [name for name, value in self.hits.items() if abs(value.ours - value.recorded) > HIT_LIMIT]
        found += ["calls with long prompts"] if abs(self.far.ours - self.far.recorded) > FAR_LIMIT else []
        return found + [name for name, value in self.usd.items() if abs(value.ours / value.recorded - 1) > USD_LIMIT]


def _usd(result: Result) -> dict[str, float]:
    return {
        "USD a call": result.mean("cost_usd") / result.mean("calls"),
        "USD a busy hour": result.mean("cost_per_busy_hour_usd"),
    }


def _prompts(*found: dict[str, Any]) -> list[Any]:
    return [each["input per call"] for each in found]


def waits(calls: pd.DataFrame) -> dict[str, Any]:
    """Waits before a user's message and after tool results as they were recorded, to the longest, on which dollars an hour depend."""
    later = calls[calls["position"] > 0]
    user = later["trigger"] == "user"
    return {
        name: {"dist": "empirical", "values": sorted(later["think_time_s"][rows].dropna().astype(float))}
        for name, rows in (("think_time_s", user), ("tool_time_s", ~user))
    }


def scenario(profile: dict[str, Any], sessions: int = SESSIONS) -> Scenario:
    """Sessions of a profile side by side on Opus 4.6, without failed calls."""
    made = load("agent=solo", "backends=[claude_opus_4_6]", "replications=1", "retry.attempts=1", "workload.interarrival_s=1", "seed=7")
    made.workload.tasks = sessions
    made.agent = AgentSettings(kind=AgentKind.react, **profile)
    backend = made.market.models["claude_opus_4_6"]
    backend.error_rate, backend.share_system = 0.0, False
    return made


def replayed(calls: pd.DataFrame) -> Result:
    """Recorded calls one by one, with their waits, on the same backend."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "calls.csv"
        calls.to_csv(trace, index=False)
        made = load("workload=trace", f"workload.trace={trace}", "backends=[claude_opus_4_6]", "replications=1", "retry.attempts=1")
        made.market.models["claude_opus_4_6"].error_rate = 0.0
        return simulate(made)


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
