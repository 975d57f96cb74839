"""Runs or sweeps against the first of them: what is set otherwise, paired differences with intervals, and the bill's way.

  sim compare outputs/before outputs/after
  sim compare outputs/before outputs/after outputs/later --out here --json

Scenarios of sweeps are compared where both are swept to the same values. Leaves a page, report.html, in outputs/compare or --out.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sim.errors import ConfigError
from sim.shell.ending import WELL
from sim.shell.verbs import place


def arguments(parser: ArgumentParser) -> None:
    """Folders, a place."""
    parser.add_argument("folder", type=place, nargs="+", metavar="FOLDER", help="of a run, or of a sweep")
    parser.add_argument("--out", type=place, default=Path("outputs/compare"), metavar="FOLDER", help="where the page goes")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Read, hold against one another, tell, leave a page."""
    if len(asked.folder) < 2:
        raise ConfigError("compare takes two folders or more: sim compare FOLDER FOLDER")
    from sim.report.html.of_comparison import show_comparison

    found = show_comparison(asked.folder, asked.out, quiet=asked.json)
    if asked.json:
        print(json.dumps([each._asdict() for each in found], indent=1))
    return WELL
