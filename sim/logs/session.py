"""Recorded sessions as agents replay them: who called when, and what of it is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.logs.logged import SINCE_1970_S, UNKNOWN


class RecordedCall(NamedTuple):
    """One call of a recorded agent."""

    wait_s: float
    """Between the end of the agent's last call and this one."""
    by_user: bool
    input_tokens: int
    output_tokens: int
    prefix_tokens: int
    """How much of the prompt stood in the agent's last prompt too."""
    model: str = ""
    """As the log names it; empty: it names none."""
    read_tokens: int = UNKNOWN
    """Of the prompt, read from the cache, as billed; so are the writes. -1: not recorded."""
    write_tokens: int = UNKNOWN
    write_1h_tokens: int = UNKNOWN
    """Of those written, the ones kept for an hour."""


class Recording(NamedTuple):
    """One recorded agent: `start_s` after its session began, and its calls in order."""

    name: str
    start_s: float
    calls: tuple[RecordedCall, ...]


class Session(NamedTuple):
    """One recorded session; the first agent is the main one."""

    name: str
    agents: tuple[Recording, ...]
    begins_s: float | None = None
    """Seconds since 1970, or on any clock that sessions share; None: not known."""


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
    main = np.array([calls.agents[agent] == "main" for agent in agents[begins].tolist()])
    found: dict[int, tuple[list[Recording], float]] = {}
    for each in np.lexsort((came, starts, ~main, traces[begins])).tolist():
        name = calls.agents[agents[begins[each]]]
        its, _ = found.setdefault(int(traces[begins[each]]), ([], float(session_starts[each])))
        its.append(Recording(name, float(starts[each]), tuple(recorded[begins[each] : ends[each]])))
    return [_session(calls.traces[trace], *each) for trace, each in found.items()]


def _session(name: str, agents: list[Recording], start_s: float) -> Session:
    began = min(each.start_s for each in agents)
    of_itself = began if began > SINCE_1970_S else None
    begins_s = of_itself if math.isnan(start_s) else start_s + began
    return Session(name, tuple(each._replace(start_s=each.start_s - began) for each in agents), begins_s)


def _recorded(calls: Calls, rows: np.ndarray, first: np.ndarray) -> list[RecordedCall]:
    """Each call as it is replayed."""
    inputs = calls.numbers["input_tokens"][rows]
    shared = np.where(first, 0, np.minimum(inputs, np.roll(inputs, 1)))
    said = calls.known("cached_tokens")[rows] if "cached_tokens" in calls.numbers else calls.known("cache_read_tokens")[rows]
    told = {"cached_tokens", "cache_read_tokens"} & calls.numbers.keys()
    prefixes = np.nan_to_num(said) if told else shared
    waits = np.where(first, 0.0, _waits(calls, rows))
    models = np.array([*calls.models, ""], object)[calls.model[rows]].tolist()
    cached = [calls.known(name)[rows] for name in ("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")]
    counts = [inputs, calls.numbers["output_tokens"][rows], prefixes, *(np.where(np.isnan(each), UNKNOWN, each) for each in cached)]
    whole = [column.astype(np.int64).tolist() for column in counts]
    return list(map(RecordedCall, waits.tolist(), calls.by_user[rows].tolist(), *whole[:3], models, *whole[3:]))


def _waits(calls: Calls, rows: np.ndarray) -> np.ndarray:
    """Seconds before each call; an agent's first has none of its own: they are part of the agent's start."""
    start: np.ndarray = calls.numbers["t_s"][rows]
    gaps = np.maximum(start - np.roll(start + np.nan_to_num(calls.known("api_time_s")[rows]), 1), 0.0)
    said = calls.known("think_time_s")[rows]
    return np.asarray(np.where(np.isnan(said), gaps, said))
