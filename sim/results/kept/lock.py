"""One writer at a time in a folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sim.errors import ConfigError
from sim.results.files import LOCK

PATIENCE_S = 3.0
"""As long as the workers of a command that was killed may take to notice (wall clock)."""
_held: set[tuple[int, str]] = set()
"""Folders that this process has to itself, with its number: a fork has none of them."""


@contextlib.contextmanager
def alone_in(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Have a folder, which is made, to oneself: once more by the same process is the same.

    Raises `ConfigError` if another is at it, and still is after so long.
    """
    mine = os.getpid(), os.path.realpath(folder)
    if mine in _held:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(folder / LOCK, folder, time.monotonic() + patience_s)
    _held.add(mine)
    try:
        yield
    finally:
        _held.discard(mine)
        (folder / LOCK).unlink(missing_ok=True)
        os.close(descriptor)


def _locked(file: Path, folder: Path, until: float) -> int:
    """The lock's file, open. One that its last owner has removed meanwhile is no lock any more: then another is made."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        if _taken(descriptor) and _same(file, descriptor):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > until:
            raise ConfigError(f"{folder}: another run or sweep is writing there; wait for it or name another folder")
        time.sleep(0.1)


def _taken(descriptor: int) -> bool:
    """Forked workers do not hold it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(descriptor))
    except FileNotFoundError:
        return False
