"""Temporary files by owner: what a process that was killed has left is told from what one that lives still needs."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"sim-[a-z]+-(?P<place>[0-9a-f]{8})-(?P<process>\d+)-(?P<began>\d+)-\w+(\.parquet)?")


def prefix(kind: str) -> str:
    """What names of this process's temporary files of a kind begin with, e.g. `sim-calls-`, machine, process and its beginning."""
    process = os.getpid()
    return f"sim-{kind}-{_place()}-{process}-{_began(process)}-"


def clear_leftovers() -> None:
    """Remove temporary files and folders, our user's own, of processes of this machine that have ended."""
    for path in Path(tempfile.gettempdir()).glob("sim-*"):
        found = _NAME.fullmatch(path.name)
        if found is None or found["place"] != _place() or str(_began(int(found["process"]))) == found["began"]:
            continue
        with contextlib.suppress(OSError):
            mine = hasattr(os, "geteuid") and path.lstat().st_uid == os.geteuid()
            if mine and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif mine:
                path.unlink()


@functools.cache
def _place() -> str:
    """The machine, or the container on it: what numbers of processes are of."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return hashlib.sha1(f"{platform.node()} {space}".encode(), usedforsecurity=False).hexdigest()[:8]


def _began(process: int) -> int:
    """When a process began, in ticks since the machine did, since numbers come again; -1 where there is none of that number."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return -1 if Path("/proc/self/stat").exists() else 0  # not Linux: never taken for ended
    except (OSError, ValueError, IndexError):
        return 0
