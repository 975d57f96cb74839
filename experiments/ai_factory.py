"""What does it take to serve the Chinese models' tokens of the article's second week, 5.16 trillion, and what does that bring?

    python -m experiments.ai_factory

As if one fleet like the one that DeepSeek disclosed (27 February 2025: a day of V3 and R1) served them all at MiniMax M2.5's list price:
power, electricity, rent of the machines, revenue. Then each assumption at its low and its high end, the others as in the base.

Disclosed (R: copies of it): a machine of 8 H800 takes in 73,700 tokens a second, those that a cache had (56.3 %) among them, or puts out
14,800; $2 an hour a GPU. Reported: 10.2 kW a machine at most, 0.7 of the most on average elsewhere; PUE 1.05 to 1.40; electricity at $0.03
to 0.15 a kWh; DeepSeek R1 on a benchmark, which takes up to 195 and 1,820 Wh a million tokens (`conf/provider/disclosed.yaml`). Assumed:
5 % of tokens are output; hits take nothing; fresh input costs what the list says of input (what is written to a cache costs a quarter
more); every hour that is paid for is worked. The rate counts hits, so a fresh token takes 1 / (1 - 0.563) times what the rate says: 88 Wh a
million of the machines' own. Others divide fresh tokens by the whole rate (38 Wh): that is the low end, and gives 0.94 MW.

Calibrated: nothing. Simulated: what share of a coding agent's tokens is fresh, cached and output (`agent=solo` on M2.5), as a second case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sim
from sim.report.study import COLOURS, INK, aligned, draw_key, number, percent, publish, scale, sheet, styled
from sim.theory import Between, Fleet, Side

from . import folder_of
from .market.people import task

TOKENS = 5.16e12
"""Of a week (S: the article)."""
WEEK_H = 168
TASKS = 300
MACHINE_KW, GPUS = 10.2, 8
TAKEN_IN_PER_S, PUT_OUT_PER_S, HITS = 73_700, 14_800, 342 / 608
WITH_HITS = MACHINE_KW * 1e9 / 3600 / TAKEN_IN_PER_S
"""Watt-hours of a machine for a million tokens that it takes in."""


@dataclass(frozen=True)
class Factory:
    """All that the answer hangs on."""

    hits: float = HITS
    """Share of input that a cache had."""
    output: float = 0.05
    """Share of all tokens."""
    prefill_wh: float = WITH_HITS / (1 - HITS)
    """A million fresh tokens, machines alone; so are the others."""
    cached_wh: float = 0.0
    decode_wh: float = MACHINE_KW * 1e9 / 3600 / PUT_OUT_PER_S
    draw: float = 1.0
    """Power that a machine draws, over the most it can."""
    pue: float = 1.2
    usd_per_kwh: float = 0.06
    gpu_usd_per_h: float = 2.0
    worked: float = 1.0
    """Share of paid hours in which machines work; those that wait are taken to draw nothing."""
    model: str = "minimax_m2_5"
    """Whose list price."""

    @property
    def side(self) -> Side:
        """What the week takes and brings."""
        fresh, cached, output = self.tokens
        listed = prices(self.model)
        usd = (fresh * listed[0] + cached * listed[1] + output * listed[2]) / 1e6
        one = (self.draw * self.prefill_wh, self.draw * self.cached_wh, self.draw * self.decode_wh, self.pue)
        rent = (self.draw * MACHINE_KW / GPUS, self.gpu_usd_per_h / self.worked, self.usd_per_kwh)
        return Fleet(*(Between(value, value) for value in (*one, *rent))).serves(fresh, cached, output, usd)

    @property
    def tokens(self) -> tuple[float, float, float]:
        """Fresh, cached, output."""
        taken_in = TOKENS * (1 - self.output)
        return taken_in * (1 - self.hits), taken_in * self.hits, TOKENS * self.output


BASE = Factory()
FRESH = "Wh a million fresh tokens"
ENDS: dict[str, tuple[tuple[str, Factory], tuple[str, Factory]]] = {
    "input that a cache had": (("25 %", replace(BASE, hits=0.25)), ("96 %", replace(BASE, hits=0.96))),
    "output of all tokens": (("0.34 %", replace(BASE, output=0.0034)), ("15 %", replace(BASE, output=0.15))),
    FRESH: (("38", replace(BASE, prefill_wh=WITH_HITS)), ("195", replace(BASE, prefill_wh=195.0))),
    "Wh a million cached tokens": (("0", BASE), ("20", replace(BASE, cached_wh=20.0))),
    "Wh a million output tokens": (("191", BASE), ("1,820", replace(BASE, decode_wh=1820.0))),
    "power drawn": (("0.7 of most", replace(BASE, draw=0.7)), ("most", BASE)),
    "PUE": (("1.05", replace(BASE, pue=1.05)), ("1.40", replace(BASE, pue=1.4))),
    "USD a kWh": (("0.03", replace(BASE, usd_per_kwh=0.03)), ("0.15", replace(BASE, usd_per_kwh=0.15))),
    "USD a GPU-hour": (("1.5", replace(BASE, gpu_usd_per_h=1.5)), ("3", replace(BASE, gpu_usd_per_h=3.0))),
    "paid hours that work": (("half", replace(BASE, worked=0.5)), ("all", BASE)),
    "list price": (
        ("M2.5's launch post", replace(BASE, model="minimax_m2_5_launch")), ("GLM-5's", replace(BASE, model="glm_5")),
    ),
}  # fmt: skip
"""Of each assumption, its two ends: as it is written, and the factory there. R: as above, 96 % and 0.34 % of recorded agents; A: the
rest."""


@cache
def prices(model: str) -> tuple[float, float, float]:
    """USD a million tokens: input, cache reads, output."""
    listed = sim.load().market.models[model]
    read = listed.input_usd_per_mtok if listed.cache_read_usd_per_mtok is None else listed.cache_read_usd_per_mtok
    return listed.input_usd_per_mtok, read, listed.output_usd_per_mtok


def as_agents_have_it() -> Factory:
    """The same with a coding agent's tokens: nearly all is read from a cache."""
    one = task("solo", "minimax_m2_5", TASKS)
    taken_in = one.tokens - one.output
    return replace(BASE, output=one.output / one.tokens, hits=1 - one.fresh / taken_in)


