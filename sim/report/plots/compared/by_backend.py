"""A figure of what a month costs on each backend, the chosen one among them."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from sim.report.numbers import dollars
from sim.report.plots.canvas import COLOURS, INK, sheet, styled
from sim.statistics import Estimate

OTHERS = "#c9ced6"
NOTE = "Without a quota. Lines: 95 % intervals; where two overlap, nobody knows which costs less."


@styled
def by_backend(months: Mapping[str, Estimate], chosen: str) -> Figure:
    """Dollars a month by label, the cheapest first."""
    ordered = sorted(months, key=lambda label: months[label].mean)
    figure = sheet(_title(months, chosen), 1.6 + 0.42 * len(ordered), NOTE)
    axes = figure.subplots()
    for row, label in enumerate(ordered):
        value = months[label]
        axes.barh(row, value.mean, height=0.68, color=COLOURS[0] if label == chosen else OTHERS)
        if value.ci_low < value.ci_high:
            axes.hlines(row, value.ci_low, value.ci_high, color=INK, linewidth=1.4)
        axes.annotate(dollars(value.mean), (_end(value), row), xytext=(8, 0), textcoords="offset points", va="center", fontsize=11)
    axes.set_yticks(range(len(ordered)), ordered)
    axes.set_ylim(len(ordered) - 0.45, -0.55)
    axes.set_xlim(0, 1.14 * max(map(_end, months.values())))
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.set_xlabel("dollars a month (USD)")
    axes.grid(visible=False, axis="y")
    return figure


def _end(value: Estimate) -> float:
    return value.ci_high if value.ci_low < value.ci_high else value.mean


def _title(months: Mapping[str, Estimate], chosen: str) -> str:
    """What the chosen one costs, and how many others surely cost less or more."""
    mine, others = months[chosen], [value for label, value in months.items() if label != chosen]
    less, more = sum(each.ci_high < mine.ci_low for each in others), sum(each.ci_low > mine.ci_high for each in others)
    unsure = len(others) - less - more
    said = [f"{many} {word}" for many, word in ((less, "cost less"), (more, "cost more"), (unsure, "cannot be told apart")) if many]
    return f"{chosen}: {dollars(mine.mean)} a month; of {len(others)} others {', '.join(said)}"
