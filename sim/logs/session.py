"""Recorded sessions as agents replay them: who called when, and what of it is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.call import STANDARD
from sim.logs.logged import SINCE_1970_S, UNKNOWN, tier_of
from sim.logs.prefixes import Prefixes
from sim.logs.report import FASTEST_PER_S

_BLOCK = 65_536
_WRITTEN = ("cache_write_tokens", "cache_write_1h_tokens")


class RecordedCall(NamedTuple):
    """One call of a recorded agent."""

    wait_s: float
    """Between the end of the agent's last call and this one."""
    by_user: bool
    input_tokens: int
    output_tokens: int
    prefix_tokens: int
    """How much of it, at most, an earlier prompt of this agent begins with too; `HEAD`: tools and system prompt (`sim.logs.prefixes`)."""
    model: str = ""
    """As the log names it; empty: it names none."""
    read_tokens: int = UNKNOWN
    """Of the prompt, read from the cache, as billed (or where that is not known, the most that it could give); -1: not recorded."""
    write_tokens: int = UNKNOWN
    write_1h_tokens: int = UNKNOWN
    """Of those written, the ones kept for an hour."""
    web_searches: int = 0
    tier: str = STANDARD
    """Of service (`sim.logs.logged.tier_of`)."""
    thread: int = 1
    """Which of the agent's conversations it belongs to."""
    source: int = 1
    """The one whose last prompt it begins with."""
    warm_tokens: int = 0
    """Of the prompt, in the cache whatever this agent has sent: others had it."""


class Recording(NamedTuple):
    """One recorded agent: `start_s` after its session began, and its calls in order."""

    name: str
    start_s: float
    calls: tuple[RecordedCall, ...]
    system_tokens: int = UNKNOWN
    """Tools and system prompt: what the first calls of agents like it read (-1: none of them did)."""
    early: int = 0
    """Calls that were sent, by their times, before the one before can have been answered."""


class Session(NamedTuple):
    """One recorded session; the first agent is the main one."""

    name: str
    agents: tuple[Recording, ...]
    begins_s: float | None = None
    """Seconds since 1970, or on any clock that sessions share; None: not known."""
    unsure_reads: bool = False
    """Cache reads are taken as a part of its prompts, though nothing in its log shows that."""
    left_out: str = ""
    """Of the log that it is from: what could not be read, or was added up, in words; empty: nothing."""


class Calls(NamedTuple):
    """Calls of sessions as columns, in the order of their file: who sent them, and their numbers (nan: not said)."""

    trace: np.ndarray
    traces: list[str]
    agent: np.ndarray
    agents: list[str]
    model: np.ndarray
    models: list[str]
    numbers: dict[str, np.ndarray]
    by_user: np.ndarray
    tier: np.ndarray
    tiers: list[str]

    def known(self, name: str) -> np.ndarray:
        """A column; nan where there is none."""
        return self.numbers[name] if name in self.numbers else np.full(len(self.trace), np.nan)


def sessions_of(calls: Calls, rows: np.ndarray, first: np.ndarray) -> list[Session]:
    """Sessions in the order in which they come in the file; in each the main agent, then the others as they began.

    `rows`: places of the calls, by session and agent, in their order; `first`: those that are an agent's first.
    """
    traces, agents = calls.trace[rows], calls.agent[rows]
    recorded = _recorded(calls, rows, first)
    begins = np.flatnonzero(first)
    ends = [*begins[1:].tolist(), len(rows)]
    came = np.minimum.reduceat(rows, begins)  # of agents that began at one moment, who comes first in the file
    starts = calls.numbers["t_s"][rows][begins]
    session_starts = np.fmin.reduceat(calls.known("session_start_s")[rows], begins)
    early = np.add.reduceat(_early(calls, rows) & ~first, begins)
    main = np.array([calls.agents[agent] == "main" for agent in agents[begins].tolist()])
    found: dict[int, tuple[list[Recording], float]] = {}
    for each in np.lexsort((came, starts, ~main, traces[begins])).tolist():
        name = calls.agents[agents[begins[each]]]
        its, _ = found.setdefault(int(traces[begins[each]]), ([], float(session_starts[each])))
        its.append(Recording(name, float(starts[each]), tuple(recorded[begins[each] : ends[each]]), early=int(early[each])))
    heads = _heads([agents for agents, _ in found.values()])
    return [_session(calls.traces[trace], agents, start_s, heads) for trace, (agents, start_s) in found.items()]


