"""What your agents' logs say was done and billed, against our prices. Formats are found by content; settings choose a market.
Nothing of prompts, answers, names or paths is kept.

  sim logs ~/.claude/projects ~/.codex/sessions       Claude Code and Codex, sub-agents too
  sim logs spans.jsonl --model my-model=kimi_k2_5     OpenTelemetry; a model of another name
  sim logs outputs/2026-02-16/09-00-00-000000 market=nov_2026
  sim logs ~/.claude/projects --what-if kimi_k2_5 --what-if "cache=1h compact=60k"

A what-if is a line of settings (key=value), or short for them:
  BACKEND   MODEL=BACKEND   lead=BACKEND   sub_agents=BACKEND   batch   cache=1h   compact=60k   fanout=half   sessions=2x
  flat=200/month,10/5h,50/week   USD a month, for 10 USD of list prices in any 5 hours and 50 in any week
"""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.errors import ConfigError, SimError
from sim.shell.ending import MISTAKE, WELL, complain

if TYPE_CHECKING:
    from sim.logs.log import Log


def arguments(parser: ArgumentParser) -> None:
    """Paths, settings, and what no file says."""
    parser.add_argument("words", nargs="+", metavar="PATH", help="files, folders, globs; then settings (key=value)")
    parser.add_argument("--format", metavar="NAME", help="of all files, where what is in them does not say it")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=BACKEND", help="which backend serves a model of the log")
    parser.add_argument("--what-if", action="append", default=[], metavar="WORDS", help="what it would have cost otherwise; repeat it")
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
    models = dict(_pair(word) for word in asked.model)
    bill = LogBill(log, load(*settings), models)
    if not asked.what_if and not asked.json:
        print(f"{page(bill)}\n", flush=True)  # before what it would have been, which takes longer
    answers = _answers(log, asked.what_if, settings, models)
    if asked.json:
        print(json.dumps({**account(bill), "what_if": answers.plain}, indent=2))
    else:
        print(f"{page(bill)}\n\n{answers.page}" if asked.what_if else answers.page)
    status = MISTAKE if asked.strict else WELL
    worst = WELL
    if log.report.broken:
        worst = complain(f"left out: {counted(log.report.broken, 'broken line')}, first {log.report.where[0]}", status)
    if bill.unknown:
        worst = complain(f"not priced: {', '.join(bill.unknown)}; --model NAME=BACKEND says which it is", status) or worst
    return worst


class _Answers(NamedTuple):
    """To what-ifs."""

    page: str
    plain: dict[str, Any]


def _answers(log: Log, questions: list[str], settings: list[str], models: dict[str, str]) -> _Answers:
    """Of the usual questions where none are asked, unless they cannot be answered. Raises `SimError` for one that was asked."""
    from tqdm import tqdm

    from sim.report.billed.answers import page, plain
    from sim.sweeps.what_if.ask import what_if

    try:
        found = what_if(log, questions, settings, models, around=partial(tqdm, desc="what if", unit=" asked", disable=None, leave=False))
    except SimError as error:
        if questions:
            raise
        return _Answers(f"What would save: {error}", {"refused": str(error)})
    return _Answers(page(found), plain(found))


def _is_setting(word: str) -> bool:
    """`key=value`, unless a file is called so."""
    return re.match(r"[+~]*[A-Za-z_][\w./@]*=", word) is not None and not Path(word).exists()


def _pair(word: str) -> tuple[str, str]:
    name, equals, backend = word.rpartition("=")
    if not equals:
        raise ConfigError(f"--model {word}: must be NAME=BACKEND")
    return name, backend
