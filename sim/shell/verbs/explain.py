"""What a word means: a setting, a choice of a menu, a metric, a column of a table.

  sim explain agent.fanout           type, unit, default, bounds, meaning, who sets it to what and why, where it is read
  sim explain cache_ttl_s            the last part of a key will do
  sim explain rate limit             what speaks of it, where nothing is called so
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
MOST_NEAR, MOST_ALSO = 8, 2
"""Of a kind, what speaks of a word; other keys of the same setting."""


def arguments(parser: ArgumentParser) -> None:
    """A word, or several."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="KEY, MENU, MENU=NAME, METRIC or COLUMN; or what one is about")
    parser.add_argument("--schema", action="store_true", help="print a JSON schema of a scenario instead")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Print what is known of it."""
    word = " ".join(asked.words)
    if asked.schema == bool(word):
        raise ConfigError("say one word, as in sim explain agent.fanout, or --schema; sim list settings has all keys")
    if asked.schema:
        from sim.report.reference.schema import schema

        print(json.dumps(schema(), indent=1))
        return WELL
    from sim.report.reference.explained import explained
    from sim.report.reference.near import near

    found = explained(word)
    if asked.json:
        print(json.dumps([dataclasses.asdict(one) for one in found] or [one._asdict() for one in near(word)], indent=1))
    elif found:
        print("\n\n".join(map(_said, found)))
        _see_also(word, found)
    else:
        print(f"Nothing is called {word}. These speak of it; sim explain NAME says more:")
        _listed(near(word))
    return WELL


def _listed(those: list[Any]) -> None:
    from sim.report.reference.printed import columns

    for kind in dict.fromkeys(one.kind for one in those):
        of_kind = [one for one in those if one.kind == kind]
        more = f" (of {len(of_kind)}; --json has them all)" if len(of_kind) > MOST_NEAR else ""
        print(f"\n  {kind}{more}\n{columns([(f'    {one.word}', one.first) for one in of_kind[:MOST_NEAR]])}")


def _see_also(word: str, found: list[Any]) -> None:
    """A word as short as `tokens` is the name of one thing, and in the names of many."""
    from sim.report.reference.near import named
    from sim.report.reference.printed import columns

    if "." in word or "=" in word:
        return
    said = {name for one in found for name in (one.word, *one.also)}
    others = [one for one in named(word) if one.word not in said]
    kinds = {kind: [one.word for one in others if one.kind == kind] for kind in dict.fromkeys(one.kind for one in others)}
    rows = [(f"  {kind}", ", ".join(names[:MOST_NEAR]) + (", ..." if names[MOST_NEAR:] else "")) for kind, names in kinds.items()]
    if rows:
        print(f"\nNamed so too:\n{columns(rows)}")


def _said(one: Any) -> str:
    from sim.report.reference.printed import columns, paragraph

    parts = [", ".join((one.word, *one.also[:MOST_ALSO], *(["..."] if one.also[MOST_ALSO:] else []))), paragraph(one.meaning)]
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
