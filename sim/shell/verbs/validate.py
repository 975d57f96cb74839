"""Hold the simulator to theory, queues, recorded sessions, bills and published facts: about two minutes on two cores.

Each row says of which kind it is: exact theory, theory within chance, data that it was fitted on, data that it was not.

  sim validate                 how many of each kind hold, then a line a target
  sim validate --data FOLDER   with whole recorded sessions too (claude_code_calls.csv.gz)
  sim validate --page          write VALIDATION.md as well

Leaves validation.csv and figures/validation.png in a folder. Ends with 1 if a target is missed.
"""

from __future__ import annotations

import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from sim.errors import DataError
from sim.report.plots.agreement import agreement
from sim.report.plots.canvas import save_all
from sim.report.terminal.screen import show
from sim.results.files import write_whole
from sim.shell.ending import MISTAKE, WELL
from sim.shell.footprint import Footprint
from sim.shell.verbs import place
from sim.validate import page as pages
from sim.validate import suite
from sim.validate.target import Check


def arguments(parser: ArgumentParser) -> None:
    """Where to find recorded sessions, and what to write."""
    parser.add_argument("--out", type=place, default=Path("outputs") / "validation", metavar="FOLDER", help="for the table and the figure")
    parser.add_argument("--data", type=place, metavar="FOLDER", help="of recorded sessions")
    parser.add_argument("--page", action="store_true", help="write VALIDATION.md here")


def run(asked: Namespace) -> int:
    """All checks. Raises `DataError` for a folder that is not there, since what it should hold would be left out, or cannot be written."""
    if asked.data is not None and not asked.data.is_dir():
        raise DataError(f"--data {asked.data}: no such folder")
    _check_written(asked.out)
    if asked.page:
        _check_written(Path.cwd())
    return hold(suite.all_checks(asked.data), asked.out, asked.page)


def _check_written(folder: Path) -> None:
    """Before minutes of work: raise `DataError` where nothing can be written. What is made to see it is taken away again."""
    before = Footprint(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"{folder}: cannot be written into: {error.strerror}") from None
    finally:
        before.undo()


def hold(checks: Sequence[Check], out: Path, page: bool) -> int:
    """Run the checks, print and write what came of them; the exit status."""
    began = time.monotonic()
    found = suite.table(suite.validate(checks))
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "validation.csv", lambda path: found.to_csv(path, index=False))
    save_all({"validation": agreement(found)}, out)
    if page:
        write_whole(Path("VALIDATION.md"), lambda path: path.write_text(pages.page(found), encoding="utf-8"))
    show(f"{pages.summary(found)}\n\n{pages.readable(found)}\n\n{time.monotonic() - began:.0f} s; {out}")
    return MISTAKE if (found["verdict"] == "fail").any() else WELL
