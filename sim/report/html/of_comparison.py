"""Folders against one another: a table and a page."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import DataError
from sim.report.html import sections
from sim.report.html.content import Drawing, Page, Section, Table
from sim.report.html.monthly import months
from sim.report.html.settings import between
from sim.report.html.workbook import COMPARISON, check_openpyxl, write_workbook
from sim.report.lost import MUCH
from sim.report.numbers import counted, number, share
from sim.report.reference.labels import metric_name
from sim.report.tables import aligned
from sim.report.terminal.screen import show
from sim.results.escape import visible
from sim.results.files import PAGE, Files
from sim.results.metrics import unit_of
from sim.results.provenance import SOFTWARE
from sim.results.sample import Sample
from sim.statistics import Estimate
from sim.sweeps.comparison import NOTHING, paired, unpaired
from sim.sweeps.sides import Side, every_metric, pairs, sides, way

BUDGET = "budget_usd_per_month="
"""Before dollars, on a command line."""
MOST_TOLD = 4
"""Settings that are said to differ, in a terminal; the page has all."""
NO_LENGTH = "A month against its budget needs runs that have a length: horizon_s."
PAIRED = "Replications are paired by their random numbers: what is common to both cancels out. Each folder is held against the first."
NEVER = "a difference that is not seen may be there: the interval says how large it may be"


class Against(NamedTuple):
    """One metric of one pair."""

    scenario: str
    a: str
    b: str
    """Names of the folders."""
    metric: str
    unit: str
    before: float
    after: float
    difference: float
    difference_ci_low: float
    difference_ci_high: float
    ratio: float
    ratio_ci_low: float
    ratio_ci_high: float
    verdict: str


def against(folders: Mapping[str, Sequence[Side]]) -> list[Against]:
    """The headlines of every folder after the first, scenario by scenario."""
    (first, ours), *others = folders.items()
    found = []
    for name, theirs in others:
        for a, b in pairs(ours, theirs):
            found += [
                Against(_called(b, a), first, name, metric, unit_of(metric), *_paired(a.sample, b.sample, metric))
                for metric in sections.shown(lambda metric: any(each.sample.whole.get(metric, 0) > 0 for each in (a, b)))  # noqa: B023
                if all(math.isfinite(each.sample.whole.get(metric, math.nan)) for each in (a, b))
            ]
    return found


def _paired(a: Sample, b: Sample, metric: str) -> tuple:
    n = min(a.replications, b.replications)
    if n > 1:
        return paired(a.first(n), b.first(n), metric)
    none = {metric: np.empty(0)}
    return paired(a._replace(without=none), b._replace(without=none), metric)


def _called(b: Side, a: Side) -> str:
    return ", ".join(f"{key}={value}" for key, value in {**a.axes, **b.axes}.items())


def listed(found: Sequence[Against]) -> pd.DataFrame:
    """The table for people: of two folders a column each, of more a row for each that stands against the first. A narrow terminal leaves
    out the last columns: the verdict is not among them."""
    rows, many = [], len({each.b for each in found}) > 1
    for each in found:
        name, after = metric_name(each.metric), sections.written(each.metric, each.after)
        low, high = (sections.written(each.metric, end) for end in (each.difference_ci_low, each.difference_ci_high))
        rows.append(
            {
                "scenario": each.scenario,
                "what": name if not each.unit or name.startswith(each.unit) else f"{name}, {each.unit}",
                each.a: sections.written(each.metric, each.before),
                **({"against": each.b, "it has": after} if many else {each.b: after}),
                "verdict": each.verdict,
                "difference": _signed(each.metric, each.difference),
                "95 % interval": f"{low} to {high}" if each.difference_ci_low < each.difference_ci_high else "",
                "times": number(each.ratio),
            }
        )
    table = pd.DataFrame(rows)
    return table.drop(columns="scenario") if len(table) and not table["scenario"].any() else table


def _signed(metric: str, value: float) -> str:
    return ("+" if value > 0 else "") + sections.written(metric, value)


def finding(found: Sequence[Against]) -> str:
    """Dollars and tokens a task of the first pair of each folder, and whether a difference is seen."""
    said = []
    for name in dict.fromkeys(each.b for each in found):
        mine = [each for each in found if each.b == name]
        for metric in ("cost_per_task_usd", "tokens_per_task"):
            same = [each for each in mine if each.metric == metric]
            if len(same) == 1:
                said.append(_sentence(same[0]))
            elif same:
                counts = pd.Series([each.verdict for each in same]).value_counts()
                low, high = (number(edge([each.ratio for each in same])) for edge in (min, max))
                told = ", ".join(f"{many} {verdict}" for verdict, many in counts.items())
                head = f"{metric_name(metric).capitalize()} in {len(same)} scenarios, {name} against {same[0].a}"
                said.append(f"{head}: {told}; {low} to {high} times")
    return ". ".join(said) + "." if said else "Nothing can be compared."


def _sentence(each: Against) -> str:
    before, after = (sections.written(each.metric, value) for value in (each.before, each.after))
    unit = f" {each.unit}" if each.unit else ""
    head = f"{metric_name(each.metric).capitalize()}: {after}{unit} in {each.b}, {before} in {each.a}, {number(each.ratio)} times"
    if each.ratio_ci_low < each.ratio_ci_high:
        head += f" ({number(each.ratio_ci_low)} to {number(each.ratio_ci_high)})"
    return f"{head}; {NEVER}" if each.verdict == NOTHING and each.before != each.after else head


def warned(folders: Mapping[str, Sequence[Side]]) -> list[str]:
    """What has to be known before any difference."""
    said = []
    for name, all_of in folders.items():
        worst = max(all_of, key=lambda each: each.sample.whole.get("lost_share", 0.0))
        lost = worst.sample.whole.get("lost_share", 0.0)
        if lost > 0:
            more = " Its dollars a task do not stand beside those of others." if lost > MUCH else ""
            where = f" ({_called(worst, worst)})" if len(all_of) > 1 else ""
            said.append(f"{name} lost work{where}: {share(lost)} of tasks ended without an answer.{more}")
        said += [f"{name}: {text}" for kind in sections.WARNED[1:] if (text := worst.notes.get(kind))]
        if any(each.sample.replications < 2 for each in all_of):
            said.append(f"{name} has one replication: nobody can say what of a difference is chance.")
    apart = unpaired({str(each.settings.get("seed")) for all_of in folders.values() for each in all_of})
    return [*said, apart] if apart else said


def page_of_comparison(
    folders: Mapping[str, Sequence[Side]], found: Sequence[Against], said: str, steps: Mapping[str, Estimate], drawings: Sequence[Drawing],
    places: Sequence[Path], budget_usd: float | None = None,
) -> Page:  # fmt: skip
    """`steps`: the bill's way between two runs, where there is one; `places`: the folders as they were named."""
    names = list(folders)
    alike = _alike(folders)
    first = (
        ""
        if all(len(all_of) == 1 for all_of in folders.values())
        else " Of a sweep, settings are those of one scenario, the same in each folder where there is one."
    )
    taken = pd.DataFrame(
        [
            (name, _signed("cost_usd", step.mean), f"{number(step.ci_low)} to {number(step.ci_high)}" if step.ci_low < step.ci_high else "")
            for name, step in steps.items()
        ],
        columns=["step", "USD", "95 % interval"],
    )
    words = " ".join(place.as_posix() if not place.is_absolute() else place.name for place in places)
    told = [f"{name} ({counted(len(all_of), 'scenario')})" for name, all_of in folders.items()]
    return Page(
        title=" against ".join([", ".join(names[1:]), names[0]]),
        question=f"What was compared: {', '.join(told)}.",
        warnings=warned(folders),
        answer=said,
        sections=[
            Section("numbers", "Differences", tables=[Table(f"Against {names[0]}", listed(found), PAIRED)]),
            Section(
                "change",
                "What is set otherwise",
                [] if len(alike.texts) else ["Nothing."],
                [Table(alike.caption, alike.texts, first.strip())],
            ),
            Section("way", "The bill's way", tables=[Table("From one bill to the other", taken)] if len(taken) else []),
            Section("months", "A month against its budget", *_months(folders, budget_usd)),
            sections.figures(drawings),
            Section("again", "Compare again", code=f"sim compare {words}{'' if budget_usd is None else f' {BUDGET}{budget_usd:g}'}"),
        ],
        made={
            "software": SOFTWARE,
            **{f"digest of {name}": " ".join(each.digest for each in all_of[:4]) for name, all_of in folders.items()},
        },
    )


