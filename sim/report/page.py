"""What a run or a sweep says to people: a table, a finding, figures, and pages (`report.md`, `report.html`) that hold them together.

The table comes first: what draws takes longer to import than a small run takes, so it is imported after that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sim.report.asked import asked
from sim.report.bills import order_finding, shown
from sim.report.findings.finding import Found, finding
from sim.report.findings.goal import goal_sentences
from sim.report.findings.overload import overload
from sim.report.findings.rates import period_of
from sim.report.folder import Folder
from sim.report.grid import HARNESS, study
from sim.report.html.content import Drawing, Page, Table
from sim.report.html.workbook import RESULTS as RESULTS_BOOK
from sim.report.html.workbook import write_workbook
from sim.report.lost import lost_finding
from sim.report.multipliers import multipliers
from sim.report.provider.table import provider_text
from sim.report.reference.labels import value_name
from sim.report.tables import aligned, best_first, failures, grid, readable
from sim.report.terminal.form import Form, records, written
from sim.report.terminal.screen import show
from sim.report.terminal.topics import by_topic
from sim.report.workflows import WORTH, marks_mean, turn_finding, workflow_ranges, workflow_sentences, workflow_tables
from sim.results.escape import in_fence, in_markdown, visible
from sim.results.files import FIGURES, PAGE, REPORT, RESULTS, Files
from sim.results.kept.manifest import add_shown
from sim.results.provenance import SOFTWARE
from sim.results.result import Result
from sim.scenario.scenario import Scenario
from sim.scenario.text import plain
from sim.sweeps.sensitivity import Tornado
from sim.sweeps.sweep import digest_of, row

Draw = Callable[[Any], Mapping[str, Any]]
"""Given the gallery (`sim.report.plots.gallery`), which is imported only then, the figures by name."""
Compose = Callable[[Sequence[Drawing]], Page]
"""Given the drawings, the page for a browser."""
BILLS_DIFFER = (
    "Bills do not differ as prices do: models differ in turns, in words and in how well their prompts are cached. `work=measured` (unless "
    "set otherwise) takes that over from bills of one harness; harnesses differ by a factor of about two (`work.harness`), and what is "
    "known of coding tasks is taken for other tasks too."
)
SUCCESS_IS = (
    "Success is a matter of the first agent's backend and of chance; sub-agents raise it only as far as `outcome.success_exponent` says."
)
INTERVALS_ARE = (
    "Intervals hold the random numbers of the simulation, not doubt about prices, profiles or speeds: each of those is a dated setting."
)


def caveats(table: pd.DataFrame) -> list[str]:
    """What belongs under a report of these scenarios: of bills where backends are compared, of success where it is known."""
    compared = "backends" in table and (table["backends"].nunique() > 1 or table["backends"].astype(str).str.contains(",").any())
    known = "success_rate" in table and table["success_rate"].notna().any()
    return [*([BILLS_DIFFER] if compared else []), *([SUCCESS_IS] if known else []), INTERVALS_ARE]


BILLS = "What prices say against what bills say, for one agent (same work, own turns: reckoned ahead; measured: bills of that harness):"


def show_run(result: Result, folder: Path, form: Form = Form.short, also: Collection[str] = ()) -> None:
    """Print one scenario's table and finding; leave `figures/`, `report.md` and `report.html` in its folder."""
    names = {name: backend.label or name for name, backend in result.scenario.market.models.items()}
    table = pd.DataFrame([row({"backends": ",".join(result.scenario.backends)}, result.summary)])
    found = finding(table, names, period=period_of(plain(result.scenario)))

    def draw(gallery: Any) -> Mapping[str, Any]:
        return dict(gallery.of_run(result, table, names))

    one, cautions, what = study(table, names), caveats(table), asked(plain(result.scenario), names)

    def compose(drawings: Sequence[Drawing]) -> Page:
        from sim.report.html.of_run import page_of_run

        return page_of_run(result, one, names, found.said, what, cautions, folder, drawings)

    lost = lost_finding(one, names)
    summary = readable(result.summary, result.theory.values)
    first = by_topic(summary)
    more = multipliers(one, names), provider_text(result.providers, result.scenario.provider.name, names)

    def text(table: pd.DataFrame, rest: str = "") -> str:
        return "\n\n".join(part for part in (f"{lost}." if lost else "", aligned(table), rest, *more) if part)

    left = len(summary) - len(first)
    told = text(first, f"{left} more metrics of this run: --all prints them, report.html and summary.csv hold them." if left else "")
    made_by = {"digest": result.digest, "seed": result.scenario.seed}
    texts = Texts(text(summary), found, list(result.notes.values()), told if form is Form.short else "")
    beside = Beside(also, {"metrics": result.summary.reset_index(names="metric")})
    metrics = {"metrics": {str(name): dict(each) for name, each in result.summary.iterrows()}, "theory": dict(result.theory.values)}
    _publish(result.scenario.name, texts, draw, compose, folder, made_by, cautions, what, metrics if form is Form.json else None, beside)


