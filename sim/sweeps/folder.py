"""Folders of a sweep: which runs are complete and may be kept, so that the same sweep started again does only the rest.

Every file appears whole or not at all. A run's `run.json` is written after all its others and removed before any of them
changes, so whoever is killed at whatever moment leaves either a complete run or one that is not there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from sim.errors import ConfigError
from sim.results.files import LOCK, NOTE, START, Files, remove_torn
from sim.results.result import Result
from sim.results.saved import SavedResult
from sim.scenario.scenario import Scenario
from sim.sweeps.key import key_of

PATIENCE_S = 3.0
"""As long as the workers of a sweep that was killed may take to notice (wall clock)."""
BOOKKEEPING = {LOCK, START}
"""What a start leaves in a sweep's folder before any run has."""


class RunFolder:
    """Where one scenario of a sweep leaves its files. `axes` are the settings that the sweep gave it."""

    def __init__(self, path: Path, axes: Mapping[str, str], sweep: Path) -> None:
        self.path = path
        self.axes = dict(axes)
        self._start = started(sweep)
        self._files = Files(path)

    @property
    def title(self) -> str:
        """The scenario for people, by what the sweep gave it."""
        return " ".join(f"{key}={value}" for key, value in self.axes.items() if key != "experiment")

    def keep(self, scenario: Scenario) -> bool:
        """Whether what is there was made from the same settings by the same simulator, and is whole.

        If so, what says how it is shown is brought up to date; if not, it is no longer a run.
        """
        note = read_note(self.path)
        sizes = note.get("files") or {NOTE: -1}
        if note.get("key") != key_of(scenario) or any(self._files.size(name) != size for name, size in sizes.items()):
            self._files.remove(NOTE)
            return False
        self._files.write_settings(scenario)
        self._files.write_json(NOTE, note | {"axes": self.axes, "start": self._start})
        return True

    def complete(self, result: Result) -> None:
        """Save a result, and last of all say so."""
        result.save(self.path)
        self._note(key=key_of(result.scenario), digest=result.digest, files=self._files.sizes())

    def fail(self, why: str) -> None:
        """Say in the folder why the run has no result."""
        self._note(failed=why)

    def saved(self, scenario: Scenario) -> SavedResult:
        """The result of a run that is complete."""
        return SavedResult(self.path, scenario, read_note(self.path)["digest"])

    def _note(self, key: str = "", digest: str = "", failed: str = "", files: Mapping[str, int] | None = None) -> None:
        said = {"axes": self.axes, "start": self._start, "key": key, "digest": digest, "failed": failed, "files": files or {}}
        self._files.write_json(NOTE, said)


def read_note(folder: Path) -> dict[str, Any]:
    """What a run's `run.json` says; {} where there is none, or none that can be read."""
    return Files(folder).json(NOTE)


def settings_of(runs: Sequence[Path]) -> dict[str, Any]:
    """The settings of the first of these runs that has left them, as plain values."""
    return next((found for run in runs if (found := Files(run).settings())), {})


def runs_of(sweep: str | Path) -> list[Path]:
    """The folders of a sweep's runs, those of its latest start, in order."""
    latest = started(Path(sweep))
    folders = [path.parent for path in Path(sweep).glob(f"*/{NOTE}") if path.parent.name.isdigit()]
    return sorted((path for path in folders if read_note(path).get("start") == latest), key=lambda path: int(path.name))


def started(sweep: Path) -> int:
    """Which start of a sweep is its latest; 0 where it does not say."""
    start = Files(sweep).json(START).get("start")
    return start if isinstance(start, int) else 0


@contextlib.contextmanager
def starting(sweep: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Have a sweep's folder to oneself; what a killed start has left half-written is removed.

    Raises `ConfigError` if another is at it, and still is after so long.
    """
    sweep.mkdir(parents=True, exist_ok=True)
    with (sweep / LOCK).open("w") as lock:
        _lock(lock, sweep, patience_s)
        remove_torn(sweep)
        before = started(sweep)
        _start(sweep, time.time_ns())
        try:
            yield
        finally:
            if not runs_of(sweep):
                _start(sweep, before)


def _start(sweep: Path, number: int) -> None:
    if sweep.is_dir():
        Files(sweep).write_json(START, {"start": number})


def _lock(lock: IO[str], sweep: Path, patience_s: float) -> None:
    """A lock that ends with this process; its workers, forked from it, do not hold it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ConfigError(f"{sweep}: another sweep is running there; wait for it or name another folder") from None
            time.sleep(0.1)
        else:
            return
