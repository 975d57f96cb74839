"""Runs as logs and back: what was charged, agent by agent, in the order of each."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import reject

import sim
from sim.backends.models import names_of
from sim.logs import read
from sim.logs.log import Log as Read
from sim.results.exported.export import export
from sim.settings.market import Billed
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log
from tests.logs.written import rows
from tests.worlds import backend, loop, run, team

Threads = dict[tuple[str, str], list[tuple[Any, ...]]]
TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")


def back(result: sim.Result, format: str) -> Read:
    """Save, export, read. Raises `DataError` where nothing was charged."""
    with tempfile.TemporaryDirectory() as folder:
        return read(export(result.save(folder), format).path)


def charged(result: sim.Result) -> pd.DataFrame:
    """A run's attempts that have tokens, each agent's in their order, times since 1970."""
    calls = result.calls.sort_values(["replication", "task", "t_request_s", "attempt"], kind="stable")
    calls = calls[calls["input_tokens"] + calls["output_tokens"] > 0]
    began = result.scenario.start_time().timestamp()
    session = [f"{replication}.{task}" for replication, task in zip(calls["replication"], calls["task"], strict=True)]
    agent = ["main" if path == "0" else path for path in calls["agent"]]
    model = calls["backend"].astype(str).map(names_of(result.scenario.market.models))
    return calls.assign(session=session, agent=agent, model=model, start_s=calls["t_request_s"] + began, end_s=calls["t_end_s"] + began)


def ran(result: sim.Result, *columns: str) -> Threads:
    """By session and agent, these columns of its calls."""
    return _threads(charged(result)[["session", "agent", *columns]].itertuples(index=False, name=None))


def told(log: Read, *columns: str) -> Threads:
    """The same of a log."""
    return _threads(rows(log, "session", "agent", *columns))


def _threads(found: Any) -> Threads:
    threads: Threads = {}
    for session, agent, *values in found:
        threads.setdefault((session, agent), []).append(tuple(values))
    return threads


def simulated(made: sim.Scenario) -> sim.Result:
    """A generated world; one whose recorded calls do not pass its limits is none."""
    try:
        return sim.simulate(made)
    except sim.ConfigError:
        reject()


OPUS: dict[str, Any] = {
    "input_usd_per_mtok": 5, "output_usd_per_mtok": 25, "cache_read_usd_per_mtok": 0.5, "cache_write_usd_per_mtok": 6.25,
    "cache_write_1h_usd_per_mtok": 10, "vendor": "Anthropic", "error_rate": 0.02, "error_billed": Billed.input,
}  # fmt: skip
"""The vendor's list of November 2026 for Claude Opus 4.5 and 4.6: no tiers."""


@functools.cache
def crew() -> sim.Result:
    """500 calls and more of teams: leads keep the first 1,400 tokens for an hour, sub-agents all they send; tools outlast five minutes."""
    waits = {"dist": "exponential", "mean": 200.0}
    models = {
        "lead": backend(**OPUS, cache_1h_tokens=1400, source="list, anthropic/claude-opus-4-6"),
        "worker": backend(**OPUS, cache_ttl_s=3600.0, source="list, anthropic/claude-opus-4-5"),
    }
    by_role = RouterSettings(policy=Policy.by_role, roles={"lead": "lead", "worker": "worker"})
    made = team(8, loop(turns=6, tool_time_s=waits), fanout=3, waves=2, tool_time_s=waits)
    return run(made, models, tasks=8, every_s=100.0, replications=2, router=by_role, log=Log.full)


def folder_of(result: sim.Result, place: Path, format: str) -> Path:
    """Where it was written."""
    return export(result.save(place), format).path
