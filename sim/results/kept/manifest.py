"""The files of a run appear together or not at all: written aside, put in their places at once, and listed last with what they hold.

`run.json` is that list. It goes before any of the files changes, so whoever is killed at whatever moment leaves a run that is whole,
or a folder that does not say it is one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.engine.stop import held_off
from sim.errors import DataError
from sim.results.files import NOTE, ORIGIN, Files, aside, remove_torn, told_of
from sim.results.kept.lock import alone_in
from sim.scenario.sources import content
from sim.scenario.text import SETTINGS


class Together(Files):
    """Files of a run while they are written: nothing of what is there changes until all are complete."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        self._holds: dict[str, str] = {}
        self._staged: set[str] = set()
        self._gone: set[str] = set()

    def write(self, name: str, write: Callable[[Path], object]) -> Path:
        """Have a file written aside."""
        self.path(name)
        part = self._aside(name)
        part.parent.mkdir(parents=True, exist_ok=True)
        self._staged.add(name)
        with told_of(self.folder / name):
            write(part)
        self._holds[name] = content(part).sha256
        return self.folder / name

    def remove(self, name: str) -> None:
        """There will be no file of that name."""
        self._gone.add(name)

    def write_settings(self, scenario: Any) -> None:
        """As `Files.write_settings`; listed also where it is there already."""
        super().write_settings(scenario)
        self._holds.setdefault(SETTINGS, content(self.path(SETTINGS)).sha256)

    def put(self, **said: Any) -> None:
        """All of them in their places; then the list, with whatever else there is to say. What an earlier run has left goes."""
        stale = set(read_note(self.folder).get("shown", ())) | self._gone
        super().remove(NOTE)
        for name in stale - set(self._holds):
            if is_plain(name):
                super().remove(name)
        for name in sorted(self._staged, key=lambda name: name != ORIGIN):  # first what says that these files are ours
            os.replace(self._aside(name), self.folder / name)
        write_note(self.folder, {"files": self._holds, **said})

    def discard(self) -> None:
        """Nothing has been written."""
        for name in self._staged:
            self._aside(name).unlink(missing_ok=True)

    def _aside(self, name: str) -> Path:
        return self.folder / aside(name)


@contextlib.contextmanager
def together(folder: str | Path, kind: type[Together] = Together, **said: Any) -> Iterator[Together]:
    """Write a run's files; they appear when the context ends well. Raises `ConfigError` where somebody else writes there."""
    made = kind(folder)
    with alone_in(made.folder):
        remove_torn(made.folder)
        try:
            yield made
            with held_off():
                made.put(**said)
        finally:
            made.discard()


def read_note(folder: Path) -> dict[str, Any]:
    """What a run's `run.json` says; {} where there is none, or none that can be read."""
    return Files(folder).json(NOTE)


def write_note(folder: Path, note: dict[str, Any]) -> None:
    """Say that a run is whole, or why it failed."""
    Files(folder).write_json(NOTE, note)


def add_shown(folder: Path, names: list[str]) -> None:
    """A page and figures have been made of a run that is there: they go when another takes its place."""
    note = read_note(folder)
    if note:
        write_note(folder, note | {"shown": names})


def altered(folder: Path, note: Mapping[str, Any]) -> list[str]:
    """Which of a run's files do not hold what they did when it was saved, by name."""
    files = note.get("files")
    if not isinstance(files, dict):
        return [NOTE]
    return [str(name) for name, held in files.items() if not (is_plain(name) and _holds(Files(folder).path(str(name)), held))]


def check_as_saved(run: Path, *names: str, digest: str = "") -> None:
    """Raise `DataError` where a run's folder does not say that it is whole, or where these of its files are not as they were saved.

    `digest`: of the run that is meant, where another may be in its place. Settings of a run of a sweep are written again by each start.
    """
    note = read_note(run)
    if not note.get("files"):
        raise DataError(f"{run}: does not say that it has ended ({NOTE} is not there, or cannot be read); run it again")
    if digest and note.get("digest") != digest:
        raise DataError(f"{run}: holds another run by now, of digest {note.get('digest')}, not {digest}")
    edited = [name for name in altered(run, note) if name in names and not (name == SETTINGS and "start" in note)]
    if edited:
        mend = "start the same sweep again" if "start" in note else "run it again"
        raise DataError(f"{run}: {', '.join(edited)}: not as saved; {mend}, or take the folder as it was")


def _holds(file: Path, held: Any) -> bool:
    """Runs of before 2026-11-29 say sizes only."""
    if isinstance(held, int):
        return file.is_file() and file.stat().st_size == held
    return bool(held) and content(file).sha256 == held


def is_plain(name: Any) -> bool:
    """Whether what a note says is the name of a file in its own folder, or of a figure there."""
    parts = Path(str(name)).parts
    return isinstance(name, str) and 0 < len(parts) <= 2 and not Path(name).is_absolute() and ".." not in parts
