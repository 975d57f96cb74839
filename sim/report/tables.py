"""Tables in print: a run's summary, a sweep as a crosstab or a listing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from sim.report.grid import HIGHEST, LOWEST, Study, called, mark, place_label
from sim.report.numbers import compact, number, percent, share
from sim.report.reference.labels import AGENT, setting_name, value_name, worded
from sim.results.escape import one_line
from sim.results.provider.metrics import FAMILIES
from sim.settings.run import GoalSettings
from sim.statistics import digits
from sim.sweeps.goal import ranked

BEST_SHOWN = 12
"""Scenarios of a search that are listed; all are in `results.csv`."""
PRINTED: dict[str, tuple[str, Callable[[float], str]]] = {
    "cost_per_task_usd": ("USD/task", number),
    "cost_per_success_usd": ("USD/success", number),
    "success_rate": ("success", percent),
    "tokens_per_task": ("tokens/task", compact),
    "task_latency_p50_s": ("task p50 s", number),
    "cache_hit_rate": ("cache hits", percent),
    "multiplier_per_message": ("x chat, a message", number),
}
"""Heading and writing of the headlines (`sim.results.metrics.HEADLINES`), and of a message's multiple of a chat's tokens, in a listing.

By importance: a narrow terminal leaves out the last (`sim.report.terminal.screen`)."""
LOST: dict[str, tuple[str, Callable[[float], str]]] = {
    "lost_share": ("lost", share),
    "rate_limited_share": ("429s", share),
    "cost_per_success_usd": PRINTED["cost_per_success_usd"],
    "cost_per_finished_task_usd": ("USD/finished", number),
}
"""What leads where tasks were lost or attempts turned away: shares, then dollars of what was done."""
UNKNOWN = ("success_rate",)
"""What nobody may have measured."""
ENDS = ("_ci_low", "_ci_high", LOWEST, HIGHEST)
SUCCESS = ("success_rate", "cost_per_success_usd")
ASKED = " ?: nobody has measured how often such work succeeds."
OVER = " a to b: lowest and highest over the harnesses whose bills are taken."
CROSSED = ("cost_per_success_usd", "success_rate", "cache_hit_rate")
"""What a crosstab of dollars adds, of the last place."""


def grid(one: Study, list_usd_per_mtok: Mapping[str, float]) -> str:
    """The text of a sweep over every combination."""
    crossed = len(one.lines) > 1 and len(one.places) > 1 and one.x != "backends" and not _pressed(one)
    return crosstab(one, list_usd_per_mtok) if crossed else listing(one)


def _pressed(one: Study) -> bool:
    """Whether tasks were lost, or attempts turned away."""
    return one.loses or bool((one.rows.get("rate_limited_share", pd.Series(dtype=float)) > 0).any())


def failures(one: Study) -> list[str]:
    """A line a scenario that failed: its place in the sweep, and why."""
    return [f"  {called(one, failed, one.names)}: {failed['status'].removeprefix('failed: ')}" for failed in one.failed.to_dict("records")]


def readable(summary: pd.DataFrame, theory: Mapping[str, float]) -> pd.DataFrame:
    """A run's summary for people: value, interval, unit, and theory beside it where it says something; what never happened is left out.

    So is the provider's side, which has a table of its own (`sim.report.provider`)."""
    summary = summary[[str(name).partition(".")[0] not in FAMILIES for name in summary.index]]
    success = summary.index.isin(UNKNOWN) & (summary["mean"].get("tasks", 0) > 0)  # none, or nobody knows
    happened = summary[success | (summary["mean"].notna() & ((summary["mean"] != 0) | summary["ci_high"].gt(0)))]
    spans = [
        f"{number(low)} to {number(high)}" if low < high else "" for low, high in zip(happened["ci_low"], happened["ci_high"], strict=True)
    ]
    means = ["unknown" if name in UNKNOWN and math.isnan(mean) else number(mean) for name, mean in happened["mean"].items()]
    table = pd.DataFrame({"metric": happened.index, "mean": means, "95 % interval": spans, "unit": list(happened["unit"])})
    if theory:
        table["theory"] = [number(theory[name]) if name in theory else "" for name in happened.index]
        table["off"] = [_off(mean, theory.get(name)) for name, mean in happened["mean"].items()]
    return table


def _off(mean: float, expected: float | None) -> str:
    """How far a mean lies from theory, as a share of it."""
    if not expected:
        return ""
    return "exact" if abs(mean / expected - 1) < 1e-9 else f"{digits(100 * (mean / expected - 1), 2, '+')} %"


