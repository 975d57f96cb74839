"""A figure of where the money goes, by kind of token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.report.findings.money import KINDS, money_finding
from sim.report.grid import HARNESS, Study, place_label, study
from sim.report.numbers import number, percent
from sim.report.plots.canvas import BILL_FILLS, INK, draw_key, sheet, styled
from sim.report.reference.labels import Names, value_name

SELDOM = ["fees", "hours of servers", "reserved units"]
"""What few bills have."""
SEEN = 0.005
"""Share of a bill below which a part is no wider than its edge: it is left out of the key."""
MOST_PANELS = 4
NAMED = 0.08
"""Share of a bill from which a part has room for its name."""
ROLE_COLOURS = ("#A6CEE3", "#FDBF6F", "#CAB2D6", "#B2DF8A", "#DDDDDD", "#FB9A99")


@styled
def money_by_kind(table: pd.DataFrame | Study, names: Names | None = None, roles: Mapping[str, float] = MappingProxyType({})) -> Figure:
    """Which kinds of token the bill pays for, by workflow, on up to four backends from the most expensive to the cheapest.

    `roles`: dollars by who asks (lead, workers, ...), of a single scenario: where there are several, a bar of them stands below.
    """
    one = study(table, names)
    steps = MOST_PANELS - 1
    shown = [list(one.lines)[i] for i in sorted({round(k * (len(one.lines) - 1) / steps) for k in range(MOST_PANELS)})] if one.lines else []
    bills = {name: _bill(one, name) for name in shown}
    unpaid = [kind for kind in SELDOM if not any(bill[kind].any() for bill in bills.values())]
    bills = {name: bill.drop(columns=unpaid) for name, bill in bills.items()}
    across = 2 if len(shown) > 1 else 1
    down = math.ceil(len(shown) / across) or 1
    by = f", by bills in {value_name(HARNESS, next(iter(one.harnesses)))}: in other harnesses they differ" if one.harnesses else ""
    asking = {role: usd for role, usd in roles.items() if usd > 0} if len(shown) == 1 else {}
    beside = len(asking) > 1
    figure = sheet(
        _money_title(one, bills, names) + (_who(asking) if beside else ""),
        1.7 + (down + beside) * (0.8 + 0.42 * max(2, len(one.places))),
        f"On the right: dollars per {'finished ' if one.loses else ''}task{by}.{_left_out(one, shown)}",
        key=True,
    )
    panels = figure.subplots(down + beside, across, squeeze=False, sharex=True).ravel()
    for axes, name in zip(panels, shown, strict=False):
        _bars(axes, one, bills[name], name, names)
    if beside:
        _roles(panels[-1], asking)
    for axes in panels[len(shown) + beside :]:
        axes.set_axis_off()
    if shown:
        draw_key(figure, panels[0])
    return figure


def _who(asking: Mapping[str, float]) -> str:
    """`; by role: lead 62 %`."""
    most = max(asking, key=lambda role: asking[role])
    return f"; by role: {most} {percent(asking[most] / sum(asking.values()))}"


def _roles(axes: Axes, asking: Mapping[str, float]) -> None:
    """One bar, a part for each who asks, named where it has room."""
    left = 0.0
    for place, (role, usd) in enumerate(asking.items()):
        part = usd / sum(asking.values())
        axes.barh(0, part, left=left, height=0.74, color=ROLE_COLOURS[place % len(ROLE_COLOURS)], edgecolor="white", linewidth=0.6)
        if part >= NAMED:
            axes.text(left + part / 2, 0, f"{role}\n{percent(part)}", ha="center", va="center", fontsize=10, color=INK)
        left += part
    axes.set_yticks([0], ["by role"])
    axes.set_ylim(0.55, -0.55)
    axes.set_xlabel("share of the bill")
    axes.grid(visible=False, axis="y")


def _left_out(one: Study, shown: list[str]) -> str:
    """Which lines these are, where there are more."""
    if len(shown) == len(one.lines):
        return ""
    return f" Of {len(one.lines)}: the most expensive, the cheapest and two between; report.html has the bill of every scenario."


def _bill(one: Study, name: str) -> pd.DataFrame:
    """Shares of the bill: a row a place that finished, a column a kind of token, and what is `SELDOM` paid (0 in tables that have none)."""
    parts = pd.DataFrame({kind: one.values(name, metric) for kind, metric in KINDS.items()})
    parts[SELDOM] = parts[SELDOM].fillna(0.0)
    return parts.div(parts.sum(axis=1).where(lambda total: total > 0), axis=0).dropna()


def _money_title(one: Study, bills: Mapping[str, pd.DataFrame], names: Names | None) -> str:
    name, bill = next(((name, bill) for name, bill in bills.items() if len(bill)), ("", pd.DataFrame()))
    if bill.empty:
        return "No scenario has a bill"
    first, last = (place_label(one.x, place, names) for place in (bill.index[0], bill.index[-1]))
    return money_finding(bill, name, first, last)


def _bars(axes: Axes, one: Study, bill: pd.DataFrame, name: str, names: Names | None) -> None:
    places = list(bill.index)
    left = np.zeros(len(bill))
    for kind in bill:
        shares = bill[kind].to_numpy()
        label = kind if shares.max(initial=0) >= SEEN else None
        axes.barh(range(len(bill)), shares, left=left, height=0.74, color=BILL_FILLS[kind], edgecolor="white", linewidth=0.6, label=label)
        for row, (share, start) in enumerate(zip(shares, left, strict=True)):
            if share >= 0.07:
                plain = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
                axes.text(start + share / 2, row, percent(share), ha="center", va="center", fontsize=10, color=INK, bbox=plain)
        left += shares
    costs = one.values(name, one.per_task)
    for row, place in enumerate(places):
        axes.text(1.015, row, "$" + number(costs[place]), va="center", fontsize=11, color=INK)
    axes.set_yticks(range(len(bill)), [place_label(one.x, place, names) for place in places])
    axes.set_ylim(len(bill) - 0.45, -0.55)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol="\u00a0%"))
    axes.set_xlabel("share of the bill")
    axes.set_title(name)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="x", labelbottom=True)
