"""What writes one format: the sessions of a run in, a file or a folder out. A format is a file under `sim.logs.writers` with a `Writer`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple


class RunCall(NamedTuple):
    """One attempt of a run, in the words of others: seconds since 1970, models by the names that vendors give them."""

    agent: str
    """`sim.logs.logged.MAIN`, or the path of another: 0.3w1."""
    parent: str
    """The agent that began it; of the main one empty."""
    depth: int
    turn: int
    attempt: int
    role: str
    backend: str
    model: str
    vendor: str
    tier: str
    """standard, or batch."""
    status: str
    """ok, or how it failed."""
    request_s: float
    start_s: float
    """When it left the line."""
    first_token_s: float
    end_s: float
    input_tokens: int
    """The whole prompt, cache reads and writes inside."""
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    """Of those written, the ones that are kept for an hour."""
    output_tokens: int
    """Reasoning inside."""
    reasoning_tokens: int
    dollars: tuple[float, float, float, float, float, float]
    """For fresh input, cache reads, cache writes for 5 minutes, those for an hour, output, and what tokens do not explain: fees, searches.

    Of recorded calls that are billed as recorded, the last also says what it cost to keep writes for other than the backend's lifetime."""

    @property
    def billed(self) -> bool:
        """Whether it has tokens: what was refused, or broke and is not charged, has none."""
        return self.input_tokens + self.output_tokens > 0

    @property
    def fresh_tokens(self) -> int:
        """Of the prompt: neither read from a cache nor written to one."""
        return self.input_tokens - self.cache_read_tokens - self.cache_write_tokens


class RunSession(NamedTuple):
    """One task of one replication: its calls, agent by agent, each agent's in their order."""

    name: str
    """`replication.task`."""
    agents: dict[str, list[RunCall]]
    run_start_s: float
    """The run's second 0."""

    def calls(self) -> list[RunCall]:
        """Of all agents, in the order in which they were asked for."""
        return sorted((call for calls in self.agents.values() for call in calls), key=lambda call: call.request_s)

    def children(self, parent: str) -> list[str]:
        """Agents that it began, in the order of their first calls."""
        found = [agent for agent, calls in self.agents.items() if calls[0].parent == parent]
        return sorted(found, key=lambda agent: self.agents[agent][0].request_s)


class LogWriter:
    """One writes all sessions of a run."""

    ending = ".jsonl"
    """Of its file; empty: it is a folder."""
    has_dollars = False
    """Whether it says what each call cost."""
    cannot_hold = ""
    """What of a run the format has no place for, in a line."""

    def __init__(self) -> None:
        self.written = 0
        """Calls."""
        self.left_out: Counter[str] = Counter()
        """Attempts that are not in it, by why."""

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """Write them, one after another, to a path where nothing is yet."""
        raise NotImplementedError

    def billed(self, calls: Sequence[RunCall]) -> list[RunCall]:
        """Those with tokens; the others are counted as left out."""
        found = [call for call in calls if call.billed]
        if len(calls) > len(found):
            self.left_out["that were refused, or broke and were not charged"] += len(calls) - len(found)
        self.written += len(found)
        return found


class Blocks:
    """Prompts of one agent as blocks of tokens by their ids: those that a call read from the cache are its last prompt's, others new."""

    def __init__(self, tokens: int, ids: Iterator[int]) -> None:
        """`ids`: one for each new block, of all agents together."""
        self._tokens = tokens
        self._ids = ids
        self._last: list[int] = []

    def of(self, call: RunCall) -> list[int]:
        """The blocks of the agent's next call; the last may not be full."""
        many = -(-call.input_tokens // self._tokens)
        shared = self._last[: min(many, call.cache_read_tokens // self._tokens)]
        self._last = shared + list(islice(self._ids, many - len(shared)))
        return self._last


def line(entry: Any) -> str:
    """As a line of JSON without blanks: some readers look for `"usage":{`."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def moment(second: float) -> str:
    """A second since 1970 in ISO 8601, to the millisecond."""
    whole = datetime.fromtimestamp(round(second, 3), UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{round(whole.microsecond / 1000):03}Z"
