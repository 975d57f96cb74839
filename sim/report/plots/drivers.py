"""Figures of what moves a metric: a tornado, Sobol indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sim.report.drivers import axis_of, names_of, round_to, sobol_finding, tornado_finding, written
from sim.report.numbers import compact
from sim.report.plots.canvas import COLOURS, INK, draw_key, sheet, styled
from sim.report.reference.labels import metric_name, value_name
from sim.results.estimates import BELOW_NOTHING
from sim.sweeps.sensitivity import Tornado

MOST_SETTINGS = 20
"""More settings than this are in the table only."""
ROOM = 0.3
"""Beyond the ends of all bars, as a share of what lies between them: an interval that is longer ends there, so that bars can be read."""
NOTE = "Beside each bar: the setting's value there. Thin lines: 95 % intervals of the difference to the base (common random numbers)."
CUT = "Intervals that go on are cut."


@styled
def tornado_bars(found: Tornado) -> Figure:
    """The metric at the two ends of each setting, from its value in the base; the largest swing on top."""
    table = found.table.head(MOST_SETTINGS)
    changes = {end: table[f"difference_at_{end}"].to_numpy(float) for end in ("low", "high")}
    ends = np.concatenate([found.base + change for change in changes.values()])
    room = ROOM * max(float(ends.max() - ends.min()), 1e-12)
    below_nothing = found.metric.partition(".")[0] in BELOW_NOTHING
    edges = (ends.min() - room if below_nothing else max(0.0, float(ends.min() - room)), float(ends.max() + room))
    cut = False
    figure = sheet(tornado_finding(found), 1.9 + 0.66 * len(table), NOTE, key=True)
    axes = figure.subplots()
    for end, offset, colour in (("low", -0.19, COLOURS[4]), ("high", 0.19, COLOURS[1])):
        rows, at = np.arange(len(table)) + offset, found.base + changes[end]
        spans = [table[f"difference_at_{end}_ci_{side}"].to_numpy(float) + found.base for side in ("low", "high")]
        reach = np.nan_to_num(np.abs(np.array([at - np.maximum(spans[0], edges[0]), np.minimum(spans[1], edges[1]) - at])))
        cut |= bool((spans[1] > edges[1]).any() or (spans[0] < edges[0]).any())
        axes.barh(rows, changes[end], left=found.base, height=0.36, color=colour, edgecolor="white", label=f"setting at its {end} end")
        axes.errorbar(at, rows, xerr=reach, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        texts = [value_name(key, round_to(value)) for key, value in zip(table["setting"], table[end], strict=True)]
        _write_ends(axes, rows, at, changes[end], reach, texts)
    if cut:
        figure.texts[1].set_text(f"{NOTE} {CUT}")
    axes.axvline(found.base, color=INK, linewidth=1.2)
    axes.margins(x=0.09)
    axes.set_xlabel(f"{axis_of(found.metric)}; line: the base, {written(found.metric, found.base)}")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value) if abs(value) >= 1e4 else f"{value:,.6g}"))
    _name_rows(axes, names_of(table["setting"]))
    draw_key(figure, axes)
    return figure


def _write_ends(axes: Axes, rows: np.ndarray, ends: np.ndarray, change: np.ndarray, reach: np.ndarray, texts: list[str]) -> None:
    """The setting's value beyond the end of its bar and of its interval."""
    for row, end, way, (below, above), text in zip(rows, ends, change, reach.T, texts, strict=True):
        left = way < 0
        at = end - below if left else end + above
        shift, side = (-5, "right") if left else (5, "left")
        axes.annotate(text, (at, row), (shift, 0), textcoords="offset points", ha=side, va="center", fontsize=10, color=INK)


@styled
def sobol_bars(table: pd.DataFrame) -> Figure:
    """First-order and total indices of each setting; the largest total on top."""
    shown = table.head(MOST_SETTINGS)
    note = "Settings vary independently and evenly over their ranges. Thin lines: 95 % intervals (bootstrap)."
    figure = sheet(sobol_finding(table), 1.9 + 0.66 * len(shown), note, key=True)
    axes = figure.subplots()
    for name, label, offset, colour in (
        ("S1", "by itself (S1)", -0.19, COLOURS[0]),
        ("ST", "with its interactions (ST)", 0.19, COLOURS[5]),
    ):
        rows = np.arange(len(shown)) + offset
        axes.barh(rows, shown[name], height=0.36, color=colour, edgecolor="white", label=label)
        axes.errorbar(shown[name], rows, xerr=shown[f"{name}_conf"], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
    axes.set_xlim(min(0.0, axes.get_xlim()[0]), None)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel(f"share of the variance of {metric_name(table.attrs['metric'])}")
    spans = [
        f"{name}\n{value_name(key, round_to(low))} to {value_name(key, round_to(high))}"
        for key, name, low, high in zip(shown["setting"], names_of(shown["setting"]), shown["low"], shown["high"], strict=True)
    ]
    _name_rows(axes, spans)
    draw_key(figure, axes)
    return figure


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
