"""What a run or a sweep says to people: a table, a finding, figures, and a page (`report.md`) that holds them together.

The table comes first: what draws takes longer to import than a small run takes, so it is imported after that.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from omegaconf import OmegaConf

from sim.report.findings import finding, goal_finding
from sim.report.grid import Study, axis_label, place_name, study
from sim.report.numbers import compact, number, percent
from sim.results.estimates import read_sample
from sim.results.provenance import SOFTWARE
from sim.results.result import Result, write_whole
from sim.scenario.scenario import Scenario
from sim.scenario.text import as_yaml
from sim.settings.agent import GoalSettings
from sim.sweeps.comparison import best
from sim.sweeps.folder import runs_of
from sim.sweeps.goal import ranked, reached
from sim.sweeps.sensitivity import Tornado
from sim.sweeps.sweep import digest_of, row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[], Mapping[str, "Figure"]]

CAVEATS = (
    "Every model is given the same work. Measured on the same 500 tasks, the bills of Claude Opus 4.6 and MiniMax M2.5 differ 2.5-fold, "
    "not as list prices do: models differ in turns, in words and in how well their prompts are cached.",
    "Success is a matter of the first agent's backend and of luck; sub-agents raise it only as far as `outcome.success_exponent` says.",
    "Intervals hold the luck of the simulation, not doubt about prices, profiles or speeds: each of those is a dated setting.",
)
"""Under every report; the first is OpenHands' index (0.772 against 0.307 USD a task)."""
MOST_ROWS = 12
"""Of a search."""
HEADLINES = (
    ("cost_per_task_usd", "USD/task", number),
    ("tokens_per_task", "tokens/task", compact),
    ("token_multiplier", "x chat", number),
    ("cache_hit_rate", "cache hits", percent),
    ("success_rate", "success", percent),
    ("cost_per_success_usd", "USD/success", number),
    ("task_latency_p50_s", "task p50 s", number),
)
"""Metrics of a sweep's table: name, heading, and how a value is written."""


def show_run(result: Result, folder: Path) -> None:
    """Print one scenario's table and finding; leave `figures/*.png` and `report.md` in its folder."""
    names = {name: backend.label or name for name, backend in result.scenario.market.models.items()}
    table = pd.DataFrame([row({"backends": ",".join(result.scenario.backends)}, result.summary)])
    said = finding(table, names)

    def draw() -> Mapping[str, Figure]:
        from sim.report.plots import gallery as figures

        return figures.of_run(result, table, names)

    text = aligned(_readable(result.summary, result.theory.values))
    made_by = f"digest {result.digest}, seed {result.scenario.seed}"
    _publish(result.scenario.name, text, said, draw, folder, made_by, list(result.notes.values()))


def show_sweep(table: pd.DataFrame, folder: Path) -> None:
    """Print a sweep's table (of `sim.sweep.gather`) and finding; leave `figures/*.png` and `report.md` in its folder."""
    known = Folder(folder)
    one = study(table, known.names)
    said = finding(table, known.names, known.list_usd_per_mtok)
    if one.rows.empty:
        print(f"{said}\n\n{folder}")
        return
    goal = known.goal
    searched = goal is not None and len(table) < math.prod(table[axis].nunique() for axis in one.axes)
    found = ""
    text = best_first(one, goal) if goal and searched else _grid(one, known.list_usd_per_mtok)
    if goal is not None:
        found = f"{goal_finding(one, goal, known.rivals(one, goal), known.names)}."
        said = found if searched else f"{said} {found}"
    if len(one.failed):
        text += f"\n\n{len(one.failed)} of {len(table)} scenarios failed:\n" + "\n".join(_failures(one))

    def draw() -> Mapping[str, Figure]:
        from sim.report.plots import gallery as figures
        from sim.report.plots.frontier import success_by_cost

        drawn = {} if searched else figures.of_grid(table, known.names, known.timelines(one))
        return drawn | ({"success_by_cost": success_by_cost(one.rows, goal, found.split("; ", maxsplit=1)[0])} if goal else {})

    made_by = f"digest {digest_of(folder)}, seed {known.scenario.get('seed', '-')}"
    _publish(known.title, text, said, draw, folder, made_by, known.notes)


def _grid(one: Study, list_usd_per_mtok: Mapping[str, float]) -> str:
    """The text of a sweep over every combination."""
    crossed = len(one.lines) > 1 and len(one.places) > 1 and one.x != "backends"
    return crosstab(one, list_usd_per_mtok) if crossed else listing(one)


def show_tornado(found: Tornado, scenario: Scenario, folder: Path) -> None:
    """Print what each setting alone does to a metric; leave `results.csv`, `figures/tornado.png` and `report.md`."""
    from sim.report import drivers

    text = f"{aligned(drivers.tornado_listing(found))}\n\n±: half of the 95 % interval of the paired difference."
    _show_drivers(found.table, text, drivers.tornado_finding(found), lambda: {"tornado": drivers.tornado_bars(found)}, scenario, folder)


