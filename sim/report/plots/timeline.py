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

MOST_APART = 20.0
"""Times by which peaks may differ and still be drawn to one scale."""
SEEN = 0.003
"""Share of all tokens below which a kind is too thin to be seen: it is left out of the key."""


@styled
def tokens_over_time(
    timelines: Mapping[str, pd.DataFrame],
    events: Mapping[str, Sequence[tuple[float, str]]] | None = None,
    begins: str = "",
    of: str = "",
) -> Figure:
    """Tokens per minute in replication 0, by kind of token, one panel a scenario; of the tables of `timeline.csv`.

    `events`, by panel: seconds and a word or two, marked there. `begins`: the moment of second 0. `of`: what all panels share,
    such as their backend.
    """
    minutes = {name: _minutes(table) for name, table in timelines.items()}
    longest = max((_most_of(rows) for rows in minutes.values()), default=0)
    bin_min = max(1, math.ceil(longest / 400))
    steps = {name: _steps(rows, bin_min, longest) for name, rows in minutes.items()}
    peaks = {name: float(rows.sum(axis=1).max()) for name, rows in steps.items() if len(rows)}
    apart = len(peaks) > 1 and max(peaks.values()) > MOST_APART * min(peaks.values())
    note = f"{f'{of}. ' if of else ''}Replication 0; tokens count in the minute in which their call ends."
    note += f" Each step is the mean of {bin_min:,} minutes." if bin_min > 1 else ""
    note += " Each panel has a scale of its own: the title of each says how high it goes." if apart else ""
    if any(_length(rows) > longest for rows in minutes.values()):
        note += " Drawn until 99 % of the tokens are spent."
    figure = sheet(_time_title(steps, peaks, bin_min), 1.9 + 2.3 * max(1, len(minutes)) + (1.4 if len(minutes) < 2 else 0), note, key=True)
    panels = figure.subplots(max(1, len(minutes)), 1, squeeze=False, sharex=True, sharey=not apart).ravel()
    unit, per = ("hours", 60) if longest > 300 else ("minutes", 1)
    for axes, (name, rows) in zip(panels, minutes.items(), strict=False):
        _areas(axes, steps[name], bin_min, per, min(_length(rows), math.ceil(longest / bin_min) * bin_min))
        _mark(axes, (events or {}).get(name, ()), MINUTE_S * per, longest / per)
        axes.set_title(f"{name}: at most {compact(peaks[name])} tokens per minute" if len(minutes) > 1 and len(rows) else "")
    panels[-1].set_xlabel(f"{unit} since {begins}" if begins else f"simulated time ({unit})")
    highest = max((peaks[name] for name in peaks), default=0.0)
    for axes in panels if not apart else ():
        axes.set_ylim(0, max(1.0, 1.08 * highest, axes.get_ylim()[1]))
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


def _steps(rows: pd.DataFrame, bin_min: int, most: int) -> pd.DataFrame:
    """Tokens per minute by step of so many minutes, quiet ones too; what is after `most` minutes is out of the picture."""
    if rows.empty:
        return rows
    starts = np.arange(0, min(_length(rows), math.ceil(most / bin_min) * bin_min), bin_min)
    sums = rows.groupby(rows.index // bin_min).sum().reindex(range(len(starts)), fill_value=0)
    return sums.div(np.minimum(bin_min, _length(rows) - starts), axis=0)


def _areas(axes: Axes, binned: pd.DataFrame, bin_min: int, per: int, length: int) -> None:
    """Steps upon one another, until so many minutes."""
    if binned.empty:
        axes.set_ylabel("no call ended")
        return
    edges = np.append(np.arange(len(binned)) * bin_min, length) / per
    floor = np.zeros(len(binned))
    for kind, colour in KIND_FILLS.items():
        seen = binned[kind].sum() >= SEEN * binned.to_numpy().sum()
        top = floor + binned[kind].to_numpy(float)
        axes.stairs(top, edges, baseline=floor, fill=True, facecolor=colour, linewidth=0, label=kind if seen else None)
        floor = top
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.set_ylim(0, max(1.0, 1.08 * float(floor.max(initial=0))))
    axes.set_ylabel("tokens per minute")


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


def _time_title(steps: Mapping[str, pd.DataFrame], peaks: Mapping[str, float], bin_min: int) -> str:
    if not peaks:
        return "No call ended"
    first, last = next(iter(peaks)), list(peaks)[-1]
    busiest = f"In the busiest {bin_min:,} minutes" if bin_min > 1 else "In the busiest minute"
    if len(peaks) == 1:
        typical = float(steps[first].sum(axis=1).median())
        return f"{busiest} calls end with {compact(peaks[first])} tokens per minute, the median is {compact(typical)}"
    times = number(peaks[last] / peaks[first] if peaks[first] else math.nan)
    ends = [f"{compact(peaks[name])} {'tokens per minute ' if name == first else ''}({name})" for name in (first, last)]
    return f"{busiest} calls end with {ends[0]}, {ends[1]}: {times} times as many"
