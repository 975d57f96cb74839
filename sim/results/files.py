"""Files of runs and of sweeps: what each is called, how it is written (whole or not at all) and read (to the last bit).

Nobody else knows a file's name: who writes or reads one asks `Files`.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import DataError
from sim.results.escape import from_cells, in_cell, in_cells
from sim.results.sample import Sample
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS, as_yaml, read_settings
from sim.settings.workload import EXCERPT, WorkloadKind

if TYPE_CHECKING:
    import pandas as pd

SUMMARY, REPLICATIONS, TIMELINE = "summary.csv", "replications.csv", "timeline.csv"
"""Of a run: `Result.summary`, `.by_replication`, `.timeline`."""
PROVIDERS = "providers.csv"
"""Of a run that says something of those who serve: `Result.providers`."""
TASKS, CALLS = "tasks.parquet", "calls.parquet"
"""Of a run with a log: `Result.tasks`, `.calls`."""
NOTES = "notes.json"
"""Of a run: what it says of its own numbers."""
ORIGIN = "origin.json"
"""Of a run or a sweep: which version made it, from which seed, and the digest of what came out."""
NOTE = "run.json"
"""Of a run, written last: what its files hold, and its digest. In a sweep also what the sweep gave it, its key, or why it failed."""
START, LOCK = "sweep.json", ".lock"
"""Of a sweep: which start of it is the latest; runs of an earlier start are not part of its table. What keeps a second writer out."""
RESULTS = "results.csv"
"""Of a sweep: a row a scenario. Of a tornado or of Sobol indices: a row a setting."""
REPORT, PAGE, FIGURES = "report.md", "report.html", "figures"
"""Of all of them: what is shown to people, the same as a page for a browser, and the pictures."""
OURS = (SUMMARY, REPLICATIONS, TIMELINE, PROVIDERS, TASKS, CALLS, NOTES, ORIGIN, NOTE, START, RESULTS, REPORT, PAGE, SETTINGS)
"""All of them but figures."""


class Files:
    """The files in a folder of a run or of a sweep. What writes makes the folder; what reads a file that is not there says `None` or {}."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, name: str) -> Path:
        """Where a file of that name is or would be. Raises `DataError` for a link out of the folder: nothing is read or written there."""
        path = self.folder / name
        parts = name.split("/")
        if ".." in parts or any(os.path.islink(self.folder.joinpath(*parts[:n])) for n in range(1, len(parts) + 1)):
            raise DataError(f"{path}: is a link, or in one, which is not followed; remove it")
        return path

    def check_free(self) -> None:
        """Raise `DataError` where a page or tables of another kind cannot go: into a file, or into a run, whose own page they replace."""
        above = next(each for each in (self.folder, *self.folder.absolute().parents) if each.exists())
        if not above.is_dir():
            raise DataError(f"{above}: is a file, not a folder")
        if not os.access(above, os.W_OK):
            raise DataError(f"{above}: may not be written into")
        if any(self.has(name) for name in (NOTE, SETTINGS, START)):
            raise DataError(f"{self.folder}: holds a run or a sweep, whose files stay as they are; say another folder")

    def check_for_run(self) -> None:
        """The same before a run is saved; not among those of a sweep either."""
        if self.has(START):
            raise DataError(f"{self.folder}: holds a sweep; a run of its own goes into another folder")
        self.check_ours()

    def check_ours(self) -> None:
        """Raise `DataError` where files of our names stand in a folder of no run, sweep or tornado: they would be overwritten."""
        theirs = [name for name in OURS if self.has(name)]
        ours = any(self.has(name) for name in (NOTE, START, ORIGIN)) or {RESULTS, SETTINGS} <= {*theirs}
        if theirs and not ours:
            raise DataError(f"{self.folder}: has a {theirs[0]} that is no run's, and it would be overwritten; name another folder")

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return self.path(name).is_file()

    def remove(self, name: str) -> None:
        """See to it that there is no file of that name."""
        self.path(name).unlink(missing_ok=True)

    def write(self, name: str, write: Callable[[Path], object]) -> Path:
        """Have a file written whole or not at all; returns where."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, write)
        return path

    def write_summary(self, summary: pd.DataFrame) -> None:
        """Keep a run's summary, a row a metric."""
        columns = [summary[name].tolist() for name in summary]
        self.write_rows(SUMMARY, ["metric", *summary], zip(summary.index, *columns, strict=True))

    def summary(self) -> pd.DataFrame:
        """The run's summary, by metric."""
        import pandas as pd

        heads, *rows = self._lines(SUMMARY)
        cells = dict(zip(heads, zip(*rows, strict=True), strict=True))
        index = pd.Index([name.removeprefix("'") for name in cells.pop("metric")], name="metric")
        units, counts = [unit.removeprefix("'") for unit in cells.pop("unit")], np.array(cells.pop("n"), np.int64)
        numbers = {name: np.array([_number(cell) for cell in column]) for name, column in cells.items()}
        return pd.DataFrame({"unit": units, **numbers, "n": counts}, index=index)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Keep a table whose index says nothing: `REPLICATIONS`, `TIMELINE` or `RESULTS`."""
        self.write(name, partial(in_cells(table).to_csv, index=False))

    def write_rows(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """The same of rows that are no table yet, which is half the work where there are many small ones."""
        self._write_cells(name, heads, (map(_cell, row) for row in rows))

    def write_columns(self, name: str, columns: Mapping[str, np.ndarray]) -> None:
        """The same of columns, whose whole numbers and floats are cells as they are."""
        cells = [each.tolist() if _as_it_is(each) else [*map(_cell, each.tolist())] for each in columns.values()]
        self._write_cells(name, list(columns), zip(*cells, strict=True))

    def _write_cells(self, name: str, heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
        def write(path: Path) -> None:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(heads)
                writer.writerows(rows)

        self.write(name, write)

    def table(self, name: str) -> pd.DataFrame:
        """A table kept by `write_table`."""
        return read_table(self.path(name))

    def write_log(self, name: str, rows: int, write: Callable[[Path], object]) -> None:
        """Keep a table of the log, `TASKS` or `CALLS`; one without rows is not there."""
        if rows:
            self.write(name, write)
        else:
            self.remove(name)

    def log(self, name: str, columns: list[str]) -> pd.DataFrame:
        """A table of the log; without rows where none was kept."""
        import pandas as pd

        return pd.read_parquet(self.path(name)) if self.has(name) else pd.DataFrame(columns=columns)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Keep a mapping: `NOTES`, `ORIGIN`, `NOTE` or `START`."""
        self.write_text(name, json.dumps(content, ensure_ascii=False, indent=1))

    def json(self, name: str) -> dict[str, Any]:
        """A mapping kept by `write_json`; {} also where it cannot be read."""
        return read_json(self.path(name))

    def write_settings(self, scenario: Scenario) -> None:
        """Keep a scenario as settings, unless they are there; a trace by its place seen from here, not by where that is on this machine."""
        workload = scenario.workload
        if workload.kind is WorkloadKind.trace and workload.trace != EXCERPT:
            with contextlib.suppress(ValueError):  # another drive
                near = dataclasses.replace(workload, trace=os.path.relpath(workload.trace, self.folder))
                scenario = dataclasses.replace(scenario, workload=near)
        text = as_yaml(scenario)
        if not self.has(SETTINGS) or self.path(SETTINGS).read_text(encoding="utf-8") != text:
            self.write_text(SETTINGS, text)

    def settings(self) -> dict[str, Any]:
        """The scenario's settings as plain values."""
        return read_settings(self.path(SETTINGS)) if self.has(SETTINGS) else {}

    def write_text(self, name: str, text: str) -> None:
        """Keep a text, such as a `REPORT`."""
        self.write(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_figure(self, name: str, write: Callable[[Path], object], ending: str = ".png") -> Path:
        """Keep a figure, as a picture or a drawing (`.svg`); returns where."""
        return self.write(f"{FIGURES}/{name}{ending}", write)

    def sample(self) -> Sample | None:
        """What a comparison needs of a run; None where it left no summary. A metric without replications to leave out has an empty row."""
        if not (self.has(SUMMARY) and self.has(REPLICATIONS)):
            return None
        means = dict(self._cells(SUMMARY, "metric", "mean"))
        whole = dict(zip(means, np.array([_number(mean) for mean in means.values()]), strict=True))
        left_out: dict[str, list[float]] = {}
        for name, value in self._cells(REPLICATIONS, "metric", "without"):
            left_out.setdefault(name, []).append(_number(value))
        return Sample(whole, {name: np.array(values) for name, values in left_out.items()})

    def _cells(self, name: str, first: str, second: str) -> Iterator[tuple[str, str]]:
        """Two columns of a table, as they are written: a sweep has a hundred tables, and pandas takes long to read one."""
        rows = self._lines(name)
        heads = next(rows)
        left, right = heads.index(first), heads.index(second)
        for row in rows:
            yield row[left].removeprefix("'"), row[right]

    def _lines(self, name: str) -> Iterator[list[str]]:
        with self.path(name).open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)


