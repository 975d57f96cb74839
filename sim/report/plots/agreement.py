"""A figure of what the simulator is held to: ours over the target, row by row."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sim.report.plots.canvas import COLOURS, sheet, styled

VERDICTS = {"pass": COLOURS[2], "fail": COLOURS[1], "not reproduced": "#999999"}
"""What may be said of a target, and in which colour."""


@styled
def agreement(found: pd.DataFrame) -> Figure:
    """Ours over target, a row each, with the margin as a bar."""
    shown = found[found["ours"].notna() & (found["target"] != 0)].iloc[::-1].reset_index(drop=True)
    counts = found["verdict"].value_counts()
    title = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    note = "Bar: what passes. Dots beyond half or twice stand at the edge."
    figure = sheet(f"What the simulator is held to: {title}", 1.5 + 0.24 * len(shown), note)
    axes = figure.subplots()
    for place, row in enumerate(shown.to_dict("records")):
        low, high = (min(max(row[edge] / row["target"], 0.5), 2.0) for edge in ("at least", "at most"))
        axes.plot([low, high], [place, place], color="#CCCCCC", linewidth=5, solid_capstyle="butt")
        axes.plot(min(max(row["ours"] / row["target"], 0.5), 2.0), place, "o", color=VERDICTS[row["verdict"]], markersize=6)
    axes.axvline(1, color="#666666", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    axes.set_yticks(range(len(shown)), list(shown["what"]), fontsize=8)
    axes.set_ylim(-1, len(shown))
    axes.set_xlabel("ours / target (log scale)")
    return figure
