"""Run one of the studies: a question, its table, its finding, its figures. Without a name: which there are.

  sim study effective_price
  sim study article_weeks --out here

Without --out it goes into outputs/NAME.
"""

from __future__ import annotations

import importlib
import sys
from argparse import REMAINDER, ArgumentParser, Namespace

from sim.errors import ConfigError, did_you_mean
from sim.shell.ending import WELL

HANDS_ON = True


def arguments(parser: ArgumentParser) -> None:
    """A name, and what the study takes itself."""
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="of a study; sim study NAME --help says what it takes")
    parser.add_argument("more", nargs=REMAINDER, metavar="...", help="for the study: --out FOLDER")


def run(asked: Namespace) -> int:
    """Run it as `python -m experiments.NAME` does."""
    from sim.report.reference.studies import package, studies

    known = studies()
    if not asked.name:
        from sim.report.reference.printed import columns

        print(columns(list(known.items())))
        return WELL
    if asked.name not in known:
        raise ConfigError(f"sim study {asked.name}: no such study; {did_you_mean(asked.name, known)}; sim study lists them")
    before, sys.argv = sys.argv, [f"sim study {asked.name}", *asked.more]
    try:
        importlib.import_module(f"{package()}.{asked.name}").main()
    finally:
        sys.argv = before
    return WELL
