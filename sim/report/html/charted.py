"""Charts that profit from a hand, as numbers: a sweep's whole table, a run over time."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.calendar import DAY_S
from sim.clock import MINUTE_S
from sim.logs.logged import SINCE_1970_S
from sim.report.grid import HIGHEST, LOWEST, Study, mark
from sim.report.html import sections
from sim.report.html.content import Chart
from sim.report.lost import MUCH
from sim.report.reference.labels import ONE_AGENT, Names, axis_name, metric_name, value_name
from sim.results.escape import one_line
from sim.results.metrics import METRICS, unit_of
from sim.results.result import Result

if TYPE_CHECKING:
    from sim.results.billed.bill import LogBill

MOST_BYTES = 60_000
"""Of a chart's numbers."""
OFTEN = 0.25
"""Of all scenarios that lose work: from there on, what is lost is what the chart shows first."""
MOST_STEPS = 360
"""Of a timeline."""
MOST_PARTS = 8
"""Colours there are; backends beyond that are one part."""
DAY_MIN = 1440
REST = "all others"


def of_table(one: Study, names: Names) -> list[Chart]:
    """Every scenario that finished, by its axes; metrics from the headlines on, as many as there is room for. Nothing without an axis."""
    axes = [axis for axis in one.axes if one.rows[axis].nunique() > 1]
    if not axes:
        return []
    values = {axis: _values(one, axis) for axis in axes}
    places = [[values[axis].index(value) for axis, value in zip(axes, row, strict=True)] for row in one.rows[axes].itertuples(index=False)]
    told, room, rows = [], MOST_BYTES - 40 * len(places), one.rows.to_dict("records")
    for name in _metrics(one.rows):
        column = [_ends(row, name) for row in rows]
        room -= len(json.dumps(column)) + 80
        if room < 0:
            break
        unit = "%" if _is_share(name) else unit_of(name)
        told.append(({"label": metric_name(name), "unit": unit, "of_all": name in sections.PRESSED}, column))
    if not told:
        return []
    along = axes.index(one.x) if one.x in axes else 0
    rest = [axis for axis in axes if axis != axes[along]]
    lost = one.rows.get("lost_share", pd.Series(0.0, index=one.rows.index)).fillna(0.0)
    pressed = (lost > MUCH).mean() > OFTEN
    data = {
        "axes": [_axis(axis, values[axis], names) for axis in axes],
        "metrics": [each for each, _ in told],
        "rows": [
            {"at": at, "v": list(found), "lost": round(float(gone), 4)}
            for at, gone, found in zip(places, lost, zip(*(column for _, column in told), strict=True), strict=True)
        ],
        "metric": 0 if pressed else next((place for place, (each, _) in enumerate(told) if not each["of_all"]), 0),
        "along": along,
        "look": next((place for place, value in enumerate(values[axes[along]]) if str(value) in ONE_AGENT), 0),
        "much": MUCH,
        "lines": axes.index("backends" if "backends" in rest else rest[0]) if rest else along,
    }
    ends = "from lowest to highest over the harnesses" if one.harnesses else "95 % intervals"
    note = f"Bars and brackets: {ends}. ×: work was lost there, so its numbers do not stand beside others. All metrics: results.csv."
    return [Chart("table", "The sweep's table, by what you choose", data, note)]


def _values(one: Study, axis: str) -> list[Any]:
    """As they stand in the table, in the order in which they are read."""
    found = list(dict.fromkeys(one.rows[axis]))
    if _numbers(found):
        return sorted(found, key=float)
    if axis != one.x:
        return found
    order = {str(place): rank for rank, place in enumerate(one.places)}
    return sorted(found, key=lambda value: order.get(str(value), len(order)))


def _numbers(values: Sequence[Any]) -> list[float]:
    """The same as numbers; empty: they are none."""
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError):
        return []


def _axis(axis: str, values: Sequence[Any], names: Names) -> dict[str, Any]:
    said = [one_line(f"{value_name(axis, value, names)}{mark(value)}") for value in values]
    label = one_line(axis_name(axis, names).partition(" (team")[0])
    told: dict[str, Any] = {"label": label, "name": label.partition(" (")[0], "values": said}
    return told | ({"numbers": numbers} if (numbers := _numbers(values)) else {})


def _metrics(rows: pd.DataFrame) -> list[str]:
    """Those that are not 0 everywhere, the headlines first."""
    first = sections.shown(lambda metric: metric in rows and bool((rows[metric] > 0).any()))
    every = dict.fromkeys([*first, *(metric.name for metric in METRICS)])
    return [name for name in every if name in rows and rows[name].notna().any() and (rows[name].fillna(0) != 0).any()]


def _is_share(metric: str) -> bool:
    return metric.partition(".")[0].endswith(("_share", "_rate"))


def _ends(row: dict[Any, Any], name: str) -> list[float | None] | None:
    """Mean, low, high; of a range over harnesses no mean; the mean alone where nothing is known beside it. Shares in per cent."""
    if not math.isfinite(row[name]):
        return None
    spans = [[row.get(f"{name}{end}", math.nan) for end in ends] for ends in ((LOWEST, HIGHEST), sections.CI)]
    place = next((place for place, (low, high) in enumerate(spans) if low < high), None)
    if place is None:
        return [_short(name, row[name])]
    return [_short(name, row[name]) if place else None, *(_short(name, end) for end in spans[place])]


