"""Recorded coding-agent sessions, read into the quantities that a profile is made of."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

FRESH_TOKENS = 40_000
"""A session whose first prompt is longer was joined in its middle (44 % of them)."""
DROP = 0.7
"""A prompt shorter than this share of the one before it has been compacted or cleared."""


class Halves(NamedTuple):
    """The sessions' main agents, dealt out by the parity of their rank among all names."""

    fit: pd.DataFrame
    held_out: pd.DataFrame


def read_calls(data: Path) -> pd.DataFrame:
    """All recorded calls in the order of each agent, with what they follow.

    Adds `key` (session and agent), `position` (from 0), `previous` (prompt before), `kept_from` (output before), `growth`,
    `dropped` (compacted or cleared), `message` (number of the user's message, from 1) and `joined` (the session was, in its middle).
    """
    calls = pd.read_csv(data / "claude_code_calls.csv.gz")
    calls["key"] = calls["trace"] + "/" + calls["agent"]
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


TOGETHER_S = 1.0
"""Sub-agents of a session that start within so many seconds of one another were handed work at one time."""


def spawns(data: Path) -> pd.DataFrame:
    """Each time a recorded session handed work to sub-agents: its `trace`, `start_s` in the session and how many (`agents`).

    The `start_s` of a sub-agent that was waited for is the moment at which it had *ended*: those of one spawn agree to a few
    milliseconds only in `start_s - duration_s`, and their lead's next call follows the last of them. One that was started in the
    background (no duration) has its start there.
    """
    listed = pd.read_csv(data / "claude_code_subagents.csv")
    listed["start_s"] -= listed["duration_s"].fillna(0.0)
    listed = listed.sort_values(["trace", "start_s"])
    new = (listed.groupby("trace")["start_s"].diff().fillna(np.inf) > TOGETHER_S).cumsum()
    return listed.groupby(new).agg(trace=("trace", "first"), start_s=("start_s", "first"), agents=("agent", "size")).reset_index(drop=True)


def delegated_share(calls: pd.DataFrame) -> float:
    """Of all calls of the recorded sessions that have sub-agents, the share that the sub-agents made."""
    helped = calls[calls["trace"].isin(calls["trace"][calls["depth"] > 0])]
    return float((helped["depth"] > 0).mean())


def recorded_hit_rate(calls: pd.DataFrame, ttl_s: float) -> float:
    """Share of input tokens that a cache with this TTL would have read: the shared prefix of every call whose wait was within it."""
    read = calls["cached_tokens"].where((calls["think_time_s"] <= ttl_s) & (calls["position"] > 0), 0)
    return float(read.sum() / calls["input_tokens"].sum())
