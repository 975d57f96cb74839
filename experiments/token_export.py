"""What crosses the border when agents take Chinese models: tokens, dollars, electricity? By origin, and by where calls are served.

    python -m experiments.token_export

The second week of `article_weeks` (16 February 2026) as its population uses it, model by model: tokens, what users pay for them, and what
serving them takes (`provider=disclosed`). Where a model comes from is not where it is served: the weights of these four are open, and
readers of OpenRouter guess that half of their tokens and more are served in the West (weak). So what is exported is a range.

Fitted: four numbers of the population. Taken over: energy, power and rent from one fleet's disclosure (low ends) to the worst of a
benchmark (high ends), on every model; electricity at $0.03 to 0.08 a kWh in China and $0.08 to 0.15 in the US (R). Assumed: whoever serves
sells at the vendor's price. Revenue is what users pay less the router's 5.5 %. Would change the finding: what a provider keeps to itself,
which is all of this but prices.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.population import Work, live
from sim.report.study import COLOURS, aligned, draw_key, number, percent, publish, sheet, styled
from sim.settings.provider.fleet import ProviderSettings
from sim.theory import Side, fleet_of, together

from . import folder_of
from .market.fitted import Market, fitted
from .market.people import CALIBRATED_UNTIL, FEE, MODELS, START, TERA, Task, chinese, labels, people, tasks_of, work_of

TASKS = 300
"""Simulated for each bill."""
WEST = (0.0, 0.5, 0.9)
"""Shares of Chinese models' tokens that are served outside China."""
HOME, ABROAD = "cn", "us"
MEASURED = ("work=measured",)
FILLS = ((COLOURS[1], ""), (COLOURS[5], "//"), (COLOURS[0], ""))
ENDS = ("low", "high")


@cache
def provider() -> ProviderSettings:
    """What was published of anybody's machines."""
    return sim.load("provider=disclosed").provider


def side_of(one: Task, model: str, place: str) -> Side:
    """What a task takes where it is served there, and brings whoever serves it."""
    fleet = fleet_of(provider(), model, place)
    return fleet.serves(one.fresh, one.tokens - one.fresh - one.output, one.output, one.usd)


def times(one: Side, many: float) -> Side:
    """So many of them."""
    return Side(many * one.tokens, many * one.revenue_usd, *(each.scaled(many) for each in one[2:]))


def week(one: Market) -> dict[str, dict[str, Side]]:
    """By model and place: the second week, if all of the model's tokens were served there."""
    tasks = live(one.population, one.work, CALIBRATED_UNTIL).tasks[-7:].sum(axis=0)
    agents = [segment.agent for segment in people().segments.values()]
    mean = {model: [tasks_of(agent, model, TASKS, *MEASURED) for agent in agents] for model in MODELS}
    return {
        model: {
            place: together(times(side_of(task, model, place), many) for task, many in zip(mean[model], tasks[:, number], strict=True))
            for place in (HOME, ABROAD)
        }
        for number, model in enumerate(MODELS)
    }


def by_model(work: Work, served: dict[str, dict[str, Side]]) -> pd.DataFrame:
    """A row a model: tokens, what users pay, megawatt-hours, and what of the dollars is electricity, served where the model is from."""
    rows = []
    for model, ours in zip(MODELS, chinese(work), strict=True):
        side = served[model][HOME if ours else ABROAD]
        row: dict[str, object] = {"model": labels()[model], "from": "China" if ours else "USA", "tokens, T": side.tokens / TERA}
        row |= {"M USD": side.revenue_usd * (1 + FEE) / 1e6, "USD per M tokens": side.revenue_usd * (1 + FEE) / side.tokens * 1e6}
        row |= {f"MWh, {end}": getattr(side.kwh, end) / 1e3 for end in ENDS}
        rows.append(row | {f"electricity of revenue, {end}": getattr(side.electricity_share, end) for end in ENDS})
    return pd.DataFrame(rows).sort_values("tokens, T", ascending=False, ignore_index=True)


def exported(work: Work, served: dict[str, dict[str, Side]]) -> pd.DataFrame:
    """A row a share of Chinese models' tokens served in the West, and a place of service: what is served there, and what that takes."""
    ours = chinese(work)
    theirs = together(served[model][ABROAD] for model, of_china in zip(MODELS, ours, strict=True) if not of_china)
    rows = []
    for west in WEST:
        parts = {place: [] if place == HOME else [theirs] for place in (HOME, ABROAD)}
        for model in (model for model, of_china in zip(MODELS, ours, strict=True) if of_china):
            parts[HOME].append(times(served[model][HOME], 1 - west))
            parts[ABROAD].append(times(served[model][ABROAD], west))
        sides = {place: together(each) for place, each in parts.items()}
        whole = together(sides.values())
        for place, side in sides.items():
            row: dict[str, object] = {"served in the West": west, "served in": "China" if place == HOME else "the West"}
            row |= {"tokens, T": side.tokens / TERA, "of all tokens": side.tokens / whole.tokens}
            row |= {"M USD": side.revenue_usd * (1 + FEE) / 1e6, "of all dollars": side.revenue_usd / whole.revenue_usd}
            for end in ENDS:
                row |= {f"MWh, {end}": getattr(side.kwh, end) / 1e3, f"electricity, k USD, {end}": getattr(side.electricity_usd, end) / 1e3}
                row |= {f"electricity of revenue, {end}": getattr(side.electricity_share, end)}
                row |= {f"to GPUs, {end}": getattr(side.compute_tax, end), f"USD/kWh, {end}": getattr(side.usd_per_kwh, end)}
            rows.append(row)
    return pd.DataFrame(rows)