def show_sweep(table: pd.DataFrame, folder: Path, form: Form = Form.short, also: Collection[str] = ()) -> None:
    """Print a sweep's table (of `sim.gather`) and finding; leave `figures/`, `report.md` and `report.html` in its folder."""
    known = Folder(folder)
    one = study(table, known.names)
    found = finding(one, known.names, known.list_usd_per_mtok, known.work, period_of(known.scenario, tuple(one.axes)))
    scenarios = {"scenarios": records(table)} if form is Form.json else None
    if one.rows.empty:
        print(written({"folder": str(folder), "found": found.said} | scenarios) if scenarios else f"{found.said}\n\n{folder}")
        return
    goal = known.goal
    searched = goal is not None and len(table) < math.prod(table[axis].nunique() for axis in one.axes)
    by_workflow, tables = bool(one.harnesses) and one.x == "agent" and not searched, list[Table]()
    text = best_first(one, goal) if goal and searched else grid(one, known.list_usd_per_mtok)
    first, best = overload(one, known.names), goal_sentences(one, goal, known.rivals(one, goal), known.names) if goal else []
    if by_workflow:
        adding, unsure, turn = known.adding(one), known.unsure(one), list[str]()
        if known.value_usd:
            turn = turn_finding(one, adding, known.by_value(one), known.value_usd)
        ranges = workflow_ranges(one, adding, unsure)
        tables = [Table(caption or "Dollars a task, from lowest to highest", texts, marks_mean(one)) for caption, texts in ranges]
        text = workflow_tables(one, adding, unsure)
        alone, *teams = workflow_sentences(one, adding, unsure) or [""]
        found = Found.of([each for each in (first, alone, *turn, *teams) if each])
    if best:
        found = (
            Found.of([*([first] if first else []), *best]) if searched else found._replace(more=[f"{each}." for each in best] + found.more)
        )
    if one.loses:
        text = f"{lost_finding(one, known.names)}.\n\n{text}"
    if len(one.failed):
        text += f"\n\n{len(one.failed)} of {len(table)} scenarios failed:\n" + "\n".join(failures(one))

    if not searched and (against := multipliers(one, known.names)):
        text += f"\n\n{against}"
    if known.bills is not None:
        text += f"\n\n{BILLS}\n\n{aligned(shown(known.bills))}"
        if misled := order_finding(known.bills):
            found = found._replace(more=[f"{misled}.", *found.more])

    def draw(gallery: Any) -> Mapping[str, Any]:
        drawn = {} if searched else gallery.of_grid(table, known.names, known.timelines(one), known.guessed, known.events(one), known.start)
        return drawn | (gallery.of_search(one, goal, best[0]) if goal else {})

    digest, cautions, what = digest_of(folder), caveats(table), asked(known.scenario, known.names, one.axes)
    if by_workflow and turn:
        cautions.append(WORTH.format(source=value_name(HARNESS, known.success_source)))
    made_by = {"digest": digest, "seed": known.scenario.get("seed", "-")}

    def compose(drawings: Sequence[Drawing]) -> Page:
        from sim.report.html.of_sweep import Told, page_of_sweep

        return page_of_sweep(known, one, Told(found.said, what, digest, cautions, tables, found.more), drawings)

    texts, beside = Texts(text, found, list(known.notes.values())), Beside(also, {"scenarios": table})
    _publish(known.title, texts, draw, compose, folder, made_by, cautions, what, scenarios, beside)


def show_tornado(found: Tornado, scenario: Scenario, folder: Path, form: Form = Form.short, also: Collection[str] = ()) -> None:
    """Print what each setting alone does to a metric; leave `results.csv`, `figures/tornado.png` and `report.md`."""
    from sim.report import drivers

    listed = Table("One setting at a time", drivers.tornado_listing(found), "±: half of the 95 % interval of the paired difference.")
    _show_drivers(
        found.table, listed, drivers.tornado_finding(found), lambda gallery: gallery.of_tornado(found), scenario, folder, form, also
    )


