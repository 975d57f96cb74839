"""Files of logs as entries, one after another: lines of JSON, a whole JSON document, a table (CSV or Parquet).

Only what stands in one line, or in one block of a table, is in memory at a time.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import DataError
from sim.logs.files.opened import BOM, header, opened, refuse_others
from sim.logs.files.pages import Pages, rows_of
from sim.logs.files.twice import twice
from sim.logs.report import Report

Entry = dict[str, Any]
FEW, MANY = 10, 500
"""Entries by which a format is known: the first few, or else the first many."""
_HEAD_BYTES = 64 * 1024
_WHOLE_BYTES = 512 * 1024 * 1024
"""Of one JSON document, which has to be in memory at once."""
_BATCH_ROWS = 8192
ZEROS = "holds zero bytes, as where a machine has stopped while it was written"
"""Of a line."""


class Sample(NamedTuple):
    """What is known of a file before it is read."""

    kind: str
    """json, table or sqlite."""
    columns: list[str]
    """Of a table, as they are written."""
    entries: list[Entry]
    """The first ones of a JSON file."""

    def has(self, *keys: str) -> bool:
        """Whether a JSON entry, or the table, has all of these."""
        if self.kind == "table":
            return set(keys) <= set(self.columns)
        return any(all(key in entry for key in keys) for entry in self.entries)


class File:
    """One file. Raises `DataError` where it cannot be opened."""

    def __init__(self, path: Path, report: Report) -> None:
        self.path = path
        self.name = str(path)
        self._report = report
        self.pages: Pages | None = None
        """Where its entries are pages of an API: they are read as their rows."""
        with opened(path) as stream:
            self._head: bytes = stream.read(_HEAD_BYTES)
        if not self._head.strip():
            raise DataError(f"{path}: is empty")
        self._text = self._head.removeprefix(BOM).lstrip()

    @cached_property
    def kind(self) -> str:
        """json, table or sqlite. Raises `DataError` for what is none of them."""
        if self._head.startswith(b"SQLite format 3\0"):
            return "sqlite"
        if self._head.startswith(b"PAR1"):
            return "table"
        refuse_others(self.path, self._head.removeprefix(BOM).lstrip())
        if self._text[:1] in (b"{", b"[") or b"\n{" in self._text:
            return "json"
        if b"\0" in self._text.splitlines()[0]:  # further down it breaks its line alone
            raise DataError(f"{self.path}: is no text in UTF-8 (it holds zero bytes): save it as that, or take out what is no text")
        return "table"

    @cached_property
    def columns(self) -> list[str]:
        """Of a table, as they are written."""
        if self.kind != "table":
            return []
        if self._head.startswith(b"PAR1"):
            from pyarrow import parquet

            try:
                names: list[str] = parquet.read_schema(self.path).names
            except (OSError, ValueError):
                raise DataError(f"{self.path}: is a Parquet file that is cut or broken") from None
            return names
        return [name.strip() for name in self._header[1]]

    @cached_property
    def _header(self) -> tuple[str, list[str]]:
        """Its separator, and the columns as they are written."""
        line: bytes = self._text.splitlines()[0]
        return header(self.path, line.decode(errors="replace"))

    def sample(self, many: int = FEW) -> Sample:
        """By what its format is known."""
        first = self._first() if self.pages is None else (row for each in self._first() for row in rows_of(each) or (each,))
        entries = [entry for entry, _ in zip(first, range(many), strict=False)] if self.kind == "json" else []
        return Sample(self.kind, self.columns, entries)

    def shows(self, word: str) -> bool:
        """Whether a word stands among its first bytes."""
        return word.encode() in self._head

    @property
    def fault(self) -> str:
        """Why its first line is no JSON; empty: it is, or is a part of a document over several lines, or of a table."""
        if self.kind != "json" or self._is_document:
            return ""
        with opened(self.path) as stream:
            return _objects(next(iter(stream), b""))[1]

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Each entry with its place (`line 7`); what is broken is counted and passed over."""
        if self.kind == "table":
            return self._parquet() if self._head.startswith(b"PAR1") else self._csv()
        found = self._whole() if self._is_document else self._lines()
        return found if self.pages is None else self.pages.rows(found)

    @cached_property
    def _is_document(self) -> bool:
        """Whether it is one JSON document over several lines, not one in each line."""
        if self._text[:1] == b"[":  # a list a line is no document
            first, _, rest = self._text.partition(b"\n")
            return not (first.rstrip().endswith(b"]") and rest.lstrip()[:1] == b"[")
        if self._text[:1] != b"{":
            return False
        with opened(self.path) as stream:
            lines = [line for line, _ in zip(stream, range(MANY), strict=False)]
        found, broken = _objects(lines[0])
        if found and not broken:
            return False
        apart = [_objects(line) for line in lines if not line.startswith(b" ") and not line.rstrip().endswith(b",")]
        return len(lines) > 1 and not any(any(found) and not broken for found, broken in apart)

    def _first(self) -> Iterator[Entry]:
        if self._is_document:
            yield from (entry for _, entry in self._whole())
            return
        with opened(self.path) as stream:
            for line, _ in zip(stream, range(MANY), strict=False):
                yield from _objects(line)[0]

    def _lines(self) -> Iterator[tuple[str, Entry]]:
        scan = json.JSONDecoder().raw_decode  # without what `json.loads` asks first: a quarter faster
        with opened(self.path) as stream:
            for number, line in enumerate(stream, 1):
                try:
                    text = line.decode()
                    entry, end = scan(text)
                    alone = type(entry) is dict and not text[end:].strip()
                except (ValueError, RecursionError):
                    alone = False
                found, broken = ([entry], "") if alone else _objects(line)
                if again := twice(line):
                    found, broken = [], f"names {again} twice: which is meant?"
                for each in found:
                    yield f"line {number}", each
                if broken:
                    self._report.is_broken(self.name, f"line {number}", broken)

    def _whole(self) -> Iterator[tuple[str, Entry]]:
        with opened(self.path) as stream:
            text = stream.read(_WHOLE_BYTES + 1)
        if len(text) > _WHOLE_BYTES:
            raise DataError(f"{self.path}: is one JSON document of more than {_WHOLE_BYTES >> 20} MB: write an entry a line")
        try:
            document = json.loads(text.removeprefix(BOM))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{self.path}: is no JSON{_told(error)}") from None
        if again := twice(text):
            raise DataError(f"{self.path}: names {again} twice in one object: which is meant? take one out")
        for number, entry in enumerate(document if isinstance(document, list) else [document], 1):
            if isinstance(entry, dict):
                yield f"entry {number}", entry
            else:
                self._report.is_broken(self.name, f"entry {number}", "is no JSON object")

    def _csv(self) -> Iterator[tuple[str, Entry]]:
        with opened(self.path) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
            reader = csv.reader(text, delimiter=self._header[0])
            written = next(filter(any, reader))
            header = [name.strip() for name in written]
            wide = len(header)
            while True:
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    self._report.is_broken(self.name, f"line {reader.line_num}", error)
                    continue
                if cells is None:
                    return
                if wrong := _no_text(cells):  # two names that differ in what cannot be read would become one
                    self._report.is_broken(self.name, f"line {reader.line_num}", wrong)
                elif cells == written:
                    self._report.duplicates["lines that name the columns again"] += 1
                elif len(cells) == wide:
                    yield f"line {reader.line_num}", dict(zip(header, cells, strict=True))
                elif cells:
                    quote = " (is a quote before it not closed?)" if any("\n" in cell for cell in cells) else ""
                    self._report.is_broken(self.name, f"line {reader.line_num}", f"has {len(cells)} cells, its header {wide}{quote}")

    def _parquet(self) -> Iterator[tuple[str, Entry]]:
        from pyarrow import parquet

        number = 0
        try:
            file = parquet.ParquetFile(self.path)
            raw = [name for name, kind in zip(self.columns, file.schema_arrow.types, strict=True) if "binary" in str(kind)]
            for batch in file.iter_batches(_BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    row.update({name: row[name].decode(errors="replace") for name in raw if row[name] is not None})
                    yield f"row {number}", row
        except (OSError, ValueError, OverflowError) as error:  # of whatever unpacks it; what becomes of a row is not raised in here
            raise DataError(f"{self.path}: is damaged after row {number:,} ({str(error).splitlines()[0]})") from None


def _no_text(cells: list[str]) -> str:
    """Why a row is no text; empty: it is."""
    together = "".join(cells)
    if "\0" in together:
        return ZEROS
    if together.isascii():
        return ""
    try:
        together.encode()
    except UnicodeEncodeError:
        return "is no text in UTF-8"
    return ""


def _objects(line: bytes) -> tuple[list[Entry], str]:
    """The JSON objects of a line, one after another, whether or not with commas between; and what is wrong behind them, if anything is."""
    found: list[Entry] = []
    try:
        text = line.removeprefix(BOM).decode().strip()
        while text:
            entry, end = json.JSONDecoder().raw_decode(text)
            some = entry if type(entry) is list else [entry]
            if not some or any(type(each) is not dict for each in some):
                return found, "is no JSON object"
            found += some
            text = text[end:].strip().removeprefix(",").lstrip()
    except (ValueError, RecursionError) as error:
        if b"\0" in line:
            return found, ZEROS
        return found, "holds more than JSON objects" if found else f"is no JSON{_told(error)}"
    return found, ""


def _told(error: Exception) -> str:
    """Why something is no JSON, in words of ours; empty: nothing that helps."""
    if isinstance(error, RecursionError):
        return ": nested too deep"
    if not isinstance(error, json.JSONDecodeError):
        return ": no text in UTF-8" if isinstance(error, UnicodeError) else ""
    if error.msg.startswith("Unterminated") or (error.doc.strip() and error.pos >= len(error.doc.rstrip())):
        return ": it ends in the middle, as where a file was cut"
    if error.msg.startswith("Extra data"):
        return f" from line {error.lineno} on: are they several documents? write each in a line of its own"
    where = "" if error.doc.count("\n") < 2 else f" at line {error.lineno}"
    comma = error.doc[: error.pos].rstrip().endswith(",") and error.doc[error.pos : error.pos + 1] in ("]", "}")
    return f"{where}: a comma before the end of a list or an object: take it away" if comma else where
