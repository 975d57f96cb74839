"""The page of one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sim.report.grid import Study
from sim.report.html import sections
from sim.report.html.charted import of_timeline
from sim.report.html.content import Drawing, Page, Section, Table
from sim.report.html.settings import assumed, changed
from sim.report.html.spending import by_kind, by_role
from sim.report.lost import first
from sim.report.multipliers import NOTE, multiplier_table
from sim.report.provider.table import provider_finding, provider_table
from sim.report.reference.labels import Names
from sim.report.tables import readable
from sim.results.result import Result
from sim.scenario.text import plain


def page_of_run(
    result: Result, one: Study, names: Names, said: str, what: str, cautions: Sequence[str], folder: Path, drawings: Sequence[Drawing]
) -> Page:
    """`said`: the finding; `what`: what was run; `one`: its summary as a study of one row."""
    simulated = readable(result.summary, result.theory.values)
    warnings = first(one, names)
    notes = {kind: text for kind, text in result.notes.items() if kind not in sections.WARNED}
    settings = plain(result.scenario)
    money = [by_kind(result.summary["mean"]), *by_role(result)] if result.mean("cost_usd") > 0 else []
    charts = of_timeline(result)
    return Page(
        title=sections.titled(settings, names),
        question=what,
        warnings=[f"{text}." for text in warnings] + [result.notes[kind] for kind in sections.WARNED if kind in result.notes],
        answer=f"{said.replace(''.join(f'{part}. ' for part in warnings), '', 1)} {notes.pop('month', '')}".strip(),
        sections=[
            Section("numbers", "Headline numbers", tables=[sections.headlines(result.summary)]),
            Section("times", "Against a chat", tables=_times(one, names)),
            Section("money", "Where the money goes", tables=money),
            sections.figures(drawings, charts, sections.BESIDE_CHARTS if charts else sections.MOST_BYTES),
            Section("theory", "Theory beside simulation", _unsolved(result), sections.theory(simulated)),
            Section("provider", "The provider's side", *_provider(result, names)),
            sections.care(list(notes.values()), cautions),
            sections.sources(assumed(settings, result.scenario.backends)),
            Section("change", "What would change the answer", [f"Not asked of this run. {sections.ALONE}"]),
            Section("all", "All numbers", tables=[_all(simulated)]),
            sections.settings(changed(settings, {}, result.scenario.backends)),
            sections.again(folder),
        ],
        made=sections.made(folder, result.digest, result.scenario.seed),
    )


def _times(one: Study, names: Names) -> list[Table]:
    texts = multiplier_table(one, names)
    return [] if texts.empty else [Table("Tokens, times a chat's", texts, NOTE)]


def _unsolved(result: Result) -> list[str]:
    return [f"Not solved: {reason}." for reason in result.theory.unsolved]


def _provider(result: Result, names: Names) -> tuple[list[str], list[Table]]:
    found = result.providers
    if found.empty:
        return [], []
    name = result.scenario.provider.name
    return [f"{provider_finding(found)}."], [Table(f"Who serves ({name}), a replication", provider_table(found, name, names))]


def _all(simulated: pd.DataFrame) -> Table:
    texts = simulated[["metric", "mean", "95 % interval", "unit"]].copy()
    texts["meaning"] = [sections.meaning(name) for name in texts["metric"]]
    return Table("What happened in this run; what never did is left out", texts, "To the last digit, with those left out: summary.csv.")