def show_sobol(table: pd.DataFrame, scenario: Scenario, folder: Path, form: Form = Form.short, also: Collection[str] = ()) -> None:
    """Print which settings account for a metric's variance; leave `results.csv`, `figures/sobol.png` and `report.md`."""
    from sim.report import drivers

    listed = Table(
        "All settings at once: shares of the variance", drivers.sobol_listing(table), "±: half of the 95 % interval (bootstrap)."
    )
    _show_drivers(table, listed, drivers.sobol_finding(table), lambda gallery: gallery.of_sobol(table), scenario, folder, form, also)


def _show_drivers(
    table: pd.DataFrame, listed: Table, said: str, draw: Draw, scenario: Scenario, folder: Path, form: Form, also: Collection[str]
) -> None:
    files = Files(folder)
    files.write_settings(scenario)
    files.write_table(RESULTS, table)
    what = asked(plain(scenario), {name: backend.label or name for name, backend in scenario.market.models.items()})

    def compose(drawings: Sequence[Drawing]) -> Page:
        from sim.report.html.of_sweep import Told, page_of_drivers

        return page_of_drivers(scenario, Told(said, what, "", [INTERVALS_ARE], [listed]), folder, drawings)

    texts, settings = Texts(f"{aligned(listed.texts)}\n\n{listed.note}", Found(said, [])), {"settings": records(table)}
    beside, data = Beside(also, {"settings": table}), settings if form is Form.json else None
    _publish(scenario.name, texts, draw, compose, folder, {"seed": scenario.seed}, data=data, beside=beside)


class Beside(NamedTuple):
    """What is left beside the page for those who ask."""

    also: Collection[str] = ()
    """`pdf`, of each figure; `xlsx`, a workbook."""
    sheets: Mapping[str, pd.DataFrame] = {}
    """All numbers, by the sheet of the workbook that holds them."""


class Texts(NamedTuple):
    """What is said of a run or a sweep."""

    table: str
    """Tables, and what belongs below them."""
    found: Found
    """The finding, and what else is known."""
    notes: Sequence[str] = ()
    """What to know of these numbers."""
    short: str = ""
    """What a terminal is given in place of the tables."""


def _publish(
    title: str, texts: Texts, draw: Draw, compose: Compose, folder: Path, made: Mapping[str, Any],
    cautions: Sequence[str] = (INTERVALS_ARE,), what: str = "", data: Mapping[str, Any] | None = None,
    beside: Beside | None = None,
) -> None:  # fmt: skip
    """Print, then draw and write. `data`: what JSON is to hold, where that is asked for in place of texts."""
    made_by = ", ".join(f"{key} {value}" for key, value in made.items())
    origin = f"{SOFTWARE}, {made_by}"
    if data is None:
        show(
            visible(
                "\n\n".join(
                    [
                        texts.short or texts.table,
                        texts.found.said,
                        *([" ".join(texts.found.more)] if texts.found.more else []),
                        *texts.notes,
                        f"{folder}  ({origin})",
                    ]
                )
            )
        )
    else:
        about = {
            "name": title,
            "software": SOFTWARE,
            "folder": str(folder),
            **made,
            "found": texts.found.said,
            "more": texts.found.more,
            "notes": list(texts.notes),
        }
        print(written({**about, **data}), flush=True)
    from sim.report.plots import gallery
    from sim.report.plots.canvas import save_all, save_drawings, save_pdfs, title_of

    figures = draw(gallery)
    files = save_all(figures, folder, f"{title}, {made_by}")
    drawings = [
        Drawing(name, title_of(figures[name]), text) for name, text in save_drawings(figures, folder, f"{title}, {made_by}").items()
    ]
    page = [
        f"# {in_markdown(' '.join(title.split()))}",
        *([in_markdown(what)] if what else []),
        in_markdown(texts.found.said),
        in_fence(texts.table),
        *map(in_markdown, texts.found.paragraphs[1:]),
    ]
    page += [f"![{path.stem.replace('_', ' ')}]({FIGURES}/{path.name})" for path in files]
    page += ["## Read with care", "\n".join(f"- {caveat}" for caveat in (*map(in_markdown, texts.notes), *cautions)), f"Made by {origin}."]
    Files(folder).write_text(REPORT, "\n\n".join(page) + "\n")
    from sim.report.html.document import html

    Files(folder).write_text(PAGE, html(compose(drawings)))
    drawn = [f"{FIGURES}/{path.with_suffix(ending).name}" for path in files for ending in (".png", ".svg")]
    if beside is not None and "pdf" in beside.also:
        drawn += [f"{FIGURES}/{path.name}" for path in save_pdfs(figures, folder)]
    if beside is not None and "xlsx" in beside.also:
        drawn.append(write_workbook(beside.sheets, folder, RESULTS_BOOK).name)
    add_shown(folder, [REPORT, PAGE, *drawn])
