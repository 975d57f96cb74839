"""Calls without an id that are like others: they count, and are told."""

from __future__ import annotations

_ELSEWHERE = "like a call of another file: if the files overlap, it is counted twice"
_HERE = "without an id and like another of its file, to the moment and token: if it is the same call, it is counted twice"


class Overlap:
    """Calls without an id that an earlier file has too, by moment, model and tokens: of two exports that overlap, say.

    Not by cache reads, which by hashes depend on what stands before a call in its file.
    """

    def __init__(self) -> None:
        self._earlier: set[int] = set()
        self._here: set[int] = set()
        self._exactly: set[int] = set()

    def begin(self) -> None:
        """Another file."""
        self._earlier |= self._here
        self._here.clear()
        self._exactly.clear()

    def like(self, start_s: float, what: tuple[object, ...], more: tuple[object, ...], keyed: bool) -> str:
        """What to tell of a call, if an earlier file has such a one, or its own file the same of a format whose calls have ids (`keyed`);
        empty: nothing. First calls of clocks that begin at 0 may be alike by chance."""
        if not start_s > 0:
            return ""
        found = hash((start_s, *what))
        self._here.add(found)
        if found in self._earlier:
            return _ELSEWHERE
        if not keyed:
            return ""
        exactly = hash((found, *more))
        again = exactly in self._exactly
        self._exactly.add(exactly)
        return _HERE if again else ""
