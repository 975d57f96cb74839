"""A log replayed under a scenario: dollars and times of each session, and which calls could not be replayed."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.backends.models import backends_of
from sim.engine.recorded import forget
from sim.engine.replication import Progress
from sim.errors import ConfigError, DataError
from sim.logs.log import Log
from sim.logs.written import write_trace
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.settings.router import Policy
from sim.settings.workload import WorkloadKind
from sim.sweeps.what_if.recast import other
from sim.sweeps.what_if.sums import are_sums, priced

if TYPE_CHECKING:
    import pandas as pd


NO_PRICE = "of a model that has no price here (--model NAME=BACKEND says which it is)"
_KEPT = ["task", "agent", "turn", "role", "backend", "t_start_s", "cost_usd"]


class Replayed(NamedTuple):
    """What came out of a log's sessions, by their number."""

    usd: np.ndarray
    seconds: np.ndarray
    """From a session's first call to its end; nan: nothing of it was replayed."""
    calls: pd.DataFrame
    """A row an attempt, with some of `sim.columns.CALLS` and `session`, its number."""
    lost: int
    """Sessions that came to no end: a call of theirs was given up."""
    peak_tokens_per_min: float
    digest: str


def routed(scenario: Scenario) -> bool:
    """Whether a policy chooses each call's backend, and not its model."""
    return scenario.router.policy not in (Policy.fixed, Policy.recorded)


def served(log: Log, scenario: Scenario, said: Mapping[str, str]) -> tuple[np.ndarray, list[str]]:
    """By call its backend's place in the list (-1: none has that name), and the list: those of the scenario's market that are used.

    Where a policy chooses, all are the one of its backends with the shortest window.
    """
    if routed(scenario):
        windows = {name: scenario.market.models[name].context_window_tokens for name in scenario.backends}
        return np.zeros(len(log.calls), np.int64), [min(windows, key=lambda name: windows[name])]
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
        NO_PRICE: backend < 0,
        "sums over many calls": (backend >= 0) & (calls["calls"] != 1) & (not are_sums(log)),
        "failed": (backend >= 0) & (calls["calls"] == 1) & failed,
        "longer than the context window": (backend >= 0) & (calls["calls"] == 1) & ~failed & (calls["input_tokens"] > windows[backend]),
    }
    return {why: rows for why, rows in found.items() if rows.any()}


def replay(log: Log, scenario: Scenario, said: Mapping[str, str], progress: Progress | None = None) -> Replayed:
    """Replay what can be; sessions keep their numbers. Raises `ConfigError` where nothing is left."""
    session_of, sessions = log.sessions()
    out = unreplayable(log, scenario, said)
    kept = ~np.logical_or.reduce([*out.values(), np.zeros(len(log.calls), bool)])
    if not kept.any():
        raise ConfigError(f"no call of this log can be replayed: {listed({why: int(rows.sum()) for why, rows in out.items()})}")
    if are_sums(log):
        return _sums(other(log, log.calls[kept], log.agents), scenario, said)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        write_trace(other(log, log.calls[kept], log.agents), file)
        try:
            result = simulate(_scenario(scenario, said, file), progress)
        except DataError as error:
            raise DataError(str(error).replace(str(file), "the log")) from None
    forget()
    calls, tasks = result.calls[_KEPT].copy(), result.tasks
    numbers = np.unique(session_of[log.calls["agent"][kept]])
    calls.insert(0, "session", numbers[calls.pop("task").to_numpy()])
    usd, seconds = np.zeros(len(sessions)), np.full(len(sessions), np.nan)
    np.add.at(usd, calls["session"].to_numpy(), calls["cost_usd"].to_numpy())
    places = numbers[tasks["task"].to_numpy()]
    seconds[places] = (tasks["t_end_s"] - tasks["t_arrive_s"]).to_numpy()
    lost = len(numbers) - int(tasks["finished"].sum())
    return Replayed(usd, seconds, calls, lost, result.mean("peak_tokens_per_min"), result.digest)


def listed(left_out: Mapping[str, int]) -> str:
    """Calls that are not replayed, by why."""
    return ", ".join(f"{many:,} call{'s' * (many != 1)} {why}" for why, many in left_out.items()) or "nothing was replayed"


def _sums(log: Log, scenario: Scenario, said: Mapping[str, str]) -> Replayed:
    """Priced anew; they take no time."""
    session_of, sessions = log.sessions()
    session = session_of[log.calls["agent"]]
    calls, digest = priced(log, scenario, said, session)
    seconds = np.full(len(sessions), np.nan)
    seconds[session] = 0.0
    return Replayed(np.bincount(session, calls["cost_usd"], len(sessions)), seconds, calls, 0, math.nan, digest)


def _scenario(scenario: Scenario, said: Mapping[str, str], file: Path) -> Scenario:
    """Of a log in a file, once; each call at the backend of its model, unless a policy chooses."""
    workload = dataclasses.replace(scenario.workload, kind=WorkloadKind.trace, trace=str(file), trace_sha256="", trace_sessions=None)
    router = scenario.router
    if not routed(scenario):
        models = {model: backend for model, backend in said.items() if model}
        router = dataclasses.replace(router, policy=Policy.recorded, backend=None, models=models)
        first = said.get("", scenario.backends[0])  # of calls that name no model
        scenario = dataclasses.replace(scenario, backends=list(dict.fromkeys([first, *scenario.backends])))
    return dataclasses.replace(scenario, workload=workload, router=router, replications=1, processes=1, precision=None)
