"""What a run will come to, before it is run: P50, P90 and P99 of tokens, dollars and minutes, by theory and a quick simulation.

  sim estimate agent=swe_team workload.tasks=30
  sim estimate agent=team backends=[minimax_m2_5] --json
  sim estimate experiment=mine --config-dir mine --budget 20     ends with 3 if P90 of the dollars is over 20

Takes the settings of a run and leaves no files. The budget is held against the whole workload, where it has an end, else a task.
"""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from sim.shell.ending import THRESHOLD, WELL, complain
from sim.shell.process import aside
from sim.shell.verbs import place


def arguments(parser: ArgumentParser) -> None:
    """Settings, a budget."""
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="as of a run")
    parser.add_argument("--budget", type=_dollars, metavar="USD", help="end with 3 if P90 of the dollars is over it")
    parser.add_argument("--config-dir", type=place, metavar="FOLDER", help="of your own settings")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Compose, estimate, tell, judge."""
    from sim.report.ahead.outlook import gate, page
    from sim.report.terminal.screen import show
    from sim.results.outlook.outlook import estimate
    from sim.scenario.custom import working_directory_importable
    from sim.scenario.load import load
    from sim.shell.words import refuse_stray_words

    refuse_stray_words(asked.settings, ())
    with working_directory_importable(), aside(asked.json):
        scenario = load(*asked.settings, config_dir=asked.config_dir)
        if swept := _swept(asked):
            print(f"sim: {swept} has axes: this is the one scenario that they are changes of", file=sys.stderr)
        found = estimate(scenario)
    over = asked.budget is not None and found.over(asked.budget)
    if asked.json:
        of, figures = found.spending
        held = {"usd": asked.budget, "of": of, "p90_usd": figures["p90"].value, "over": over}
        print(json.dumps(found.as_dict() | ({"budget": held} if asked.budget is not None else {}), indent=2))
    else:
        show(page(found))
    if over:
        return complain(gate(found, asked.budget), THRESHOLD)
    if asked.budget is not None and not asked.json:
        print(gate(found, asked.budget))
    return WELL


def _swept(asked: Namespace) -> str:
    """The experiment that is a sweep, if one is named."""
    from sim.shell.command import read

    named = [word for word in asked.settings if word.startswith("experiment=")]
    folder = [f"--config-dir={asked.config_dir}"] if asked.config_dir else []
    return named[0] if named and read([*folder, *asked.settings]).sweep is not None else ""


def _dollars(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount) or amount < 0:
        raise ArgumentTypeError(f"{text}: must be dollars, from 0 on")
    return amount
