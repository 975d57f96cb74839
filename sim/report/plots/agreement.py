"""A figure of what the simulator is held to: ours over the target, row by row, one kind of evidence after the other."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.plots.canvas import COLOURS, INK, sheet, styled

VERDICTS = {"pass": COLOURS[2], "fail": COLOURS[1], "not reproduced": "#999999"}
"""What may be said of a target, and in which colour."""
LEAST, MOST = 0.5, 2.0
"""Of ours over target: what is beyond stands at the edge."""


@styled
def agreement(found: pd.DataFrame) -> Figure:
    """Ours over target, a row each under the name of its kind, with the margin as a bar; what has no value or no size is left out."""
    lines: list[tuple[str, dict[Any, Any] | None]] = []
    for kind, rows in found.groupby("kind", sort=False):
        held = rows["verdict"].isin(["pass", "fail"])
        lines.append((f"{kind}: {(rows['verdict'] == 'pass').sum()} of {len(rows)} pass" if held.any() else f"{kind}: {len(rows)}", None))
        shown = rows[rows["ours"].notna() & (rows["target"] != 0)]
        lines += [(row["what"], row) for row in shown.to_dict("records")]
    lines.reverse()
    failed = int((found["verdict"] == "fail").sum())
    title = f"What the simulator is held to: {failed or 'none'} of {len(found)} rows fail{'s' if failed == 1 else ''}"
    figure = sheet(title, 1.5 + 0.24 * len(lines), "Bar: what passes. Dots beyond half or twice stand at the edge.")
    axes = figure.subplots()
    for place, (_, row) in enumerate(lines):
        if row is not None:
            _draw(axes, place, row)
    axes.axvline(1, color="#666666", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    axes.set_yticks(range(len(lines)), [name for name, _ in lines], fontsize=8)
    for label, (_, row) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set(color=INK, fontweight="bold" if row is None else "normal")
    axes.set_ylim(-1, len(lines))
    axes.set_xlabel("ours / target (log scale)")
    return figure


def _draw(axes: Axes, place: int, row: dict[Any, Any]) -> None:
    low, high, ours = (min(max(row[name] / row["target"], LEAST), MOST) for name in ("at least", "at most", "ours"))
    axes.plot([low, high], [place, place], color="#CCCCCC", linewidth=5, solid_capstyle="butt")
    axes.plot(ours, place, "o", color=VERDICTS[row["verdict"]], markersize=6)