def _heads(sessions: list[list[Recording]]) -> tuple[int, int]:
    """Tools and system prompt of main agents, and of the others: the median of what their first calls read, of those that read anything."""
    read: tuple[list[int], list[int]] = ([], [])
    for agents in sessions:
        for place, agent in enumerate(agents):
            if agent.calls[0].read_tokens > 0:
                read[place > 0].append(agent.calls[0].read_tokens)
    main, others = (sorted(each)[len(each) // 2] if each else UNKNOWN for each in read)
    return main, others


def _session(name: str, agents: list[Recording], start_s: float, heads: tuple[int, int]) -> Session:
    began = min(each.start_s for each in agents)
    of_itself = began if began > SINCE_1970_S else None
    begins_s = of_itself if math.isnan(start_s) else start_s + began
    whole = [
        each._replace(start_s=each.start_s - began, system_tokens=max(each.calls[0].read_tokens, 0) or heads[place > 0])
        for place, each in enumerate(agents)
    ]
    return Session(name, tuple(whole), begins_s)


def _recorded(calls: Calls, rows: np.ndarray, first: np.ndarray) -> list[RecordedCall]:
    """Each call as it is replayed; made some at a time, since columns of Python's numbers are larger than the calls themselves."""
    waits = np.where(first, 0.0, _waits(calls, rows))
    found: list[RecordedCall] = []
    agent = Prefixes()
    for at in range(0, len(rows), _BLOCK):
        some = slice(at, at + _BLOCK)
        block, agent = _some_recorded(calls, rows[some], first[some], waits[some], agent)
        found += block
    return found


def _some_recorded(
    calls: Calls, rows: np.ndarray, first: np.ndarray, waits: np.ndarray, agent: Prefixes
) -> tuple[Iterator[RecordedCall], Prefixes]:
    """Some of them, and the prefixes of the last agent, whose calls may go on; `agent`: of whose the first ones are."""
    models = np.array([*calls.models, ""], object)[calls.model[rows]].tolist()
    tiers = np.array([*map(tier_of, calls.tiers), STANDARD], object)[calls.tier[rows]].tolist()
    inputs, outputs, read, possible, write, hour, searches = (
        np.nan_to_num(calls.known(name)[rows], nan=UNKNOWN).astype(np.int64).tolist()
        for name in ("input_tokens", "output_tokens", "cache_read_tokens", "cached_tokens", *_WRITTEN, "web_searches")
    )
    starts = calls.numbers["t_s"][rows]
    ends = (starts + np.nan_to_num(calls.known("api_time_s")[rows])).tolist()
    found = []
    by_row = zip(first.tolist(), calls.model[rows].tolist(), inputs, starts.tolist(), ends, read, possible, hour, strict=True)
    for begins, *row in by_row:
        if begins:
            agent = Prefixes()
        found.append(agent.next(*row))
    thread, source, prefix, warm = zip(*found, strict=True)
    reads = np.where(np.array(read) == UNKNOWN, possible, read).tolist()
    searched = np.maximum(searches, 0).tolist()
    return map(
        RecordedCall, waits.tolist(), calls.by_user[rows].tolist(), inputs, outputs, prefix, models, reads, write, hour, searched, tiers,
        thread, source, warm,
    ), agent  # fmt: skip


def _early(calls: Calls, rows: np.ndarray) -> np.ndarray:
    """Which calls come after the one before, and before it can have ended; at one moment with it: nobody has said when."""
    start: np.ndarray = calls.numbers["t_s"][rows]
    least_s = np.fmax(calls.known("api_time_s")[rows], calls.numbers["output_tokens"][rows] / FASTEST_PER_S)
    gaps = start - np.roll(start, 1)
    return np.asarray((gaps > 0) & (gaps < 0.99 * np.roll(least_s, 1)))  # both are rounded, as a rule


def _waits(calls: Calls, rows: np.ndarray) -> np.ndarray:
    """Seconds before each call; an agent's first has none of its own: they are part of the agent's start."""
    start: np.ndarray = calls.numbers["t_s"][rows]
    gaps = np.maximum(start - np.roll(start + np.nan_to_num(calls.known("api_time_s")[rows]), 1), 0.0)
    said = calls.known("think_time_s")[rows]
    return np.asarray(np.where(np.isnan(said), gaps, said))
