"""A log as a table of calls of ours (`sim.columns.TRACE`): what can be replayed, and read again as the same log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import DataError
from sim.logs.log import Log
from sim.logs.logged import SINCE_1970_S, Reads

_COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "web_searches")


def write_trace(log: Log, path: str | Path) -> None:
    """As Parquet. Raises `DataError` as `trace_table`."""
    from pyarrow import parquet

    parquet.write_table(trace_table(log), path, compression="zstd")


def trace_table(log: Log) -> Any:
    """As an Arrow table, sessions in the order of the log; in each its agents, whose calls are ordered by their times.

    A call whose time is not known is taken to begin with the one before. Raises `DataError` where rows are sums over calls.
    """
    import pyarrow as pa

    sums = int((log.calls["calls"] != 1).sum())
    if sums:
        raise DataError(f"{sums:,} of {len(log.calls):,} rows of the log are sums over calls, which cannot be replayed")
    session_of, sessions = log.sessions()
    rows, starts = _in_order(log, session_of)
    calls = log.calls[rows]
    agents, session = calls["agent"], session_of[calls["agent"]]
    begins = np.full(len(sessions), np.inf)
    np.minimum.at(begins, session, starts)
    reads = np.array([source.reads for source in log.sources])[calls["source"]]
    own_clock = np.array([source.own_clocks for source in log.sources])[calls["source"]]
    shared = (starts > SINCE_1970_S) | (~own_clock & ~np.isnan(log.calls["start_s"][rows]))
    took = calls["end_s"] - calls["start_s"]

    def words(numbers: np.ndarray, names: list[str]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(names, pa.string()))

    def known(values: np.ndarray, where: np.ndarray) -> Any:
        return pa.array(values, mask=~where)

    columns = {
        "trace": words(session, [_name(name) for name in sessions]),
        "agent": words(agents, [_name(agent.name) for agent in log.agents]),
        "parent": words(agents, [agent.parent for agent in log.agents]),
        "call_index": pa.array(_places(agents)),
        "session_start_s": known(begins[session], shared),
        "t_s": pa.array(starts - begins[session]),
        "api_time_s": known(took, took >= 0),
        "trigger": words(calls["by_user"], ["other", "user"]),
        **{name: words(calls[name], names) for name, names in (("model", log.models), ("status", log.statuses), ("tier", log.tiers))},
        **{name: pa.array(calls[name]) for name in _COUNTS},
        "cached_tokens": known(calls["cache_read_tokens"], reads == Reads.possible),
        "cache_read_tokens": known(calls["cache_read_tokens"], reads == Reads.billed),
        **{name: known(calls[name], calls[name] >= 0) for name in ("cache_write_tokens", "cache_write_1h_tokens")},
        "cost_usd": known(calls["cost_usd"], ~np.isnan(calls["cost_usd"])),
    }
    return pa.table({name: column for name, column in columns.items() if column.null_count < len(column)})


def _in_order(log: Log, session_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows by session, agent and time; and when each began, in that order."""
    calls = log.calls
    rows = np.lexsort((calls["agent"], session_of[calls["agent"]]))
    agents, starts = calls["agent"][rows], calls["start_s"][rows]
    unknown = np.isnan(starts)
    if unknown.any():
        session = session_of[agents]
        first = np.full(len(log.agents), np.inf)
        np.fmin.at(first, session, starts)
        place = np.where(unknown, -1, np.arange(len(rows)))
        before = np.maximum.accumulate(place)
        same = (before >= 0) & (agents[before] == agents)
        starts = np.where(unknown & same, starts[before], starts)
        began = np.where(np.isfinite(first), first, 0.0)[session]
        starts = np.where(np.isnan(starts), began, starts)
    order = np.lexsort((starts, agents, session_of[agents]))
    return rows[order], starts[order]


def _places(agents: np.ndarray) -> np.ndarray:
    """The place of each row among those of its agent, which stand together."""
    first = np.flatnonzero(np.r_[True, agents[1:] != agents[:-1]])
    return np.arange(len(agents)) - np.repeat(first, np.diff(np.r_[first, len(agents)]))


def _name(name: str) -> str:
    return name.strip() or "-"
