"""How do people on a market react to a price? By segment, model and week, beside what others have published.

    python -m experiments.market_elasticity

The population of `article_weeks`, fitted to the article's two weeks: one model's prices (all of them) are 5 % higher or lower from
23 February on. How many per cent of its tokens that costs, by per cent of price, is read off after one week and after four; between the
two lies habit: most people have not thought about it. Where tastes are a logit on dollars a week, it is -(1-s) C / mu in the end (F17):
it grows with the bill, so the same market is deaf in chats and alert in agents. Beside it a slope over models: log tokens on log list
price, as studies of OpenRouter draw it. It is no reaction to a price: expensive models are expensive because people want them.

Fitted: four numbers of the population. Assumed: how dollars weigh against tastes (`scale_usd`), by segment; it sets the level.
Published (R): 10 % cheaper, 0.5 to 0.7 % more use over models (OpenRouter's State of AI, December 2025); -1.11 for one open model over its
providers (NBER, short run).
"""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.population import by_week, live
from sim.report.study import INK, pen, publish, sheet, styled
from sim.settings.population.timeline import MarketEvent, MarketEventKind

from . import folder_of
from .market.fitted import Market, fitted
from .market.people import CALIBRATED_UNTIL, MODELS, START, labels, work_of

TASKS = 300
"""Simulated for each bill."""
STEP = 0.05
ASKED = ("claude_opus_4_6", "claude_sonnet_4_6", "minimax_m2_5")
AFTER = (1, 4)
"""Weeks."""
PUBLISHED = {"over models (State of AI, 2025)": (-0.07, -0.05), "over providers (NBER)": (-1.11, -1.11)}
ALL = "all"


def short(model: str) -> str:
    """Its name without that of its vendor."""
    return labels()[model].partition(" ")[2]


def used(one: Market, model: str, multiplier: float) -> np.ndarray:
    """Tokens on a model by week after the change and segment, its prices multiplied; the last column is all segments."""
    change = MarketEvent(kind=MarketEventKind.price, day=CALIBRATED_UNTIL, model=model, multiplier=multiplier)
    population = dataclasses.replace(one.population, events=[*one.population.events, change])
    mondays = [date.fromisoformat(CALIBRATED_UNTIL) + timedelta(weeks=after - 1) for after in AFTER]
    found = live(population, one.work, (mondays[-1] + timedelta(days=7)).isoformat())
    weekly = by_week(found.tokens, found.first, mondays)[:, :, MODELS.index(model)]
    return np.hstack([weekly, weekly.sum(axis=1, keepdims=True)])


def elasticities(one: Market, model: str) -> np.ndarray:
    """Per cent of tokens by per cent of price: a row a week after the change, a column a segment, the last one all."""
    dear, cheap = (used(one, model, 1 + sign * STEP) for sign in (1, -1))
    found: np.ndarray = np.log(dear / cheap) / np.log((1 + STEP) / (1 - STEP))
    return found


def slope(one: Market) -> float:
    """Log tokens of the second week on log list price of a token of input, over models: what a cross-section shows."""
    found = live(one.population, one.work, CALIBRATED_UNTIL)
    tokens = found.tokens[-7:].sum(axis=(0, 1))
    market = sim.load(f"backends=[{','.join(MODELS)}]").market.models
    prices = [market[model].input_usd_per_mtok for model in MODELS]
    return float(np.polyfit(np.log(prices), np.log(tokens), 1)[0])


def table(one: Market) -> pd.DataFrame:
    """A row a segment: what a week costs, and elasticities by model."""
    segments = one.population.segments
    opus = MODELS.index(ASKED[0])
    found = {model: elasticities(one, model) for model in ASKED}
    rows = []
    for row, name in enumerate([*segments, ALL]):
        week = segments[name].tasks_per_week * one.work.usd[row, opus] if name in segments else np.nan
        rows.append({"segment": name, "week on Opus 4.6, USD": week})
        for model in ASKED:
            for place, after in enumerate(AFTER):
                rows[-1][f"{short(model)}, {after} wk"] = found[model][place, row]
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame, across: float) -> str:
    """Chats and agents, one week and four, and the slope over models."""
    rows = found.set_index("segment")
    name = f"{short(ASKED[0])}, {{}} wk"
    slow, late = (rows[name.format(after)] for after in AFTER)
    chats, agents = -late["chat"], (-slow["heavy_agent"], -late["heavy_agent"])
    return (
        f"A price 1 % higher costs Claude Opus 4.6 {chats:.2f} % of its tokens in chats and {agents[1]:.1f} % in heavy agents after four "
        f"weeks ({agents[0]:.1f} % after one), {-late[ALL]:.1f} % in all; the slope over models is {across:.2f}"
    )


@styled
def by_segment(found: pd.DataFrame, across: float) -> Figure:
    """Elasticities by segment and model after each time, with what others have published."""
    published = "; ".join(f"{low:g} to {high:g} {who}" if low < high else f"{low:g} {who}" for who, (low, high) in PUBLISHED.items())
    note = (
        f"Hollow: one week after the change, filled: four. Grey: published, {published}. Dotted: the slope over our models, {across:.2f}. "
        "All at people's own work, with tastes as assumed."
    )
    figure = sheet(finding(found, across), 6.6, note, key=True)
    axes = figure.subplots()
    places = np.arange(len(found))[::-1]
    for low, high in PUBLISHED.values():
        axes.axvspan(low - 0.012, high + 0.012, color="#BBBBBB", linewidth=0)
    axes.axvline(across, color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
    for number, model in enumerate(ASKED):
        look = pen(number) | {"linestyle": "none", "markersize": 9}
        shift = places + 0.2 * (1 - number)
        for after in AFTER:
            last = after == AFTER[-1]
            values = found[f"{short(model)}, {after} wk"]
            axes.plot(values, shift, label=labels()[model] if last else None, **look | ({} if last else {"markerfacecolor": "white"}))
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(places, [str(name).replace("_", " ") for name in found["segment"]])
    axes.set_xlabel("per cent of a model's tokens by per cent of its prices")
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.006, 0.905), ncols=len(ASKED), frameon=False)
    return figure


def main() -> None:
    """Simulate bills, fit, move prices, print, draw."""
    folder = folder_of("market_elasticity", __doc__)
    one = fitted(work_of(TASKS, "work=measured"), {}, "mini_v2", START)
    found, across = table(one), slope(one)
    publish("market_elasticity", found, finding(found, across) + ".", {"market_elasticity": by_segment(found, across)}, folder)


if __name__ == "__main__":
    main()
