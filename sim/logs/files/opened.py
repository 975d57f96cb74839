"""A file opened: once it is sure to be one, unpacked if it is gzip; and the columns that its first line names."""

from __future__ import annotations

import csv
import gzip
import os
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
_PACKED = {
    b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\0\0sNaP": "snappy", b"7z\xbc\xaf": "7z", b"Rar!": "rar",
}  # fmt: skip
_OTHERS = (
    (b"\x1f\x8b", "is packed twice: unpack it once"),
    (b"\xff\xfe\0\0", "is text in UTF-32: save it as UTF-8"),
    (b"\0\0\xfe\xff", "is text in UTF-32: save it as UTF-8"),
    (b"\xff\xfe", "is text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "is text in UTF-16: save it as UTF-8"),
    (b"Obj\x01", "is a file of Avro: write it as Parquet, CSV or JSON lines"),
    (b"ARROW1", "is a file of Arrow (Feather): write it as Parquet, CSV or JSON lines"),
    (b"%PDF", "is a PDF: export its table as CSV"),
    (b"version https://git-lfs", "is a pointer of Git LFS and not the file itself: git lfs pull fetches it"),
    (b"<", "is HTML or XML (a page that asks to log in?): export it as CSV or JSON"),
)
"""By how they begin: no logs, and what to do."""
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
            if first and not os.fstat(raw.fileno()).st_size:
                raise DataError(f"{path}: is no file on a disk but made when it is read, as in /proc: copy it to one")
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
        if missing and path.is_symlink():
            raise DataError(f"{path}: is a link to what is not there") from None
        raise DataError(f"{path}: {'no such file' if missing else getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(mode):
        raise DataError(
            f"{path}: is {'a link to a folder, which is not followed: name it' if path.is_symlink() else 'not a file but a folder'}"
        )
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: is not a file but a pipe or a device, which cannot be read twice: write it to a file first")


def refuse_others(path: Path, head: bytes) -> None:
    """Raise `DataError` where a file, unpacked, begins as something else than a log or a table."""
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise DataError(f"{path}: {what}")
    if head[257:262] == b"ustar":
        raise DataError(f"{path}: is a tar archive: unpack it")
    if len(head) > 3 and (head[0] == 0) != (head[1] == 0) and (head[2] == 0) != (head[3] == 0):
        raise DataError(f"{path}: is text in UTF-16: save it as UTF-8")


def header(path: Path, line: str) -> tuple[str, list[str]]:
    """What separates the columns that a line names, and their names as they are written: of the usual ones what makes most columns.

    Raises `DataError` for the line that Excel puts before them.
    """
    if re.fullmatch(r'"?sep=.?"?', line.strip(), re.IGNORECASE):
        raise DataError(f"{path}: begins with Excel's {line.strip()}, not with the names of its columns: take that line away")
    found = {separator: next(csv.reader([line], delimiter=separator), []) for separator in _SEPARATORS}
    separator = max(found, key=lambda each: len(found[each]))
    return separator, found[separator]