def row(name: str, value: str, one: Factory) -> dict[str, object]:
    """A factory in numbers."""
    side = one.side
    return {
        "assumption": name, "is": value, "MW": side.kwh.low / WEEK_H / 1e3, "machines": side.gpu_hours.low / GPUS / WEEK_H / one.worked,
        "electricity, k USD": side.electricity_usd.low / 1e3, "rent, k USD": side.cost_usd.low / 1e3,
        "revenue, k USD": side.revenue_usd / 1e3,
        "electricity of revenue": side.electricity_share.low, "margin": side.margin.low, "USD/kWh": side.usd_per_kwh.low,
    }  # fmt: skip


def table(agents: Factory) -> pd.DataFrame:
    """A row for the base, one for a coding agent's tokens, then two an assumption, whichever moves electricity's part most first."""
    rows = [row("base", "", BASE), row("a coding agent's tokens", "", agents)]
    ends = {name: [row(name, value, one) for value, one in both] for name, both in ENDS.items()}
    parts = {name: [one.side.electricity_share.low for _, one in both] for name, both in ENDS.items()}
    for name in sorted(ends, key=lambda name: min(parts[name]) / max(parts[name])):
        rows += ends[name]
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """What it takes, what it brings, and what of that is sure."""
    base, agents, ends = found.iloc[0], found.iloc[1], found.iloc[2:]
    [least] = ends[(ends["assumption"] == FRESH) & (ends["is"] == "38")].to_dict("records")
    power, margin = ends["electricity of revenue"], ends["margin"]
    paid = [number(float(each["electricity, k USD"]), 2) for each in (least, base)]
    return (
        f"5.16T tokens a week take {least['MW']:.2f} to {base['MW']:.1f} MW (cache hits beside or inside the disclosed rate), "
        f"${paid[0]}k to {paid[1]}k of electricity, and bring ${base['revenue, k USD'] / 1e3:.1f}M: no assumption alone "
        f"makes electricity less than {100 * power.min():.1f} % of that or more than {100 * power.max():.1f} %, while the margin goes from "
        f"{percent(margin.min())} to {percent(margin.max())}. A coding agent's tokens, nearly all read from a cache, would take "
        f"{agents['MW']:.2f} MW and bring ${agents['revenue, k USD'] / 1e3:.2f}M"
    )


@styled
def tornado(found: pd.DataFrame) -> Figure:
    """Each assumption at both ends: electricity's part of revenue, and margin."""
    note = "Beside each bar: the assumption there, the others as in the base (lines). Disclosed, reported or assumed: see the study's head."
    figure = sheet(finding(found).partition(". A coding")[0], 8.6, note, key=True)
    base, ends = found.iloc[0], found.iloc[2:]
    names = list(dict.fromkeys(ends["assumption"]))[::-1]
    every = figure.subplots(1, 2, sharey=True)
    for axes, column, factor in zip(every, ("electricity of revenue", "margin"), (100, 100), strict=True):
        for place, end, colour, hatch in ((0, "low", COLOURS[4], "//"), (1, "high", COLOURS[1], "")):
            rows = [ends[ends["assumption"] == name].iloc[place] for name in names]
            values = factor * np.array([float(each[column]) for each in rows])
            start = factor * float(base[column])
            axes.barh(
                np.arange(len(names)) + (0.19, -0.19)[place], values - start, left=start, height=0.36, color=colour, hatch=hatch,
                edgecolor="white", label=f"assumption at its {end} end",
            )  # fmt: skip
            _say(axes, np.arange(len(names)) + (0.19, -0.19)[place], values, start, [str(each["is"]) for each in rows])
        axes.axvline(factor * float(base[column]), color=INK, linewidth=1.2)
        axes.margins(x=0.16)
    every[0].set_yticks(range(len(names)), names)
    every[0].set_xlabel(f"electricity, % of revenue; base {100 * base['electricity of revenue']:.1f}")
    every[1].set_xlabel(f"gross margin, %; base {100 * base['margin']:.0f}")
    scale(every[0], "x", 0.35, 7)
    draw_key(figure, every[0])
    return figure


def _say(axes: Axes, rows: np.ndarray, ends: np.ndarray, start: float, texts: list[str]) -> None:
    for place, end, text in zip(rows, ends, texts, strict=True):
        left = end < start
        at, side = (-4, "right") if left else (4, "left")
        axes.annotate(text, (end, place), (at, 0), textcoords="offset points", ha=side, va="center", fontsize=9, color=INK)


def text(found: pd.DataFrame) -> str:
    """The table as people read it."""
    shown = found.copy()
    for column in ("MW", "machines", "electricity, k USD", "rent, k USD", "revenue, k USD", "USD/kWh"):
        shown[column] = [number(value) for value in found[column]]
    shown["electricity of revenue"] = [f"{100 * value:.2g} %" for value in found["electricity of revenue"]]
    shown["margin"] = [percent(value) for value in found["margin"]]
    return aligned(shown)


def main() -> None:
    """Reckon, print, draw."""
    folder = folder_of("ai_factory", __doc__)
    found = table(as_agents_have_it())
    publish("ai_factory", found, finding(found) + ".", {"ai_factory": tornado(found)}, folder, text(found))


if __name__ == "__main__":
    main()