def crosstab(one: Study, list_usd_per_mtok: Mapping[str, float]) -> str:
    """Dollars per task with half-widths, a row a line and a column a place, then what the last place comes to."""
    out: dict[str, list[str]] = {"USD per task on": list(one.lines)}
    for place in one.places:
        out[in_heading(one, place)] = [_cell(one, line, place, "cost_per_task_usd", number) for line in one.lines]
    last = one.places[-1]
    for metric in CROSSED:
        heading, write = PRINTED[metric]
        out[heading] = [_cell(one, line, last, metric, write, bare=True) for line in one.lines]
    if any(line in list_usd_per_mtok for line in one.lines):
        out["list USD/Mtok in"] = [number(list_usd_per_mtok[line]) if line in list_usd_per_mtok else "-" for line in one.lines]
    notes = [f"Success, dollars per success and cache hits are of {in_heading(one, last)}."]
    text, asked = aligned(pd.DataFrame(out)), any("?" in out[PRINTED[metric][0]] for metric in SUCCESS)
    below = " ".join(["±: half of the 95 % interval.", *notes]) + (OVER if one.harnesses else "")
    return f"{text}\n\n{below}{ASKED if asked else ''}{_unmeasured(one)}"


def listing(one: Study) -> str:
    """A row a scenario with the headline metrics, half-widths with the dollars."""
    out: dict[str, list[str]] = {}
    for axis in one.axes:
        out[setting_name(axis, one.names)] = [f"{value_name(axis, value, one.names)}{mark(value)}" for value in one.rows[axis]]
    for metric, (heading, write) in (LOST | PRINTED if _pressed(one) else PRINTED).items():
        bare = metric not in ("cost_per_task_usd", "cost_per_finished_task_usd")
        out[heading] = [_value(scenario, metric, write, bare) for scenario in one.rows.to_dict("records")]
    asked = ASKED if any("?" in out[PRINTED[metric][0]] for metric in SUCCESS) else ""
    return aligned(pd.DataFrame(out)) + "\n\n±: half of the 95 % interval." + (OVER if one.harnesses else "") + asked + _unmeasured(one)


def in_heading(one: Study, place: Any) -> str:
    """A place over its column: `team of 4`, `16 sub-agents`."""
    return place_label(one.x, place, one.names) if one.x == AGENT else worded(one.x, place, one.names)


def _unmeasured(one: Study) -> str:
    """What a mark behind the size of a team says."""
    return " ? behind a team: nobody has measured one of that size." if any(map(mark, one.places)) else ""


def best_first(one: Study, goal: GoalSettings) -> str:
    """The listing of the scenarios that are best by a goal."""
    rows = ranked(goal, one.rows).head(BEST_SHOWN)
    shown = f"The first {len(rows)} of {len(one.rows)} scenarios" if len(rows) < len(one.rows) else "Scenarios"
    return f"{listing(dataclasses.replace(one, rows=rows))} {shown} by {goal.metric}, those below the floor last (all: results.csv)."


def _cell(one: Study, line: str, place: Any, metric: str, write: Callable[[float], str], bare: bool = False) -> str:
    names = (metric, "success_rate", "cost_per_task_usd", *(metric + end for end in ENDS))
    scenario = {name: float(one.values(line, name)[place]) for name in names}
    return _value(scenario, metric, write, bare)


def spanned(low: float, high: float, write: Callable[[float], str]) -> str:
    """`0.33 to 0.41`, or one number where both ends are written alike."""
    ends = write(low), write(high)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _value(scenario: Mapping[Any, Any], metric: str, write: Callable[[float], str], bare: bool) -> str:
    """A metric of one scenario: `9.51 ±4%`, half of the 95 % interval as a share of it; `9.51` where it is bare or has none;
    `7.1 to 9.5` over harnesses that differ."""
    if metric in SUCCESS and math.isnan(scenario.get("success_rate", math.nan)) and not math.isnan(scenario["cost_per_task_usd"]):
        return "?"
    mean, low, high = scenario[metric], *(scenario.get(metric + end, float("nan")) for end in (LOWEST, HIGHEST))
    if low < high:
        return spanned(low, high, write)
    half = scenario[f"{metric}_ci_high"] - mean  # the other end may be cut at 0
    return write(mean) if bare or not mean or not half >= 0 else f"{write(mean)} ±{100 * half / abs(mean):.0f}%"


def aligned(table: pd.DataFrame) -> str:
    """A table of texts in columns: the first to the left, numbers to the right, words to the left."""
    columns = {one_line(str(name)): [one_line(str(value)) for value in table[name]] for name in table}
    widths = {name: max([len(name), *map(len, values)]) for name, values in columns.items()}
    right = {
        name: place > 0 and any(value.lstrip("+-")[:1].isdigit() for value in values)
        for place, (name, values) in enumerate(columns.items())
    }

    def line(cells: list[str]) -> str:
        put = zip(cells, widths, strict=True)
        return "  ".join(cell.rjust(widths[name]) if right[name] else cell.ljust(widths[name]) for cell, name in put).rstrip()

    rows = zip(*columns.values(), strict=True)
    return "\n".join([line(list(columns)), "  ".join("-" * width for width in widths.values()), *(line(list(row)) for row in rows)])
