"""Random numbers: a draw depends on (seed, replication, purpose, task, branch, page) and on nothing else.

One counter-based generator (Philox) is moved to the place where a decision's numbers lie, so no entity
owns a generator, and neither the order of events nor the backend, the fan-out or the log can shift a draw.
What each of them decides stands in one table (`sim.sampling.decisions`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain, count, repeat
from typing import Any

import numpy as np

from sim.sampling.decisions import Decisions, Purpose

COLUMNS = 6
"""Decisions in a row of a page."""
ROWS = 10
"""Rows in a page: turns of an agent, messages of a session."""
LONGEST = 2 * ROWS * COLUMNS
"""Most uniforms taken from one page."""
ROW = struct.Struct(f"{COLUMNS}d")
"""Reads the decisions of a row of a page."""


class Streams:
    """All random numbers of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self._bits = np.random.Philox()
        self._random = np.random.Generator(self._bits).random
        self._buffers = [np.empty(count) for count in range(LONGEST + 1)]
        self._counters = [[0, 0, 0, 0] for _ in range(len(Purpose) + 1)]
        self._states: list[Any] = [_state(self._counters[purpose], key(seed, replication, purpose)) for purpose in range(len(Purpose) + 1)]

    def page(self, purpose: int, task: int, branch: int, page: int, count: int = ROWS * COLUMNS) -> bytes:
        """`count` uniforms in [0, 1) from the start of a page, packed: compact for thousands of agents (`ROW` reads one row)."""
        counter = self._counters[purpose]
        counter[1] = page
        counter[2] = branch
        counter[3] = task
        self._bits.state = self._states[purpose]
        buffer = self._buffers[count]
        self._random(out=buffer)
        return buffer.tobytes()

    def rows(self, purpose: int, task: int, branch: int, first: bytes = b"", page: int = 0) -> Iterator[tuple[float, ...]]:
        """Row after row: those of `first`, then those of the pages from `page` on, each drawn when it is needed."""
        pages = map(self.page, repeat(purpose), repeat(task), repeat(branch), count(page))
        return chain(ROW.iter_unpack(first), chain.from_iterable(map(ROW.iter_unpack, pages)))

    def draws(self, what: Decisions, task: int, branch: int = 0, page: int = 0, count: int = 0) -> tuple[float, ...]:
        """Uniforms of a page, one for each name in `what`; of a row that comes again and again as many as `count`."""
        count = count or len(what.names)
        return struct.unpack(f"{count}d", self.page(what.purpose, task, branch, page, count))


def key(seed: int, replication: int, purpose: int) -> list[int]:
    """Of the generator: two numbers of 64 bits."""
    return [int(word) for word in np.random.SeedSequence([seed, replication, purpose]).generate_state(2, np.uint64)]


def _state(counter: list[int], key: list[int]) -> dict[str, Any]:
    """A state of the generator that shares `counter`; lists, since numpy takes a third of the time to read them."""
    place = {"counter": counter, "key": key}
    return {"bit_generator": "Philox", "state": place, "buffer": [0] * 4, "buffer_pos": 4, "has_uint32": 0, "uinteger": 0}


def child(branch: int, index: int) -> int:
    """The branch of an agent's `index`-th child: a hash of its path, so siblings never shift one another."""
    mixed = (branch ^ (index + 1)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return mixed ^ (mixed >> 29)
