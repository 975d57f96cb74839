"""What your agents' logs say was billed, against our prices, and what else it could have come to.
Formats are found by content; nothing of prompts, names or paths is kept.
  sim logs ~/.claude/projects market=nov_2026      files, folders, globs; then settings
  sim logs PATH --what-if "cache=1h compact=60k"   or key=value, BACKEND, MODEL=BACKEND, lead=BACKEND, sub_agents=BACKEND,
                                     batch, fanout=half or 4, sessions=2x, flat=200/month,10/5h,50/week (USD; by window)
  sim logs PATH --fit mine           writes profiles: sim --config-dir mine experiment=mine runs their future
  sim logs PATH --out bill           leaves a page to hand on, bill/report.html
"""

from __future__ import annotations

import json
import re
import shlex
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.errors import ConfigError, SimError
from sim.shell.ending import MISTAKE, WELL, complain
from sim.shell.verbs import place

if TYPE_CHECKING:
    from sim.logs.log import Log
    from sim.results.billed.bill import LogBill
    from sim.sweeps.what_if.ask import WhatIf
    from sim.sweeps.what_if.question import Question


def arguments(parser: ArgumentParser) -> None:
    """Paths, settings, and what no file says."""
    parser.usage = "sim logs PATH [PATH ...] [options] [KEY=VALUE ...]"
    parser.add_argument("words", nargs="+", metavar="PATH", help=SUPPRESS)
    parser.add_argument("--format", metavar="NAME", help="of all files, where they do not say it")
    parser.add_argument(
        "--input",
        choices=("whole", "fresh"),
        default="unsaid",
        metavar="whole|fresh",
        help="prompts, or what is beside cache reads, if unclear",
    )
    parser.add_argument("--model", action="append", default=[], metavar="NAME=BACKEND", help="who serves a model of the log")
    parser.add_argument("--what-if", action="append", default=[], metavar="WORDS", help="what it would have cost otherwise; repeat it")
    parser.add_argument("--fit", type=place, metavar="FOLDER", help="write a profile and an experiment there")
    parser.add_argument("--out", type=place, metavar="FOLDER", help="leave a page, report.html, there")
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
    from sim.report.terminal.screen import show
    from sim.results.billed.account import account
    from sim.results.billed.bill import LogBill
    from sim.results.files import Files
    from sim.scenario.load import load

    if asked.fit:
        from sim.results.fitted.written import refuse_what_is_there

        refuse_what_is_there(asked.fit)
    for folder in filter(None, (asked.out, asked.fit)):
        Files(folder).check_free()
    log = read(*paths, format=asked.format, input=asked.input)
    models = _models(asked.model)
    bill = LogBill(log, load(*settings), models)
    if not asked.what_if and not asked.json:
        show(f"{page(bill)}\n")  # before what it would have been, which takes longer
    texts, found = [page(bill)] if asked.what_if else [], account(bill)
    answers = None
    if asked.what_if or not asked.fit:
        answers = _answers(log, asked.what_if, settings, models)
        texts.append(answers.page)
        found["what_if"] = answers.plain
    if asked.out:
        from sim.report.html.of_log import show_log

        show_log(bill, _words(asked, settings), asked.out, answers and answers.found)
        texts.append(f"{asked.out}")
    if asked.fit:
        text, found["fit"] = _fit(bill, models, asked.fit)
        texts.append(text)
    print(json.dumps(found, indent=2)) if asked.json else show("\n\n".join(texts))
    status = MISTAKE if asked.strict else WELL
    worst = WELL
    if log.report.broken:
        worst = complain(f"left out: {counted(log.report.broken, 'broken line')}, first {log.report.where[0]}", status)
    if cut := [f"{path} ({why})" for path, why in log.report.skipped.items() if why]:
        worst = complain(f"passed over, which may be part of the log: {counted(len(cut), 'file')}, first {cut[0]}", status) or worst
    for words in _without_effect(log, settings, models, bool(asked.what_if or asked.fit)):
        complain(words, WELL)
    if bill.unknown:
        worst = complain(f"not priced: {', '.join(bill.unknown)}; --model NAME=BACKEND says which it is", status) or worst
    return worst


