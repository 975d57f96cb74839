"""Where logs are: files, folders and globs as files, each once, and which of them hold the same."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from sim.errors import DataError, of_kind
from sim.logs.files.opened import opened
from sim.scenario.text import SETTINGS

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet", ".db", ".gz")
"""Of files that are looked at in a folder."""
_PACKED = (".bz2", ".xz", ".zst", ".zip")
"""Behind one of those: not read, and told."""
_ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
"""Of many files: not read, and told; whatever is in them."""
_BLOCK = 1 << 20


def files(paths: Iterable[str | Path]) -> Iterator[tuple[Path, bool]]:
    """Every file once, and whether it was named itself. Raises `DataError` for what is not there."""
    done: set[Path] = set()
    for given in paths:
        of_kind(given, str | PathLike, "logs are read from files, folders and globs")
        if not str(given).strip():
            raise DataError("a path is empty; the current folder is .")
        path = Path(given).expanduser()
        found = [path] if path.exists() else [Path(each) for each in sorted(glob.glob(str(path), recursive=True))]
        if not found:
            raise DataError(f"{given}: no such file or folder")
        for each in found:
            within = sorted(_within(each), key=str) if each.is_dir() else [each]
            for file in within:
                looked_at = not each.is_dir() or (file.is_file() and _may_be_log(file) and not file.name.endswith(".meta.json"))
                if looked_at and file.resolve() not in done:
                    done.add(file.resolve())
                    yield file, not each.is_dir()


def _may_be_log(file: Path) -> bool:
    return file.suffix in ENDINGS + _ARCHIVES or (file.suffix in _PACKED and Path(file.stem).suffix in ENDINGS)


def is_copy(path: Path, others: set[bytes]) -> bool:
    """Whether it holds what another file does, packed or not and however its lines end; else it is one of them from now on."""
    seen = hashlib.sha256()
    try:
        with opened(path) as stream:
            while block := stream.read(_BLOCK):
                seen.update(block.replace(b"\r", b""))
    except DataError:  # cut or broken: whoever reads it says so
        return False
    found = seen.digest()
    if found in others:
        return True
    others.add(found)
    return False


def _within(folder: Path) -> Iterator[Path]:
    """All files below; what goes while we look, or may not be looked into, is passed over."""
    for place, folders, names in os.walk(folder):
        if SETTINGS in names and "export" in folders:  # of a run of ours: what was written from it
            folders.remove("export")
        yield from (Path(place, name) for name in names)
