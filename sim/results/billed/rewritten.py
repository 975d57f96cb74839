"""Prompts that were written again although a cache had them: after a pause, after the prompt shrank, or sooner than that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.backends.pricing import ONE_HOUR_S
from sim.results.billed.bill import LogBill, blocks

_WHY = (
    "after a pause longer than the cache lives",
    "after the prompt shrank (compaction, a step back)",
    "sooner (another prefix, a cache that was lost)",
)
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
    """By why. An agent's prompts to one model are held against one another, in the order of their starts; what is too short for the
    backend's cache was never there."""
    calls = bill.log.calls
    order = np.lexsort((calls["start_s"], calls["model"], calls["agent"]))
    found = [[0, 0, 0.0] for _ in _WHY]
    shortest = np.array([settings.cache_min_tokens for settings in bill.market.values()])
    for some in blocks(len(order) - 1):
        here, last = order[1:][some], order[:-1][some]
        least = np.maximum(LEAST_TOKENS, shortest[bill.backend[here]])
        shorter = np.minimum(calls["input_tokens"][last], calls["input_tokens"][here])
        missing = shorter - calls["cache_read_tokens"][here]
        counts = (missing >= LEAST_TOKENS) & (shorter >= least) & (calls["calls"][here] == 1) & (bill.backend[here] >= 0)
        for name in ("agent", "model"):
            counts &= calls[name][here] == calls[name][last]
        here, last, missing = here[counts], last[counts], missing[counts]
        usd = bill.dollars[here].sum(axis=1) - _had_it_been_read(bill, here, missing)
        for those, of in zip(_why(bill, here, last), found, strict=True):
            of[0] += int(those.sum())
            of[1] += int(missing[those].sum())
            of[2] += float(usd[those].sum())
    return [Rewritten(why, int(many), int(tokens), usd) for why, (many, tokens, usd) in zip(_WHY, found, strict=True)]


def _why(bill: LogBill, here: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By call, whether it is of each kind."""
    calls = bill.log.calls
    lives = np.array([settings.cache_ttl_s for settings in bill.market.values()])[bill.backend[here]]
    lives = np.where(calls["cache_write_1h_tokens"][last] > 0, ONE_HOUR_S, lives)
    waited = calls["start_s"][here] - calls["end_s"][last] > lives
    shrank = calls["input_tokens"][here] < calls["input_tokens"][last]
    return waited & ~shrank, shrank, ~waited & ~shrank


def _had_it_been_read(bill: LogBill, here: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """By call, USD if the cache had given what is missing."""
    other = bill.log.calls[here]
    other["cache_read_tokens"] += missing
    writes, hour = other["cache_write_tokens"], other["cache_write_1h_tokens"]
    all_for_an_hour = (hour > 0) & (hour == writes)
    writes -= np.minimum(missing, np.maximum(writes, 0))
    hour[:] = np.where(all_for_an_hour, writes, np.minimum(hour, np.maximum(writes, 0)))
    dollars, _ = bill.charge(other, here)
    found: np.ndarray = dollars.sum(axis=1)
    return found
