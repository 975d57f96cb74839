"""Run once more what runs left in their folders, and say whether the same comes out.

  sim again outputs/2026-02-16/09-00-00-000000    one run
  sim again outputs/fanout-1a2b3c4d               all runs of a sweep

Digest and tables are compared. A line a run. Ends with 1 if one of them came out differently or could not be run.
A policy or a workflow of its own is code: it is imported only with --trust.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from sim.errors import DataError
from sim.meter.leftover import prefix
from sim.results.escape import one_line
from sim.results.kept.manifest import altered, read_note
from sim.results.kept.same import differing
from sim.results.provenance import SOFTWARE, read_origin
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load_run
from sim.shell.ending import WELL, complain, told
from sim.shell.verbs import place
from sim.sweeps.folder import runs_of


def arguments(parser: ArgumentParser) -> None:
    """Folders."""
    parser.add_argument("folder", type=place, nargs="+", metavar="FOLDER", help="of a run, or of a sweep: all of its runs")
    parser.add_argument("--trust", action="store_true", help="import policies and workflows that the runs name")


def run(asked: Namespace) -> int:
    """Every run, even after one that failed."""
    statuses = [_tell(each, asked.trust) for folder in asked.folder for each in runs_of(folder) or [folder]]
    return max(statuses, default=WELL)


def again(folder: Path, trust: bool = False) -> tuple[bool, str]:
    """Run a folder's scenario; whether digest and tables are those recorded, and that in words. Raises `SimError`."""
    scenario, made_by = load_run(folder, trust), read_origin(folder)
    if "digest" not in made_by:
        raise DataError(f"{folder}: its origin.json does not say what came out")
    result = simulate(scenario)
    with tempfile.TemporaryDirectory(prefix=prefix("again")) as other:
        differ = differing(folder, result.save(other))
    if not differ and result.digest == made_by["digest"]:
        return True, f"{folder}: same digest {result.digest}, same tables ({SOFTWARE}, seed {scenario.seed})"
    return False, f"{folder}: {'; '.join(_differences(folder, result, made_by, differ))}"


def _differences(folder: Path, result: Result, made_by: dict[str, str], differ: list[str]) -> Iterator[str]:
    """What is other than it was, and what may be why."""
    same = result.digest == made_by["digest"]
    changed = [f"{name} {made_by.get(name)} then, {now} now" for name, now in result.origin.items() if made_by.get(name) != now]
    yield f"{'same' if same else 'another'} digest{'' if same else ' of the same tables' if not differ else ''}"
    if differ:
        yield f"other tables: {', '.join(differ)}"
    yield from changed
    edited = altered(folder, note) if (note := read_note(folder)) else []
    if edited:
        yield f"not as they were saved: {', '.join(edited)}"


def _tell(folder: Path, trust: bool) -> int:
    """A line on one run."""
    try:
        same, line = again(folder, trust)
    except Exception as error:
        return complain(told(error))
    if not same:
        return complain(line)
    print(one_line(line))
    return WELL