def between(row: pd.Series, name: str, factor: float = 1.0, unit: str = "") -> str:
    """A range in words."""
    low, high = (number(factor * row[f"{name}, {end}"], 2) for end in ENDS)
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def finding(left: pd.DataFrame) -> str:
    """Tokens against dollars, what may be served where, electricity."""
    home = left[left["served in"] == "China"]
    most, least = home.iloc[0], home.iloc[-1]
    return (
        f"Chinese models have {percent(most['of all tokens'])} of the week's tokens and {percent(most['of all dollars'])} of its dollars: "
        f"${most['M USD']:.1f}M for {between(most, 'MWh')} MWh, whose electricity is {between(most, 'electricity of revenue', 100)} % of "
        f"that and whose machines are {between(most, 'to GPUs', 100)} %; if the West serves {percent(WEST[-1])} of them, China exports "
        f"${least['M USD']:.2f}M"
    )


@styled
def shares(found: pd.DataFrame, left: pd.DataFrame) -> Figure:
    """Tokens, dollars and electricity: by origin, then by place of service."""
    note = (
        "Shares of the second week's tokens, of its dollars, and of the electricity (low ends; the high ones are "
        f"{found['MWh, high'].sum() / found['MWh, low'].sum():.0f} times as much and shared out alike). "
        "Nobody has counted who serves open weights: three guesses."
    )
    figure = sheet(finding(left), 6.4, note, key=True)
    names = {"tokens, T": "tokens", "M USD": "dollars", "MWh, low": "electricity"}
    every = figure.subplots(1, len(WEST), sharey=True)
    for axes, west in zip(every, WEST, strict=True):
        bottom = np.zeros(len(names))
        whole = np.array([found[name].sum() for name in names])
        ours = np.array([found.loc[found["from"] == "China", name].sum() for name in names])
        parts = {"Chinese, served in China": (1 - west) * ours, "Chinese, served in the West": west * ours, "American": whole - ours}
        for (label, part), (colour, hatch) in zip(parts.items(), FILLS, strict=True):
            axes.bar(list(names.values()), 100 * part / whole, bottom=bottom, label=label, color=colour, hatch=hatch, edgecolor="white")
            bottom += 100 * part / whole
        axes.set_title(f"Chinese models: {percent(west)} served in the West")
        axes.grid(visible=False, axis="x")
    every[0].set_ylabel("share of the week (%)")
    draw_key(figure, every[0])
    return figure


def text(found: pd.DataFrame, left: pd.DataFrame) -> str:
    """Both tables, ranges in a column."""
    models = found[["model", "from"]].copy()
    for name in ("tokens, T", "M USD", "USD per M tokens"):
        models[name] = [number(value) for value in found[name]]
    models["MWh"] = [between(row, "MWh") for _, row in found.iterrows()]
    models["electricity of revenue"] = [between(row, "electricity of revenue", 100, " %") for _, row in found.iterrows()]
    places = pd.DataFrame({"Chinese models served in the West": left["served in the West"].map(percent), "served in": left["served in"]})
    places["tokens, T"] = [f"{number(row['tokens, T'])} ({percent(row['of all tokens'])})" for _, row in left.iterrows()]
    places["M USD"] = [f"{number(row['M USD'])} ({percent(row['of all dollars'])})" for _, row in left.iterrows()]
    for name in ("MWh", "electricity, k USD", "USD/kWh"):
        places[name] = [between(row, name) for _, row in left.iterrows()]
    places["to GPUs"] = [between(row, "to GPUs", 100, " %") for _, row in left.iterrows()]
    return f"Each model served where it is from:\n\n{aligned(models)}\n\n{aligned(places)}"


def main() -> None:
    """Simulate bills, fit, add up, print, draw."""
    folder = folder_of("token_export", __doc__)
    one = fitted(work_of(TASKS, *MEASURED), {}, "mini_v2", START)
    served = week(one)
    found, left = by_model(one.work, served), exported(one.work, served)
    figures = {"token_export": shares(found, left)}
    publish("token_export", found, finding(left) + ".", figures, folder, text(found, left), more={"served": left})


if __name__ == "__main__":
    main()
