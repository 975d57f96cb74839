"""Why agents take so many times the tokens of a chat: a figure of the factors, which multiply to the whole."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.grid import Names, Study, place_label, study
from sim.report.numbers import number
from sim.report.plots.canvas import COLOURS, INK, draw_key, scale, sheet, styled

FACTORS = {
    "tries": "tries",
    "fanout": "agents at work",
    "turns": "turns",
    "context": "context sent again",
    "coordination": "compactions, verifiers",
    "retries": "failed attempts",
}
"""What each factor is called, in the order in which they are multiplied."""
WRITTEN = 0.045
"""Share of the width from which a part has room for its number."""


@styled
def amplification(table: pd.DataFrame, names: Names | None = None) -> Figure:
    """A bar a workflow, from 1 to its multiplier, in parts as long as the logarithm of each factor; on the most expensive backend."""
    one = study(table, names)
    line = next(iter(one.lines), None)
    factors = pd.DataFrame(columns=list(FACTORS)) if line is None else _factors(one, line)
    note = f"{line}. " if len(one.lines) > 1 else ""
    note += "Bars multiply: each part is a factor, the end is tokens per started task over those of the chat baseline. "
    note += "Factors below 1 run back."
    figure = sheet(_title(factors, one, names), 2.4 + 0.46 * max(2, len(factors)), note, key=True)
    axes = figure.subplots()
    _bars(axes, factors)
    axes.set_yticks(range(len(factors)), [place_label(one.x, place, names) for place in factors.index])
    axes.set_ylim(len(factors) - 0.45, -0.55)
    axes.set_xlabel("tokens, as a multiple of the chat's (log scale)")
    axes.grid(visible=False, axis="y")
    if len(factors):
        draw_key(figure, axes)
    return figure


def _factors(one: Study, line: str) -> pd.DataFrame:
    """A row a workflow that finished, a column a factor."""
    return pd.DataFrame({name: one.values(line, f"amplification_{name}") for name in FACTORS}).dropna()


def _bars(axes: Axes, factors: pd.DataFrame) -> None:
    ends = factors.cumprod(axis=1)
    low, high = (min(0.8, float(ends.min().min())), 1.2 * max(2.0, float(ends.max().max()))) if len(factors) else (0.8, 2.0)
    scale(axes, "x", low, max(high, 6 * low))
    width = math.log(axes.get_xlim()[1] / axes.get_xlim()[0])
    at = pd.Series(1.0, factors.index)
    for colour, (name, label) in zip(COLOURS, FACTORS.items(), strict=False):
        left, right = pd.concat([at, ends[name]], axis=1).min(axis=1), pd.concat([at, ends[name]], axis=1).max(axis=1)
        rows = range(len(factors))
        axes.barh(rows, right - left, left=left, height=0.7, color=colour, edgecolor="white", linewidth=0.6, label=label)
        for row, factor in zip(rows, factors[name], strict=True):
            if abs(math.log(factor)) > WRITTEN * width:
                middle = math.sqrt(left.iloc[row] * right.iloc[row])
                plain = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
                axes.text(middle, row, f"×{number(factor, 2)}", ha="center", va="center", fontsize=10, color=INK, bbox=plain)
        at = ends[name]
    for row, end in enumerate(at):
        axes.annotate(f"×{number(end)}", (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=11, annotation_clip=False)
    axes.axvline(1, color="#999999", linewidth=1)


def _title(factors: pd.DataFrame, one: Study, names: Names | None) -> str:
    """The last workflow's multiplier, and what it is made of."""
    if factors.empty:
        return "No task ended"
    last = factors.iloc[-1]
    parts = [f"{number(value, 3)} ({FACTORS[str(name)]})" for name, value in last.items() if abs(value - 1) >= 0.005]
    subject = place_label(one.x, factors.index[-1], names)
    if one.x in ("", "backends"):
        subject = f"A task on {subject}" if len(factors) > 1 else "A task"
    total = number(float(last.prod()))
    return f"{subject[0].upper()}{subject[1:]} takes {total} times the tokens of the chat baseline: {' × '.join(parts) or '1'}"