def _without_effect(log: Log, settings: list[str], models: dict[str, str], asks: bool) -> Iterator[str]:
    """What is said and changes nothing; `asks`: more than what was billed."""
    if idle := [word for word in settings if word.startswith(("agent", "workload")) and "system_tokens" not in word and not asks]:
        yield f"{', '.join(idle)}: without effect on what was billed; --what-if asks what it would have cost"
    if idle := [word for word in settings if word.startswith("backends=") and "" not in log.models]:
        yield f"{', '.join(idle)}: without effect, every call names its model; --what-if BACKEND asks what it would cost there"
    if absent := [f"--model {name}={backend}" for name, backend in models.items() if name not in log.models]:
        yield f"{', '.join(absent)}: without effect, the log has {', '.join(each or 'calls that name none' for each in log.models)}"


class _Answers(NamedTuple):
    """To what-ifs."""

    page: str
    plain: dict[str, Any]
    found: WhatIf | None


def _answers(log: Log, questions: list[str], settings: list[str], models: dict[str, str]) -> _Answers:
    """Of the usual questions where none are asked, unless they cannot be answered. Raises `SimError` for one that was asked."""
    from tqdm import tqdm

    from sim.report.billed.answers import page, plain
    from sim.sweeps.what_if.ask import what_if

    with tqdm(desc="what if", unit=" calls", unit_scale=True, disable=None, leave=False) as bar:

        def all_of(read: Sequence[Question]) -> Sequence[Question]:
            bar.total = len(log.calls) * (1 + sum(each.replays for each in read))
            return read

        try:
            found = what_if(log, questions, settings, models, bar.update, all_of)
        except SimError as error:
            if questions:
                raise
            return _Answers(f"What would save: {error}", {"refused": str(error)}, None)
    return _Answers(page(found), plain(found), found)


def _fit(bill: LogBill, models: Mapping[str, str], folder: Path) -> tuple[str, dict[str, Any]]:
    """Fit, simulate, write; what came of it, in words and for JSON."""
    from sim.report.ahead.fit import as_dict, page, table
    from sim.report.plots.canvas import save_all
    from sim.report.plots.fit import fit as figure
    from sim.results.fitted.fit import fit
    from sim.results.fitted.goodness import goodness
    from sim.results.fitted.written import name_of, write_fit

    found = fit(bill.log, bill.scenario, models)
    fits = goodness(found, bill.scenario)
    against = "held-out sessions" if len(found.held_out) else "the sessions it was fitted to"
    written = write_fit(found, folder, table(found, fits), bill.scenario.market.name)
    written += save_all({"fit": figure(fits, against)}, folder)
    return page(found, fits, written, folder, name_of(folder)), as_dict(found, fits, written)


def _is_setting(word: str) -> bool:
    """`key=value`, unless a file is called so."""
    return re.match(r"[+~]*[A-Za-z_][\w./@]*=", word) is not None and not Path(word).exists()


def _words(asked: Namespace, settings: Sequence[str]) -> list[str]:
    """What the command says beside its paths, as a shell takes it."""
    flags = {"--format": [asked.format] if asked.format else [], "--model": asked.model, "--what-if": asked.what_if}
    flags["--input"] = [asked.input] if asked.input != "unsaid" else []
    return [shlex.quote(word) for word in settings] + [f"{flag} {shlex.quote(text)}" for flag, texts in flags.items() for text in texts]


def _models(words: Sequence[str]) -> dict[str, str]:
    """Who serves which model. Raises `ConfigError` where two answers are given."""
    models: dict[str, str] = {}
    for name, backend in map(_pair, words):
        if models.setdefault(name, backend) != backend:
            raise ConfigError(f"--model {name}={backend}: it is served by {models[name]}, by another --model; leave one out")
    return models


def _pair(word: str) -> tuple[str, str]:
    name, equals, backend = word.rpartition("=")
    if not equals:
        raise ConfigError(f"--model {word}: must be NAME=BACKEND")
    return name, backend
