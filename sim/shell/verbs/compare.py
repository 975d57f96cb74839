"""Runs or sweeps against the first of them: what is set otherwise, paired differences with intervals, and the bill's way.

  sim compare outputs/before outputs/after
  sim compare outputs/before outputs/after outputs/later --out here --json
  sim compare outputs/cheap outputs/rich budget_usd_per_month=900 --xlsx

Scenarios of sweeps are compared where both are swept to the same values. Leaves a page, report.html, in outputs/compare or --out.
"""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sim.errors import ConfigError
from sim.shell.ending import WELL
from sim.shell.verbs import place


def arguments(parser: ArgumentParser) -> None:
    """Folders, a budget, a place."""
    parser.usage = "sim compare FOLDER FOLDER [FOLDER ...] [budget_usd_per_month=USD] [options]"
    parser.add_argument("words", type=place, nargs="+", metavar="FOLDER", help="of a run or a sweep")
    parser.add_argument("--out", type=place, default=Path("outputs/compare"), metavar="FOLDER", help="where the page goes")
    parser.add_argument("--xlsx", action="store_true", help="all numbers as a workbook too (extra: xlsx)")
    parser.add_argument("--pdf", action="store_true", help="each figure as PDF too, beside PNG and SVG")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Read, hold against one another, tell, leave a page."""
    from sim.report.html.of_comparison import BUDGET, show_comparison

    budgets = [_dollars(str(word), BUDGET) for word in asked.words if str(word).startswith(BUDGET)]
    folders = [word for word in asked.words if not str(word).startswith(BUDGET)]
    if meant := [str(word) for word in folders if str(word).startswith("budget") and "=" in str(word)]:
        raise ConfigError(f"{meant[0]}: compare takes {BUDGET}{meant[0].partition('=')[2]}")
    if len(folders) < 2:
        raise ConfigError("compare takes two folders or more: sim compare FOLDER FOLDER")
    also = [name for name in ("xlsx", "pdf") if getattr(asked, name)]
    found = show_comparison(folders, asked.out, quiet=asked.json, budget_usd=budgets[-1] if budgets else None, also=also)
    if asked.json:
        print(json.dumps([each._asdict() for each in found], indent=1))
    return WELL


def _dollars(word: str, key: str) -> float:
    """Raises `ConfigError` for what is no number above 0."""
    try:
        usd = float(word.removeprefix(key))
    except ValueError:
        usd = math.nan
    if not 0 < usd < math.inf:
        raise ConfigError(f"{word}: must be dollars, above 0")
    return usd
