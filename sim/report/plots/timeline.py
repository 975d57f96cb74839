"""A figure of tokens over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.clock import MINUTE_S
from sim.report.numbers import compact, number
from sim.report.plots.canvas import INK, KIND_FILLS, draw_key, sheet, styled


@styled
def tokens_over_time(timelines: Mapping[str, pd.DataFrame], events: Mapping[str, Sequence[tuple[float, str]]] | None = None) -> Figure:
    """Tokens a minute in replication 0, by kind of token, one panel a scenario; of the tables of `timeline.csv`.

    `events`, by panel: seconds and a word or two, marked there."""
    minutes = {name: _minutes(table) for name, table in timelines.items()}
    longest = max((_most_of(rows) for rows in minutes.values()), default=0)
    bin_min = max(1, math.ceil(longest / 400))
    note = "Replication 0; tokens count in the minute in which their call ends."
    note += f" Each step is the mean of {bin_min} minutes; peaks in the titles are of single minutes." if bin_min > 1 else ""
    if any(_length(rows) > longest for rows in minutes.values()):
        note += " Drawn until 99 % of the tokens are spent."
    figure = sheet(_time_title(minutes), 1.9 + 2.3 * max(1, len(minutes)) + (1.4 if len(minutes) < 2 else 0), note, key=True)
    panels = figure.subplots(max(1, len(minutes)), 1, squeeze=False, sharex=True).ravel()
    unit, per = ("hours", 60) if longest > 300 else ("minutes", 1)
    for axes, (name, rows) in zip(panels, minutes.items(), strict=False):
        _areas(axes, rows, bin_min, per, longest)
        _mark(axes, (events or {}).get(name, ()), MINUTE_S * per, longest / per)
        axes.set_title(
            f"{name}: at most {compact(float(rows.sum(axis=1).max()))} tokens a minute" if len(minutes) > 1 and len(rows) else ""
        )
    panels[-1].set_xlabel(f"simulated time ({unit})")
    panels[-1].set_xlim(0, max(longest, 1) / per)
    filled = [axes for axes, rows in zip(panels, minutes.values(), strict=False) if len(rows)]
    if filled:
        draw_key(figure, filled[0])
    return figure


def _most_of(rows: pd.DataFrame) -> int:
    """Minutes until 99 % of the tokens are spent."""
    spent = rows.sum(axis=1).cumsum().to_numpy()
    return int(rows.index[np.searchsorted(spent, 0.99 * spent[-1])]) + 1 if len(spent) else 0


def _length(rows: pd.DataFrame) -> int:
    """Minutes until the last call has ended."""
    return int(rows.index.max()) + 1 if len(rows) else 0


def _minutes(table: pd.DataFrame) -> pd.DataFrame:
    """Tokens of replication 0 by minute (a row each, by its number, but for quiet ones) and kind (a column each)."""
    first = table[table["replication"] == 0]
    sums = first.groupby((first["t_s"] // MINUTE_S).astype(int))[
        ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"]
    ].sum()
    return pd.DataFrame(
        {
            "fresh input": sums["input_tokens"] - sums["cache_read_tokens"] - sums["cache_write_tokens"],
            "cache writes": sums["cache_write_tokens"],
            "cache reads": sums["cache_read_tokens"],
            "output": sums["output_tokens"],
        }
    )


def _areas(axes: Axes, rows: pd.DataFrame, bin_min: int, per: int, most: int) -> None:
    """What is after `most` minutes is out of the picture."""
    if rows.empty:
        axes.set_ylabel("no call ended")
        return
    length = min(_length(rows), math.ceil(most / bin_min) * bin_min)
    starts = np.arange(0, length, bin_min)
    sums = rows.groupby(rows.index // bin_min).sum().reindex(range(len(starts)), fill_value=0)
    binned = sums.div(np.minimum(bin_min, _length(rows) - starts), axis=0)
    edges = np.append(starts, length) / per
    floor = np.zeros(len(binned))
    for kind, (colour, hatch) in KIND_FILLS.items():
        top = floor + binned[kind].to_numpy(float)
        axes.stairs(top, edges, baseline=floor, fill=True, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=kind)
        floor = top
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.set_ylim(0, max(1.0, 1.08 * float(floor.max(initial=0))))
    axes.set_ylabel("tokens a minute")


def _mark(axes: Axes, events: Sequence[tuple[float, str]], unit_s: float, end: float) -> None:
    """A line at each event that is in the picture, words at its top; those at the same place share a line of words."""
    places: dict[float, list[str]] = {}
    for t_s, words in events:
        if 0 <= t_s / unit_s <= end:
            places.setdefault(round(t_s / unit_s, 9), []).append(words)
    for height, (place, said) in enumerate(sorted(places.items())):
        axes.axvline(place, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.annotate(
            ", ".join(said), (place, 1), xycoords=("data", "axes fraction"), xytext=(4, -12 - 14 * (height % 3)),
            textcoords="offset points", fontsize=10, color=INK, backgroundcolor="white", ha="left" if place < 0.75 * end else "right",
        )  # fmt: skip
    if places:
        axes.set_ylim(0, axes.get_ylim()[1] * 1.25)


def _time_title(minutes: Mapping[str, pd.DataFrame]) -> str:
    peaks = {name: float(rows.sum(axis=1).max()) for name, rows in minutes.items() if len(rows)}
    if not peaks:
        return "No call ended"
    first, last = next(iter(peaks)), list(peaks)[-1]
    if len(peaks) == 1:
        rows = minutes[first].sum(axis=1)
        quiet = _length(minutes[first]) - len(rows)
        typical = float(np.median([*rows, *[0.0] * quiet])) if quiet <= len(rows) else 0.0
        return f"The busiest minute takes {compact(peaks[first])} tokens, the median minute {compact(typical)}"
    return (
        f"The busiest minute takes {compact(peaks[first])} tokens with {first}, {compact(peaks[last])} with {last}: "
        f"{number(peaks[last] / peaks[first] if peaks[first] else math.nan)} times as many"
    )
