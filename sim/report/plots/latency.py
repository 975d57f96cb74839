"""Figures of how long calls take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sim.report.findings.effects import seconds
from sim.report.grid import in_words, place_label, study
from sim.report.numbers import number, share
from sim.report.plots.canvas import COLOURS, INK, draw_key, scale, sheet, styled
from sim.report.reference.labels import Names

STAR = "*"
GUESSED = f" {STAR} behind a backend: nobody has measured its seconds (its speed is assumed, or the words that its bills are met by)."
LONG_S = 1.0
"""A mean wait from which on it stands in the figure."""
SAME = 1.05
"""Medians that differ by no more than this are told as one."""
MOST_BACKENDS = 30
"""The fastest; more are in the table only."""


PRESSED = " Waits before an attempt and lost work are not in these times: where either is, it stands below the name."


@styled
def latency_by_backend(table: pd.DataFrame, names: Names | None = None, assumed: str = "") -> Figure:
    """Median, 95th and 99th percentile of a call's time by backend, fastest first, or by a number in its order; of the last workflow where
    there are several. `assumed`: whose speeds are, where no label can say so.
    """
    one = study(table, names)
    where = f" ({in_words(one.x, one.places[-1], names)})" if "backends" in one.axes and one.x != "backends" else ""
    rows = one.rows[one.rows["_x"] == one.places[-1]] if where else one.rows
    labels = (
        rows["_line"]
        if where or (one.x in ("", "backends") and len(one.axes) != 1)
        else [place_label(one.x, x, names) + (f", {line}" if line else "") for x, line in zip(rows["_x"], rows["_line"], strict=True)]
    )
    spans = rows[[f"call_latency_{p}_s" for p in ("p50", "p95", "p99")]].set_axis(["p50", "p95", "p99"], axis=1).set_axis(list(labels))
    spans["beside"] = [_pressed(row) for row in rows.to_dict("records")]
    spans["order"] = [one.places.index(x) for x in rows["_x"]] if one.numeric else 0
    return latency_spans(spans, where, "on" if where or one.x in ("", "backends") else "with", assumed)


def _pressed(row: Mapping[Any, Any]) -> str:
    """`29 % of tasks lost, 4 % of attempts turned away, 12 s of waiting per call`; empty where there is none."""
    shares = {"of tasks lost": row.get("lost_share", 0.0), "of attempts turned away": row.get("rate_limited_share", 0.0)}
    said = [f"{share(part)} {what}" for what, part in shares.items() if part > 0]
    waits = row.get("mean_wait_s", 0.0)
    return ", ".join([*said, *([f"{seconds(waits)} of waiting per call"] if waits >= LONG_S else [])])


@styled
def latency_spans(spans: pd.DataFrame, where: str = "", joint: str = "on", assumed: str = "") -> Figure:
    """The same from a table with a row a backend, columns p50, p95, p99 in seconds, and perhaps `beside`, words, and `order`."""
    rows = spans.dropna().sort_values(["order", "p50"] if "order" in spans else "p50").head(MOST_BACKENDS)
    beside = [str(text) for text in rows.get("beside", [""] * len(rows))]
    figure = sheet(
        _latency_title(rows, where, joint),
        2.4 + (0.62 if any(beside) else 0.42) * max(2, len(rows)),
        "From the request to the last token; attempts that succeeded."
        + (PRESSED if any(beside) else "")
        + (GUESSED if any(STAR in str(name) for name in rows.index) else "")
        + (f" Nobody has measured the speed of {assumed}: it is assumed." if assumed else ""),
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
    axes.set_yticks(heights, [f"{name}\n{text}" if text else str(name) for name, text in zip(rows.index, beside, strict=True)])
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.set_xlabel(f"time of a call (s{', log scale' if axes.get_xscale() == 'log' else ''})")
    axes.grid(visible=False, axis="y")
    draw_key(figure, axes)
    return figure


def _latency_title(rows: pd.DataFrame, where: str, joint: str) -> str:
    if rows.empty:
        return "No call ended"
    measured = rows[[STAR not in str(name) for name in rows.index]]
    head, ranked = "The median call", rows.sort_values("p50")
    if 1 < len(measured) < len(rows):  # what nobody has measured is drawn, and is no finding
        head, ranked = "Where seconds are measured, the median call", measured.sort_values("p50")
    fast, slow = ranked.iloc[0], ranked.iloc[-1]
    if len(rows) == 1:
        return f"The median call takes {number(fast['p50'], 2)} s, one in a hundred more than {number(fast['p99'], 2)} s{where}"
    ends = [number(each["p50"], 2) for each in (fast, slow)]
    if slow["p50"] <= SAME * fast["p50"]:
        return f"{head} that is answered takes {ends[0]}{f' to {ends[1]}' if ends[0] != ends[1] else ''} s everywhere{where}"
    return f"{head} takes {ends[0]} s {joint} {fast.name}, {ends[1]} s {joint} {slow.name}{where}"