def _short(name: str, value: float) -> float:
    return float(f"{100 * value if _is_share(name) else value:.4g}")


def of_timeline(result: Result) -> list[Chart]:
    """Tokens by kind, dollars and calls by backend, tasks that arrive, of replication 0, from the first minute that has any to the last."""
    rows, tasks = (table[table["replication"] == 0] for table in (result.timeline, result.tasks))
    labels = {name: backend.label or name for name, backend in result.scenario.market.models.items()}
    start = result.scenario.start_time()
    note = "Replication 0; what a call takes counts in the minute in which it ends. "
    return _over_time(rows, tasks["t_arrive_s"], labels, 60 * start.hour + start.minute, "The run over time, part by part", note)


def of_log(bill: LogBill) -> list[Chart]:
    """The same of a log: by model as it names them, and no arrivals; what has no time of the calendar is left out."""
    calls, log = bill.log.calls, bill.log
    ends = np.fmax(calls["start_s"], calls["end_s"])
    rows = pd.DataFrame(
        {
            "t_s": ends, "backend": np.array([name or "(no name)" for name in log.models], object)[calls["model"]],
            "calls": calls["calls"], "input_tokens": calls["input_tokens"], "cache_read_tokens": np.maximum(calls["cache_read_tokens"], 0),
            "cache_write_tokens": bill.write_tokens, "output_tokens": calls["output_tokens"], "cost_usd": np.nan_to_num(bill.priced),
        }
    )[ends > SINCE_1970_S]  # fmt: skip
    if rows.empty:
        return []
    midnight = int(rows["t_s"].min() // DAY_S) * DAY_S
    rows["t_s"] -= midnight
    note = f"Day 1 is {datetime.fromtimestamp(midnight, UTC):%Y-%m-%d}, in UTC; what a call takes counts in the minute in which it ends. "
    return _over_time(rows, pd.Series(dtype=float), {}, 0, "The log over time, part by part", note)


def _over_time(rows: pd.DataFrame, arrivals: pd.Series, labels: Names, start_min: int, title: str, note: str) -> list[Chart]:
    """`rows`: by minute and backend, as in a run's timeline; `start_min`: of the day, at second 0. Nothing of what is over at once."""
    minute, arrived = (rows["t_s"] // MINUTE_S).astype(int), (arrivals // MINUTE_S).astype(int)
    if rows.empty or minute.max() - minute.min() < 2:
        return []
    begin, end = int(min([minute.min(), *arrived])), int(max([minute.max(), *arrived]))
    many = end - begin + 1
    step = math.ceil(many / MOST_STEPS)
    bins = (minute - begin) // step
    rows = rows.assign(
        bin=bins, tokens=rows["input_tokens"] + rows["output_tokens"],
        fresh=(rows["input_tokens"] - rows["cache_read_tokens"] - rows["cache_write_tokens"]).clip(lower=0),
    )  # fmt: skip
    steps = range(math.ceil(many / step))
    kinds = {"fresh input": "fresh", "cache writes": "cache_write_tokens", "cache reads": "cache_read_tokens", "output": "output_tokens"}
    parts = {kind: rows.groupby("bin")[column].sum().reindex(steps, fill_value=0) for kind, column in kinds.items()}
    busiest = rows.groupby([bins, minute])["tokens"].sum().groupby(level=0).max().reindex(steps, fill_value=0)
    came = ((arrived - begin) // step).value_counts().reindex(steps, fill_value=0)
    data = {
        "series": [
            _series("Tokens", "tokens/min", "tokens", parts),
            _series("Dollars", "USD/min", "USD", _by_backend(rows, "cost_usd", labels, steps)),
            _series("Calls", "calls/min", "calls that ended", _by_backend(rows, "calls", labels, steps)),
            *([_series("Arrivals", "tasks/min", "tasks that arrived and have ended", {"tasks": came})] if len(arrived) else []),
        ],
        "busiest": [int(value) for value in busiest],
        "step_min": step,
        "begin_min": begin + start_min,
        "days": begin + many > DAY_MIN,
    }
    each = f"Each step is {step} minutes. " if step > 1 else ""
    return [Chart("timeline", title, data, f"{note}{each}Drag over the small picture, or move From and To.")]


def _series(label: str, unit: str, total: str, parts: dict[str, pd.Series]) -> dict[str, Any]:
    """One thing that is shown; parts that are 0 throughout are left out, unless all are."""
    some = {name: sums for name, sums in parts.items() if sums.any()} or parts
    told = [{"label": one_line(name), "values": [float(f"{value:.5g}") for value in sums]} for name, sums in some.items()]
    return {"label": label, "unit": unit, "total": total, "parts": told}


def _by_backend(rows: pd.DataFrame, column: str, labels: Names, steps: range) -> dict[str, pd.Series]:
    """The greatest apart, all others together."""
    sums = rows.groupby("backend")[column].sum().sort_values(ascending=False)
    apart = list(sums.index[:MOST_PARTS] if len(sums) <= MOST_PARTS else sums.index[: MOST_PARTS - 1])
    named = rows["backend"].where(rows["backend"].isin(apart), REST)
    found = rows.groupby([named, "bin"])[column].sum()
    return {
        labels.get(name, name): found[name].reindex(steps, fill_value=0) for name in [*apart, *([REST] if len(sums) > len(apart) else [])]
    }
