"""A log as it might have been: more sessions, other models, compaction, fewer sub-agents. What is assumed stands with each.

Only what the change touches is another: all other calls are as recorded. Dollars as billed are gone from calls that are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.errors import ConfigError
from sim.logs.log import Log, LoggedAgent
from sim.logs.logged import MAIN


class Compaction(NamedTuple):
    """Prompts are summarised before they are longer than `at_tokens`."""

    at_tokens: int
    summary_tokens: int
    restored: float
    """Share of what is dropped that is read again: files, results."""


def times(log: Log, many: int) -> Log:
    """Every session so many times, all copies at the moment of the first."""
    count = len(log.agents)
    calls = np.tile(log.calls, many)
    calls["agent"] += np.repeat(np.arange(many, dtype=np.uint32) * count, len(log.calls))
    copies = [each._replace(session=f"{each.session} ({copy + 1})") for copy in range(1, many) for each in log.agents]
    return other(log, calls, [*log.agents, *copies])


def served_by(log: Log, backend: str, rows: np.ndarray) -> Log:
    """The calls that `rows` marks, at another model: its tokens are those that were recorded."""
    calls = log.calls.copy()
    models = log.models if backend in log.models else [*log.models, backend]
    moved = rows & (calls["model"] != models.index(backend))
    calls["model"][moved] = models.index(backend)
    calls["cost_usd"][moved] = math.nan
    return other(log, calls, log.agents, models)


def is_sub(log: Log) -> np.ndarray:
    """By agent, whether another began it."""
    return np.array([bool(each.parent) or each.name != MAIN for each in log.agents], bool)


def agents_of(log: Log) -> Iterator[np.ndarray]:
    """The places of each agent's calls, in the order of their starts; agents in theirs."""
    calls = log.calls
    rows = np.lexsort((np.nan_to_num(calls["start_s"]), calls["agent"]))
    ends = np.flatnonzero(np.diff(calls["agent"][rows])) + 1
    yield from np.split(rows, ends)


def compacted(log: Log, how: Compaction) -> tuple[Log, int]:
    """Long prompts summarised as the simulator's own agents do it (F5), and how many compactions that takes.

    What is left is the agent's least prompt (its system prompt and task, as far as anybody can see), the summary, and what is read again.
    Later prompts lack what was dropped, until the harness itself dropped as much. Turns and answers are as recorded. Raises `ConfigError`
    where no agent has a prompt that long, or only agents whose least prompt and summary leave no room below the limit.
    """
    calls = log.calls.copy()
    summaries: list[tuple[int, int, int]] = []
    longest = int(calls["input_tokens"].max(initial=0))
    for rows in agents_of(log):
        if calls["input_tokens"][rows].max() > how.at_tokens:
            summaries += _compact(calls, rows, how)
    if not summaries:
        why = f"the longest has {longest:,}" if longest <= how.at_tokens else "what a summary leaves is as long already"
        raise ConfigError(f"compact={how.at_tokens}: no prompt of the log would be summarised; {why}")
    places = np.array([place for place, _, _ in summaries])
    extra = log.calls[places]
    extra["input_tokens"] = [prompt for _, prompt, _ in summaries]
    extra["cache_read_tokens"] = [read for _, _, read in summaries]
    extra["cache_write_tokens"] = extra["input_tokens"] - extra["cache_read_tokens"]
    extra["cache_write_1h_tokens"] = np.where(
        extra["cache_write_1h_tokens"] > 0, extra["cache_write_tokens"], extra["cache_write_1h_tokens"]
    )
    extra["output_tokens"], extra["reasoning_tokens"], extra["web_searches"], extra["cost_usd"] = how.summary_tokens, 0, 0, math.nan
    extra["end_s"] = extra["start_s"]
    return other(log, np.insert(calls, places, extra), log.agents), len(summaries)


def _compact(calls: np.ndarray, rows: np.ndarray, how: Compaction) -> list[tuple[int, int, int]]:
    """Shorten one agent's prompts; before which of its calls a summary is made, of how long a prompt, how much of which was there."""
    recorded, reads = (calls[name][rows].tolist() for name in ("input_tokens", "cache_read_tokens"))
    head = min(recorded)
    if head + how.summary_tokens >= how.at_tokens:
        return []
    summaries, dropped, last = [], 0, 0
    for place, prompt, was_read in zip(rows.tolist(), recorded, reads, strict=True):
        if prompt <= last:  # the harness has dropped at least as much
            dropped = 0
        now = max(prompt - dropped, min(prompt, head))
        read = max(0, was_read - dropped)
        if now > how.at_tokens:
            summaries.append((place, now, min(last, now)))
            left = head + how.summary_tokens + int(how.restored * (now - head))
            dropped += now - min(left, how.at_tokens)
            now, read = min(left, how.at_tokens), 0
        if now != prompt:
            _shorten(calls, place, now, min(read, now))
        last = now
    return summaries


def _shorten(calls: np.ndarray, place: int, prompt: int, read: int) -> None:
    """A call with another prompt: what of it is not read is written, if it was before."""
    call = calls[place]
    wrote = call["cache_write_tokens"]
    call["input_tokens"], call["cache_read_tokens"], call["cost_usd"] = prompt, read, math.nan
    if wrote > 0:
        call["cache_write_tokens"] = prompt - read
        call["cache_write_1h_tokens"] = prompt - read if call["cache_write_1h_tokens"] > 0 else call["cache_write_1h_tokens"]
    calls[place] = call


def other(log: Log, calls: np.ndarray, agents: list[LoggedAgent], models: list[str] | None = None) -> Log:
    """A log with other calls, of the same sources."""
    names = {"model": models or log.models, "status": log.statuses, "tier": log.tiers}
    return Log(calls, agents, names, log.sources, log.report)
