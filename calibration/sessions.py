"""Recorded coding-agent sessions, read into the quantities that a profile is made of."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

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


def recorded_hit_rate(calls: pd.DataFrame, ttl_s: float) -> float:
    """Share of input tokens that a cache with this TTL would have read: the shared prefix of every call whose wait was within it."""
    read = calls["cached_tokens"].where((calls["think_time_s"] <= ttl_s) & (calls["position"] > 0), 0)
    return float(read.sum() / calls["input_tokens"].sum())
