"""A figure of dollars and tokens against the size of the team."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.findings.money import spend_title
from sim.report.grid import Study, axis_label, mark, place_label, study
from sim.report.plots.canvas import COLOURS, label_ends, pen, scale, sheet, styled
from sim.report.reference.labels import Names, tick_name

MOST_LINES = 12
"""More lines than this are drawn in grey, with the most expensive and the cheapest named."""
INTERVALS = "Bars: 95 % intervals over the replications"
OVER_HARNESSES = "Bars: from the lowest to the highest over the harnesses whose bills are taken, with 95 % intervals over the replications"


WHY_TOKENS = " Tokens differ between backends by their turns and words, and by context windows: a smaller one is compacted earlier."
LONGEST = 0.2
"""An interval is drawn down to this share of its value: on a logarithmic scale one that ends near 0 has no end."""
ALIKE = 0.03
"""Lines that differ by no more than this share at every place are drawn as one, under all their names."""


@styled
def spend_by_fanout(table: pd.DataFrame | Study, names: Names | None = None) -> Figure:
    """Tokens and dollars per task against the workflow (or a number), one line a backend, with 95 % intervals."""
    one = study(table, names)
    bars = OVER_HARNESSES if one.harnesses else INTERVALS
    marked = " ?: a team that nobody has measured." if any(map(mark, one.places)) else ""
    marked += WHY_TOKENS if len(_alike(one, "tokens_per_task")) > 1 and "backends" in one.axes else ""
    figure = sheet(spend_title(one, names), 7.2, f"{bars}; where none is seen it is smaller than the marker.{marked}")
    left, right = figure.subplots(1, 2)
    for axes, metric, label, sign in (
        (left, "tokens_per_task", "tokens per task", ""),
        (right, one.per_task, f"dollars per {'finished ' if one.loses else ''}task (USD)", "$"),
    ):
        _lines(axes, one, metric, sign)
        axes.set_ylabel(f"{label}{', log scale' if axes.get_yscale() == 'log' else ''}")
        _ticks(axes, one, names)
        if len(one.lines) > 1 and (axes is right or len(_alike(one, metric)) < len(one.lines)):
            _name_lines(axes, one, metric)
    return figure


def _positions(one: Study) -> list[float]:
    """Where the places stand: numbers to scale (powers of 2 where they are far apart), choices one after another."""
    if not one.numeric:
        return [float(i) for i in range(len(one.places))]
    spread = len(one.places) > 2 and one.places[0] > 0 and one.places[-1] >= 8 * one.places[0]
    return [math.log2(place) for place in one.places] if spread else list(one.places)


def _lines(axes: Axes, one: Study, metric: str, sign: str) -> None:
    positions = _positions(one)
    grey = len(one.lines) > MOST_LINES
    ends = list(one.lines)[:: max(1, len(one.lines) - 1)]
    lows, highs = [], []
    for name in _alike(one, metric):
        index = list(one.lines).index(name)
        middle, low, high = (one.values(name, metric + end).to_numpy() for end in ("", "_ci_low", "_ci_high"))
        reach = np.nan_to_num(np.clip([middle - low, high - middle], 0, None))
        reach[0] = np.minimum(reach[0], (1 - LONGEST) * np.nan_to_num(middle))
        look = pen(index) if not grey or name in ends else {"color": "#BBBBBB", "linewidth": 1, "zorder": 1}
        if one.x in ("", "backends"):
            look |= {"linestyle": "none", "marker": "o"}
        axes.errorbar(positions, middle, reach, capsize=4, elinewidth=1.2, label=name, **look)
        lows.append(np.nanmin(middle - reach[0], initial=math.inf))
        highs.append(np.nanmax(middle + reach[1], initial=0))
    if highs:
        scale(axes, "y", min(lows), max(highs), sign)


def _ticks(axes: Axes, one: Study, names: Names | None) -> None:
    """Names of the places, broken into lines where they would run into each other, aslant where that does not help."""
    room = 52 // max(1, len(one.places))
    named = [tick_name(one.x, place, names) if one.numeric else place_label(one.x, place, names) for place in one.places]
    labels = [textwrap.fill(label, max(5, room - 1), break_long_words=False) for label in named]
    crowded = max((len(line) for label in labels for line in label.splitlines()), default=0) >= max(6, room)
    labels = [label.replace("\n", " ") for label in labels] if crowded else labels
    axes.set_xticks(_positions(one), labels, rotation=35 if crowded else 0, ha="right" if crowded else "center", rotation_mode="anchor")
    if not crowded:
        for label in axes.get_xticklabels():
            label.set(va="top", rotation_mode="default")
    axes.set_xlabel(axis_label(one.x, names))
    axes.margins(x=0.06)
    axes.grid(visible=False, axis="x")


def _name_lines(axes: Axes, one: Study, metric: str) -> None:
    alike = _alike(one, metric)
    shown = list(alike) if len(one.lines) <= MOST_LINES else list(one.lines)[:: len(one.lines) - 1]
    position = dict(zip(one.places, _positions(one), strict=True))
    ends, colours = {}, {}
    for name in shown:
        known = one.values(name, metric).dropna()
        if len(known):
            others = len(alike.get(name, ())) - 1
            label = f"{name} and {others} more" if others > 0 else name
            ends[label] = (position[known.index[-1]], float(known.iloc[-1]))
            colours[label] = COLOURS[list(one.lines).index(name) % len(COLOURS)]
    label_ends(axes, ends, colours)


def _alike(one: Study, metric: str) -> dict[str, list[str]]:
    """Lines by the first of those that they cannot be seen apart from; where they are grey none are joined."""
    kept: dict[str, list[str]] = {}
    for name in one.lines:
        mine = one.values(name, metric)
        first = next((other for other in kept if _same(mine, one.values(other, metric))), name) if len(one.lines) <= MOST_LINES else name
        kept.setdefault(first, []).append(name)
    return kept


def _same(a: pd.Series, b: pd.Series) -> bool:
    return bool((a.isna() == b.isna()).all() and ((a - b).abs() <= ALIKE * b.abs()).where(a.notna(), True).all())
