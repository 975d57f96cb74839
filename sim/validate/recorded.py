"""Recorded sessions: replayed, their tokens come out to the token; simulated, they are met where they were not used for the fit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.results.simulate import simulate
from sim.scenario.load import CONF, load
from sim.settings.run import Log
from sim.validate.target import Check, Kind, Target, apart, near

if TYPE_CHECKING:
    from sim.results.result import Result

RECORDED = "claude_code_calls.csv.gz"
SOURCE = "github callanjfox/kv-cache-tester 94f6046"
OPUS = "claude_opus_4_6"
FAR_TOKENS = 165_000
TTLS = {"5 minutes": 300.0, "an hour": 3600.0, "no expiry": 1e9}
HIT_APART, FAR_APART, USD_OFF = 0.015, 0.03, 0.10
INPUT_KS, CALLS_KS = 0.12, 0.15
"""How far hit rates and the share of long prompts may be off, dollars in proportion, and distributions (Kolmogorov-Smirnov)."""
SIMULATED = "coding_session, fitted on the sessions of even rank, under the waits of those of odd rank; call times of Claude Opus 4.6"
REPLAYED = "tokens and waits as recorded; prices, cache and call times of Claude Opus 4.6, the times fitted on the sessions of even rank"


def replayed(name: str, path: Path) -> list[Target]:
    """Input, output and calls of a file against those of its replay on a backend that does not fail."""
    table = pd.read_csv(path)
    result = _simulated(TTLS["5 minutes"], Log.none, "workload=trace", f"workload.trace={path}")
    return [
        near(f"{name}: calls", len(table), result.mean("calls"), source=SOURCE),
        near(f"{name}: input tokens", int(table["input_tokens"].sum()), result.mean("input_tokens"), source=SOURCE),
        near(f"{name}: output tokens", int(table["output_tokens"].sum()), result.mean("output_tokens"), source=SOURCE),
    ]


class Seen(NamedTuple):
    """What is compared of sessions."""

    hits: dict[str, float]
    """Token-weighted hit rates, by how long prompts are kept."""
    usd_a_call: float
    usd_an_hour: float
    """Of a busy hour, the user's waits left out; both cached for 5 minutes."""
    prompts: Sequence[int]
    """Input tokens of each call."""
    lengths: Sequence[int]
    """Calls of each session."""

    @property
    def far(self) -> float:
        """Share of calls with a long prompt."""
        return float((np.asarray(self.prompts) > FAR_TOKENS).mean())


def held_out(path: Path, sessions: int = 2000) -> list[Target]:
    """Main agents that the session was not fitted to: reckoned from the record, replayed, and simulated afresh under the same waits."""
    table = pd.read_csv(path)
    table = table[table["agent"] == "main"]
    rank = {name: place for place, name in enumerate(sorted(table["trace"].unique()))}
    table = table[table["trace"].map(rank) % 2 == 1].sort_values(["trace", "call_index"])
    return compared(reckoned(table), by_replay(table), by_simulation(table, sessions))


def compared(record: Seen, replay: Seen, ours: Seen) -> list[Target]:
    """The rows: each of what was recorded, against the replay and the simulation."""
    asked: dict[str, Any] = {"source": SOURCE, "made": Kind.predicted}
    simulated, again = asked | {"basis": SIMULATED}, asked | {"basis": REPLAYED}
    rows = [
        Target(name=f"held-out sessions: hit rate, {ttl}", target=hit, ours=ours.hits[ttl], **apart(HIT_APART, hit), **simulated)
        for ttl, hit in record.hits.items()
    ]
    distances = {"input a call": (record.prompts, ours.prompts, INPUT_KS), "calls a session": (record.lengths, ours.lengths, CALLS_KS)}
    for name, (theirs, mine, most) in distances.items():
        found = distance(theirs, mine)
        rows.append(Target(name=f"held-out sessions: KS of {name}", target=most, ours=found, low=0.0, high=most, **simulated))
    far = f"held-out sessions: share of calls above {FAR_TOKENS:,} tokens"
    rows.append(Target(name=far, target=record.far, ours=ours.far, **apart(FAR_APART, record.far), **simulated))
    for way, seen, said in (("replayed", replay, again), ("simulated", ours, simulated)):
        call, hour = f"held-out sessions, {way}: USD a call", f"held-out sessions, {way}: USD a busy hour"
        rows.append(Target(name=call, target=record.usd_a_call, ours=seen.usd_a_call, margin=USD_OFF, **said))
        rows.append(Target(name=hour, target=record.usd_an_hour, ours=seen.usd_an_hour, margin=USD_OFF, **said))
    return rows


