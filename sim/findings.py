"""What a sweep's table says: the axis to read along, its order, the name of each line, and findings in sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.columns import METRICS

Names = Mapping[str, str]
"""Backends' names for people, by id."""
KINDS = {
    "fresh input": "cost_fresh_input_usd",
    "cache writes": "cost_cache_write_usd",
    "cache reads": "cost_cache_read_usd",
    "output": "cost_output_usd",
}
"""Kinds of token that are paid for, and the metric that says how much."""
_METRICS = {column.name for column in METRICS}


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, thousands separated; `-` where there is no number."""
    if not math.isfinite(value):
        return "-"
    size = math.floor(math.log10(abs(value))) if value else 0
    rounded = round(value, digits - 1 - size)
    return f"{rounded:,.{max(0, digits - 1 - size)}f}"


def dollars(value: float) -> str:
    """For sentences: `$0.0022`, `$1.9`, `$41`."""
    return "$" + number(value, 2 if abs(value) < 100 else 3)


def compact(value: float) -> str:
    """A count for sentences and axes: `950`, `12k`, `1.3M`, `4.1B`."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """Of a share from 0 to 1."""
    return f"{100 * share:.0f}\u00a0%" if math.isfinite(share) else "-"


@dataclass(frozen=True)
class Study:
    """A sweep's table, sorted out for reading."""

    rows: pd.DataFrame
    """Scenarios that finished."""
    failed: pd.DataFrame
    axes: list[str]
    x: str
    """The axis to read along; empty where there is none."""
    places: list[Any]
    """Values of x, from little to much."""
    lines: dict[str, pd.DataFrame]
    """By name, the dearest first: rows in the order of `places`, indexed by the value of x."""

    def values(self, line: str, metric: str) -> pd.Series:
        """One line's metric at each place; nan where the scenario failed."""
        return self.lines[line].get(metric, pd.Series(dtype=float)).reindex(self.places).astype(float)

    def at(self, place: Any, metric: str) -> pd.Series:
        """The metric of every line at one place, lines without it left out."""
        return pd.Series({line: float(self.values(line, metric)[place]) for line in self.lines}, dtype=float).dropna()

    @property
    def joint(self) -> str:
        """`on` a backend, `with` any other line."""
        return "on" if "backends" in self.axes else "with"

    @property
    def numeric(self) -> bool:
        """Whether x is a number rather than a choice."""
        return bool(self.places) and all(isinstance(place, float) for place in self.places)


def study(table: pd.DataFrame, names: Names | None = None) -> Study:
    """Sort out the table of `gather` or of `Sweep.results`: axes first, then `status` if there is one, then metrics."""
    axes = [str(column) for column in table.columns[: _count_axes(table)]]
    good = table["status"].eq("ok") if "status" in table else pd.Series(True, index=table.index)
    rows, x = table[good], _reading_axis(table, axes)
    others = [axis for axis in axes if axis != x]
    keys = pd.DataFrame(
        {
            "_run": rows.index,
            "_x": [_typed(value) for value in rows[x]] if x else "",
            "_line": [", ".join(_said(axis, row[axis], names) for axis in others) for row in rows[axes].to_dict("records")],
        },
        index=rows.index,
    )
    rows = pd.concat([rows, keys], axis=1).drop_duplicates(["_x", "_line"])
    places = sorted(dict.fromkeys(rows["_x"]), key=_workflow_order) if x else list(rows["_x"][:1])
    if x == "backends":
        places = list(rows.sort_values("cost_per_task_usd")["_x"])
    lines = {str(name): part.set_index("_x") for name, part in rows.groupby("_line", sort=False)}
    dear = sorted(lines, key=lambda name: -float(lines[name]["cost_per_task_usd"].max()))
    return Study(rows, table[~good], axes, x, places, {name: lines[name] for name in dear})


def _count_axes(table: pd.DataFrame) -> int:
    stops = [i for i, column in enumerate(table.columns) if column == "status" or column in _METRICS]
    return stops[0] if stops else len(table.columns)


def _reading_axis(table: pd.DataFrame, axes: list[str]) -> str:
    """The workflow, or how many sub-agents; else the first number; else the first choice that is not the backend."""
    numeric = [axis for axis in axes if all(isinstance(_typed(value), float) for value in table[axis])]
    rest = [axis for axis in axes if axis != "backends"]
    known = [axis for axis in ("agent", "agent.fanout") if axis in axes]
    return next(iter([*known, *numeric, *rest, *axes]), "")


