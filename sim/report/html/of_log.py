"""The page of a log: what was billed, held against our prices; without the places of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from sim.report.billed import answers, reconciled, tables
from sim.report.billed.tables import Found
from sim.report.html import sections
from sim.report.html.charted import of_log
from sim.report.html.content import Chart, Drawing, Page, Section, Table
from sim.report.html.settings import assumed, changed
from sim.report.numbers import compact, counted, dollars, percent, share
from sim.results.billed.account import account
from sim.results.billed.bill import KINDS, LogBill
from sim.results.files import PAGE, Files
from sim.results.provenance import SOFTWARE
from sim.scenario.text import plain
from sim.sweeps.what_if.ask import WhatIf

NO_WHAT_IF = "Not asked: sim logs PATH --what-if WORDS says what it would have cost otherwise."


def show_log(bill: LogBill, words: Sequence[str], folder: Path, what_if: WhatIf | None = None) -> None:
    """Leave `report.html` and `figures/` in `folder`. `words`: of the command, after its paths."""
    from sim.report.html.document import html
    from sim.report.plots.canvas import save_all, save_drawings, title_of
    from sim.report.plots.compared.log_bill import log_bill

    found = account(bill)
    figures = {"log_bill": log_bill(found)} if found["priced_usd"] else {}
    save_all(figures, folder)
    drawings = [Drawing(name, title_of(figures[name]), text) for name, text in save_drawings(figures, folder).items()]
    Files(folder).write_text(PAGE, html(page_of_log(found, plain(bill.scenario), words, drawings, what_if, of_log(bill))))


def page_of_log(
    told: Found, settings: Found, words: Sequence[str], drawings: Sequence[Drawing] = (), what_if: WhatIf | None = None,
    charts: Sequence[Chart] = (),
) -> Page:  # fmt: skip
    """`told`: an account of its bill; `settings`: those that it was priced by, as plain values."""
    found = _without_folders(told)
    backends = list(dict.fromkeys(row["backend"] for row in found["models"] if row["backend"]))
    days = [found[end][:10] for end in ("from", "until") if found[end]]
    span = " to ".join(dict.fromkeys(days))
    return Page(
        title=f"What agents cost{f', {span}' if span else ''}",
        question=f"What did these cost, and do our prices ({found['market']}) come to the same? {reconciled.what_was_read(found)}.",
        warnings=[f"{line}." for line in _warnings(found)],
        answer=" ".join(f"{line}." for line in _answer(found)),
        sections=[
            Section("numbers", "Headline numbers", tables=[Table("All calls", _headlines(found))]),
            Section("bills", "Billed against our prices", _no_bill(found), _tables(tables.against(found))),
            Section("money", "Where the money goes", tables=_tables(*(each(found) for each in _MONEY))),
            sections.figures(drawings, charts, sections.BESIDE_CHARTS if charts else sections.MOST_BYTES),
            Section("change", "What would change the answer", *_otherwise(what_if)),
            sections.care([f"{line}." for line in (*reconciled.removed(found), *reconciled.assumed(found), reconciled.resent(found))], ()),
            sections.sources(_priced_by(settings, backends)),
            sections.settings(changed(settings, {}, backends)),
            Section(
                "again", "Read it again", ["PATH: where the log is. No page keeps it."], code=f"sim logs PATH {' '.join(words)}".strip()
            ),
        ],
        made={"software": SOFTWARE, "prices": found["market"]},
    )


_PRICING = ("prices", "cache", "web_search", "batch", "us", "context_window")
"""Of what is known of a backend, what a log's dollars hang on: how its names begin."""


def _priced_by(settings: Found, backends: Sequence[str]) -> Table:
    """Where prices come from. How agents work and how long calls take changes nothing that was billed."""
    table = assumed(settings, backends)
    of = [name.partition(": ")[2] for name in table.texts["setting"]]
    return replace(table, texts=table.texts[[name.startswith(_PRICING) for name in of]])


_MONEY = (tables.by_model, tables.by_agent, tables.written_again, tables.expensive_sessions)


def _tables(*found: pd.DataFrame) -> list[Table]:
    """Those that have rows. What stands over the first column says what a table is."""
    return [Table(str(each.columns[0]), each.rename(columns={each.columns[0]: "of"})) for each in found if len(each)]


