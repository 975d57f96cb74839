"""Files of logs as entries, one after another: lines of JSON, a whole JSON document, a table (CSV or Parquet).

Only what stands in one line, or in one block of a table, is in memory at a time.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import DataError
from sim.logs.report import Report

Entry = dict[str, Any]
SAMPLE = 50
"""Entries by which a format is known."""
_SAMPLE_BYTES = 4 * 1024 * 1024
_WHOLE_BYTES = 512 * 1024 * 1024
"""Of one JSON document, which has to be in memory at once."""
_BATCH_ROWS = 8192


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
        with _opened(path) as stream:
            head = stream.read(_SAMPLE_BYTES)
        if not head.strip():
            raise DataError(f"{path}: is empty")
        self._head = head

    @cached_property
    def sample(self) -> Sample:
        """By what its format is known. Raises `DataError` for what is neither text nor a table."""
        head = self._head
        if head.startswith(b"SQLite format 3\0"):
            return Sample("sqlite", [], [])
        if head.startswith(b"PAR1"):
            from pyarrow import parquet

            return Sample("table", parquet.read_schema(self.path).names, [])
        if b"\0" in head[:4096]:
            raise DataError(f"{self.path}: is no text in UTF-8")
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text[:1] not in (b"{", b"[") and b"\n{" not in text:
            return Sample("table", next(csv.reader([text.splitlines()[0].decode(errors="replace")])), [])
        return Sample("json", [], self._first())

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Each entry with its place (`line 7`); what is broken is counted and passed over."""
        if self.sample.kind == "table":
            return self._parquet() if self._head.startswith(b"PAR1") else self._csv()
        return self._whole() if self._is_document else self._lines()

    @cached_property
    def _is_document(self) -> bool:
        """Whether it is one JSON document over several lines, not one in each line."""
        text = self._head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text[:1] == b"[":
            return True
        lines = [line for line in text.splitlines()[:3] if line.strip()]
        return len(lines) > 1 and not any(map(_is_object, lines)) and text[:1] == b"{"

    def _first(self) -> list[Entry]:
        if self._is_document:
            return [entry for (_, entry), _ in zip(self._whole(), range(SAMPLE), strict=False)]
        lines = self._head.splitlines()
        parsed = (_parsed(line) for line in lines[: 4 * SAMPLE])
        return [entry for entry in parsed if entry is not None][:SAMPLE]

    def _lines(self) -> Iterator[tuple[str, Entry]]:
        scan = json.JSONDecoder().raw_decode  # without what `json.loads` asks first: a quarter faster
        with _opened(self.path) as stream:
            for number, line in enumerate(stream, 1):
                try:
                    text = line.decode()
                    entry, end = scan(text)
                    broken = (
                        "is no JSON object" if type(entry) is not dict else "holds more than a JSON object" if text[end:].strip() else ""
                    )
                except (ValueError, RecursionError):
                    again = _parsed(line.removeprefix(b"\xef\xbb\xbf").strip())
                    entry, broken = again, "" if again is not None or not line.strip() else "is no JSON"
                if broken:
                    self._report.is_broken(self.name, f"line {number}", broken)
                elif entry is not None:
                    yield f"line {number}", entry

    def _whole(self) -> Iterator[tuple[str, Entry]]:
        with _opened(self.path) as stream:
            text = stream.read(_WHOLE_BYTES + 1)
        if len(text) > _WHOLE_BYTES:
            raise DataError(f"{self.path}: is one JSON document of more than {_WHOLE_BYTES >> 20} MB: write an entry a line")
        try:
            document = json.loads(text.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise DataError(f"{self.path}: is no JSON ({error})") from None
        for number, entry in enumerate(document if isinstance(document, list) else [document], 1):
            if isinstance(entry, dict):
                yield f"entry {number}", entry
            else:
                self._report.is_broken(self.name, f"entry {number}", "is no JSON object")

    def _csv(self) -> Iterator[tuple[str, Entry]]:
        with _opened(self.path) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            reader = csv.reader(text)
            header = [name.strip() for name in next(reader)]
            wide = len(header)
            while True:
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    self._report.is_broken(self.name, f"line {reader.line_num}", error)
                    continue
                if cells is None:
                    return
                if len(cells) == wide:
                    yield f"line {reader.line_num}", dict(zip(header, cells, strict=True))
                elif cells:
                    self._report.is_broken(self.name, f"line {reader.line_num}", f"has {len(cells)} cells, its header {wide}")

    def _parquet(self) -> Iterator[tuple[str, Entry]]:
        from pyarrow import parquet

        number = 0
        for batch in parquet.ParquetFile(self.path).iter_batches(_BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """As bytes, unpacked if it is gzip. Raises `DataError`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path}: is not a file")
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield gzip.GzipFile(fileobj=raw) if packed else raw
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path}: is packed, and cut or broken") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def _parsed(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _is_object(line: bytes) -> bool:
    return _parsed(line) is not None


def unknown(columns: Iterable[str], known: Iterable[str]) -> list[str]:
    """Columns that are not known, as they are written."""
    names = set(known)
    return [column for column in columns if column not in names]
