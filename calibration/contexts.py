"""How long recorded contexts grow: in which window a session works, and where in it a compaction comes.

    python -m calibration.contexts DATA        by model, from claude_code_calls.csv.gz

A stretch is what lies between two compactions, or from a session's start or to its end. Its last prompt is where it was compacted,
or how far it got without: a lifetime that ends or is censored, so the Kaplan-Meier estimate says at which length half are compacted.
"""

from __future__ import annotations

import sys
from pathlib import Path

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


def by_model(calls: pd.DataFrame) -> pd.DataFrame:
    """Where main agents compact, by model."""
    rows = []
    for model, found in [("all", stretches(calls)), *stretches(calls).groupby("model")]:
        inside, mine = usual(found), calls if model == "all" else calls[calls["model"] == model]
        rows.append(
            {
                "model": model,
                "sessions": found["trace"].nunique(),
                "beyond 200k": found.loc[found["longest"] > WINDOW_TOKENS, "trace"].nunique(),
                "compactions": int(inside["ended"].sum()),
                "half at tokens": compacted_at(inside),
                "share of 200k": round(compacted_at(inside) / WINDOW_TOKENS, 3),
                "longest prompt": int(found["longest"].max()),
                "calls above 165k": round(float((mine["input_tokens"] > 165_000).mean()), 3),
            }
        )
    return pd.DataFrame(rows)


def main(arguments: list[str]) -> None:
    """Print the table."""
    from calibration.sessions import read_calls

    if len(arguments) != 1 or not (Path(arguments[0]) / "claude_code_calls.csv.gz").exists():
        sys.exit("contexts: name the folder that holds claude_code_calls.csv.gz")
    calls = read_calls(Path(arguments[0]))
    print(by_model(calls[calls["depth"] == 0]).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
