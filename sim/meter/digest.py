"""The digest of a run: one number over all rows that neither their order nor the way they were dealt to processes changes.

Each row is mixed into 64 bits; the bits are added up, modulo 2^64. Made to tell runs apart, not to withstand forgers.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping

import numpy as np

_WORD = 8
_MASK = (1 << 64) - 1


def of_rows(rows: np.ndarray, salt: int, upto: int | None = None) -> int:
    """Of packed rows of one kind, or of the first bytes of each; `salt` keeps kinds apart."""
    whole = rows.dtype.itemsize
    size = whole if upto is None else upto
    words = np.zeros((len(rows), -(-size // _WORD) * _WORD), np.uint8)
    words[:, :size] = rows.view(np.uint8).reshape(len(rows), whole)[:, :size]
    mixed = words.view("<u8") @ factors(words.shape[1] // _WORD) + np.uint64(salt)
    for shift, factor in ((32, 0xD6E8FEB86659FD93), (29, 0xA0761D6478BD642F)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(32)
    return int(mixed.sum(dtype=np.uint64))


def of_word(word: str) -> int:
    """32 bits for a name, such as an agent's path."""
    return int.from_bytes(hashlib.sha1(word.encode(), usedforsecurity=False).digest()[:4], "little")


def added(one: int, other: int) -> int:
    """Of both sets of rows together."""
    return (one + other) & _MASK


@functools.cache
def factors(words: int) -> np.ndarray:
    """Odd numbers without a pattern, one a word."""
    return np.random.Generator(np.random.PCG64(60)).integers(1 << 62, 1 << 63, words, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


class RunDigest:
    """Of all rows of a run so far, in whatever chunks they come."""

    def __init__(self) -> None:
        self._sum = 0
        self._words = np.zeros(0, np.uint32)
        """Of the agent paths so far: their numbers depend on who came first."""

    def __str__(self) -> str:
        return f"{self._sum:016x}"

    def add_calls(self, rows: np.ndarray, paths: Mapping[str, int]) -> None:
        """With a path's word in the place of its number; `rows` are as they were, afterwards."""
        new = list(paths)[len(self._words) :]
        self._words = np.append(self._words, np.array([of_word(path) for path in new], np.uint32))
        numbers = rows["agent"].copy()
        rows["agent"] = self._words[numbers]
        self._sum = added(self._sum, of_rows(rows, 1))
        rows["agent"] = numbers

    def add(self, number: int) -> None:
        """The digest of calls that somebody else has mixed."""
        self._sum = added(self._sum, number)

    def add_tasks(self, rows: np.ndarray) -> None:
        """Rows of tasks that have ended, up to what follows from the rest (`finished`)."""
        self._sum = added(self._sum, of_rows(rows, 2, upto=rows.dtype.fields["finished"][1]))  # type: ignore[index]
