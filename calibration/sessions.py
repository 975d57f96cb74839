"""Recorded coding-agent sessions, as they were published (`sim.results.fitted.sessions`), and what is known of their sub-agents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sim.results.fitted.sessions import followed


def read_calls(data: Path) -> pd.DataFrame:
    """All recorded calls in the order of each agent, with what they follow (`followed`)."""
    return followed(pd.read_csv(data / "claude_code_calls.csv.gz"))


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


def turns_per_wave(calls: pd.DataFrame, waves: pd.DataFrame) -> float:
    """Calls of sub-agents to a wave of `spawns`."""
    return float((calls["depth"] > 0).sum() / len(waves))


def recorded_hit_rate(calls: pd.DataFrame, ttl_s: float) -> float:
    """Share of input tokens that a cache with this TTL would have read: the shared prefix of every call whose wait was within it."""
    read = calls["cached_tokens"].where((calls["think_time_s"] <= ttl_s) & (calls["position"] > 0), 0)
    return float(read.sum() / calls["input_tokens"].sum())
