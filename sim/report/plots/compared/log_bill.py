"""A figure of a log's bill: dollars by model and kind of token, beside what was billed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.report.billed.tables import HEADINGS
from sim.report.numbers import dollars, number
from sim.report.plots.canvas import BILL_FILLS, INK, draw_key, sheet, styled
from sim.results.billed.bill import KINDS

MOST_MODELS = 10
"""Bars; what the others cost is in the note."""


@styled
def log_bill(found: Mapping[str, Any]) -> Figure:
    """`found`: an account of a log's bill (`sim.results.billed.account`) that has dollars."""
    priced = [row for row in found["models"] if row["priced_usd"]]
    rows, rest = priced[:MOST_MODELS], priced[MOST_MODELS:]
    figure = sheet(_title(rows, found["priced_usd"]), 1.9 + 0.5 * len(rows), _note(rows, rest), key=True)
    axes, left = figure.subplots(), np.zeros(len(rows))
    for heading, kind in zip(HEADINGS, KINDS, strict=True):
        usd = np.array([row[f"{kind}_usd"] for row in rows])
        if usd.any():
            axes.barh(range(len(rows)), usd, left=left, height=0.7, color=BILL_FILLS[heading], edgecolor="white", label=heading)
            left += usd
    whole = {place: row["billed_usd"] for place, row in enumerate(rows) if row["billed_calls"] == row["calls"]}
    if whole:
        axes.plot(list(whole.values()), list(whole), "D", color=INK, markerfacecolor="white", markersize=8, label="as billed")
    for place, row in enumerate(rows):
        end = (max(row["priced_usd"], whole.get(place, 0.0)), place)
        axes.annotate(f"${number(row['priced_usd'])}", end, xytext=(9, 0), textcoords="offset points", va="center", fontsize=11)
    axes.set_yticks(range(len(rows)), [row["model"] or "(no name)" for row in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.margins(x=0.12)
    axes.set_xlabel("dollars (USD)")
    axes.grid(visible=False, axis="y")
    draw_key(figure, axes)
    return figure


def _title(rows: list[dict[str, Any]], total: float) -> str:
    parts = {(row["model"], heading): row[f"{kind}_usd"] for row in rows for heading, kind in zip(HEADINGS, KINDS, strict=True)}
    model, heading = max(parts, key=lambda each: parts[each])
    return f"Of {dollars(total)} by our prices most is {heading} of {model or '(no name)'}: {dollars(parts[model, heading])}"


def _note(rows: list[dict[str, Any]], rest: list[dict[str, Any]]) -> str:
    said = ["Bars: recorded tokens at our prices."]
    if any(row["billed_calls"] == row["calls"] for row in rows):
        said.append("Diamonds: as billed, of models whose every call has a bill.")
    if rest:
        said.append(f"{len(rest)} more models: ${number(sum(row['priced_usd'] for row in rest))}.")
    return " ".join(said)
