"""A sweep's table sorted out for reading: the axis to read along, its order, the name of each line and of each place on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from sim.report.reference.labels import AGENT, BACKENDS, FANOUT, ONE_AGENT, SIZED, Names, axis_name, value_name, worded
from sim.results.metrics import UNITS

MOST_NAMES = 3
UNMEASURED = 4
"""Sub-agents of one lead above which no bill is known: such teams are extrapolations, marked `?`."""
HARNESS = "work.harness"
"""The axis that is no place of its own: whose measured bills are taken. What differs by it is the range of an answer."""
LOWEST, HIGHEST = "_lowest", "_highest"
"""Ends of a metric's name, for the least and the most that it comes to over the harnesses."""


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
    """By name, the most expensive first: rows in the order of `places`, indexed by the value of x."""
    names: Names = field(default_factory=dict)
    """What backends are called."""
    harnesses: dict[str, Study] = field(default_factory=dict)
    """The same for each harness alone, where the sweep has several; here are the numbers of the first, with ranges over all."""

    def values(self, line: str, metric: str) -> pd.Series:
        """One line's metric at each place; nan where the scenario failed."""
        return self.lines[line].get(metric, pd.Series(dtype=float)).reindex(self.places).astype(float)

    def at(self, place: Any, metric: str) -> pd.Series:
        """The metric of every line at one place, lines without it left out."""
        return pd.Series({line: float(self.values(line, metric)[place]) for line in self.lines}, dtype=float).dropna()

    @property
    def each(self) -> list[Study]:
        """One study a harness, or this one."""
        return list(self.harnesses.values()) or [self]

    @property
    def apart(self) -> Study:
        """The same with each harness a scenario of its own, for what is counted: as many as ran."""
        if not self.harnesses:
            return self
        rows, failed = (
            pd.concat([part.assign(**{HARNESS: name}) for name, part in parts.items()]).sort_index()
            for parts in (
                {name: alone.rows for name, alone in self.harnesses.items()},
                {name: alone.failed for name, alone in self.harnesses.items()},
            )
        )
        return replace(self, rows=rows, failed=failed, axes=[*self.axes, HARNESS], harnesses={})

    @property
    def where_measured(self) -> Any:
        """The place whose bills have been measured, one agent alone; without one, the last."""
        return next((place for place in self.places if place in ONE_AGENT), self.places[-1])

    @property
    def loses(self) -> bool:
        """Whether a scenario lost tasks: they ended without an answer."""
        return any((alone.rows.get("lost_share", pd.Series(dtype=float)) > 0).any() for alone in self.each)

    @property
    def per_task(self) -> str:
        """The metric of dollars to compare scenarios by: of a finished task where some were lost."""
        return "cost_per_finished_task_usd" if self.loses else "cost_per_task_usd"

    @property
    def joint(self) -> str:
        """`on` a backend, `with` any other line."""
        return "on" if "backends" in self.axes else "with"

    @property
    def numeric(self) -> bool:
        """Whether x is a number rather than a choice."""
        return bool(self.places) and all(isinstance(place, float) for place in self.places)


def study(table: pd.DataFrame | Study, names: Names | None = None) -> Study:
    """Sort out the table of `gather` or of `Sweep.results`: axes first, then `status` if there is one, then metrics. One that has been
    sorted out stays as it is."""
    if isinstance(table, Study):
        return table
    axes = [str(column) for column in table.columns[: _count_axes(table)]]
    if HARNESS in axes and table[HARNESS].nunique() > 1:
        return _over_harnesses(table, axes, names)
    good = table["status"].eq("ok") if "status" in table else pd.Series(True, index=table.index)
    rows, x = table[good], _reading_axis(table, axes)
    others = [axis for axis in axes if axis != x]
    keys = pd.DataFrame(
        {
            "_run": rows.index,
            "_x": [_typed(value) for value in rows[x]] if x else "",
            "_line": [", ".join(worded(axis, row[axis], names, axes) for axis in others) for row in rows[axes].to_dict("records")],
        },
        index=rows.index,
    )
    rows = pd.concat([rows, keys], axis=1).drop_duplicates(["_x", "_line"])
    places = sorted(dict.fromkeys(rows["_x"]), key=_workflow_order) if x else list(rows["_x"][:1])
    if x == "backends":
        places = list(rows.sort_values("cost_per_task_usd")["_x"])
    lines = {str(name): part.set_index("_x") for name, part in rows.groupby("_line", sort=False)}
    dear = sorted(lines, key=lambda name: -float(lines[name]["cost_per_task_usd"].max()))
    return Study(rows, table[~good], axes, x, places, {name: lines[name] for name in dear}, names or {})