def _as_it_is(column: np.ndarray) -> bool:
    return column.dtype.kind in "iu" or (column.dtype.kind == "f" and not np.isnan(column).any())


def _cell(value: Any) -> Any:
    """As pandas writes it."""
    if value.__class__ is int:
        return value
    return in_cell(value) if isinstance(value, str) else "" if isinstance(value, float) and math.isnan(value) else value


def _number(cell: str) -> float:
    return float(cell) if cell else math.nan


def read_table(file: Path) -> pd.DataFrame:
    """A CSV of ours, its numbers to the last bit."""
    import pandas as pd

    older: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    return from_cells(pd.read_csv(file, **older))


def read_json(file: Path) -> dict[str, Any]:
    """A file that holds a mapping; {} where there is none, or none that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written aside and put in its place when it is complete."""
    part = path.with_name(aside(path.name))
    part.unlink(missing_ok=True)  # whatever it is: a link would be written through
    try:
        with told_of(path):
            write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def told_of(path: Path) -> Iterator[None]:
    """What cannot be written, for want of room perhaps, says which file that is."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)
        raise


def remove_torn(folder: Path) -> None:
    """Remove what `write_whole` left half-written of a run or a sweep and its runs when it was killed; no file of anybody else's."""
    runs = [path for path in folder.iterdir() if path.name.isdigit() and path.is_dir()] if folder.is_dir() else []
    for place in [folder, *runs]:
        for torn in [place / aside(name) for name in OURS] + [
            *(place / FIGURES).glob(aside("*.png")),
            *(place / FIGURES).glob(aside("*.svg")),
        ]:
            torn.unlink(missing_ok=True)


def aside(name: str) -> str:
    """What a file is called while it is written."""
    return f".{name}.part"
