"""Figures of several folders on the same axes: each folder a line, a row or a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from sim.report.plots.gallery import lost_if_any
from sim.report.plots.latency import latency_by_backend
from sim.report.plots.money import money_by_kind
from sim.report.plots.spend import spend_by_fanout
from sim.report.plots.timeline import tokens_over_time
from sim.results.files import TIMELINE, Files
from sim.sweeps.sides import Side, every_metric

MOST_PANELS = 6
"""Of tokens over time."""


def side_by_side(folders: Mapping[str, Sequence[Side]]) -> dict[str, Figure]:
    """By name, of folders whose scenarios are swept by the same settings; of others none.

    Tokens over time are drawn of folders that hold one run each.
    """
    sides = [(name, side) for name, all_of in folders.items() for side in all_of]
    if len({frozenset(side.axes) for _, side in sides}) > 1:
        return {}
    names = {
        backend: model.get("label") or backend
        for _, side in sides
        for backend, model in side.settings.get("market", {}).get("models", {}).items()
    }
    table = every_metric(folders)
    drawn = lost_if_any(table, names) | {
        "spend": spend_by_fanout(table, names),
        "money_by_kind": money_by_kind(table, names),
        "latency": latency_by_backend(table, names),
    }
    if len(sides) == len(folders) <= MOST_PANELS:
        drawn["tokens_over_time"] = _level(tokens_over_time({name: Files(side.folder).table(TIMELINE) for name, side in sides}))
    return drawn


def _level(figure: Figure) -> Figure:
    """Panels to the same height."""
    top = max(axes.get_ylim()[1] for axes in figure.axes)
    for axes in figure.axes:
        axes.set_ylim(0, top)
    return figure
