"""Recorded sessions: replayed, their tokens come out to the token; simulated, they cost what those cost that were not used for the fit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sim.results.simulate import simulate
from sim.scenario.load import CONF, load
from sim.settings.run import Log
from sim.validate.target import Check, Target

if TYPE_CHECKING:
    from sim.results.result import Result

RECORDED = "claude_code_calls.csv.gz"
SOURCE = "github callanjfox/kv-cache-tester 94f6046"
FAR_TOKENS = 165_000
HOUR = "cost_per_busy_hour_usd"
TTLS = {"5 minutes": 300.0, "an hour": 3600.0, "no expiry": 1e9}


def replayed(name: str, path: Path) -> list[Target]:
    """Input, output and calls of a file against those of its replay on a backend that does not fail."""
    table = pd.read_csv(path)
    scenario = load("workload=trace", f"workload.trace={path}", "backends=[claude_opus_4_6]")
    scenario.market.models["claude_opus_4_6"].error_rate = 0.0
    scenario.replications, scenario.processes, scenario.log = 1, 1, Log.none
    result = simulate(scenario)
    return [
        Target(f"{name}: calls", len(table), result.mean("calls"), source=SOURCE),
        Target(f"{name}: input tokens", int(table["input_tokens"].sum()), result.mean("input_tokens"), source=SOURCE),
        Target(f"{name}: output tokens", int(table["output_tokens"].sum()), result.mean("output_tokens"), source=SOURCE),
    ]


def held_out(path: Path) -> list[Target]:
    """The fitted session, simulated, against a replay of the main agents that it was not fitted to, both under these agents' waits."""
    table = pd.read_csv(path)
    table = table[table["agent"] == "main"]
    rank = {name: place for place, name in enumerate(sorted(table["trace"].unique()))}
    table = table[table["trace"].map(rank) % 2 == 1].sort_values(["trace", "call_index"])
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "held_out.csv"
        table.to_csv(trace, index=False)
        theirs = {name: _simulated(ttl_s, "workload=trace", f"workload.trace={trace}") for name, ttl_s in TTLS.items()}
    later = table[(table.groupby("trace").cumcount() > 0) & table["think_time_s"].notna()]
    by_user = later["trigger"] == "user"
    waits = {"think_time_s": later["think_time_s"][by_user].tolist(), "tool_time_s": later["think_time_s"][~by_user].tolist()}
    ours = {name: _simulated(ttl_s, "agent=solo", "workload.tasks=2000", waits=waits) for name, ttl_s in TTLS.items()}
    one, other = ours["5 minutes"], theirs["5 minutes"]
    rows = []
    for name in TTLS:
        hit, mine = theirs[name].mean("cache_hit_rate"), ours[name].mean("cache_hit_rate")
        rows.append(Target(f"held-out sessions: hit rate, {name}", hit, mine, source=SOURCE, low=hit - 0.015, high=hit + 0.015))
    far = float((table["input_tokens"] > FAR_TOKENS).mean())
    mine = float((one.calls["input_tokens"] > FAR_TOKENS).mean())
    return [
        *rows,
        Target("held-out sessions: calls above 165,000 tokens", far, mine, source=SOURCE, low=far - 0.03, high=far + 0.03),
        Target("held-out sessions: USD a call", _a_call(other), _a_call(one), 0.10, SOURCE),
        Target("held-out sessions: USD a busy hour", other.mean(HOUR), one.mean(HOUR), 0.10, SOURCE),
    ]


def _a_call(result: Result) -> float:
    return result.mean("cost_usd") / result.mean("calls")


def _simulated(ttl_s: float, *overrides: str, waits: dict[str, list[float]] | None = None) -> Result:
    """On a backend that does not fail, with prompts cached for so long."""
    scenario = load("backends=[claude_opus_4_6]", "replications=1", *overrides)
    served = scenario.market.models["claude_opus_4_6"]
    served.error_rate, served.cache_ttl_s = 0.0, ttl_s
    for name, values in (waits or {}).items():
        setattr(scenario.agent, name, {"dist": "empirical", "values": sorted(values)})
    scenario.processes, scenario.log = 1, Log.full
    return simulate(scenario)


def excerpt() -> list[Target]:
    """The file that ships."""
    return replayed("shipped excerpt", CONF / "trace" / "excerpt.csv")


def checks(folder: Path | None) -> list[Check]:
    """The shipped excerpt, and the whole recording where a folder holds it."""
    if folder is None:
        return [excerpt]
    return [excerpt, lambda: replayed("recorded sessions", folder / RECORDED), lambda: held_out(folder / RECORDED)]
