"""Figures of the market: weeks as areas, and directions in which two weeks are level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.population import WEEK, listed, live
from sim.report.study import COLOURS, INK, label_ends, sheet, styled
from sim.settings.population.timeline import MarketEventKind

from .fitted import CLOSE, Flat, Market
from .people import COUNTED, FREE, MODELS, MONDAYS, UNTIL, labels, share

FILLS = ("#A63603", "#E6550D", "#FD8D3C", "#FDBE85", "#08306B", "#2171B5", "#6BAED6", "#C6DBEF", "#9ECAE1", "#4292C6", "#DEEBF7")
"""In the order of the models: Chinese ones, American ones."""
THIN = 0.032
"""Areas thinner than this have no name."""


@styled
def weeks_as_areas(base: Market, table: pd.DataFrame) -> Figure:
    """Shares of tokens and of dollars by day, the models on the list as areas, counts as points, the prediction with its interval."""
    last, counted, after = table.iloc[-1], share(COUNTED), table["share"].iloc[len(COUNTED)]
    title = (
        f"Chinese models had {100 * counted[0]:.0f} and {100 * counted[1]:.0f} % of the list's tokens; predicted are {100 * after:.0f} % "
        f"next and {100 * last['share']:.0f} % ({100 * last['low']:.0f} to {100 * last['high']:.0f}) three weeks later, for "
        f"{100 * last['share of dollars']:.0f} % of the dollars"
    )
    note = (
        "Areas: the population as fitted, by day, models on the week's list (ten of eleven) alone; Chinese ones below. Points: counted "
        "(the article). Band: 90 % interval of the Chinese share in a week. Before its launch a model stands for the one it followed. "
        "Dollars: what such work comes to at list prices and a fee of 5.5 %; nobody counted them. Lunar New Year (17 Feb) is not modelled. "
        f"{_told(base)}."
    )
    figure = sheet(title, 8.4, note)
    tokens, dollars = figure.subplots(1, 2, sharey=True)
    found = live(base.population, base.work, UNTIL)
    begin = (MONDAYS[0] - found.first).days
    used = found.tokens[begin:].sum(axis=1)
    _areas(tokens, used, used)
    _areas(dollars, found.usd[begin:].sum(axis=1), used)
    _prediction(tokens, table)
    _events(tokens, base)
    tokens.set_title("tokens", pad=18)
    dollars.set_title("dollars", pad=18)
    tokens.set_ylabel("share of all on the list (%)")
    tokens.set_yticks(np.linspace(0, 1, 6), [f"{each:.0f}" for each in np.linspace(0, 100, 6)])
    return figure


def _areas(axes: Axes, daily: np.ndarray, tokens: np.ndarray) -> None:
    """Shares of what is on the list of its week."""
    weeks = tokens.reshape(-1, WEEK, tokens.shape[1]).sum(axis=1)
    kept = daily * np.repeat(listed(weeks, 10) > 0, WEEK, axis=0)
    parts = kept / kept.sum(axis=1, keepdims=True)
    edges = np.vstack([np.zeros(len(parts)), np.cumsum(parts.T, axis=0)])
    days = np.arange(len(parts))
    for place in range(len(MODELS)):
        axes.fill_between(days, edges[place], edges[place + 1], color=FILLS[place], linewidth=0.8, edgecolor="white")
    axes.plot(days, edges[4], color="white", linewidth=2.5)
    axes.axvline(WEEK * len(COUNTED), color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
    axes.set_xlim(0, len(parts) - 1)
    axes.set_ylim(0, 1)
    axes.grid(visible=False)
    axes.set_xticks([(monday - MONDAYS[0]).days for monday in MONDAYS], [f"{monday.day} {monday:%b}" for monday in MONDAYS])
    axes.set_xlabel("2026, weeks from Monday; right of the dots: predicted")
    thick = [place for place in range(len(MODELS)) if parts[-1, place] > THIN]
    ends = {labels()[MODELS[place]]: (float(days[-1]), float(edges[place : place + 2, -1].mean())) for place in thick}
    label_ends(axes, ends, {labels()[MODELS[place]]: FILLS[place] for place in thick})


def _prediction(axes: Axes, table: pd.DataFrame) -> None:
    """Counts as points in the middle of their weeks, shares predicted with their interval."""
    middles, known = WEEK * np.arange(len(MONDAYS)) + 3.0, len(COUNTED)
    axes.plot(middles[:known], share(COUNTED), "o", color="white", markeredgecolor=INK, markersize=9, markeredgewidth=2, zorder=5)
    ahead = table.iloc[known:]
    axes.fill_between(middles[known:], ahead["low"], ahead["high"], color="white", alpha=0.35, linewidth=0)
    for edge in ("low", "high"):
        axes.plot(middles[known:], ahead[edge], color=INK, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.plot(middles[known:], ahead["share"], color=INK, marker="s", markersize=5, linewidth=1.8)


def _events(axes: Axes, base: Market) -> None:
    """What happened within the weeks drawn, by number, at its middle day."""
    for number, (day, _) in enumerate(_happened(base), 1):
        axes.axvline(day, ymin=0.975, color=INK, linewidth=1)
        axes.annotate(str(number), (day, 1.0), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9, annotation_clip=False)


def _told(base: Market) -> str:
    return "; ".join(f"{number} {said}" for number, (_, said) in enumerate(_happened(base), 1))


def _happened(base: Market) -> list[tuple[float, str]]:
    """Days since the first Monday, and what it was."""
    found = []
    for event in base.population.events:
        span = [(date.fromisoformat(day) - MONDAYS[0]).days for day in (event.day, event.last_day or event.day)]
        if span[0] >= 0:
            launched = event.kind is MarketEventKind.launch
            found.append((sum(span) / 2, f"{labels()[event.model]} launched" if launched else "flat rates close to agents"))
    return found


@styled
def directions(found: Sequence[Flat]) -> Figure:
    """How far the counts are missed as one thing moves alone; and what its range means for the last week once the rest is fitted anew."""
    spread = max(found, key=_reach)
    low, high = _last(spread)
    knob, week = FREE[spread.name], f"{MONDAYS[-1].day} {MONDAYS[-1]:%B}"
    title = (
        f"Two weeks cannot tell the {spread.name}: {knob.low:g} to {knob.high:g} moves the Chinese share of the week "
        f"of {week} from {100 * low:.0f} to {100 * high:.0f} %, and both ends meet all four counts"
    )
    note = (
        "Colours are those of the names. Left: all else as fitted. Right: the fitted numbers turned anew at either end of a range "
        f"(circle: low, triangle: high; hollow: misses a count by over {100 * CLOSE:.0f} %). Dotted: left that limit, right the share of "
        "the second week."
    )
    figure = sheet(title, 7.6, note)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    order = sorted(found, key=_reach)
    for row, one in enumerate(order):
        colour, dashes = COLOURS[row % len(COLOURS)], ("-", (0, (4, 1.5)))[row // len(COLOURS)]
        left.plot(100 * one.places, 100 * one.alone, color=colour, linestyle=dashes, linewidth=1.8, label=one.name)
        ends = _last(one)
        right.plot(100 * np.array(ends), [row, row], color=colour, linestyle=dashes, linewidth=3)
        for end, place, mark in zip(one.ends, ends, "o>", strict=True):
            hollow = end.fit.error > CLOSE
            right.plot(100 * place, row, mark, color="white" if hollow else colour, markeredgecolor=colour, markersize=9)
    left.axhline(100 * CLOSE, color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
    left.set_xlabel("place in its range (%)")
    left.set_ylabel("worst of the four counts missed by (%)")
    left.set_title("moved alone: the counts object")
    right.set_title("the rest fitted anew: they do not")
    right.set_yticks(range(len(order)), [one.name for one in order])
    right.set_xlabel(f"Chinese share of tokens, week of {week} (%)")
    right.set_xlim(right=100 * share(COUNTED)[-1] + 1)
    right.axvline(100 * share(COUNTED)[-1], color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
    return figure


def _last(one: Flat) -> tuple[float, float]:
    """Shares of the last week at both ends."""
    low, high = (float(share(end.sums)[-1]) for end in one.ends)
    return low, high


def _reach(one: Flat) -> float:
    """How far apart they are, as far as the counts are met at both."""
    low, high = _last(one)
    return abs(high - low) if max(end.fit.error for end in one.ends) < CLOSE else 0.0
