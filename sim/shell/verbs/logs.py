"""What your agents' logs say was done and billed, against our prices. Formats are found by content; settings choose a market.
Nothing of prompts, answers, names or paths is kept.

  sim logs ~/.claude/projects ~/.codex/sessions       Claude Code and Codex, sub-agents too
  sim logs spans.jsonl --model my-model=kimi_k2_5     OpenTelemetry; a model of another name
  sim logs outputs/2026-02-16/09-00-00-000000 market=nov_2026
"""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sim.errors import ConfigError
from sim.shell.ending import MISTAKE, WELL, complain


def arguments(parser: ArgumentParser) -> None:
    """Paths, settings, and what no file says."""
    parser.add_argument("words", nargs="+", metavar="PATH", help="files, folders, globs; then settings (key=value)")
    parser.add_argument("--format", metavar="NAME", help="of all files, where what is in them does not say it")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=BACKEND", help="which backend serves a model of the log")
    parser.add_argument("--strict", action="store_true", help="end with 1 if a line is broken or a model has no price")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(asked: Namespace) -> int:
    """Read, price, tell."""
    settings = [word for word in asked.words if _is_setting(word)]
    paths = [word for word in asked.words if word not in settings]
    if not paths:
        raise ConfigError("sim logs needs a path to read; see sim logs --help")
    from sim.logs.log import read
    from sim.report.billed.reconciled import page
    from sim.report.numbers import counted
    from sim.results.billed.account import account
    from sim.results.billed.bill import LogBill
    from sim.scenario.load import load

    log = read(*paths, format=asked.format)
    bill = LogBill(log, load(*settings), dict(_pair(word) for word in asked.model))
    print(json.dumps(account(bill), indent=2) if asked.json else page(bill))
    status = MISTAKE if asked.strict else WELL
    worst = WELL
    if log.report.broken:
        worst = complain(f"left out: {counted(log.report.broken, 'broken line')}, first {log.report.where[0]}", status)
    if bill.unknown:
        worst = complain(f"not priced: {', '.join(bill.unknown)}; --model NAME=BACKEND says which it is", status) or worst
    return worst


def _is_setting(word: str) -> bool:
    """`key=value`, unless a file is called so."""
    return re.match(r"[+~]*[A-Za-z_][\w./@]*=", word) is not None and not Path(word).exists()


def _pair(word: str) -> tuple[str, str]:
    name, equals, backend = word.rpartition("=")
    if not equals:
        raise ConfigError(f"--model {word}: must be NAME=BACKEND")
    return name, backend