def _of_each(folders: Mapping[str, Sequence[Side]]) -> dict[str, Side]:
    """A scenario of each folder, the same where they are swept to the same values: by what the folders differ."""
    (name, base), *others = folders.items()
    found = {other: pairs(base, all_of) for other, all_of in others}
    ours = next((both[0][0] for both in found.values() if both), base[0])
    theirs = {other: next((b for a, b in both if a is ours), folders[other][0]) for other, both in found.items()}
    return {name: ours, **theirs}


def _alike(folders: Mapping[str, Sequence[Side]]) -> Table:
    """What is not set alike, of a scenario of each."""
    asked = {backend for all_of in folders.values() for each in all_of for backend in each.settings.get("backends", [])}
    return between({name: each.settings for name, each in _of_each(folders).items()}, asked)


def _changed(folders: Mapping[str, Sequence[Side]]) -> str:
    """In a sentence what is set otherwise; empty where nothing is."""
    rows = _alike(folders).texts.to_dict("records")
    told = [f"{row['setting']} is {', '.join(f'{row[name]} in {name}' for name in folders if row[name])}" for row in rows[:MOST_TOLD]]
    more = f"; and {len(rows) - MOST_TOLD} more settings, in {PAGE}" if len(rows) > MOST_TOLD else ""
    ours, *theirs = _of_each(folders).values()
    alone = " ".join(dict.fromkeys(f"{key}={value}" for each in theirs for key, value in each.axes.items() if key not in ours.axes))
    return f"Set otherwise{f' by {alone}' if alone else ''}: {'; '.join(told)}{more}." if told else ""


