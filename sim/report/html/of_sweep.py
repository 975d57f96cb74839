"""The page of a sweep, and of what looks for drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.report.bills import shown
from sim.report.folder import Folder
from sim.report.grid import Study, called
from sim.report.html import sections
from sim.report.html.charted import of_table
from sim.report.html.content import Drawing, Page, Section, Table
from sim.report.html.monthly import months
from sim.report.html.settings import assumed, changed
from sim.report.html.spending import by_kind_of_many, calls_by_role
from sim.report.lost import first
from sim.report.multipliers import NOTE, multiplier_table
from sim.report.numbers import number
from sim.report.reference.labels import Names, setting_name
from sim.report.tables import failures
from sim.results.files import CALLS, Files
from sim.scenario.scenario import Scenario
from sim.scenario.text import plain
from sim.settings.run import Log

THEORY = (
    "Expected values stand on the page of each scenario that is run alone: without a clock and without random numbers, as far as they "
    "can be solved. They take seconds for a team, so not all scenarios of a sweep have them."
)


@dataclass(frozen=True)
class Told:
    """What is said of a sweep beside its numbers."""

    answer: str
    what: str
    digest: str
    cautions: Sequence[str]
    tables: Sequence[Table] = ()
    """What answers it, before every scenario."""
    more: Sequence[str] = ()
    """What else is known."""


def page_of_sweep(known: Folder, one: Study, told: Told, drawings: Sequence[Drawing]) -> Page:
    """All scenarios of a folder."""
    warnings, notes = first(one, known.names), known.notes
    axes = {axis: list(dict.fromkeys(map(str, [*one.rows[axis], *one.failed[axis]]))) for axis in one.axes}
    backends = list(known.names) if "market" in axes else _backends(known, one)
    charts = of_table(one, known.names)
    return Page(
        title=sections.titled(known.scenario, known.names, one.axes),
        question=told.what,
        warnings=[f"{text}." for text in warnings] + [notes[kind] for kind in sections.WARNED if kind in notes] + _failed(one),
        answer=told.answer,
        sections=[
            Section("numbers", "Headline numbers", list(told.more), tables=[sections.extremes(one, known.names)]),
            Section("table", "The table", tables=[*told.tables, sections.scenarios(one, known.names)], charts=charts),
            Section("months", "A month against its budget", tables=_months(known, one)),
            Section("times", "Against a chat", tables=_times(one, known.names)),
            Section("money", "Where the money goes", *_money(known, one)),
            sections.figures(drawings, room=sections.BESIDE_CHARTS if charts else sections.MOST_BYTES),
            Section("prices", "What prices say against what bills say", tables=_bills(known)),
            Section("theory", "Theory beside simulation", [THEORY]),
            sections.care([text for kind, text in notes.items() if kind not in (*sections.WARNED, "month")], told.cautions),
            sections.sources(assumed(known.scenario, backends)),
            Section("change", "What would change the answer", [_moved(one)]),
            sections.settings(changed(known.scenario, axes, backends)),
            sections.again(known.path),
        ],
        made=sections.made(known.path, told.digest, known.scenario.get("seed", "-")),
    )


def page_of_drivers(scenario: Scenario, told: Told, folder: Path, drawings: Sequence[Drawing]) -> Page:
    """A tornado, or Sobol indices."""
    settings = plain(scenario)
    return Page(
        title=sections.titled(settings, {name: model.label or name for name, model in scenario.market.models.items()}),
        question=told.what,
        warnings=(),
        answer=told.answer,
        sections=[
            Section("change", "What would change the answer", tables=told.tables),
            sections.figures(drawings),
            sections.care((), told.cautions),
            sections.sources(assumed(settings, scenario.backends)),
            sections.settings(changed(settings, {}, scenario.backends)),
        ],
        made=sections.made(folder, told.digest, scenario.seed),
    )


def _backends(known: Folder, one: Study) -> list[str]:
    """Ids of those that any scenario asks."""
    if "backends" not in one.axes:
        return list(known.scenario.get("backends", []))
    named = [each.strip() for value in one.rows["backends"] for each in str(value).strip("[]").split(",")]
    return [name for name in dict.fromkeys(named) if name in known.models]


def _failed(one: Study) -> list[str]:
    many = len(one.failed)
    return [f"{many} of {many + len(one.rows)} scenarios failed: {'; '.join(each.strip() for each in failures(one)[:5])}."] if many else []


def _times(one: Study, names: Names) -> list[Table]:
    texts = multiplier_table(one, names)
    return [] if texts.empty else [Table("Tokens, times a chat's, of the most expensive line", texts, NOTE)]


def _money(known: Folder, one: Study) -> tuple[list[str], list[Table]]:
    """By kind of every scenario, by role of those whose calls are logged."""
    named = [called(one, row, known.names) or known.title for row in one.rows.to_dict("records")]
    tables = [by_kind_of_many(one.rows, named, "The bill by kind of token")]
    for place, run in known.shown(one).items():
        files = Files(run)
        if files.has(CALLS) and files.settings().get("log") == Log.full.name:
            calls = pd.read_parquet(files.path(CALLS), columns=["role", "status", "input_tokens", "output_tokens", "cost_usd"])
            tables.append(calls_by_role(f"The bill by role, all replications: {place or known.title}", [calls]))
    none = "By role (lead, workers, verifiers, compaction) the bill is known where all calls are logged: log=full."
    return ([none] if len(tables) == 1 else []), tables


def _months(known: Folder, one: Study) -> list[Table]:
    """Of every scenario that has a budget and a length."""
    runs = {called(one, row, known.names): known.runs[int(row["_run"])] for row in one.rows.to_dict("records")}
    if all(known.settings(run).get("budget_usd_per_month") is None for run in runs.values()):
        return []
    found = {name: (sample, known.settings(run)) for name, run in runs.items() if (sample := Files(run).sample()) is not None}
    return months(found)


def _bills(known: Folder) -> list[Table]:
    if known.bills is None:
        return []
    return [Table("How many times as much, for one agent", shown(known.bills), "Same work, own turns: reckoned ahead. Measured: bills.")]


def _moved(one: Study) -> str:
    """How far each axis alone moves dollars a task."""
    said = []
    for axis in one.axes:
        rest = [other for other in one.axes if other != axis]
        costs = one.rows[one.rows["cost_per_task_usd"] > 0]
        groups: Mapping[Any, Any] = (
            costs.groupby(rest)["cost_per_task_usd"].agg(["min", "max"]) if rest else costs.agg({"cost_per_task_usd": ["min", "max"]}).T
        )
        times = (groups["max"] / groups["min"]).dropna()
        if len(times) and times.max() > 1:
            low, high = (number(float(each)) for each in (times.min(), times.max()))
            said.append(f"{setting_name(axis, one.names)} alone moves dollars a task {low if low == high else f'{low} to {high}'} times")
    head = f"Of what was swept: {'; '.join(said)}. " if said else ""
    return f"{head}What was not swept was not asked. {sections.ALONE}"
