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

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".db", ".gz")
"""Of files that are looked at in a folder."""
_PACKED = (".bz2", ".xz", ".zst", ".zip")
"""Behind one of those: not read, and told."""
_ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
"""Of many files: not read, and told; whatever is in them."""
_UNUSUAL = (".log", ".txt", ".out", ".bak", ".old", ".tmp")
"""Of files that may be logs all the same: told where one is."""
_BLOCK = 1 << 20


def files(paths: Iterable[str | Path]) -> Iterator[tuple[Path, bool]]:
    """Every file once, and whether it was named itself. Raises `DataError` for what is not there."""
    done: set[str] = set()
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
                looked_at = not each.is_dir() or (_is_there(file) and not file.name.endswith(".meta.json"))
                whole = os.path.realpath(file)  # which, unlike the method of a path, takes links that go round in a ring
                if looked_at and whole not in done:
                    done |= {whole} if is_usual(file) or not each.is_dir() else set()
                    yield file, not each.is_dir()


def _is_there(file: Path) -> bool:
    """Whether something in a folder is for a reader: a file that may be a log, or a link that somebody may take for one."""
    if file.is_symlink() and (file.is_dir() or not file.exists()):
        return file.is_dir() or is_usual(file)
    return file.is_file() and (is_usual(file) or _is_unusual(file))


def is_usual(file: Path) -> bool:
    """Whether a file in a folder is called as logs are; another is read where it is named itself."""
    ending = file.suffix.lower()
    return ending in ENDINGS + _ARCHIVES or (ending in _PACKED and Path(file.stem).suffix.lower() in ENDINGS)


def _is_unusual(file: Path) -> bool:
    """By its ending a log that was put away (x.jsonl.1, x.jsonl.bak), or any text."""
    return file.suffix.lower() in _UNUSUAL or file.name.endswith("~") or any(each.lower() in ENDINGS[:-1] for each in file.suffixes[:-1])


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
    root = os.path.realpath(folder)
    for place, folders, names in os.walk(folder):
        if SETTINGS in names and "export" in folders:  # of a run of ours: what was written from it
            folders.remove("export")
        yield from (Path(place, name) for name in names)
        linked = [Path(place, name) for name in folders if os.path.islink(os.path.join(place, name))]
        yield from (each for each in linked if not Path(os.path.realpath(each)).is_relative_to(root))
