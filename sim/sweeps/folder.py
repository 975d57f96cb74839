"""Folders of a sweep: which runs are complete and may be kept, so that the same sweep started again does only the rest.

Every file appears whole or not at all. A run's `run.json` is written after all its others and removed before any of them
changes, so whoever is killed at whatever moment leaves either a complete run or one that is not there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import simpy

from sim.engine.recorded import trace_file
from sim.errors import ConfigError
from sim.results.files import read_json, write_whole
from sim.results.result import Result
from sim.results.saved import SavedResult
from sim.scenario.custom import imported
from sim.scenario.load import HERE
from sim.scenario.scenario import NO_MATTER, Scenario
from sim.scenario.text import as_yaml, plain
from sim.settings.agent import AgentKind
from sim.settings.router import Policy
from sim.settings.workload import WorkloadKind

NOTE = "run.json"
"""In a run's folder: the settings that the sweep gave it, what it was made from, its digest and files, or why it failed."""
START = "sweep.json"
"""In a sweep's folder: which start of it is the latest. Runs that it has not come to are not part of its table."""
PATIENCE_S = 3.0
"""As long as the workers of a sweep that was killed may take to notice."""


class RunFolder:
    """Where one scenario of a sweep leaves its files. `axes` are the settings that the sweep gave it."""

    def __init__(self, path: Path, axes: Mapping[str, str], sweep: Path) -> None:
        self.path = path
        self.axes = dict(axes)
        self._start = started(sweep)

    @property
    def title(self) -> str:
        """The scenario for people, by what the sweep gave it."""
        return " ".join(f"{key}={value}" for key, value in self.axes.items() if key != "experiment")

    def keep(self, scenario: Scenario) -> bool:
        """Whether what is there was made from the same settings by the same simulator, and is whole.

        If so, what says how it is shown is brought up to date; if not, it is no longer a run.
        """
        note = read_note(self.path)
        files = note.get("files") or {NOTE: -1}
        if note.get("key") != key_of(scenario) or any(_size(self.path / name) != size for name, size in files.items()):
            (self.path / NOTE).unlink(missing_ok=True)
            return False
        file, text = self.path / "scenario.yaml", as_yaml(scenario)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))
        self._write(note | {"axes": self.axes, "start": self._start})
        return True

    def complete(self, result: Result) -> None:
        """Save a result, and last of all say so."""
        result.save(self.path)
        files = {file.name: _size(file) for file in self.path.iterdir() if file.is_file() and file.name not in (NOTE, "scenario.yaml")}
        self._note(key=key_of(result.scenario), digest=result.digest, files=files)

    def fail(self, why: str) -> None:
        """Say why there is no result."""
        self._note(failed=why)

    def saved(self, scenario: Scenario) -> SavedResult:
        """The result of a run that is complete."""
        return SavedResult(self.path, scenario, read_note(self.path)["digest"])

    def _note(self, key: str = "", digest: str = "", failed: str = "", files: Mapping[str, int] | None = None) -> None:
        self._write({"axes": self.axes, "start": self._start, "key": key, "digest": digest, "failed": failed, "files": files or {}})

    def _write(self, note: dict[str, Any]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(note, ensure_ascii=False, indent=1)
        write_whole(self.path / NOTE, lambda path: path.write_text(text, encoding="utf-8"))


def read_note(folder: Path) -> dict[str, Any]:
    """What a run's `run.json` says; nothing where there is none, or none that can be read."""
    return read_json(folder / NOTE)


def runs_of(sweep: str | Path) -> list[Path]:
    """The folders of a sweep's runs, those of its latest start, in order."""
    latest = started(Path(sweep))
    folders = [path.parent for path in Path(sweep).glob(f"*/{NOTE}") if path.parent.name.isdigit()]
    return sorted((path for path in folders if read_note(path).get("start") == latest), key=lambda path: int(path.name))


def started(sweep: Path) -> int:
    """Which start of a sweep is its latest; 0 where it does not say."""
    start = read_json(sweep / START).get("start")
    return start if isinstance(start, int) else 0


@contextlib.contextmanager
def starting(sweep: Path) -> Iterator[None]:
    """Have a sweep's folder to oneself; what a killed start has left half-written is removed. Raises `ConfigError` if another is at it."""
    sweep.mkdir(parents=True, exist_ok=True)
    with (sweep / ".lock").open("w") as lock:
        _lock(lock, sweep)
        for torn in sweep.rglob(".*.part"):
            torn.unlink(missing_ok=True)
        before = started(sweep)
        _start(sweep, time.time_ns())
        try:
            yield
        finally:
            if not runs_of(sweep):
                _start(sweep, before)


def _start(sweep: Path, number: int) -> None:
    text = json.dumps({"start": number})
    if sweep.is_dir():
        write_whole(sweep / START, lambda path: path.write_text(text, encoding="utf-8"))


def _lock(lock: IO[str], sweep: Path) -> None:
    """A lock that ends with this process; its workers, forked from it, do not hold it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ConfigError(f"{sweep}: another sweep is running there; wait for it or name another folder") from None
            time.sleep(0.1)
        else:
            return


def key_of(scenario: Scenario) -> str:
    """16 hex digits over everything that a run's results come from: settings in use, files and functions they name, the simulator."""
    used = replace(scenario, market=replace(scenario.market, models=scenario.chosen()), **NO_MATTER)
    return _hex(json.dumps([plain(used), _read_by(scenario), _simulator()], sort_keys=True).encode())


def _read_by(scenario: Scenario) -> list[str]:
    """Digests of what settings only name: a trace, functions of one's own."""
    files = [trace_file(scenario)] if scenario.workload.kind is WorkloadKind.trace else []
    functions = [scenario.router.custom] if scenario.router.policy is Policy.custom else []
    functions += [scenario.agent.workflow] if scenario.agent.kind is AgentKind.custom else []
    files += [inspect.getsourcefile(imported(name, "custom")) or "" for name in functions]
    return [_of_file(file, os.stat(file).st_mtime_ns, os.stat(file).st_size) for file in files if file]


@functools.lru_cache(maxsize=8)
def _of_file(file: str, *_changed: int) -> str:
    """Read once for all scenarios, unless it changes."""
    return _hex(Path(file).read_bytes())


@functools.cache
def _simulator() -> list[str]:
    """What the simulator is made of."""
    sources = b"".join(file.read_bytes() for file in sorted(HERE.rglob("*.py")))
    return [_hex(sources), np.__version__, simpy.__version__]


def _hex(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]


def _size(file: Path) -> int:
    """-1 where there is no such file."""
    return file.stat().st_size if file.is_file() else -1
