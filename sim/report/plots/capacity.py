"""The duration curve of a capacity sheet: in which share of minutes how many tokens are asked for, against the quota that takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.report.numbers import compact
from sim.report.plots.canvas import COLOURS, DASHES, draw_key, sheet, styled
from sim.results.capacity.sheet import Load

ACCEPTED = 0.01
"""Share of calls held back, of the quota that is drawn."""


@styled
def duration_curves(loads: Mapping[str, Mapping[int, Load]]) -> Figure:
    """A panel a backend, by its label; a line for so many times the people."""
    first, of = next(iter(loads.items()))
    one = of[min(of)]
    idle = float((one.curve == 0).mean())
    title = (
        f"{first} takes a quota of {compact(one.quotas['fresh'][ACCEPTED])} input tokens a minute; {idle:.0%} of minutes ask for nothing"
    )
    note = (
        "Fresh input tokens (cache reads left out) asked for in each minute of the first run, greatest first. "
        f"Thin: the quota at which {ACCEPTED:.0%} of calls are held back; the share of minutes above it."
    )
    figure = sheet(title, 1.6 + 2.6 * len(loads), note, key=True)
    panels = figure.subplots(len(loads), 1, squeeze=False).ravel()
    for axes, (label, each) in zip(panels, loads.items(), strict=True):
        _draw(axes, each)
        axes.set_title(label if len(loads) > 1 else "")
    panels[-1].set_xlabel("share of minutes that ask for at least so many (log scale)")
    draw_key(figure, panels[0])
    return figure


def _draw(axes: Axes, loads: Mapping[int, Load]) -> None:
    for index, (many, load) in enumerate(loads.items()):
        shares = np.arange(1, len(load.curve) + 1) / len(load.curve)
        style = {"color": COLOURS[index], "linestyle": DASHES[index % len(DASHES)]}
        axes.step(shares, load.curve, where="pre", linewidth=1.6, label=f"{many} x the people", **style)
        axes.axhline(load.quotas["fresh"][ACCEPTED], linewidth=0.8, **style)
    axes.set_xscale("log")
    axes.set_xlim(right=1)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.set_ylabel("tokens a minute")
