"""Figures of how long calls take."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sim.report.grid import in_words, place_label, study
from sim.report.numbers import number
from sim.report.plots.canvas import COLOURS, INK, draw_key, scale, sheet, styled
from sim.report.reference.labels import Names

STAR = "*"
GUESSED = f" {STAR} behind a backend: nobody has measured its seconds (its speed is assumed, or the words that its bills are met by)."
MOST_BACKENDS = 30
"""The fastest; more are in the table only."""


@styled
def latency_by_backend(table: pd.DataFrame, names: Names | None = None) -> Figure:
    """Median, 95th and 99th percentile of a call's time by backend, fastest first; of the last workflow where there are several."""
    one = study(table, names)
    where = f" ({in_words(one.x, one.places[-1], names)})" if "backends" in one.axes and one.x != "backends" else ""
    rows = one.rows[one.rows["_x"] == one.places[-1]] if where else one.rows
    labels = (
        rows["_line"]
        if where or (one.x in ("", "backends") and len(one.axes) != 1)
        else [place_label(one.x, x, names) + (f", {line}" if line else "") for x, line in zip(rows["_x"], rows["_line"], strict=True)]
    )
    spans = rows[[f"call_latency_{p}_s" for p in ("p50", "p95", "p99")]].set_axis(["p50", "p95", "p99"], axis=1).set_axis(list(labels))
    return latency_spans(spans, where)


@styled
def latency_spans(spans: pd.DataFrame, where: str = "") -> Figure:
    """The same from a table with a row a backend and columns p50, p95, p99 in seconds."""
    rows = spans.dropna().sort_values("p50").head(MOST_BACKENDS)
    figure = sheet(
        _latency_title(rows, where),
        2.4 + 0.42 * max(2, len(rows)),
        "From the request to the last token; attempts that succeeded." + (GUESSED if any(STAR in str(name) for name in rows.index) else ""),
        key=True,
    )
    axes = figure.subplots()
    heights = range(len(rows))
    axes.hlines(heights, rows["p50"], rows["p99"], color="#999999", linewidth=2, zorder=1)
    for name, marker, colour in (("p50", "o", COLOURS[0]), ("p95", "D", COLOURS[5]), ("p99", "s", COLOURS[1])):
        axes.scatter(rows[name], heights, s=62, marker=marker, color=colour, label=f"{name} (of 100 calls {name[1:]} take less)", zorder=2)
    if len(rows):
        scale(axes, "x", float(rows["p50"].min()), float(rows["p99"].max()))
    for height, row in enumerate(rows.itertuples()):
        values = " / ".join(number(value, 2) for value in (row.p50, row.p95, row.p99))
        axes.annotate(
            f"{values} s", (1.01, height), xycoords=("axes fraction", "data"), va="center", fontsize=11, color=INK, annotation_clip=False
        )
    axes.set_yticks(heights, [str(name) for name in rows.index])
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.set_xlabel(f"time of a call (s{', log scale' if axes.get_xscale() == 'log' else ''})")
    axes.grid(visible=False, axis="y")
    draw_key(figure, axes)
    return figure


def _latency_title(rows: pd.DataFrame, where: str) -> str:
    if rows.empty:
        return "No call ended"
    fast, slow = rows.iloc[0], rows.iloc[-1]
    if len(rows) == 1:
        return f"The median call takes {number(fast['p50'], 2)} s, one in a hundred more than {number(fast['p99'], 2)} s{where}"
    return f"The median call takes {number(fast['p50'], 2)} s on {fast.name}, {number(slow['p50'], 2)} s on {slow.name}{where}"
