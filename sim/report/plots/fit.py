"""The figure of a fit: which share of calls and sessions lies below any size, as simulated and as recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.report.plots.canvas import COLOURS, draw_key, sheet, styled
from sim.results.fitted.goodness import Goodness

_UNITS = {"calls per session": "calls"}
"""Of a view; of all others tokens."""


@styled
def fit(found: Goodness, against: str) -> Figure:
    """A panel a view; `against`: which recorded sessions."""
    worst = max(found.distance, key=lambda name: found.distance[name])
    title = f"The fit is at most {found.distance[worst]:.2f} off the law of {against}: {worst}"
    figure = sheet(title, 5.6, "KS: the largest vertical distance of the two lines; 0 is the same law.", key=True)
    panels = figure.subplots(2, 3).ravel()
    for axes, name in zip(panels, found.distance, strict=False):
        for label, values, colour, dashes in (("simulated", found.ours, COLOURS[0], "-"), (against, found.recorded, COLOURS[1], "--")):
            _shares(axes, values[name], label=label, color=colour, linestyle=dashes)
        axes.set_xscale("log")
        axes.set_ylim(0, 1)
        axes.set_xlabel(f"{name}, {_UNITS.get(name, 'tokens')} (log scale)", fontsize=8)
        axes.set_title(f"KS {found.distance[name]:.3f}", fontsize=8, loc="left")
    for axes in panels[len(found.distance) :]:
        axes.set_visible(False)
    for axes in panels[::3]:
        axes.set_ylabel("share at or below", fontsize=8)
    draw_key(figure, panels[0])
    return figure


def _shares(axes: Any, values: Any, **drawn: Any) -> None:
    ordered = np.maximum(np.sort(np.asarray(values, float)), 1)
    axes.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered), where="post", linewidth=1.4, **drawn)
