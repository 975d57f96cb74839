"""Which earlier prompt a recorded prompt goes on from, and how much of it a cache could give: told by what was read, or else by lengths.

An agent may have several conversations under one name: a short call to the side, a prompt that was rewritten (compaction) and goes on. A
prompt goes on from the latest one that is at least half as long and no longer than itself, else from the longest that is no longer. One
that is shorter than all before was rewritten: what is left of the last is its head, tools and system prompt (assumption).
"""

from __future__ import annotations

from typing import NamedTuple

from sim.logs.logged import UNKNOWN

HEAD = -1
"""Of a prefix: tools and system prompt."""
MOST_THREADS = 8
"""Conversations of an agent that are remembered, the latest."""
_SHORT_S, _HOUR_S = 300.0, 3600.0
"""How long a cache keeps a prompt, by what was written."""


class Prefix(NamedTuple):
    """What of a prompt can be in a cache."""

    thread: int
    """The conversation that it belongs to."""
    source: int
    """The one whose last prompt it begins with."""
    tokens: int
    """The most of that prompt that is in this one; `HEAD`."""
    warm_tokens: int = 0
    """There whatever this agent has sent: others had it (before the session began, or beside it)."""


class _Thread:
    """One conversation: its last prompt, who had it, and until when it was surely kept."""

    __slots__ = ("model", "number", "prompt", "until_s")

    def __init__(self, number: int) -> None:
        self.number = number
        self.prompt, self.model, self.until_s = 0, -1, 0.0


class Prefixes:
    """Of one agent, call by call."""

    def __init__(self) -> None:
        self._threads: list[_Thread] = []
        """The latest last."""
        self._begun = 0

    def next(self, model: int, prompt: int, start_s: float, end_s: float, read: int, possible: int, hour: int) -> Prefix:
        """The next call's. `read`: as billed; `possible`: the most a cache could have given; `hour`: written for an hour (each may be
        `UNKNOWN`)."""
        threads = self._threads
        whose = _by_length(threads, prompt)
        late = whose is not None and start_s > whose.until_s
        warm = 0
        if possible == UNKNOWN and (read == UNKNOWN or (whose is not None and read < whose.prompt and (late or model != whose.model))):
            tokens = HEAD if whose is None else whose.prompt
            warm = read if late and read > 0 else 0
        else:
            tokens = max(read, possible)
            whose = _holding(threads, tokens) or whose
            if whose is None or tokens > whose.prompt or (read > 0 and start_s > whose.until_s):
                warm = tokens
        whose = whose or (threads[-1] if threads else None)
        first = whose is None
        if whose is None or whose.prompt > prompt:
            self._begun += 1
            thread = _Thread(self._begun)
        else:
            thread = whose
            threads.remove(thread)
        source = thread.number if whose is None else whose.number
        threads.append(thread)
        del threads[:-MOST_THREADS]
        thread.prompt, thread.model, thread.until_s = prompt, model, end_s + (_HOUR_S if hour > 0 else _SHORT_S)
        return Prefix(thread.number, source, 0 if first else tokens, warm)


def _by_length(threads: list[_Thread], prompt: int) -> _Thread | None:
    longest = None
    for each in reversed(threads):
        if each.prompt <= prompt:
            if 2 * each.prompt >= prompt:
                return each
            if longest is None or each.prompt > longest.prompt:
                longest = each
    return longest


def _holding(threads: list[_Thread], tokens: int) -> _Thread | None:
    """The latest that could give so much."""
    return next((each for each in reversed(threads) if each.prompt >= tokens), None)
