"""Figures: tables in, matplotlib figures out. Each title states what its figure shows, with numbers from the table."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sim.report.findings import KINDS, money_finding, spend_finding
from sim.report.grid import Names, Study, axis_label, place_label, place_name, study
from sim.report.numbers import compact, number, percent
from sim.report.plots.canvas import COLOURS, INK, KIND_FILLS, draw_key, label_ends, pen, scale, sheet, styled

MINUTE_S = 60.0
MOST_LINES = 12
"""More lines than this are drawn in grey, with the dearest and the cheapest named."""
MOST_ROWS = 30
INTERVALS = "Bars: 95 % intervals over the replications"


@styled
def spend_by_fanout(table: pd.DataFrame, names: Names | None = None) -> Figure:
    """Tokens and dollars per task against the workflow (or a number), one line a backend, with 95 % intervals."""
    one = study(table, names)
    figure = sheet(spend_finding(one, names), 7.2, f"{INTERVALS}; where none is seen it is smaller than the marker.")
    left, right = figure.subplots(1, 2)
    for axes, metric, label, sign in (
        (left, "tokens_per_task", "tokens per task", ""),
        (right, "cost_per_task_usd", "dollars per task (USD)", "$"),
    ):
        _lines(axes, one, metric, sign)
        axes.set_ylabel(f"{label}{', log scale' if axes.get_yscale() == 'log' else ''}")
        _ticks(axes, one, names)
    if len(one.lines) > 1:
        _name_lines(right, one, "cost_per_task_usd")
    return figure


def _positions(one: Study) -> list[float]:
    """Where the places stand: numbers to scale (powers of 2 where they are far apart), choices one after another."""
    if not one.numeric:
        return [float(i) for i in range(len(one.places))]
    spread = len(one.places) > 2 and one.places[0] > 0 and one.places[-1] >= 8 * one.places[0]
    return [math.log2(place) for place in one.places] if spread else list(one.places)


def _lines(axes: Axes, one: Study, metric: str, sign: str) -> None:
    positions = _positions(one)
    grey = len(one.lines) > MOST_LINES
    ends = list(one.lines)[:: max(1, len(one.lines) - 1)]
    lows, highs = [], []
    for index, name in enumerate(one.lines):
        middle, low, high = (one.values(name, metric + end).to_numpy() for end in ("", "_ci_low", "_ci_high"))
        reach = np.nan_to_num(np.clip([middle - low, high - middle], 0, None))
        reach[0] = np.minimum(reach[0], 0.999 * np.nan_to_num(middle))
        look = pen(index) if not grey or name in ends else {"color": "#BBBBBB", "linewidth": 1, "zorder": 1}
        if one.x in ("", "backends"):
            look |= {"linestyle": "none", "marker": "o"}
        axes.errorbar(positions, middle, reach, capsize=4, elinewidth=1.2, label=name, **look)
        lows.append(np.nanmin(middle, initial=math.inf))
        highs.append(np.nanmax(middle + reach[1], initial=0))
    if highs:
        scale(axes, "y", min(lows), max(highs), sign)


def _ticks(axes: Axes, one: Study, names: Names | None) -> None:
    """Names of the places, broken into lines where they would run into each other, aslant where that does not help."""
    room = 52 // max(1, len(one.places))
    labels = [textwrap.fill(place_label(one.x, place, names), max(5, room - 1)) for place in one.places]
    crowded = max((len(line) for label in labels for line in label.splitlines()), default=0) >= max(6, room)
    labels = [label.replace("\n", " ") for label in labels] if crowded else labels
    axes.set_xticks(_positions(one), labels, rotation=35 if crowded else 0, ha="right" if crowded else "center", rotation_mode="anchor")
    if not crowded:
        for label in axes.get_xticklabels():
            label.set(va="top", rotation_mode="default")
    axes.set_xlabel(axis_label(one.x))
    axes.margins(x=0.06)
    axes.grid(visible=False, axis="x")


def _name_lines(axes: Axes, one: Study, metric: str) -> None:
    names = list(one.lines) if len(one.lines) <= MOST_LINES else list(one.lines)[:: len(one.lines) - 1]
    position = dict(zip(one.places, _positions(one), strict=True))
    ends, colours = {}, {}
    for name in names:
        known = one.values(name, metric).dropna()
        if len(known):
            ends[name] = (position[known.index[-1]], float(known.iloc[-1]))
            colours[name] = COLOURS[list(one.lines).index(name) % len(COLOURS)]
    label_ends(axes, ends, colours)


@styled
def money_by_kind(table: pd.DataFrame, names: Names | None = None) -> Figure:
    """Which kinds of token the bill pays for, by workflow, on up to four backends from the dearest to the cheapest."""
    one = study(table, names)
    shown = [list(one.lines)[i] for i in sorted({round(k * (len(one.lines) - 1) / 3) for k in range(4)})] if one.lines else []
    bills = {name: _bill(one, name) for name in shown}
    across = 2 if len(shown) > 1 else 1
    down = math.ceil(len(shown) / across) or 1
    figure = sheet(
        _money_title(one, bills, names), 1.7 + down * (0.8 + 0.42 * max(2, len(one.places))), "On the right: dollars per task.", key=True
    )
    panels = figure.subplots(down, across, squeeze=False, sharex=True).ravel()
    for axes, name in zip(panels, shown, strict=False):
        _bars(axes, one, bills[name], name, names)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    if shown:
        draw_key(figure, panels[0])
    return figure


def _bill(one: Study, name: str) -> pd.DataFrame:
    """Shares of the bill: a row a place that finished, a column a kind of token."""
    parts = pd.DataFrame({kind: one.values(name, metric) for kind, metric in KINDS.items()})
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
    for kind, (colour, hatch) in KIND_FILLS.items():
        shares = bill[kind].to_numpy()
        axes.barh(range(len(bill)), shares, left=left, height=0.74, color=colour, hatch=hatch, edgecolor="white", linewidth=0.6, label=kind)
        for row, (share, start) in enumerate(zip(shares, left, strict=True)):
            if share >= 0.07:
                plain = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
                axes.text(start + share / 2, row, percent(share), ha="center", va="center", fontsize=10, color=INK, bbox=plain)
        left += shares
    costs = one.values(name, "cost_per_task_usd")
    for row, place in enumerate(places):
        axes.text(1.015, row, "$" + number(costs[place]), va="center", fontsize=11, color=INK)
    axes.set_yticks(range(len(bill)), [place_label(one.x, place, names) for place in places])
    axes.set_ylim(len(bill) - 0.45, -0.55)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("share of the bill (%)")
    axes.set_title(name)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="x", labelbottom=True)


@styled
def latency_by_backend(table: pd.DataFrame, names: Names | None = None) -> Figure:
    """Median, 95th and 99th percentile of a call's time by backend, fastest first; of the last workflow where there are several."""
    one = study(table, names)
    where = f" ({place_name(one.places[-1])})" if "backends" in one.axes and one.x != "backends" else ""
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
    rows = spans.dropna().sort_values("p50").head(MOST_ROWS)
    figure = sheet(
        _latency_title(rows, where),
        2.4 + 0.42 * max(2, len(rows)),
        "From the request to the last token; attempts that succeeded.",
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


@styled
def tokens_over_time(timelines: Mapping[str, pd.DataFrame]) -> Figure:
    """Tokens a minute in replication 0, by kind of token, one panel a scenario; of the tables of `timeline.csv`."""
    minutes = {name: _minutes(table) for name, table in timelines.items()}
    longest = max((_most_of(rows) for rows in minutes.values()), default=0)
    bin_min = max(1, math.ceil(longest / 400))
    note = "Replication 0; tokens count in the minute in which their call ends."
    note += f" Each step is the mean of {bin_min} minutes; peaks in the titles are of single minutes." if bin_min > 1 else ""
    if any(len(rows) > longest for rows in minutes.values()):
        note += " Drawn until 99 % of the tokens are spent."
    figure = sheet(_time_title(minutes), 1.9 + 2.3 * max(1, len(minutes)) + (1.4 if len(minutes) < 2 else 0), note, key=True)
    panels = figure.subplots(max(1, len(minutes)), 1, squeeze=False, sharex=True).ravel()
    unit, per = ("hours", 60) if longest > 300 else ("minutes", 1)
    for axes, (name, rows) in zip(panels, minutes.items(), strict=False):
        _areas(axes, rows, bin_min, per)
        axes.set_title(
            f"{name}: at most {compact(float(rows.sum(axis=1).max()))} tokens a minute" if len(minutes) > 1 and len(rows) else ""
        )
    panels[-1].set_xlabel(f"simulated time ({unit})")
    panels[-1].set_xlim(0, max(longest, 1) / per)
    if minutes:
        draw_key(figure, panels[0])
    return figure


def _most_of(rows: pd.DataFrame) -> int:
    """Minutes until 99 % of the tokens are spent."""
    spent = rows.sum(axis=1).cumsum().to_numpy()
    return int(np.searchsorted(spent, 0.99 * spent[-1])) + 1 if len(spent) else 0


def _minutes(table: pd.DataFrame) -> pd.DataFrame:
    """Tokens of replication 0 by minute (a row each, quiet ones too) and kind (a column each)."""
    first = table[table["replication"] == 0]
    sums = first.groupby((first["t_s"] // MINUTE_S).astype(int))[
        ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"]
    ].sum()
    sums = sums.reindex(range(int(sums.index.max()) + 1 if len(sums) else 0), fill_value=0)
    return pd.DataFrame(
        {
            "fresh input": sums["input_tokens"] - sums["cache_read_tokens"] - sums["cache_write_tokens"],
            "cache writes": sums["cache_write_tokens"],
            "cache reads": sums["cache_read_tokens"],
            "output": sums["output_tokens"],
        }
    )


def _areas(axes: Axes, rows: pd.DataFrame, bin_min: int, per: int) -> None:
    binned = rows.groupby(rows.index // bin_min).mean()
    edges = np.append(binned.index.to_numpy() * bin_min, len(rows)) / per
    floor = np.zeros(len(binned))
    for kind, (colour, hatch) in KIND_FILLS.items():
        top = floor + binned[kind].to_numpy(float)
        axes.stairs(top, edges, baseline=floor, fill=True, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=kind)
        floor = top
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.set_ylim(0, max(1.0, 1.08 * float(floor.max(initial=0))))
    axes.set_ylabel("tokens a minute")


def _time_title(minutes: Mapping[str, pd.DataFrame]) -> str:
    peaks = {name: float(rows.sum(axis=1).max()) for name, rows in minutes.items() if len(rows)}
    if not peaks:
        return "No call ended"
    first, last = next(iter(peaks)), list(peaks)[-1]
    if len(peaks) == 1:
        typical = float(minutes[first].sum(axis=1).median())
        return f"The busiest minute takes {compact(peaks[first])} tokens, the median minute {compact(typical)}"
    return (
        f"The busiest minute takes {compact(peaks[first])} tokens with {first}, {compact(peaks[last])} with {last}: "
        f"{number(peaks[last] / peaks[first] if peaks[first] else math.nan)} times as many"
    )
