"""What calls ask of a backend, over time: tokens and requests in windows, calls in flight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

from sim.results.capacity.bucket import MINUTE_S

KINDS = {
    "fresh": "input tokens, cache reads left out",
    "input": "input tokens, cache reads counted",
    "output": "output tokens",
    "requests": "requests",
}
"""What limits count, in words."""
WINDOWS_S = (1.0, 10.0, 60.0)
HOUR_S = 3600.0
SHARES = (0.5, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Asked:
    """The calls of one backend in one replication, in the order in which they are asked for."""

    t_s: np.ndarray
    end_s: np.ndarray
    sizes: dict[str, np.ndarray]
    """By kind (`KINDS`)."""
    span_s: float
    """How long the replication took."""

    def per_min(self, kind: str, window_s: float) -> np.ndarray:
        """What is asked for in each window of so many seconds from second 0 on, as a rate a minute; windows without a call too."""
        many = max(1, int(np.ceil(self.span_s / window_s)))
        places = np.minimum((self.t_s / window_s).astype(np.int64), many - 1)
        return np.bincount(places, self.sizes[kind], many) * (MINUTE_S / window_s)

    def in_flight(self) -> np.ndarray:
        """Calls under way at the start of each call, itself included."""
        ended = np.searchsorted(np.sort(self.end_s), self.t_s, side="right")
        return np.arange(1, len(self.t_s) + 1) - ended

    def busy_hour_erlangs(self) -> float:
        """Mean number of calls under way in the hour in which most of them begin."""
        hours = self.per_min("requests", HOUR_S)
        begins = np.argmax(hours) * HOUR_S
        there = np.minimum(self.end_s, begins + HOUR_S) - np.maximum(self.t_s, begins)
        return float(np.maximum(there, 0.0).sum() / min(HOUR_S, max(self.span_s, 1e-9)))


def asked(calls: pd.DataFrame, backend: str, span_s: float) -> Asked:
    """Of the rows of one replication; attempts that a limit turned away asked for the same again, and are left out."""
    rows = calls[(calls["backend"] == backend) & (calls["status"] != "rate_limited")].sort_values("t_request_s", kind="stable")
    sizes = {
        "fresh": (rows["input_tokens"] - rows["cache_read_tokens"]).to_numpy(float),
        "input": rows["input_tokens"].to_numpy(float),
        "output": rows["output_tokens"].to_numpy(float),
        "requests": np.ones(len(rows)),
    }
    return Asked(rows["t_request_s"].to_numpy(float), rows["t_end_s"].to_numpy(float), sizes, span_s)


def together(parts: Sequence[Asked]) -> Asked:
    """Several independent replications side by side: so many times the people."""
    t_s = np.concatenate([part.t_s for part in parts])
    order = np.argsort(t_s, kind="stable")
    sizes = {kind: np.concatenate([part.sizes[kind] for part in parts])[order] for kind in KINDS}
    end_s = np.concatenate([part.end_s for part in parts])[order]
    return Asked(t_s[order], end_s, sizes, max(part.span_s for part in parts))
