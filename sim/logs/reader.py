"""What reads one format: its entries in, calls out. A format is a file under `sim.logs.readers` with a class `Reader` of this kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import LoggedCall, Source
from sim.logs.report import Report


class Asked:
    """The newest message that the next call answers: since when that call could be sent, and whether it is a user's."""

    def __init__(self) -> None:
        self._at_s, self._by_user = math.nan, False

    def came(self, at_s: float, by_user: bool | None = None) -> None:
        """A message; None: from a tool, while a user's may wait beside it."""
        self._at_s, self._by_user = at_s, self._by_user if by_user is None else by_user

    def answered(self, end_s: float) -> tuple[float, bool]:
        """When the call that ended then began (without a message before it: then), and whether for a user; the next one is yet to come."""
        found = self._at_s if self._at_s <= end_s else end_s, self._by_user
        self._at_s, self._by_user = math.nan, False
        return found


class LogReader:
    """One reads all files of its format, one after another."""

    columns: tuple[str, ...] = ()
    """Of a table: those that are understood, or that need not be."""

    source = Source()
    """Of the file that is read, where it differs from file to file."""

    keyed = True
    """Whether its calls have ids, so that each counts once wherever it stands; without, a copy of a whole file is left out."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.parents: dict[tuple[str, str], str] = {}
        """By session and agent: who began it, where that is known only later."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """Whether a file is of this format, by what is in it."""
        raise NotImplementedError

    def begin(self, file: File) -> None:
        """A new file begins."""

    def entries(self, file: File) -> Iterator[tuple[str, Entry]]:
        """What is in a file, each with its place for an error."""
        return file.entries()

    def calls(self, entry: Entry) -> Iterable[LoggedCall]:
        """The calls in one entry. Raises `ValueError`, `TypeError`, `KeyError` or `AttributeError` for one that is broken."""
        raise NotImplementedError

    def end(self) -> Iterable[LoggedCall]:
        """Calls that could be told only when all files were read."""
        return ()
