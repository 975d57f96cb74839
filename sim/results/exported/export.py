"""A run's folder as a log in the format of another tool: written whole or not at all, and over nothing that is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sim.errors import DataError, of_kind, of_path
from sim.logs.writers import writer_of
from sim.results.exported.sessions import above_list_usd, sessions_of
from sim.results.files import CALLS, Files, aside, told_of
from sim.results.kept.manifest import check_as_saved
from sim.scenario.load import load_run
from sim.scenario.text import SETTINGS
from sim.settings.run import Log

CENT = 0.005
"""Of dollars: less is not told."""
FOLDER = "export"
"""Of a run, where nobody says another place."""


class Exported(NamedTuple):
    """What was written."""

    path: Path
    calls: int
    left_out: dict[str, int]
    """Attempts that are not in it, by why."""
    cannot_hold: str
    """What of a run the format has no place for."""
    notes: list[str]
    """What else there is to know."""


def export(folder: str | Path, format: str, path: str | Path | None = None, *, trust: bool = False) -> Exported:
    """Write a run as `format` (`sim.logs.writers.FORMATS`) to `path`; without one, to `export/` in its folder.

    Raises `DataError` where there is no run or no log of its calls, or where something is at that place already; `trust` as in `load_run`.
    """
    of_path(folder, "export takes the folder of a run")
    of_kind(format, str, "export takes the name of a format, a text such as 'otel'")
    if path is not None:
        of_path(path, "export writes to a place, a path")
    made = writer_of(format)()
    scenario, files = load_run(folder, trust), Files(folder)
    if not files.has(CALLS):
        raise DataError(f"{folder}: {'nobody sent a call' if scenario.log is Log.full else 'keeps no calls: run it again with log=full'}")
    check_as_saved(files.folder, CALLS, SETTINGS)
    target = Path(path) if path is not None else files.folder / FOLDER / f"{format}{made.ending}"
    notes = [f"only the calls of one task in {scenario.log_sample}, as log=sample kept them"] if scenario.log is Log.sample else []
    if scenario.replications > 1:
        notes.append(f"{scenario.replications} replications side by side, each the whole run once: sessions are called REPLICATION.TASK")
    if scenario.as_billed:
        notes.append("cache writes by the backend's lifetime: a run keeps the bill of recorded calls, not for how long each write was kept")
    if not made.has_dollars and (above := above_list_usd(files.path(CALLS), scenario)) > CENT:
        notes.append(
            f"its tokens by the list are ${above:,.2f} less than the run's bill, which has what caches save by bills and not by the list "
            "(cache_discount_realised, of work) and a router's fee: --as focus has the bill"
        )
    write_new(target, lambda part: made.write(sessions_of(files.path(CALLS), scenario), part))
    return Exported(target, made.written, dict(made.left_out), made.cannot_hold, notes)


def write_new(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file or a folder written aside and put in its place when it is complete. Raises `DataError` where there is something."""
    if os.path.lexists(path):
        raise DataError(f"{path}: is there already, and nothing is written over; remove it, or say another place with --out")
    if above := next((each for each in path.parents if each.is_file()), None):
        raise DataError(f"{above}: is a file, so nothing can be put in it; say another place with --out")
    part = path.with_name(aside(path.name))
    if os.path.lexists(part):
        raise DataError(f"{part}: is there already: another export is under way, or one was stopped; remove it")
    try:
        with told_of(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(part)
            if os.path.lexists(path):
                raise DataError(f"{path}: was made by somebody else meanwhile")
            part.rename(path)
    finally:
        if os.path.lexists(part):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
