"""Recorded sessions as tables of calls, each with what it follows: what profiles are fitted to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.logs.log import Log
from sim.logs.written import trace_table

FRESH_TOKENS = 40_000
"""A session whose first prompt is longer was joined in its middle (44 % of recorded Claude Code sessions)."""
DROP = 0.7
"""A prompt shorter than this share of the one before it has been compacted or cleared."""


class Halves(NamedTuple):
    """The sessions' main agents, dealt out by the parity of their rank among all names."""

    fit: pd.DataFrame
    held_out: pd.DataFrame


def followed(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls (`sim.columns.TRACE`) in the order of each agent, with what they follow.

    Adds `key` (session and agent), `position` (from 0), `previous` (prompt before), `kept_from` (output before), `growth`,
    `dropped` (compacted or cleared), `message` (number of the user's message, from 1) and `joined` (the session was, in its middle).
    """
    calls = calls.assign(key=calls["trace"] + "/" + calls["agent"])
    calls = calls.sort_values(["key", "call_index"]).reset_index(drop=True)
    agents = calls.groupby("key")
    calls["position"] = agents.cumcount()
    calls["previous"] = agents["input_tokens"].shift()
    calls["kept_from"] = agents["output_tokens"].shift()
    calls["growth"] = calls["input_tokens"] - calls["previous"]
    calls["dropped"] = calls["input_tokens"] < DROP * calls["previous"]
    calls["message"] = (calls["trigger"] == "user").groupby(calls["key"]).cumsum().clip(lower=1)
    calls["joined"] = agents["input_tokens"].transform("first") > FRESH_TOKENS
    return calls


def halves(calls: pd.DataFrame) -> Halves:
    """Those of even rank to fit, those of odd rank to test."""
    main = calls[calls["agent"] == "main"]
    rank = {name: place for place, name in enumerate(sorted(main["trace"].unique()))}
    even = main["trace"].map(rank) % 2 == 0
    return Halves(main[even], main[~even])


def of_log(log: Log) -> pd.DataFrame:
    """The answered calls of a log, with what they follow; `think_time_s` is nan where no times are known, and `possible` says whether
    `cached_tokens` are the most that a cache could have given, not what was billed.

    Sessions have numbers in the place of their names. Raises `DataError` where rows are sums over calls.
    """
    import pyarrow as pa

    table = trace_table(log)
    plain = {
        name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name] for name in table.column_names
    }
    calls = pa.table(plain).to_pandas()
    if "status" in calls:
        calls = calls[calls["status"].astype(str) == "ok"]
    for name in ("trace", "agent", "model"):
        calls[name] = calls[name].astype(str) if name in calls else ""
    calls["trace"] = pd.factorize(calls["trace"])[0].astype(str)
    if "trigger" not in calls:
        calls["trigger"] = "other"
    calls["trigger"] = calls["trigger"].astype(str)
    for name in ("api_time_s", "cached_tokens", "cache_read_tokens", "cache_write_tokens", "session_start_s"):
        if name not in calls:
            calls[name] = np.nan
    calls = followed(calls)
    timed = bool((calls.groupby("key")["t_s"].transform("nunique") > 1).any())
    ended = calls["t_s"] + calls["api_time_s"].fillna(0.0)
    waits = (calls["t_s"] - ended.groupby(calls["key"]).shift()).clip(lower=0)
    calls["think_time_s"] = waits if timed else np.nan
    calls["possible"] = calls["cached_tokens"].notna()
    calls["cached_tokens"] = calls["cached_tokens"].fillna(calls["cache_read_tokens"])
    return calls
