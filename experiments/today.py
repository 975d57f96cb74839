"""Is it still so today? The people of February 2026 on the models and prices of November.

    python -m experiments.today

The segments of `article_weeks` with nothing that is fitted: nobody likes a model for where it comes from or for being new, everybody knows
all of them, and all are taken to solve as much. What is left of the choice is dollars: a logit on what a week of people's own work costs.
Once with the same work for every model (so bills differ as list prices do), and once at the work that bills say each does; of November's
models bills are known for five of seventeen, and the others are taken to work as Claude Opus 4.6 does, so there the second line is weak.

Calibrated: price lists of both months, bills where there are. Assumed: the people, and how dollars weigh against tastes. Would change
the finding: what the new models solve, and how many turns they take. Nothing here is a forecast of shares.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.population import Work, live
from sim.report.study import COLOURS, dollars, label_ends, percent, publish, scale, sheet, styled

from . import folder_of
from .market.people import MODELS, people, tasks_of

TASKS = 300
"""Simulated for each bill."""
MARKETS = {
    "February": ("market=feb_2026", MODELS),
    "November": ("market=nov_2026", tuple(sorted(sim.load("market=nov_2026", "backends=[minimax_m3]").market.models))),
}
WORKS = {"same work": "work=same", "own work": "work=measured"}
FOLLOWED = "heavy_agent"
"""Whose week is drawn."""
DAYS = ("2026-01-05", "2026-01-12")
"""Any week will do: nothing happens in it."""


class Place(NamedTuple):
    """A market, and what a task comes to on it."""

    work: Work
    labels: list[str]
    measured: int
    """Models whose work bills tell."""


def place(market: str, models: tuple[str, ...], work: str) -> Place:
    """Each segment's task on each model, simulated; all models solve as much."""
    scenario = sim.load(market, f"backends=[{','.join(models)}]")
    found = [scenario.market.models[model] for model in models]
    bills = np.array([[tasks_of(one.agent, model, TASKS, market, work)[:2] for model in models] for one in people().segments.values()])
    ours = Work(models, tuple(one.origin for one in found), np.ones(len(models)), bills[..., 0], bills[..., 1])
    return Place(ours, [one.label or model for one, model in zip(found, models, strict=True)], sum(bool(one.works) for one in found))


def chosen(one: Place) -> dict[str, np.ndarray]:
    """Tasks, tokens and dollars of a quiet week, by model."""
    quiet = dataclasses.replace(
        people(), from_day=DAYS[0], events=[], qualities={}, habits=dataclasses.replace(people().habits, liking={}, launch=0.0)
    )
    everybody = {
        name: dataclasses.replace(segment, from_outside=False, adoption=dataclasses.replace(segment.adoption, since=""))
        for name, segment in quiet.segments.items()
    }
    found = live(dataclasses.replace(quiet, segments=everybody), one.work, DAYS[1])
    return {name: daily.sum(axis=(0, 1)) for name, daily in (("tasks", found.tasks), ("tokens", found.tokens), ("dollars", found.usd))}


def week(one: Place) -> np.ndarray:
    """Dollars of a heavy agent's week, by model."""
    segments = list(people().segments)
    weekly: np.ndarray = people().segments[FOLLOWED].tasks_per_week * one.work.usd[segments.index(FOLLOWED)]
    return weekly


def table(places: dict[tuple[str, str], Place]) -> pd.DataFrame:
    """A row a month and kind of work: who is cheapest for a heavy agent's week on either side, and Chinese shares."""
    rows = []
    for (month, kind), one in places.items():
        ours, bills, used = np.array([origin == "cn" for origin in one.work.origins]), week(one), chosen(one)
        row: dict[str, object] = {"prices of": month, "models do": kind, "bills known": f"{one.measured} of {len(ours)}"}
        for name, side in (("Chinese", ours), ("American", ~ours)):
            least = int(np.argmin(np.where(side, bills, np.inf)))
            row |= {f"cheapest {name}": one.labels[least], f"{name}, USD": float(bills[least])}
        row |= {f"Chinese {name}": float(sums[ours].sum() / sums.sum()) for name, sums in used.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """Shares by dollars alone then and now, and the cheapest weeks."""
    rows = found.set_index(["prices of", "models do"])
    (then, now), share = (rows.loc[(month, "same work")] for month in MARKETS), "Chinese tokens"
    cheapest = {
        side: " to ".join(f"{dollars(row[f'{side}, USD'])} ({row[f'cheapest {side}']})" for row in (then, now))
        for side in ("American", "Chinese")
    }
    return (
        f"By dollars alone, the same work for all, Chinese models would have {percent(then[share])} of tokens at February's prices and "
        f"{percent(now[share])} at November's: a heavy agent's cheapest American week went from {cheapest['American']}, the cheapest "
        f"Chinese one from {cheapest['Chinese']}"
    )


@styled
def weeks_then_and_now(places: dict[tuple[str, str], Place], found: pd.DataFrame) -> Figure:
    """A heavy agent's week on every model of both months, the same work for all."""
    note = "Eight coding sessions, the same work for every model, with OpenRouter's fee of 5.5 %. Orange: Chinese, blue: American."
    figure = sheet(finding(found), 8.0, note)
    every = figure.subplots(1, len(MARKETS), sharey=True)
    most = [week(places[month, "same work"]) for month in MARKETS]
    for axes, month, bills in zip(every, MARKETS, most, strict=True):
        one = places[month, "same work"]
        colours = {name: COLOURS[1 if origin == "cn" else 0] for name, origin in zip(one.labels, one.work.origins, strict=True)}
        for name, usd in zip(one.labels, bills, strict=True):
            axes.plot([0, 1], [usd, usd], color=colours[name], linewidth=2.5)
        scale(axes, "y", min(map(np.min, most)), max(map(np.max, most)), "$")
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.grid(visible=False, axis="x")
        axes.set_title(month)
        label_ends(axes, {name: (1.0, float(usd)) for name, usd in zip(one.labels, bills, strict=True)}, colours)
    every[0].set_ylabel("a heavy agent's week (USD, log scale)")
    return figure


def main() -> None:
    """Simulate bills of both months, let people choose, print, draw."""
    folder = folder_of("today", __doc__)
    places = {(month, kind): place(*market, work) for month, market in MARKETS.items() for kind, work in WORKS.items()}
    found = table(places)
    publish("today", found, finding(found) + ".", {"today": weeks_then_and_now(places, found)}, folder)


if __name__ == "__main__":
    main()
