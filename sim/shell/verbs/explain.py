"""What a word means: a setting, a choice of a menu, a metric, a column of a table.

  sim explain agent.fanout           type, unit, default, bounds, meaning, who sets it to what and why, where it is read
  sim explain cache_ttl_s            the last part of a key will do
  sim explain agent=team             what a choice is and what it sets
  sim explain --schema               a JSON schema of a scenario, for editors that complete YAML

Begin a file with: # yaml-language-server: $schema=scenario.schema.json
"""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser, Namespace
from typing import Any

from sim.errors import ConfigError
from sim.shell.ending import WELL

MOST = 12
"""Choices that set a setting, one by one; the rest are counted."""


def arguments(parser: ArgumentParser) -> None:
    """A word."""
    parser.add_argument("word", nargs="?", default="", metavar="WORD", help="KEY, MENU, MENU=NAME, METRIC or COLUMN")
    parser.add_argument("--schema", action="store_true", help="print a JSON schema of a scenario instead")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Print what is known of it."""
    if asked.schema == bool(asked.word):
        raise ConfigError("say one word, as in sim explain agent.fanout, or --schema; sim list settings has all keys")
    if asked.schema:
        from sim.report.reference.schema import schema

        print(json.dumps(schema(), indent=1))
        return WELL
    from sim.report.reference.explained import explained

    found = explained(asked.word)
    print(json.dumps([dataclasses.asdict(one) for one in found], indent=1) if asked.json else "\n\n".join(map(_said, found)))
    return WELL


def _said(one: Any) -> str:
    from sim.report.reference.printed import columns, paragraph

    parts = [one.word, *([paragraph(one.meaning)] if one.meaning else [])]
    facts = [(f"  {name}", value) for name, value in one.facts.items()]
    parts += [columns(facts)] if facts else []
    if one.choices:
        parts.append(columns([(f"    {name}", meaning) for name, meaning in one.choices.items()]))
    shown, more = one.values[:MOST], len(one.values) - MOST
    if shown:
        parts.append("  is set by")
        parts.append(columns([(f"    {choice}", value if len(value) < 50 else f"{value[:46]} ...", why) for choice, value, why in shown]))
    if more > 0:
        parts.append(f"    and {more} more (--json has them all)")
    return "\n".join(parts)
