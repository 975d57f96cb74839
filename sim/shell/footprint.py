"""What a command leaves in a folder before it has a result, so that a command without one takes that away again, and nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path

from sim.engine.stop import held_off
from sim.results.files import LOCK, NOTE, START

_HYDRAS = ("multirun.yaml", ".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml")
"""With places on the machine and names of its users in them."""


class Footprint:
    """Of this process in a folder: taken before anything is made there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._new_folders = [each for each in (self._folder, *self._folder.parents) if not each.exists()]
        self._there = set() if self._new_folders else {*self._folder.iterdir(), *self._folder.glob(".hydra/*")}

    def tidy(self) -> None:
        """Remove what Hydra has told of a sweep."""
        self._remove(self._folder / _HYDRAS[0])

    def undo(self) -> None:
        """Remove, file by file, what has been made here for a result that does not come; folders that are new and empty."""
        with held_off():
            self._undo()

    def _undo(self) -> None:
        for name in (LOCK, START, *_HYDRAS):
            self._remove(self._folder / name)
        runs = [path for path in self._folder.glob("[0-9]*") if path not in self._there] if self._folder.is_dir() else []
        for run in runs:
            self._remove(run / NOTE)  # which says why it has no result
        for folder in [*runs, *({self._folder / ".hydra"} - self._there), *self._new_folders]:
            with contextlib.suppress(OSError):  # not empty, not a folder, not there
                folder.rmdir()

    def _remove(self, file: Path) -> None:
        if file not in self._there:
            with contextlib.suppress(OSError):
                file.unlink()
