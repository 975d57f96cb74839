"""What there is to choose from: the menus, what is on one of them, backends with their prices, studies, metrics.

  sim list                  the menus
  sim list agent            what is on one: sim agent=NAME takes it
  sim list backends         of the market of February 2026, or: sim list backends nov_2026
  sim list settings agent   keys that begin so: sim explain KEY says more

The star is what is taken where nobody says otherwise.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.shell.ending import WELL

OTHERS = ("backends", "studies", "metrics", "settings")
"""Lists beside the menus."""


def arguments(parser: ArgumentParser) -> None:
    """What of, and of which."""
    parser.add_argument("of", nargs="?", default="", metavar="OF", help="a menu, backends, studies, metrics, settings")
    parser.add_argument("which", nargs="?", default="", metavar="WHICH", help="of backends: a market; of settings: how the key begins")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Print the list."""
    rows = _rows(asked.of, asked.which)
    if asked.json:
        print(json.dumps([dict(zip(_heads(asked.of), row, strict=True)) for row in rows], indent=1))
        return WELL
    from sim.report.reference.printed import columns

    print(columns([_heads(asked.of), *rows] if asked.of in OTHERS else rows))
    if not asked.of:
        print("\nsim list MENU says what is on it, sim MENU=NAME takes it; sim list " + ", ".join(OTHERS) + " beside")
    return WELL


def _heads(of: str) -> tuple[str, ...]:
    heads = {
        "": ("menu", "choices", "default", "of what"), "backends": ("backend", "input, USD/Mtok", "output, USD/Mtok", "as of"),
        "metrics": ("metric", "unit", "meaning"), "settings": ("setting", "unit", "default", "meaning"),
    }  # fmt: skip
    return heads.get(of, ("name", "meaning"))


def _rows(of: str, which: str) -> list[tuple[Any, ...]]:
    from sim.report.reference.menus import default_of, menus

    if which and of not in ("backends", "settings"):
        raise ConfigError(f"sim list {of} {which}: only backends (of a market) and settings (that begin so) take a second word")
    every = {name: choices for name, choices in menus().items() if not name.startswith("backend/")}
    if not of:
        return [(name, len(choices), default_of(name) or "-", MENUS.get(name, "")) for name, choices in every.items()]
    if of in every:
        taken = default_of(of)
        return [(f"{choice.name}{' *' if choice.name == taken else ''}", choice.line) for choice in every[of]]
    if of not in OTHERS:
        raise ConfigError(f"sim list {of}: no such list; {did_you_mean(of, (*every, *OTHERS))}")
    return {"backends": _backends, "studies": _studies, "metrics": _metrics, "settings": _settings}[of](which)


MENUS = {
    "agent": "how a task becomes calls: alone, in a team, in stages",
    "budget": "what may be spent, by whom, and what happens then",
    "experiment": "sweeps that are made up already",
    "market": "backends with prices, of a date",
    "outcome": "whose scores say how often a task is solved, and what it is worth",
    "place": "where the client is",
    "plan": "subscriptions: a flat fee and windows",
    "profile": "loops that agents are made of: turns, prompts, tools, waits",
    "provider": "what serving takes: energy, machines, margins",
    "reserved": "terms of a provider's reserved units",
    "router": "which backend takes a call",
    "server": "machines for backends of one's own",
    "tries": "again, several at once, cheap first",
    "work": "whether a model takes more turns and words for the same task",
    "workload": "who sends which task when",
}
"""What each menu is about."""


def _backends(market: str) -> list[tuple[Any, ...]]:
    from sim.report.reference.menus import default_of, menus, set_in

    chosen = market or default_of("market")
    found = menus().get(f"backend/{chosen}")
    if found is None:
        markets = [name.partition("/")[2] for name in menus() if name.startswith("backend/")]
        raise ConfigError(f"sim list backends {market}: no such market; {did_you_mean(market, markets)}")
    rows = []
    for choice in found:
        values = {each.key.rpartition(".")[2]: each.text.strip("'") for each in set_in(choice)}
        rows.append((choice.name, *(values.get(name, "") for name in ("input_usd_per_mtok", "output_usd_per_mtok", "as_of"))))
    return rows


def _studies(_: str) -> list[tuple[Any, ...]]:
    from sim.report.reference.studies import studies

    return list(studies().items())


def _metrics(_: str) -> list[tuple[Any, ...]]:
    from sim.results.metrics import METRICS

    return [(metric.name, metric.unit, metric.meaning) for metric in METRICS]


def _settings(begins: str) -> list[tuple[Any, ...]]:
    from sim.report.reference.settings import every_setting

    found = [(one.key, one.unit, one.default, one.meaning) for one in every_setting().values() if one.key.startswith(begins)]
    if not found:
        raise ConfigError(f"sim list settings {begins}: none begins so; {did_you_mean(begins, every_setting())}")
    return found