def _over_harnesses(table: pd.DataFrame, axes: list[str], names: Names | None) -> Study:
    """The study of the first harness, with ranges over all of them: of each metric, and of its interval."""
    alone = {str(name): part.drop(columns=HARNESS) for name, part in table.groupby(HARNESS, sort=False)}
    rest = [axis for axis in axes if axis != HARNESS]
    first = next(iter(alone.values()))
    metrics = [name for name in UNITS if name in table]
    by_place = table.groupby(rest, sort=False)
    place = first.set_index(rest).index
    ends = [metric + end for metric in metrics for end in ("_ci_low", "_ci_high") if metric + end in table]
    least, most = (by_place[[*metrics, *ends]].agg(far).reindex(place) for far in ("min", "max"))
    wide = {metric + LOWEST: least[metric].to_numpy() for metric in metrics}
    wide |= {metric + HIGHEST: most[metric].to_numpy() for metric in metrics}
    wide |= {end: (least if end.endswith("low") else most)[end].to_numpy() for end in ends}
    merged = pd.concat([first.drop(columns=[name for name in wide if name in first]), pd.DataFrame(wide, index=first.index)], axis=1)
    return replace(study(merged, names), harnesses={name: study(part, names) for name, part in alone.items()})


def _count_axes(table: pd.DataFrame) -> int:
    stops = [i for i, column in enumerate(table.columns) if column == "status" or column in UNITS]
    return stops[0] if stops else len(table.columns)


def _reading_axis(table: pd.DataFrame, axes: list[str]) -> str:
    """The workflow, or how many sub-agents; else the first number; else the first choice that is not the backend."""
    numeric = [axis for axis in axes if all(isinstance(_typed(value), float) for value in table[axis])]
    rest = [axis for axis in axes if axis != "backends"]
    known = [axis for axis in (AGENT, FANOUT) if axis in axes]
    return next(iter([*known, *numeric, *rest, *axes]), "")


def _typed(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _workflow_order(place: Any) -> tuple[float, float]:
    if isinstance(place, float):
        return (0, place)
    size = SIZED.fullmatch(place)
    return (
        (2 + ("team", "replicas", "reviewed").index(size[1]), float(size[2]))
        if size
        else (0 if place == "chat" else 1 if place in ONE_AGENT else 5, 0)
    )


def place_label(x: str, place: Any, names: Names | None) -> str:
    """A value of x where x is named elsewhere: `team of 4?`, `1M tokens/min`, `Kimi K2.5`; of many backends the first, how many others."""
    if not x:
        return ""
    if x != BACKENDS:
        return value_name(x, place, names) + mark(place)
    together = value_name(x, place, names).split(" + ")
    return " + ".join(together) if len(together) <= MOST_NAMES else f"{together[0]} and {len(together) - 1} others"


def mark(place: Any) -> str:
    """`?` after a size of team that nobody has measured; `agent.fanout` as a number is the reader's own."""
    size = SIZED.fullmatch(str(place))
    return "?" if size is not None and int(size[2]) > UNMEASURED else ""


def in_words(x: str, place: Any, names: Names | None = None) -> str:
    """A value of x in a sentence: `a team of 4`, `16 sub-agents`."""
    if x != AGENT or place in ONE_AGENT:
        return worded(x, place, names)
    size = SIZED.fullmatch(str(place))
    before = {"team": "a ", "replicas": "a team of ", "reviewed": "one agent and "}
    return f"{before[size[1]] if size is not None else 'a '}{value_name(x, place)}"


def called(one: Study, row: Mapping[Any, Any], names: Names | None) -> str:
    """A scenario in words, by what tells it from others: `team of 4, Kimi K2.5`."""
    told = [axis for axis in one.axes if len({*map(str, one.rows[axis]), *map(str, one.failed[axis])}) > 1] or one.axes
    return ", ".join(worded(axis, row[axis], names, told) for axis in told)


def axis_label(x: str, names: Names | None = None) -> str:
    """What stands under the axis of x."""
    return axis_name(x, names) if x else "scenario"