def _typed(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _workflow_order(place: Any) -> tuple[float, float]:
    if isinstance(place, float):
        return (0, place)
    size = re.fullmatch(r"team_(\d+)", place)
    return (2, float(size[1])) if size else ({"chat": 0, "solo": 1}.get(place, 3), 0)


def place_name(place: Any) -> str:
    """A value of x on an axis: `one agent`, `team of 4`, `16`."""
    if isinstance(place, float):
        return f"{place:,g}"
    return {"solo": "one agent"}.get(place, str(place).replace("team_", "team of "))


def place_label(x: str, place: Any, names: Names | None) -> str:
    """A value of x on an axis: `team of 4`, `16`, `Kimi K2.5`."""
    return _said(x, place, names) if x == "backends" else place_name(place)


def _in_words(x: str, place: Any, names: Names | None = None) -> str:
    """A value of x in a sentence: `a team of 4`, `fanout=16`."""
    if x != "agent":
        return _said(x, place, names)
    return place_name(place) if place == "solo" else f"a {place_name(place)}"


def _said(axis: str, value: Any, names: Names | None) -> str:
    if axis == "backends":
        return " + ".join((names or {}).get(each.strip(), each.strip()) for each in str(value).strip("[]").split(","))
    return f"{axis.rsplit('.', 1)[-1]}={place_name(_typed(value))}"


def spend_finding(one: Study, names: Names | None = None) -> str:
    """What the last place takes against the first, and what it costs on the cheapest and the dearest line."""
    if one.rows.empty:
        return "No scenario finished"
    if one.x == "backends" or len(one.places) == 1:
        return _one_place(one, names)
    first, last = one.places[0], one.places[-1]
    costs = one.at(last, "cost_per_task_usd").sort_values()
    if costs.empty:
        return f"No scenario with {_in_words(one.x, last, names)} finished"
    head = _tokens_finding(one, names)
    if len(costs) == 1:
        before = one.at(first, "cost_per_task_usd")
        return f"{head}; dollars a task go from {dollars(before.iloc[0])} to {dollars(costs.iloc[0])}" if len(before) else head
    subject = "the team costs" if str(last).startswith("team") else "a task then costs"
    cheap, dear = (f"{dollars(costs.iloc[i])} {one.joint} {costs.index[i]}" for i in (0, -1))
    return f"{head}; {subject} {cheap} and {dear}"


def _tokens_finding(one: Study, names: Names | None) -> str:
    """`Against a chat, one agent takes 1,500 times the tokens, a team of 16 takes 3,400 times`."""
    first, last = one.places[0], one.places[-1]
    times = _times(one.at(last, "tokens_per_task") / one.at(first, "tokens_per_task"))
    much, against = (_in_words(one.x, place, names) for place in (last, first))
    if first == "chat" and "solo" in one.places[1:-1]:
        alone, team = (_times(one.at(place, "token_multiplier")) for place in ("solo", last))
        return f"Against {against}, one agent takes {alone} the tokens, {much} takes {team}"
    return f"{much[0].upper()}{much[1:]} takes {times} the tokens of {against}"


def _one_place(one: Study, names: Names | None) -> str:
    """Lines (or backends) compared where nothing else varies."""
    rows = one.rows.sort_values("cost_per_task_usd")
    low, high = rows.iloc[0], rows.iloc[-1]
    if len(rows) == 1:
        return (
            f"A task takes {compact(low['tokens_per_task'])} tokens and costs {dollars(low['cost_per_task_usd'])}, "
            f"{number(low['token_multiplier'])} times the tokens of the matched chat"
        )
    said = [_said("backends", row["_x"], names) if one.x == "backends" else row["_line"] for row in (low, high)]
    cheap, dear = (dollars(row["cost_per_task_usd"]) for row in (low, high))
    times = number(high["cost_per_task_usd"] / low["cost_per_task_usd"])
    return f"A task costs {cheap} {one.joint} {said[0]}, {dear} {one.joint} {said[1]}: {times} times as much"


def _times(ratios: pd.Series) -> str:
    """`1,240 times`: the median over the lines, or the range where it is wider than 5 %."""
    ratios = ratios.dropna()
    if ratios.empty:
        return "an unknown multiple of"
    low, middle, high = ratios.min(), ratios.median(), ratios.max()
    return f"{number(low)} to {number(high)} times" if high > 1.05 * low else f"{number(middle)} times"


def price_finding(one: Study, list_usd_per_mtok: Mapping[str, float]) -> str:
    """The gap between the dearest and the cheapest backend of the price list, as listed and as billed."""
    listed = pd.Series({line: list_usd_per_mtok[line] for line in one.lines if list_usd_per_mtok.get(line)}, dtype=float)
    if len(listed) < 2:
        return ""
    dear, cheap = str(listed.idxmax()), str(listed.idxmin())
    billed = (one.values(dear, "cost_per_task_usd") / one.values(cheap, "cost_per_task_usd")).dropna()
    if billed.empty:
        return ""
    low, high = number(billed.min(), 2), number(billed.max(), 2)
    return (
        f"On the list input costs {number(listed[dear] / listed[cheap])} times as much on {dear} as on {cheap}; "
        f"the bill for the same work is {low if low == high else f'{low} to {high}'} times as high"
    )


def success_finding(one: Study) -> str:
    """Which line solves a task for least at the last place, and whether the next one can be told from it."""
    if one.rows.empty or len(one.lines) < 2:
        return ""
    last = one.places[-1]
    costs = one.at(last, "cost_per_success_usd").sort_values()
    if len(costs) < 2:
        return ""
    best, second, worst = costs.index[0], costs.index[1], costs.index[-1]
    tops, bottoms = one.at(last, "cost_per_success_usd_ci_high"), one.at(last, "cost_per_success_usd_ci_low")
    overlap = bottoms.get(second, math.nan) <= tops.get(best, math.nan)
    unsure = f" (its interval overlaps with that of {second})" if overlap else ""
    if not overlap and len(costs) > 2:
        unsure = f" (next: {second}, {dollars(costs.iloc[1])})"
    where = f" for {_in_words(one.x, last)}" if len(one.places) > 1 else ""
    against = f"{dollars(costs.iloc[-1])} {one.joint} {worst}"
    return f"By solved task {best} is cheapest{where}: {dollars(costs.iloc[0])}{unsure}, against {against}"


def best_finding(one: Study, names: Names | None = None) -> str:
    """Which scenario is best of all, by paired comparisons of many; empty where replications are too few to say."""
    column = next((str(name) for name in one.rows.columns if str(name).startswith("best_cost_per_")), "")
    found = one.rows[one.rows[column].isin(["yes", "maybe"])] if column else one.rows.iloc[:0]
    if found.empty or len(one.rows) < 3:
        return ""
    by = "solved task" if column.endswith("success_usd") else "task"
    said = [", ".join(_said(axis, scenario[axis], names) for axis in one.axes) for scenario in found.to_dict("records")]
    if len(said) == 1:
        return f"Of all {len(one.rows)} scenarios {said[0]} is cheapest by {by} (95 %)"
    return f"Of all {len(one.rows)} scenarios {len(said)} may be cheapest by {by} (95 %), such as {said[0]} and {said[1]}"


def baseline_finding(one: Study) -> str:
    """How many scenarios cost more, less, or seemingly the same by task as the baseline."""
    told = one.rows.get("cost_per_task_usd_verdict", pd.Series(dtype=object)).dropna()
    ratios = one.rows.get("cost_per_task_usd_ratio", pd.Series(dtype=float)).reindex(told.index)
    compared = told[ratios != 1]
    if compared.empty:
        return ""
    counts = [f"{count} {verdict}" for verdict, count in compared.value_counts().items()]
    low, high = number(ratios[compared.index].min()), number(ratios[compared.index].max())
    return f"Against the baseline, dollars by task: {', '.join(counts)}; {low} to {high} times"


def money_finding(bill: pd.DataFrame, name: str, first: str, last: str) -> str:
    """Which kinds of token gained and lost share of the bill; `bill` has a column a kind, in shares, and a row a place."""
    if len(bill) == 1:
        top = bill.iloc[0].sort_values(ascending=False)
        return f"{percent(top.iloc[0])} of the bill pays for {top.index[0]}, {percent(top.iloc[1])} for {top.index[1]}"
    change = bill.iloc[-1] - bill.iloc[0]
    up, down = str(change.idxmax()), str(change.idxmin())
    where = f" on {name}" if name else ""
    return (
        (
            f"From {first} to {last} {up} go from {percent(bill[up].iloc[0])} to {percent(bill[up].iloc[-1])} of the bill{where}, "
            f"{down} from {percent(bill[down].iloc[0])} to {percent(bill[down].iloc[-1])}"
        )
        .replace("output go ", "output goes ")
        .replace("input go ", "input goes ")
    )


def axis_label(x: str) -> str:
    """What stands under the axis of x."""
    known = {"agent": "workflow (team of n: a lead and n sub-agents)", "agent.fanout": "sub-agents of each lead (number)"}
    return known.get(x, x or "scenario")


def finding(table: pd.DataFrame, names: Names | None = None, list_usd_per_mtok: Mapping[str, float] | None = None) -> str:
    """A sweep in a few clauses, each computed from its table. `list_usd_per_mtok` goes by the backends' names for people."""
    one = study(table, names)
    if one.rows.empty:
        reason = one.failed["status"].iloc[0].removeprefix("failed: ") if len(one.failed) else "there is none"
        return f"No scenario finished: {reason}."
    parts = [spend_finding(one, names), price_finding(one, list_usd_per_mtok or {}), success_finding(one)]
    parts += [best_finding(one, names), baseline_finding(one)]
    return ". ".join(part for part in parts if part) + "."
