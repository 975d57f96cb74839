"""Prompts that were written again although a cache had them: after a pause, after the prompt shrank, or sooner than that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.results.billed.bill import LogBill

LEAST_TOKENS = 1024
"""What is missing of an agent's last prompt, to count: the step in which caches keep."""


class Rewritten(NamedTuple):
    """Calls that paid anew for what their agent's last prompt held."""

    why: str
    calls: int
    tokens: int
    """Of the last prompt, not read."""
    usd: float
    """More than if they had been read."""


def rewritten(bill: LogBill) -> list[Rewritten]:
    """By why. An agent's prompts to one model are held against one another, in the order of their starts."""
    calls = bill.log.calls
    order = np.lexsort((calls["start_s"], calls["model"], calls["agent"]))
    rows = calls[order]
    follows = np.zeros(len(rows), bool)
    follows[1:] = (rows["agent"][1:] == rows["agent"][:-1]) & (rows["model"][1:] == rows["model"][:-1])
    follows &= (rows["calls"] == 1) & (bill.backend[order] >= 0)
    before, now = np.roll(rows["input_tokens"], 1), rows["input_tokens"]
    missing = np.where(follows, np.minimum(before, now) - rows["cache_read_tokens"], 0)
    missing[missing < LEAST_TOKENS] = 0
    lives = np.array([settings.cache_ttl_s for settings in bill.market.values()])[bill.backend[order]]
    lives = np.where(np.roll(rows["cache_write_1h_tokens"], 1) > 0, 3600.0, lives)
    waited = rows["start_s"] - np.roll(rows["end_s"], 1) > lives
    shrank = now < before
    usd = _dearer(bill, order, missing)
    kinds = (
        ("after a pause longer than the cache lives", waited & ~shrank),
        ("after the prompt shrank (compaction, a step back)", shrank),
        ("sooner (another prefix, a cache that was lost)", ~waited & ~shrank),
    )
    return [
        Rewritten(why, int((found := those & (missing > 0)).sum()), int(missing[found].sum()), float(usd[found].sum()))
        for why, those in kinds
    ]


def _dearer(bill: LogBill, order: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """By call in that order, USD above what it had cost to read what is missing."""
    other = bill.log.calls.copy()
    lost = np.zeros(len(other), np.int64)
    lost[order] = missing
    other["cache_read_tokens"] += lost
    writes, hour = other["cache_write_tokens"], other["cache_write_1h_tokens"]
    all_for_an_hour = (hour > 0) & (hour == writes)
    writes -= np.minimum(lost, np.maximum(writes, 0))
    hour[:] = np.where(all_for_an_hour, writes, np.minimum(hour, np.maximum(writes, 0)))
    dollars, _ = bill.charge(other)
    found: np.ndarray = np.nan_to_num(bill.dollars.sum(axis=1) - dollars.sum(axis=1))[order]
    return found
