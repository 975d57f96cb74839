"""A log replayed under a scenario: dollars and times of each session, and which calls could not be replayed."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.backends.models import backends_of
from sim.backends.pricing import ONE_HOUR_S
from sim.engine.replication import Progress
from sim.errors import ConfigError
from sim.logs.log import Log
from sim.logs.logged import SINCE_1970_S, UNKNOWN, Reads
from sim.logs.written import write_trace
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.settings.workload import WorkloadKind
from sim.sweeps.what_if.recast import other

if TYPE_CHECKING:
    import pandas as pd

_SHORTEST_S = 300.0
"""Of the lifetimes that caches are sold with."""


class Replayed(NamedTuple):
    """What came out of a log's sessions, by their number."""

    usd: np.ndarray
    seconds: np.ndarray
    """From a session's first call to its end; nan: nothing of it was replayed."""
    calls: pd.DataFrame
    """A row an attempt (`sim.columns.CALLS`), with `session`, its number."""
    lost: int
    """Sessions that came to no end: a call of theirs was given up."""
    peak_tokens_per_min: float
    digest: str


def served(log: Log, scenario: Scenario, said: Mapping[str, str]) -> tuple[np.ndarray, list[str]]:
    """By call its backend's place in the list (-1: none has that name), and the list: those of the scenario's market that are used."""
    of = backends_of(log.models, scenario.market.models, {"": scenario.backends[0], **said})
    used = list(dict.fromkeys(of[name] for name in log.models if name in of))
    places = np.array([used.index(of[name]) if name in of else -1 for name in log.models], np.int64)
    by_call = places[log.calls["model"]]
    here = sorted(set(by_call[by_call >= 0].tolist()))
    again = np.full(len(used) + 1, -1)
    again[here] = np.arange(len(here))
    return again[by_call], [used[place] for place in here]


def unreplayable(log: Log, scenario: Scenario, said: Mapping[str, str]) -> dict[str, np.ndarray]:
    """By why, which calls cannot be replayed."""
    calls = log.calls
    backend, used = served(log, scenario, said)
    windows = np.array([*(scenario.market.models[name].context_window_tokens for name in used), 0])
    failed = np.array([status != "ok" for status in log.statuses], bool)[calls["status"]]
    found = {
        "of a model that has no price here": backend < 0,
        "sums over many calls": (backend >= 0) & (calls["calls"] != 1),
        "failed": (backend >= 0) & (calls["calls"] == 1) & failed,
        "longer than the context window": (backend >= 0) & (calls["calls"] == 1) & ~failed & (calls["input_tokens"] > windows[backend]),
    }
    return {why: rows for why, rows in found.items() if rows.any()}


def replay(log: Log, scenario: Scenario, said: Mapping[str, str], progress: Progress | None = None) -> Replayed:
    """Replay what can be; sessions keep their numbers. Raises `ConfigError` where nothing is left."""
    session_of, sessions = log.sessions()
    out = unreplayable(log, scenario, said).values()
    kept = ~np.logical_or.reduce([*out, np.zeros(len(log.calls), bool)])
    if not kept.any():
        raise ConfigError("no call of this log can be replayed")
    _, used = served(log, scenario, said)
    if len(used) > 1:
        raise ConfigError(f"calls of several models ({', '.join(used)}) cannot be replayed yet")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        write_trace(possible(other(log, log.calls[kept], log.agents)), file)
        result = simulate(_scenario(scenario, log, used, file), progress)
        calls, tasks = result.calls, result.tasks
    numbers = np.unique(session_of[log.calls["agent"][kept]])
    calls["session"] = numbers[calls["task"].to_numpy()]
    usd, seconds = np.zeros(len(sessions)), np.full(len(sessions), np.nan)
    np.add.at(usd, calls["session"].to_numpy(), calls["cost_usd"].to_numpy())
    places = numbers[tasks["task"].to_numpy()]
    seconds[places] = (tasks["t_end_s"] - tasks["t_arrive_s"]).to_numpy()
    lost = len(numbers) - int(tasks["finished"].sum())
    return Replayed(usd, seconds, calls, lost, result.mean("peak_tokens_per_min"), result.digest)


def _scenario(scenario: Scenario, log: Log, used: list[str], file: Path) -> Scenario:
    """Of a log in a file: once, from its first moment on."""
    workload = dataclasses.replace(scenario.workload, kind=WorkloadKind.trace, trace=str(file), trace_sha256="", trace_sessions=None)
    known = log.calls["start_s"][log.calls["start_s"] > SINCE_1970_S]
    start = datetime.fromtimestamp(float(known.min()), UTC).isoformat() if len(known) else scenario.start
    return dataclasses.replace(scenario, workload=workload, start=start, backends=used, replications=1, processes=1, precision=None)


def possible(log: Log) -> Log:
    """The log with what a cache could have given of each prompt, had it kept the agent's last one, in the place of what was billed.

    Where the log says what was read within the time that caches keep, that is it: what was not read then had another prefix. After a longer
    pause it is the whole of the last prompt, unless the new one is shorter: then it is no more than what was read.
    """
    calls = log.calls.copy()
    rows = np.lexsort((np.nan_to_num(calls["start_s"]), calls["agent"]))
    here, last = rows[1:], rows[:-1]
    prompt, before, read = calls["input_tokens"][here], calls["input_tokens"][last], calls["cache_read_tokens"][here]
    billed = np.array([source.reads == Reads.billed for source in log.sources], bool)[calls["source"][here]]
    keeps_s = np.where(calls["cache_write_1h_tokens"][last] > 0, ONE_HOUR_S, _SHORTEST_S)
    paused = calls["start_s"][here] - calls["end_s"][last] > keeps_s
    lost = billed & paused & (calls["agent"][here] == calls["agent"][last]) & (prompt >= before)
    calls["cache_read_tokens"][here] = np.where(lost, np.maximum(read, before), read)
    for name in ("cache_write_tokens", "cache_write_1h_tokens"):
        calls[name] = UNKNOWN
    sources = [source._replace(reads=Reads.possible) for source in log.sources]
    names = {"model": log.models, "status": log.statuses, "tier": log.tiers}
    return Log(calls, log.agents, names, sources, log.report)
