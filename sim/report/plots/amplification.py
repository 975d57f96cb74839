"""Why agents take so many times the tokens of a chat: a figure of the factors, which multiply, and of what they come to by each chat."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.grid import Study, in_words, place_label, study
from sim.report.multipliers import MULTIPLIERS, of_line, told
from sim.report.numbers import number
from sim.report.plots.canvas import COLOURS, INK, draw_key, scale, sheet, styled
from sim.report.reference.labels import AGENT, BACKENDS, Names

PARTS = {
    "context": "context sent again",
    "coordination": "compactions, verifiers",
    "retries": "failed attempts",
    "calls": "calls per message",
    "fanout": "agents at work",
    "tries": "tries",
}
"""What each factor is called, in the order in which they are multiplied: the first three come to a request, all to a message."""
SEEN = 0.02
"""How far from 1 a factor has to be to be seen, and to stand in the key."""
WRITTEN = 0.045
"""Share of the width from which a part has room for its number."""
MARKS = {"o": "●", "s": "■", "D": "◆"}
"""By multiplier: how its value is marked on its line, and beside it in words."""
LINES_AT = (0.24, 0.33, 0.42)
"""How far below a bar's middle each multiplier's line is drawn."""


@styled
def amplification(table: pd.DataFrame | Study, names: Names | None = None) -> Figure:
    """A bar a workflow, in parts as long as the logarithm of each factor, from 1 to tokens a message of the user over a chat's; below it a
    line a multiplier, from the chat baseline that makes least of it to the one that makes most; on the most expensive backend.
    """
    one = study(table, names)
    line = next(iter(one.lines), None)
    factors, against = (pd.DataFrame(columns=list(PARTS)), pd.DataFrame()) if line is None else _known(one, line)
    note = f"{line[0].upper()}{line[1:]}, the most expensive of {len(one.lines)}. " if line is not None and len(one.lines) > 1 else ""
    note += "Bars multiply: each part is a factor, the end is tokens per message of the user over those of a message to a chat. "
    note += "Factors below 1 run back. " if len(factors) and factors.to_numpy().min() < 1 - SEEN else ""
    note += "Lines: the range over the chat baselines. A session: against a chat of as many messages."
    figure = sheet(_title(against, one, names), 2.4 + 0.78 * max(2, len(factors)), note, key=True)
    axes = figure.subplots()
    _bars(axes, factors, against)
    axes.set_yticks(range(len(factors)), [place_label(one.x, place, names) for place in factors.index])
    axes.set_ylim(len(factors) - 0.45, -0.55)
    axes.set_xlabel("tokens, as a multiple of the chat's (log scale)")
    axes.grid(visible=False, axis="y")
    if len(factors):
        draw_key(figure, axes)
    return figure


def _known(one: Study, line: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a workflow that finished: a column a factor; a column a multiplier, its value and range."""
    factors = pd.DataFrame({name: one.values(line, f"amplification_{name}") for name in PARTS}).dropna()
    against = of_line(one, line)
    both = [place for place in factors.index if place in against.index]
    return factors.loc[both], against.loc[both]


def _bars(axes: Axes, factors: pd.DataFrame, against: pd.DataFrame) -> None:
    ends = factors.cumprod(axis=1)
    reached = [value for row in against.itertuples(index=False) for values in row for value in values]
    reached += [float(value) for value in ends.to_numpy().ravel()]
    low, high = min([0.8, *(0.9 * value for value in reached)]), 1.2 * max([2.0, *reached])
    scale(axes, "x", low, max(high, 6 * low))
    width = math.log(axes.get_xlim()[1] / axes.get_xlim()[0])
    at = pd.Series(1.0, factors.index)
    for colour, (name, label) in zip(COLOURS, PARTS.items(), strict=False):
        left, right = pd.concat([at, ends[name]], axis=1).min(axis=1), pd.concat([at, ends[name]], axis=1).max(axis=1)
        rows = [row - 0.12 for row in range(len(factors))]
        shown = label if (factors[name] - 1).abs().max() >= SEEN else None
        axes.barh(rows, right - left, left=left, height=0.5, color=colour, edgecolor="white", linewidth=0.6, label=shown)
        for row, factor in zip(rows, factors[name], strict=True):
            if abs(math.log(factor)) > WRITTEN * width:
                middle = math.sqrt(left.iloc[round(row + 0.12)] * right.iloc[round(row + 0.12)])
                plain = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
                axes.text(middle, row, f"×{number(factor, 2)}", ha="center", va="center", fontsize=10, color=INK, bbox=plain)
        at = ends[name]
    _ranges(axes, against)
    axes.axvline(1, color="#999999", linewidth=1)


def _ranges(axes: Axes, against: pd.DataFrame) -> None:
    """Each multiplier's range over the chat baselines, and the same in words beside it."""
    for marker, below, metric in zip(MARKS, LINES_AT, MULTIPLIERS, strict=True):
        for row, (middle, least, most) in enumerate(against.get(metric, ())):
            axes.plot([least, most], [row + below] * 2, color=INK, linewidth=1.2)
            axes.plot([middle], [row + below], color=INK, marker=marker, markersize=5)
    for row, values in enumerate(against.itertuples(index=False)):
        words = zip(MARKS.values(), MULTIPLIERS.values(), values, strict=True)
        said = "\n".join(f"{mark} {label}: ×{told(each)}" for mark, label, each in words)
        axes.annotate(said, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=10, annotation_clip=False)


def _title(against: pd.DataFrame, one: Study, names: Names | None) -> str:
    """The multipliers of one agent; where there is none, of the last workflow."""
    if against.empty:
        return "No task ended"
    at = one.where_measured if one.where_measured in against.index else against.index[-1]
    subject, where = (in_words(one.x, at, names), "") if one.x == AGENT else ("a task", "")
    if one.x != AGENT and len(against) > 1:
        where = f" {'on' if one.x == BACKENDS else 'with'} {in_words(one.x, at, names)}"
    request, message, session = (told(against.loc[at, metric]) for metric in MULTIPLIERS)
    head = f"{subject[0].upper()}{subject[1:]}{where} takes {request} times a chat's tokens per request, {message} per user message"
    return f"{head}, {session} per session"