def _months(folders: Mapping[str, Sequence[Side]], budget_usd: float | None) -> tuple[list[str], list[Table]]:
    named = {_full_name(name, each): (each.sample, each.settings) for name, all_of in folders.items() for each in all_of}
    tables = months(named, budget_usd)
    return ([NO_LENGTH] if budget_usd is not None and not tables else []), tables


def _full_name(folder: str, side: Side) -> str:
    axes = ", ".join(f"{key}={value}" for key, value in side.axes.items())
    return f"{folder} ({axes})" if axes else folder


def show_comparison(
    places: Sequence[Path], out: Path, quiet: bool = False, budget_usd: float | None = None, also: Collection[str] = ()
) -> list[Against]:
    """Print what two folders or more come to against the first; leave `figures/` and `report.html` in `out`.

    `budget_usd`: of a month, instead of what each run was given. `also`: `xlsx`, a workbook of all numbers; `pdf`, of each figure.
    Raises `DataError`, and `ConfigError` where nothing can write a workbook.
    """
    Files(out).check_free()
    if "xlsx" in also:
        check_openpyxl()
    folders = dict(zip(_names(places), map(sides, places), strict=True))
    found = against(folders)
    if not found:
        first, *others = folders
        run = next((name for name in others if len(folders[name]) == 1 < len(folders[first])), "")
        why = f"{first} is a sweep; name the run {run} first, against which each of its scenarios stands"
        raise DataError(f"compare: no scenario stands against one of the first folder: {why if run else 'they are swept to other values'}")
    said, files = finding(found), Files(out)
    one_each = len(folders) == 2 and all(len(all_of) == 1 for all_of in folders.values())
    (a, *_), (b, *_) = list(folders.values())[:2]
    steps = way(a.sample, b.sample) if one_each else {}
    from sim.report.html.document import html
    from sim.report.plots.canvas import save_all, save_drawings, save_pdfs, title_of
    from sim.report.plots.compared.side_by_side import side_by_side
    from sim.report.plots.compared.waterfall import waterfall

    names = list(folders)
    figures = {"waterfall": waterfall(a.sample.whole["cost_usd"], steps, (names[0], names[1]))} if steps else {}
    figures |= side_by_side(folders)
    save_all(figures, out)
    if "pdf" in also:
        save_pdfs(figures, out)
    if "xlsx" in also:
        sheets = {"differences": pd.DataFrame(found), "settings": _alike(folders).texts, "all metrics": every_metric(folders)}
        write_workbook(sheets, out, COMPARISON)
    drawings = [Drawing(name, title_of(figures[name]), text) for name, text in save_drawings(figures, out).items()]
    files.write_text(PAGE, html(page_of_comparison(folders, found, said, steps, drawings, places, budget_usd)))
    if not quiet:
        lines, tables = _months(folders, budget_usd)
        parts = [
            *warned(folders),
            _changed(folders),
            aligned(listed(found)),
            *(aligned(each.texts) for each in tables),
            *lines,
            said,
            str(out),
        ]
        show(visible("\n\n".join(part for part in parts if part)))
    return found


def _names(places: Sequence[Path]) -> list[str]:
    """The folders' own names, or with those they are in, or numbered: no two alike."""
    for parts in (1, 2, 3):
        names = ["/".join(place.parts[-parts:]) for place in places]
        if len(set(names)) == len(names):
            return names
    return [f"{place.name} ({order})" for order, place in enumerate(places, 1)]