def show_sobol(table: pd.DataFrame, scenario: Scenario, folder: Path) -> None:
    """Print which settings account for a metric's variance; leave `results.csv`, `figures/sobol.png` and `report.md`."""
    from sim.report import drivers

    text = f"{aligned(drivers.sobol_listing(table))}\n\n±: half of the 95 % interval (bootstrap)."
    _show_drivers(table, text, drivers.sobol_finding(table), lambda: {"sobol": drivers.sobol_bars(table)}, scenario, folder)


def _show_drivers(table: pd.DataFrame, text: str, said: str, draw: Draw, scenario: Scenario, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "results.csv", lambda path: table.to_csv(path, index=False))
    write_whole(folder / "scenario.yaml", lambda path: path.write_text(as_yaml(scenario), encoding="utf-8"))
    _publish(scenario.name, text, said, draw, folder, f"seed {scenario.seed}")


def _failures(one: Study) -> list[str]:
    return [
        "  " + " ".join(f"{axis}={failed[axis]}" for axis in one.axes) + f": {failed['status'].removeprefix('failed: ')}"
        for failed in one.failed.to_dict("records")
    ]


def _publish(title: str, table: str, said: str, draw: Draw, folder: Path, made_by: str, notes: Sequence[str] = ()) -> None:
    origin = f"{SOFTWARE}, {made_by}"
    print("\n\n".join([table, said, *notes, f"{folder}  ({origin})"]), flush=True)
    from sim.report.plots.canvas import save_all

    files = save_all(draw(), folder, f"{title}, {made_by}")
    page = [f"# {title}", said, f"```text\n{table}\n```"]
    page += [f"![{path.stem.replace('_', ' ')}](figures/{path.name})" for path in files]
    page += ["## Read with care", "\n".join(f"- {caveat}" for caveat in (*notes, *CAVEATS)), f"Made by {origin}."]
    text = "\n\n".join(page) + "\n"
    write_whole(folder / "report.md", lambda path: path.write_text(text, encoding="utf-8"))


class Folder:
    """What the runs in a sweep's folder know of their backends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = runs_of(path)
        first = next((file for run in self.runs if (file := run / "scenario.yaml").exists()), None)
        self.scenario: Any = OmegaConf.to_container(OmegaConf.load(first)) if first else {}

    @cached_property
    def models(self) -> dict[str, Any]:
        """Settings of each backend, by id."""
        return dict(self.scenario.get("market", {}).get("models", {}))

    @property
    def title(self) -> str:
        """The scenario's name."""
        return str(self.scenario.get("name", self.path.name))

    @property
    def names(self) -> dict[str, str]:
        """Backends' names for people, by id."""
        return {name: model["label"] or name for name, model in self.models.items()}

    @property
    def list_usd_per_mtok(self) -> dict[str, float]:
        """List price of input, by the backend's name for people."""
        return {self.names[name]: model["input_usd_per_mtok"] for name, model in self.models.items()}

    @property
    def goal(self) -> GoalSettings | None:
        """What the sweep looked for."""
        goal = GoalSettings(**self.scenario.get("goal", {}))
        return None if goal.success_floor is None else goal

    def rivals(self, one: Study, goal: GoalSettings) -> int:
        """How many of the scenarios that reach the floor, beside the best of them, may be as good."""
        rows = one.rows[reached(goal, one.rows)]
        verdicts = best([read_sample(self.runs[int(run)]) for run in rows.index], goal.metric)
        return max(0, verdicts.count("maybe") - 1)

    @property
    def notes(self) -> list[str]:
        """What the runs say of their own numbers: of each kind how many do, and what the first of them says."""
        files = [file for run in self.runs if (file := run / "notes.json").exists()]
        told: dict[str, list[str]] = {}
        for file in files:
            for kind, text in json.loads(file.read_text(encoding="utf-8")).items():
                told.setdefault(kind, []).append(f"run {file.parent.name}: {text}")
        return [f"{len(texts)} of {len(files)} scenarios, such as {texts[0]}" for texts in told.values()]

    def timelines(self, one: Study) -> dict[str, pd.DataFrame]:
        """Of the first, the second and the last place on the dearest line, those that can be read."""
        line = one.lines[next(iter(one.lines))]
        shown = [place for place in dict.fromkeys([*one.places[:2], one.places[-1]]) if place in line.index]
        files = {place_name(place): self.runs[int(line.loc[place, "_run"])] / "timeline.csv" for place in shown}
        return {name: pd.read_csv(file) for name, file in files.items() if file.exists()}


