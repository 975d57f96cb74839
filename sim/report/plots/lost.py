"""A figure of work that was lost, and of attempts that were turned away."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.report.findings.overload import overload
from sim.report.grid import Study, called
from sim.report.numbers import share
from sim.report.plots.canvas import COLOURS, sheet, styled
from sim.report.reference.labels import Names

MOST_BARS = 14
"""More scenarios than these: those that lost most, and none that lost nothing."""
LOST = COLOURS[1]
NOTE = (
    "Tasks: lost ones ended without an answer, since a call was given up, money or a cap ran out. "
    "Attempts: 429 is turned away by a rate limit or a full queue; withdrawn: waited too long in line; "
    "broken: failed while served, or a prompt that did not fit the context window."
)


@styled
def work_lost(one: Study, names: Names | None = None) -> Figure:
    """By scenario: shares of tasks that were solved, answered, lost; shares of attempts that were answered or failed."""
    one = one.apart
    rows = one.rows
    if len(rows) > MOST_BARS:
        rows = rows[rows["lost_share"] > 0].sort_values("lost_share", ascending=False).head(MOST_BARS)
    figure = sheet(overload(one, names), 2.6 + 0.42 * len(rows), NOTE)
    left, right = figure.subplots(1, 2, sharey=True)
    labels = [called(one, row, names) or "this run" for row in rows.to_dict("records")]
    lost, solved = rows["lost_share"], rows["success_rate"]
    known = bool(solved.notna().all())
    tasks = {"solved": solved, "answered, not solved": 1 - lost - solved} if known else {"answered": 1 - lost}
    _bars(left, {**tasks, "lost": lost}, [COLOURS[2], "#BBBBBB", LOST] if known else ["#BBBBBB", LOST], "tasks")
    refused, late = rows["rate_limited_share"], rows["timeout_share"]
    failed = rows["failed_attempts"] / rows["calls"]
    attempts = {"answered": 1 - failed, "429": refused, "withdrawn": late, "broken": failed - refused - late}
    _bars(right, attempts, [COLOURS[0], LOST, COLOURS[5], COLOURS[6]], "attempts")
    left.set_yticks(range(len(labels)), labels)
    left.invert_yaxis()
    return figure


def _bars(axes: Axes, parts: dict[str, pd.Series], colours: list[str], of: str) -> None:
    """Shares beside each other, from 0 to 1; each written where it has room."""
    start = np.zeros(len(next(iter(parts.values()))))
    for (name, values), colour in zip(parts.items(), colours, strict=True):
        wide = np.clip(np.nan_to_num(values.to_numpy(float)), 0, 1)
        if not wide.any():
            continue
        bars = axes.barh(range(len(wide)), wide, left=start, color=colour, label=name, height=0.7)
        dark = colour in (COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[6])
        texts = [share(part) if part >= 0.06 else "" for part in wide]
        axes.bar_label(bars, texts, label_type="center", color="white" if dark else "black", fontsize=10)
        start = start + wide
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol="\u00a0%"))
    axes.set_xlabel(f"share of {of}")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, fontsize=10, borderaxespad=0.2)