def distance(one: Sequence[int], other: Sequence[int]) -> float:
    """Kolmogorov-Smirnov: the largest difference of two empirical distribution functions."""
    at = np.unique(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def reckoned(table: pd.DataFrame) -> Seen:
    """From the record by hand: prefixes shared within the lifetime are read, the rest is written; prices and tiers of the list.

    Where a call's time is missing (a tenth) it is taken as the mean of the others.
    """
    first = table.groupby("trace").cumcount() == 0
    waits = table["think_time_s"].where(~first, 0.0)
    reads = {name: table["cached_tokens"].where((waits <= ttl_s) & ~first, 0.0) for name, ttl_s in TTLS.items()}
    read = reads["5 minutes"]
    prices = _prices(table["input_tokens"])
    usd = read * prices["read"] + (table["input_tokens"] - read) * prices["write"] + table["output_tokens"] * prices["output"]
    took = table["api_time_s"].fillna(table["api_time_s"].mean())
    busy_s = took.sum() + waits[table["trigger"] != "user"].sum()
    return Seen(
        hits={name: float(each.sum() / table["input_tokens"].sum()) for name, each in reads.items()},
        usd_a_call=float(usd.mean()),
        usd_an_hour=float(usd.sum() / busy_s * 3600),
        prompts=table["input_tokens"].tolist(),
        lengths=table.groupby("trace").size().tolist(),
    )


def _prices(prompts: pd.Series) -> dict[str, np.ndarray]:
    """USD a token of each call, by the length of its prompt."""
    served = load().market.models[OPUS]
    (tier,) = served.tiers
    beyond = prompts > tier.above_tokens
    named = {"read": "cache_read_usd_per_mtok", "write": "cache_write_usd_per_mtok", "output": "output_usd_per_mtok"}
    return {name: np.where(beyond, getattr(tier, key), getattr(served, key)) / 1e6 for name, key in named.items()}


def by_replay(table: pd.DataFrame) -> Seen:
    """The record, call by call."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "held_out.csv"
        table.to_csv(trace, index=False)
        return _seen(_simulated(TTLS["5 minutes"], Log.full, "workload=trace", f"workload.trace={trace}"))


def by_simulation(table: pd.DataFrame, sessions: int) -> Seen:
    """The fitted session under the record's waits, kept for each lifetime."""
    later = table[(table.groupby("trace").cumcount() > 0) & table["think_time_s"].notna()]
    by_user = later["trigger"] == "user"
    waits = {"think_time_s": later["think_time_s"][by_user].tolist(), "tool_time_s": later["think_time_s"][~by_user].tolist()}
    runs = {
        name: _simulated(ttl_s, Log.none if at else Log.full, "agent=solo", f"workload.tasks={sessions}", waits=waits)
        for at, (name, ttl_s) in enumerate(TTLS.items())
    }
    hits = {name: result.mean("cache_hit_rate") for name, result in runs.items()}
    return _seen(runs["5 minutes"])._replace(hits=hits)


def _seen(result: Result) -> Seen:
    return Seen(
        hits={"5 minutes": result.mean("cache_hit_rate")},
        usd_a_call=result.mean("cost_usd") / result.mean("calls"),
        usd_an_hour=result.mean("cost_per_busy_hour_usd"),
        prompts=result.calls["input_tokens"].tolist(),
        lengths=result.calls.groupby("task").size().tolist(),
    )


def _simulated(ttl_s: float, log: Log, *overrides: str, waits: dict[str, list[float]] | None = None) -> Result:
    """On a backend that does not fail, with prompts cached for so long."""
    scenario = load(f"backends=[{OPUS}]", "replications=1", *overrides)
    served = scenario.market.models[OPUS]
    served.error_rate, served.cache_ttl_s = 0.0, ttl_s
    for name, values in (waits or {}).items():
        setattr(scenario.agent, name, {"dist": "empirical", "values": sorted(values)})
    scenario.processes, scenario.log = 1, log
    return simulate(scenario)


def excerpt() -> list[Target]:
    """The file that ships."""
    return replayed("shipped excerpt", CONF / "trace" / "excerpt.csv")


def checks(folder: Path | None) -> list[Check]:
    """The shipped excerpt, and the whole recording where a folder holds it."""
    if folder is None:
        return [excerpt]
    return [excerpt, lambda: replayed("recorded sessions", folder / RECORDED), lambda: held_out(folder / RECORDED)]
