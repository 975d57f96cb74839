"""What a workload asks its providers for a minute, at the same, twice and three times the people, and what quota that takes.

  sim capacity workload=office horizon_s=604800 agent=solo backends=[claude_sonnet_4_6]
  sim capacity ... market.models.claude_sonnet_4_6.input_tokens_per_min=2e6      and how it fares with that limit
  sim capacity ... --json        --out FOLDER    the tables as CSV and the duration curve as a figure

Takes the settings of a run. Demand is simulated as if nothing were turned away; with limits set, also as it is set.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from sim.shell.ending import WELL
from sim.shell.process import aside
from sim.shell.verbs import place


def arguments(parser: ArgumentParser) -> None:
    """Settings, and where tables go."""
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="as of a run")
    parser.add_argument("--config-dir", type=place, metavar="FOLDER", help="of your own settings")
    parser.add_argument("--out", type=place, metavar="FOLDER", help="write quotas.csv, demand.csv and the duration curve there")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Compose, simulate, tell."""
    from sim.report.ahead.capacity import page, write
    from sim.report.terminal.screen import show
    from sim.results.capacity.sheet import capacity
    from sim.results.files import Files
    from sim.scenario.custom import working_directory_importable
    from sim.scenario.load import load
    from sim.shell.words import refuse_stray_words

    refuse_stray_words(asked.settings, ())
    if asked.out is not None:
        Files(asked.out).check_free()
    with working_directory_importable(), aside(asked.json):
        sheet = capacity(load(*asked.settings, config_dir=asked.config_dir))
    show(page(sheet)) if not asked.json else print(json.dumps(sheet.as_dict(), indent=2))
    if asked.out is not None:
        written = write(sheet, asked.out)
        if not asked.json:
            print(f"\n{asked.out}: {', '.join(written)}")
    return WELL