def _readable(summary: pd.DataFrame, theory: Mapping[str, float]) -> pd.DataFrame:
    """A run's summary for people: value, interval, unit, and theory beside it where it says something; what never happened is left out."""
    happened = summary[summary["mean"].notna() & ((summary["mean"] != 0) | summary["ci_high"].gt(0))]
    spans = [
        f"{number(low)} to {number(high)}" if low < high else "" for low, high in zip(happened["ci_low"], happened["ci_high"], strict=True)
    ]
    means = [number(mean) for mean in happened["mean"]]
    table = pd.DataFrame({"metric": happened.index, "mean": means, "95 % interval": spans, "unit": list(happened["unit"])})
    if theory:
        table["theory"] = [number(theory[name]) if name in theory else "" for name in happened.index]
        table["off"] = [_off(mean, theory.get(name)) for name, mean in happened["mean"].items()]
    return table


def _off(mean: float, expected: float | None) -> str:
    """How far a mean lies from theory, as a share of it."""
    if not expected:
        return ""
    return "exact" if abs(mean / expected - 1) < 1e-9 else f"{100 * (mean / expected - 1):+.2g} %"


def crosstab(one: Study, list_usd_per_mtok: Mapping[str, float]) -> str:
    """Dollars per task with half-widths, a row a line and a column a place, then what the last place comes to."""
    out: dict[str, list[str]] = {"USD per task on": list(one.lines)}
    if any(line in list_usd_per_mtok for line in one.lines):
        out["list USD/Mtok in"] = [number(list_usd_per_mtok[line]) if line in list_usd_per_mtok else "-" for line in one.lines]
    for place in one.places:
        out[place_name(place) if one.x == "agent" else f"{one.x.rsplit('.', 1)[-1]}={place_name(place)}"] = [
            _cell(one, line, place, "cost_per_task_usd", number) for line in one.lines
        ]
    last = one.places[-1]
    for metric, heading, write in HEADLINES[2:6]:
        out[heading] = [_cell(one, line, last, metric, write, bare=True) for line in one.lines]
    notes = [f"The last four columns are of {place_name(last) if one.x == 'agent' else f'{axis_label(one.x)} {place_name(last)}'}."]
    return aligned(pd.DataFrame(out)) + "\n\n" + " ".join(["±: half of the 95 % interval.", *notes])


def listing(one: Study) -> str:
    """A row a scenario with the headline metrics, half-widths with the dollars."""
    out: dict[str, list[str]] = {}
    for axis in one.axes:
        out[axis] = [str(value) for value in one.rows[axis]]
    for metric, heading, write in HEADLINES:
        bare = metric != "cost_per_task_usd"
        out[heading] = [_value(scenario, metric, write, bare) for scenario in one.rows.to_dict("records")]
    return aligned(pd.DataFrame(out)) + "\n\n±: half of the 95 % interval."


def best_first(one: Study, goal: GoalSettings) -> str:
    """The listing of the scenarios that are best by a goal."""
    rows = ranked(goal, one.rows).head(MOST_ROWS)
    shown = f"The first {len(rows)} of {len(one.rows)} scenarios" if len(rows) < len(one.rows) else "Scenarios"
    return f"{listing(dataclasses.replace(one, rows=rows))} {shown} by {goal.metric}, those below the floor last (all: results.csv)."


def _cell(one: Study, line: str, place: Any, metric: str, write: Callable[[float], str], bare: bool = False) -> str:
    scenario = {name: float(one.values(line, name)[place]) for name in (metric, f"{metric}_ci_low", f"{metric}_ci_high")}
    return _value(scenario, metric, write, bare)


def _value(scenario: Mapping[Any, Any], metric: str, write: Callable[[float], str], bare: bool) -> str:
    """`9.51 ±4%`."""
    mean = scenario[metric]
    half = (scenario[f"{metric}_ci_high"] - scenario[f"{metric}_ci_low"]) / 2
    return write(mean) if bare or not mean or not half >= 0 else f"{write(mean)} ±{100 * half / abs(mean):.0f}%"


def aligned(table: pd.DataFrame) -> str:
    """A table of texts in columns: the first to the left, numbers to the right, words to the left."""
    columns = {str(name): [str(value) for value in table[name]] for name in table}
    widths = {name: max(len(name), *map(len, values)) for name, values in columns.items()}
    right = {
        name: place > 0 and any(value.lstrip("+-")[:1].isdigit() for value in values)
        for place, (name, values) in enumerate(columns.items())
    }

    def line(cells: list[str]) -> str:
        put = zip(cells, widths, strict=True)
        return "  ".join(cell.rjust(widths[name]) if right[name] else cell.ljust(widths[name]) for cell, name in put).rstrip()

    rows = zip(*columns.values(), strict=True)
    return "\n".join([line(list(columns)), "  ".join("-" * width for width in widths.values()), *(line(list(row)) for row in rows)])
