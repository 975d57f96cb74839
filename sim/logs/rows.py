"""Rows of tables of our own, however their headers are written; a row that stands twice in a file is one call."""

from __future__ import annotations

import math
from typing import Any

from sim.columns import CALLS, TRACE
from sim.logs.files import Entry, File
from sim.logs.files.table import MISSING, ask_of_likely, plain
from sim.logs.reader import LogReader

_TEXTS = ("trace", "agent", "parent", "model", "status", "tier", "trigger", "role", "backend", "task")
"""Columns whose cells may be any word."""
_SAME_PLACE = "another row of that agent has the same call_index: both counted"


class RowReader(LogReader):
    """What readers of our tables share."""

    keyed = False

    columns = tuple({column.name for column in (*CALLS, *TRACE)})
    place: tuple[str, ...] = ()
    """Columns by which a call is known; of a table that lacks the last of them all rows count."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._met: dict[int, int] = {}

    def begin(self, file: File) -> None:
        """Capitals, spaces and hyphens in a header do not matter. Raises `DataError` where a column is nearly a known one."""
        self._plain = {name: plain(name) for name in file.columns}
        self.header = list(self._plain.values())
        self._met.clear()  # the same numbers in another file may well be another call
        self._counted = self.place[-1] in self.header
        recorded = not {"cached_tokens", "cache_read_tokens"}.isdisjoint(self.header)
        known = [column for column in self.columns if not (recorded and column.startswith("cache"))]
        ask_of_likely(file.name, file.columns, {place: name for place, name in enumerate(self.header) if name in self.columns}, known)

    def row(self, entry: Entry) -> Entry | None:
        """By plain names; None: the file has it already, to the last cell, or names its columns again. Raises `ValueError` where it says no
        tokens."""
        named = ((self._plain[name], value) for name, value in entry.items())
        row = {name: None if _is_nothing(value, name) else value for name, value in named}
        if row["input_tokens"] is not None and plain(str(row["input_tokens"])) == "input_tokens":
            self.report.duplicates["lines that name the columns again"] += 1
            return None
        for name in ("input_tokens", "output_tokens"):
            if row[name] is None or row[name] == "":
                raise ValueError(f"{name} is empty")
        return None if self._is_again(row) else row

    def _is_again(self, row: Entry) -> bool:
        """Another row in the same place of an agent counts, and is told."""
        if not self._counted:
            return False
        place, whole = hash(tuple(str(row.get(name)) for name in self.place)), hash(str(list(row.values())))
        known = self._met.get(place)
        if known is None:
            self._met[place] = whole
        elif known == whole:
            self.report.duplicates["rows that stand twice in a file"] += 1
        else:
            self.report.remarks[_SAME_PLACE] += 1
        return known == whole


def _is_nothing(value: Any, name: str) -> bool:
    """Whether a cell of a column says nothing; a name may be any word."""
    return math.isnan(value) if isinstance(value, float) else value in MISSING and name not in _TEXTS
