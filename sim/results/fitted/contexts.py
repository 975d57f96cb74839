"""How long recorded contexts grow: in which window a session works, where in it a compaction comes, which prompts change in their middle.

A stretch is what lies between two compactions, or from a session's start or to its end. Its last prompt is where it was compacted,
or how far it got without: a lifetime that ends or is censored, so the Kaplan-Meier estimate says at which length half are compacted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

WINDOW_TOKENS = 200_000
"""The usual window of a coding agent. A session that gets beyond it works in a longer one,"""
LONG_WINDOW_TOKENS = 1_000_000
"""which is this long."""
REACHED_TOKENS = 130_000
"""A compaction at a longer prompt than this is one that the window forced; people clear shorter ones too."""


def stretches(calls: pd.DataFrame) -> pd.DataFrame:
    """One row a stretch of main agents: its first (`began`), `last` and longest prompt, whether it `ended` in a compaction, and the
    longest of its session."""
    marked = calls.assign(
        stretch=calls["dropped"].groupby(calls["trace"]).cumsum(),
        longest=calls.groupby("trace")["input_tokens"].transform("max"),
        prompt=calls["input_tokens"],
    )
    found = (
        marked.groupby(["trace", "stretch"], sort=False)
        .agg(
            began=("prompt", "first"), last=("prompt", "last"), longest_here=("prompt", "max"), longest=("longest", "first"),
            model=("model", "last"),
        )
        .reset_index()
    )  # fmt: skip
    return found.assign(ended=found["trace"] == found["trace"].shift(-1))


def compacted_at(found: pd.DataFrame) -> float:
    """The prompt at which half of the stretches that get there have been compacted; nan where fewer are."""
    ordered = found.sort_values("last")
    waiting = len(ordered) - np.arange(len(ordered))
    standing = np.cumprod(1 - ordered["ended"].to_numpy() / waiting)
    half = standing <= 0.5
    return float(ordered["last"].to_numpy()[half.argmax()]) if half.any() else np.nan


def usual(found: pd.DataFrame) -> pd.DataFrame:
    """Stretches of sessions that stay within the usual window."""
    return found[found["longest"] <= WINDOW_TOKENS]


def compact_at_share(found: pd.DataFrame) -> float:
    """As a share of the usual window."""
    return round(compacted_at(usual(found)) / WINDOW_TOKENS, 2)


def long_share(found: pd.DataFrame) -> float:
    """Of stretches that began below the usual limit and came up to it: how many went on, in a long window, and were not compacted."""
    limit = compacted_at(usual(found))
    begun = found[found["began"] <= limit]
    went_on = begun["longest_here"] > WINDOW_TOKENS
    stopped = begun["ended"] & (begun["last"] > REACHED_TOKENS) & ~went_on
    return float(went_on.sum() / (went_on.sum() + stopped.sum()))


def rewrites(calls: pd.DataFrame) -> float:
    """Share of calls that find less than half of the last prompt still standing, though nothing was compacted."""
    follow = calls[(calls["position"] > 0) & ~calls["dropped"]]
    shorter = np.minimum(follow["previous"], follow["input_tokens"])
    return float((follow["cached_tokens"] < 0.5 * shorter).mean())


def windows(long: float) -> dict[str, Any] | int:
    """The usual window, and for this share of sessions the long one."""
    if not long:
        return WINDOW_TOKENS
    return {
        "dist": "mixture",
        "weights": [round(1 - long, 3), round(long, 3)],
        "parts": [{"dist": "constant", "value": tokens} for tokens in (WINDOW_TOKENS, LONG_WINDOW_TOKENS)],
    }