def _without_folders(found: Found) -> dict[str, Any]:
    """The same with files' names instead of their places."""
    broken = [text.partition(": ") for text in found["broken"]]
    return {
        **found,
        "broken": [f"{PurePath(file).name}: {rest}" for file, _, rest in broken],
        "skipped_files": [PurePath(file).name for file in found["skipped_files"]],
        "skipped_for": {PurePath(file).name: why for file, why in found["skipped_for"].items()},
        "unknown_columns": {PurePath(file).name: names for file, names in found["unknown_columns"].items()},
    }


def _warnings(found: Found) -> Iterator[str]:
    """What makes the dollars other than they are."""
    yield from reconciled.wanting(found)
    yield from reconciled.unsure(found)
    if found["broken_lines"]:
        yield f"{counted(found['broken_lines'], 'broken line')} left out: what they cost is not in here"
    if found["skipped_for"]:
        yield f"{counted(len(found['skipped_for']), 'file')} passed over, which may be part of the log"
    for name, many in found["other_tiers"].items():
        yield f"{counted(many, 'row')} of service tier {name} priced as standard, which may be wrong"


def _answer(found: Found) -> Iterator[str]:
    """The bills, then what most of it is for."""
    yield reconciled.reconciled(found)
    total, rows = found["priced_usd"], [row for row in found["models"] if row["priced_usd"]]
    if total:
        kinds = {heading: sum(row[f"{kind}_usd"] for row in rows) for heading, kind in zip(tables.HEADINGS, KINDS, strict=True)}
        most = max(kinds, key=lambda kind: kinds[kind])
        said = [f"{share(kinds[most] / total)} is for {most}"]
        if len(rows) > 1:
            said.append(f"{share(rows[0]['priced_usd'] / total)} for calls of {rows[0]['model'] or '(no name)'}")
        if found["sub_agents"]:
            said.append(f"{share((found['agents_usd']['sub_agents']['priced_usd'] or 0) / total)} for sub-agents")
        if again := sum(row["usd"] for row in found["written_again"]):
            said.append(f"{share(again / total)} for prompts that a cache had had")
        yield f"Of our dollars {', '.join(said)}"


def _headlines(found: Found) -> pd.DataFrame:
    """What, value, unit, meaning."""
    read, whole = found["cache_read_tokens"], found["input_tokens"]
    calls = found["calls"]
    priced = f"USD, {found['market']}" + (", without what has no price" if found["unpriced_calls"] else "")
    ours, each = (reconciled.of_ours(found, found["priced_usd"] / many) for many in (1, max(found["sessions"], 1)))
    rows = [
        ("as billed", "unknown" if found["billed_usd"] is None else reconciled.usd(found["billed_usd"]), "USD", "as the log has it"),
        ("by our prices", ours, priced, "recorded tokens, each call at its model's prices of that time"),
        ("calls", f"{calls:,}" if calls else "unknown", "", "each once, however often the log has it"),
        ("sessions", f"{found['sessions']:,}", "", ""),
        ("a session", each if found["sessions"] else "-", "USD", "by our prices"),
        ("input", compact(whole), "tokens", "whole prompts, cache reads among them"),
        ("cache reads", percent(read / whole) if whole else "-", "of input tokens", "billed at the price of reads"),
        ("output", compact(found["output_tokens"]), "tokens", "reasoning among them"),
    ]
    return pd.DataFrame(rows, columns=["what", "value", "unit", "meaning"])


def _no_bill(found: Found) -> list[str]:
    if found["billed_usd"] is None:
        return ["The log has no dollars: what was paid it does not say, so nothing here is held against a bill."]
    return [] if found["billed_calls_with_price"] else ["No call has both a bill and a price here."]


def _otherwise(what_if: WhatIf | None) -> tuple[list[str], list[Table]]:
    """What was asked of the log, and what saves most."""
    if what_if is None:
        return [NO_WHAT_IF], []
    heading, saved = answers.proposed(what_if)
    told = [Table("What it would have cost, USD", answers.answered(what_if), answers.COLUMNS)] if what_if.answers else []
    lines = [f"{heading} {'; '.join(f'({place}) {line}' for place, line in enumerate(saved, 1))}."] if saved else [heading]
    return [f"Replayed as they were, these sessions come to {dollars(what_if.base.replayed.usd.sum())}.", *lines], told
