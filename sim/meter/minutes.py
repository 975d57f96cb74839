"""What was spent by minute and backend: arrays, so that the minutes of a week, and of its shards, are added at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.clock import MINUTE_S
from sim.meter.sums import PARTS

MINUTE_SUMS = 5 + PARTS
"""Calls, four kinds of tokens and the parts of the bill (`sim.meter.sums.split`): whole numbers all."""
_SHIFT = 8
"""Bits of a backend's place, as in a row."""
_ROOM = 1024


class MinuteTable(NamedTuple):
    """A row each, in order."""

    minutes: np.ndarray
    """Since the start."""
    backends: np.ndarray
    """Their places."""
    sums: np.ndarray
    """(rows, `MINUTE_SUMS`)."""


class Minutes:
    """Sums of the calls that ended in each minute, known by (minute, backend); additive."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        self._sums = np.zeros((0, MINUTE_SUMS))
        self._more: list[tuple[np.ndarray, np.ndarray]] = []
        """Rows that are not in them yet: sorted once there are as many as are."""
        self._waiting = 0

    def add(self, minutes: np.ndarray, backends: np.ndarray | int, sums: np.ndarray) -> None:
        """Rows of calls that ended then, there; the same minute may come again."""
        self._more.append((minutes << _SHIFT | backends, sums))
        self._waiting += len(minutes)
        if self._waiting > max(_ROOM, len(self._keys)):
            self._settle()

    def table(self) -> MinuteTable:
        """All of it, sorted by minute and backend."""
        self._settle()
        return MinuteTable(self._keys >> _SHIFT, self._keys & ((1 << _SHIFT) - 1), self._sums)

    def total(self) -> np.ndarray:
        """Over all minutes."""
        found: np.ndarray = self.table().sums.sum(axis=0)
        return found

    def peak(self, from_s: float) -> int:
        """Most tokens, in and out, of a minute that begins at that moment or later."""
        minutes, _, sums = self.table()
        late = minutes * MINUTE_S >= from_s
        _, place = np.unique(minutes[late], return_inverse=True)
        return int(np.bincount(place, (sums[:, 1] + sums[:, 4])[late]).max(initial=0.0))

    def plus(self, other: Minutes) -> Minutes:
        """Both together."""
        both = Minutes()
        both._more = [self._settle(), other._settle()]
        return both

    def times(self, factor: float) -> Minutes:
        """So many times the calls in each."""
        found, (keys, sums) = Minutes(), self._settle()
        found._more = [(keys, sums * factor)]
        return found

    def __len__(self) -> int:
        return len(self._settle()[0])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        minutes, backends, _ = self.table()
        return zip(minutes.tolist(), backends.tolist(), strict=True)

    def __getitem__(self, key: tuple[int, int]) -> np.ndarray:
        keys, sums = self._settle()
        found: np.ndarray = sums[keys.tolist().index(key[0] << _SHIFT | key[1])]
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Minutes):
            return NotImplemented
        return all(np.array_equal(mine, its) for mine, its in zip(self._settle(), other._settle(), strict=True))

    __hash__ = None  # type: ignore[assignment]

    def _settle(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys that rise, and their sums."""
        if self._more:
            keys = np.concatenate([self._keys, *(keys for keys, _ in self._more)])
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            first = np.flatnonzero(np.diff(keys, prepend=-1))
            sums = np.concatenate([self._sums, *(sums for _, sums in self._more)])[order]
            self._keys = keys[first]
            self._sums = np.add.reduceat(sums, first) if len(first) else sums
            self._more.clear()
            self._waiting = 0
        return self._keys, self._sums
