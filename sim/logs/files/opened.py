"""A file opened: once it is sure to be one, unpacked if it is gzip; and the columns that its first line names."""

from __future__ import annotations

import csv
import gzip
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import DataError

BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}
_WORKBOOKS = (".xlsx", ".xlsm", ".ods", ".numbers")
_SEPARATORS = ",;\t|"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """As bytes. Raises `DataError` for what is no file, cannot be read, or is packed in another way, cut or broken."""
    _check_file(path)
    try:
        with path.open("rb") as raw:
            first = raw.read(8)
            for magic, name in _PACKED.items():
                if first.startswith(magic) and path.suffix.lower() in _WORKBOOKS:
                    raise DataError(f"{path}: is a workbook: save its sheet as CSV (UTF-8)")
                if first.startswith(magic):
                    raise DataError(f"{path}: is packed with {name}, which is not read: unpack it, or use gzip")
            raw.seek(0)
            yield gzip.GzipFile(fileobj=raw) if first.startswith(_GZIP) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path}: is packed, and cut or broken") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def _check_file(path: Path) -> None:
    """Before it is opened: a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise DataError(f"{path}: {'no such file' if missing else getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device, which cannot be read twice"
        raise DataError(f"{path}: is not a file but {kind}")


def header(path: Path, line: str) -> tuple[str, list[str]]:
    """What separates the columns that a line names, and their names as they are written: of the usual ones what makes most columns.

    Raises `DataError` for the line that Excel puts before them.
    """
    if re.fullmatch(r'"?sep=.?"?', line.strip(), re.IGNORECASE):
        raise DataError(f"{path}: begins with Excel's {line.strip()}, not with the names of its columns: take that line away")
    found = {separator: next(csv.reader([line], delimiter=separator), []) for separator in _SEPARATORS}
    separator = max(found, key=lambda each: len(found[each]))
    return separator, found[separator]
