"""A figure of the bill's way from one scenario to another, step by step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from sim.report.numbers import dollars
from sim.report.plots.canvas import COLOURS, sheet, styled
from sim.statistics import Estimate

NOTE = (
    "A replication's bill. Each step changes one thing and leaves the later ones as they were: in another order the same total would be "
    "shared out otherwise. Price: what was paid per token, so also which backend and tier it went to. Lines: 95 % intervals, paired."
)


@styled
def waterfall(start: float, steps: Mapping[str, Estimate], names: tuple[str, str]) -> Figure:
    """Bars from the bill of the first (USD) over what adds to it and takes from it to that of the second."""
    labels, changes = [f"bill of {names[0]}", *steps, f"bill of {names[1]}"], [each.mean for each in steps.values()]
    tops = start + np.concatenate([[0.0], np.cumsum(changes)])
    figure = sheet(title(start, steps, names), 1.9 + 0.42 * len(labels), NOTE)
    axes = figure.subplots()
    places = np.arange(len(labels))
    axes.barh(places[[0, -1]], [start, tops[-1]], color=COLOURS[6], height=0.7)
    for place, (change, each) in enumerate(zip(changes, steps.values(), strict=True), 1):
        end = tops[place]
        axes.barh(
            place,
            change,
            left=tops[place - 1],
            color=COLOURS[1 if change > 0 else 2],
            hatch="//" if change > 0 else "",
            height=0.7,
            edgecolor="white",
        )
        half = (each.ci_high - each.ci_low) / 2
        if half > 0:
            axes.errorbar(end, place, xerr=half, color=COLOURS[6], capsize=3, linewidth=1)
        axes.annotate(
            f"{'+' if change > 0 else '−'}{dollars(abs(change))}",
            (max(end, tops[place - 1], end + half if half > 0 else end), place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.axvline(0, color=COLOURS[6], linewidth=0.8)
    axes.margins(x=0.12)
    axes.set_xlabel("dollars (USD)")
    axes.grid(visible=False, axis="y")
    return figure


def title(start: float, steps: Mapping[str, Estimate], names: tuple[str, str]) -> str:
    """The two bills, and the step that moves most."""
    end = start + sum(each.mean for each in steps.values())
    said = f"The bill goes from {dollars(start)} ({names[0]}) to {dollars(end)} ({names[1]})"
    if not steps:
        return said
    most = max(steps, key=lambda name: abs(steps[name].mean))
    change = steps[most].mean
    return f"{said}; most by {most}, {'+' if change > 0 else '−'}{dollars(abs(change))}"
