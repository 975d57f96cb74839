"""Folders of a sweep: which runs are complete and may be kept, so that the same sweep started again does only the rest.

A run's files appear together, and `run.json`, which says what they hold, last (`sim.results.kept.manifest`); so whoever is killed at
whatever moment leaves either a complete run or one that is not there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError
from sim.results.files import NOTE, START, Files, remove_torn
from sim.results.kept.lock import PATIENCE_S, alone_in
from sim.results.kept.manifest import altered, read_note, write_note
from sim.results.result import Result
from sim.results.saved import SavedResult
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS
from sim.sweeps.key import key_of, read_by


class RunFolder:
    """Where one scenario of a sweep leaves its files. `axes` are the settings that the sweep gave it."""

    def __init__(self, path: Path, axes: Mapping[str, str], sweep: Path) -> None:
        self.path = path
        self.axes = dict(axes)
        self._start = started(sweep)
        self._files = Files(path)
        self._key = ""
        self._read: list[tuple[str, str]] = []

    @property
    def title(self) -> str:
        """The scenario for people, by what the sweep gave it."""
        return " ".join(f"{key}={value}" for key, value in self.axes.items() if key != "experiment")

    def keep(self, scenario: Scenario) -> bool:
        """Whether what is there was made from the same settings and files by the same simulator, and is as it was saved.

        If so, what says how it is shown is brought up to date; if not, it is no longer a run. The scenario's key is taken now, before
        it runs.
        """
        if self.path.is_symlink():
            raise DataError(f"{self.path}: is a link, which is not followed; remove it")
        note = read_note(self.path)
        self._key, self._read = key_of(scenario), read_by(scenario)
        if note.get("key") != self._key or set(altered(self.path, note)) - {SETTINGS}:
            self._files.remove(NOTE)
            return False
        self._files.write_settings(scenario)
        write_note(self.path, note | {"axes": self.axes, "start": self._start})
        return True

    def complete(self, result: Result) -> None:
        """Save a result, and last of all say so. Raises `DataError` where what it was made from has changed since `keep`."""
        if read_by(result.scenario) != self._read:
            raise DataError("a file that it reads was changed while it ran, so what came out is not kept; run it again")
        result.save(self.path, said={"axes": self.axes, "start": self._start, "key": self._key, "failed": ""})

    def fail(self, why: str) -> None:
        """Say in the folder why the run has no result."""
        write_note(self.path, {"axes": self.axes, "start": self._start, "key": "", "digest": "", "failed": why, "files": {}})

    def saved(self, scenario: Scenario) -> SavedResult:
        """The result of a run that is complete."""
        return SavedResult(self.path, scenario, read_note(self.path)["digest"])


def settings_of(runs: Sequence[Path]) -> dict[str, Any]:
    """The settings of the first of these runs that has left them, as plain values."""
    return next((found for run in runs if (found := Files(run).settings())), {})


def runs_of(sweep: str | Path) -> list[Path]:
    """The folders of a sweep's runs, those of its latest start, in order."""
    latest = started(Path(sweep))
    folders = [path.parent for path in Path(sweep).glob(f"*/{NOTE}") if path.parent.name.isdigit() and not path.parent.is_symlink()]
    return sorted((path for path in folders if read_note(path).get("start") == latest), key=lambda path: int(path.name))


def check_runs(sweep: Path) -> None:
    """Raise `DataError` where a run of a sweep says nothing of itself, or is there twice: what is told of the sweep would be without it, or
    with it twice."""
    seen: dict[str, Path] = {}
    for run in sorted(path.parent for path in sweep.glob(f"*/{NOTE}") if path.parent.name.isdigit()):
        note = read_note(run)
        if not isinstance(note.get("axes", {} if note and "start" not in note else None), Mapping):
            raise DataError(f"{run / NOTE}: cannot be read; start the same sweep again, which runs that scenario anew")
        if note.get("key") and note.get("start") == started(sweep):
            if note["key"] in seen:
                raise DataError(f"{seen[note['key']]} and {run}: are one scenario twice; remove one of them")
            seen[note["key"]] = run


def started(sweep: Path) -> int:
    """Which start of a sweep is its latest; 0 where it does not say."""
    start = Files(sweep).json(START).get("start")
    return start if isinstance(start, int) else 0


@contextlib.contextmanager
def starting(sweep: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Have a sweep's folder to oneself; what a killed start has left half-written is removed.

    Raises `ConfigError` if another is at it, and still is after so long, or for the folder of a run; `DataError` for somebody's own files.
    """
    if Files(sweep).has(NOTE):
        raise ConfigError(f"{sweep}: holds a run; a sweep saves its runs in a folder of their own")
    Files(sweep).check_ours()
    with alone_in(sweep, patience_s):
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
