"""Figures of what moves a metric: a tornado, Sobol indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sim.report.drivers import axis_of, metric_name, names_of, sobol_finding, tornado_finding, written
from sim.report.numbers import compact
from sim.report.plots.canvas import COLOURS, INK, draw_key, sheet, styled
from sim.sweeps.sensitivity import Tornado

MOST_SETTINGS = 20
"""More settings than this are in the table only."""


@styled
def tornado_bars(found: Tornado) -> Figure:
    """The metric at the two ends of each setting, from its value in the base; the largest swing on top."""
    table = found.table.head(MOST_SETTINGS)
    note = "Beside each bar: the setting's value there. Thin lines: 95 % intervals of the difference to the base (common random numbers)."
    figure = sheet(tornado_finding(found), 1.9 + 0.66 * len(table), note, key=True)
    axes = figure.subplots()
    for end, offset, colour, hatch in (("low", -0.19, COLOURS[4], "//"), ("high", 0.19, COLOURS[1], "")):
        rows = np.arange(len(table)) + offset
        change = table[f"difference_at_{end}"].to_numpy()
        reach = np.nan_to_num(np.abs(table[[f"difference_at_{end}_ci_low", f"difference_at_{end}_ci_high"]].to_numpy().T - change))
        axes.barh(
            rows, change, left=found.base, height=0.36, color=colour, hatch=hatch, edgecolor="white", label=f"setting at its {end} end"
        )
        axes.errorbar(found.base + change, rows, xerr=reach, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        _write_ends(axes, rows, found.base + change, change, reach, [f"{value:,.4g}" for value in table[end]])
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
    for name, label, offset, colour, hatch in (
        ("S1", "by itself (S1)", -0.19, COLOURS[0], ""),
        ("ST", "with its interactions (ST)", 0.19, COLOURS[5], "//"),
    ):
        rows = np.arange(len(shown)) + offset
        axes.barh(rows, shown[name], height=0.36, color=colour, hatch=hatch, edgecolor="white", label=label)
        axes.errorbar(shown[name], rows, xerr=shown[f"{name}_conf"], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
    axes.set_xlim(min(0.0, axes.get_xlim()[0]), None)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel(f"share of the variance of {metric_name(table.attrs['metric'])}")
    spans = [
        f"{name}\n{low:,.4g} to {high:,.4g}"
        for name, low, high in zip(names_of(shown["setting"]), shown["low"], shown["high"], strict=True)
    ]
    _name_rows(axes, spans)
    draw_key(figure, axes)
    return figure


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
