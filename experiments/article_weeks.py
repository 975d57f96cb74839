"""How did agents move a market in two weeks, and what comes next? OpenRouter, February and March 2026.

    python -m experiments.article_weeks            some three minutes; a sample of the second week call by call
    python -m experiments.article_weeks --whole    the second week whole, call by call: some three hours

People in segments (`experiments/market/feb_2026.yaml`) choose among eleven models by what a week of their own work costs on each and how
much of it is solved (a logit); they hear of launches, like what is new for a while, think now and then and else stay; agents that are
always on spread (Bass), closed flat rates send people over. What a task costs on each model, and how many tokens it is, is simulated
call by call at the work that bills say each model does. No share of a model is set. Sums are over the ten models with most tokens.

Fitted: four numbers (level of all people, always-on people in the end, liking of Chinese models, log-odds of a launch) to four (tokens on
Chinese and American models, weeks of 9 and 16 February), likings of K2.5 and GLM-5 to their places in the second week, as far as these
take any, and nothing to anything later. Fits in which M2.5, K2.5, GLM-5 do not lead in this order are left out. Predicted: four weeks
more, from fits over the ranges of ten other settings and by the bills of two harnesses, with a random walk of what no model knows
(`experiments/market/fitted.py` has both). How many people came over from flat rates is assumed, so what the closing did is too.
Unmodelled: Lunar New Year (17 February), models beyond these eleven, launches that came later, hours and weekdays.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from textwrap import fill

import numpy as np
import pandas as pd

import sim
from sim.population import Work, by_week, live, turned
from sim.report.study import aligned, compact, number, percent, publish
from sim.settings.population.segments import PopulationSettings

from . import Words
from .market.drawn import directions, weeks_as_areas
from .market.fitted import CAUSES, CLOSE, Flat, Market, by_model, draws, fitted, flat, growth, paid, predicted, without
from .market.people import (
    COUNTED,
    FITTED,
    FREE,
    MODELS,
    MONDAYS,
    REPORTED,
    START,
    TERA,
    UNTIL,
    chinese,
    labels,
    share,
    tokens_by_origin,
    work_of,
)

TASKS = 300
"""Simulated for each bill."""
DRAWS = 80
LOW, HIGH = 0.05, 0.95
WIDE = 120
"""Letters of a line of text."""
MEASURED = {"mini_v2": ("work=measured",), "openhands": ("work=measured", "work.harness=openhands")}
"""Whose bills: harnesses disagree by a factor of two, so both count."""
LIST = ("work=same",)
SAMPLE, MOST_SHARDS = 200, 100_000
"""Tasks of a segment in each of four samples, and parts that a week may be cut into."""


def weeks(markets: list[Market]) -> pd.DataFrame:
    """A row a week: what was counted, what we say with its interval, and what simpler forecasts say.

    "fits alone" is the interval without the random walk of what nobody knows of.
    """
    shares, tokens = predicted(markets)
    alone = np.quantile([share(one.sums) for one in markets], [LOW, HIGH], axis=0)
    dollars = np.median([share(paid(one)) for one in markets], axis=0)
    ends = {name: np.quantile(found, [LOW, 0.5, HIGH], axis=0) for name, found in (("share", shares), ("tokens", tokens))}
    known, total = share(COUNTED), COUNTED.sum(axis=1)
    step, more = known[1] - known[0], total[1] - total[0]
    rows = []
    for week, monday in enumerate(MONDAYS):
        counted, ahead = week < len(COUNTED), week - len(COUNTED) + 1
        rows.append(
            {
                "week": monday.isoformat(),
                "": "fitted" if counted else "predicted",
                "counted": known[week] if counted else np.nan,
                "share": ends["share"][1, week],
                "low": ends["share"][0, week],
                "high": ends["share"][2, week],
                "fits alone": f"{100 * alone[0, week]:.1f} to {100 * alone[1, week]:.1f}",
                "as last week": np.nan if counted else known[-1],
                "trend": np.nan if counted else min(1.0, known[-1] + ahead * step),
                "tokens, T": ends["tokens"][1, week],
                "low, T": ends["tokens"][0, week],
                "high, T": ends["tokens"][2, week],
                "trend, T": np.nan if counted else total[-1] + ahead * more,
                "share of dollars": dollars[week],
            }
        )
    return pd.DataFrame(rows)


def fits(base: Market, markets: list[Market]) -> pd.DataFrame:
    """A row a number that was fitted: as it is written down, and over all fits."""
    rows = []
    for name, knob in FITTED.items():
        found = np.quantile([one.fit.values[name] for one in markets], [LOW, HIGH])
        rows.append(
            {"fitted": name, "value": base.fit.values[name], "low": found[0], "high": found[1], "bounds": f"{knob.low:g} to {knob.high:g}"}
        )
    return pd.DataFrame(rows)


def ranking(base: Market, markets: list[Market]) -> pd.DataFrame:
    """A row a model of the second week: tokens, and its share of people's tasks and dollars."""
    found = live(base.population, base.work, (MONDAYS[1] + timedelta(days=7)).isoformat())
    weekly = {name: by_week(getattr(found, name), found.first, MONDAYS[1:2])[0].sum(axis=0) for name in ("tokens", "tasks", "usd")}
    every = np.quantile([by_model(one)[1] for one in markets], [LOW, HIGH], axis=0)
    order = np.argsort(-weekly["tokens"])
    rows = [
        {
            "second week": labels()[MODELS[model]],
            "tokens, T": weekly["tokens"][model] / TERA,
            "low": every[0, model],
            "high": every[1, model],
            "share of tasks": weekly["tasks"][model] / weekly["tasks"].sum(),
            "share of dollars": weekly["usd"][model] / weekly["usd"].sum(),
        }
        for model in order
    ]
    return pd.DataFrame(rows)


def unfitted(base: Market, markets: list[Market]) -> pd.DataFrame:
    """A row a figure that others have reported of a model, beside ours."""
    every = [live(one.population, one.work, UNTIL) for one in (base, *markets)]
    rows = []
    for model, first, last, reported in REPORTED:
        begin, end = ((date.fromisoformat(day) - every[0].first).days for day in (first, last))
        ours = [float(one.tokens[begin : end + 1, :, MODELS.index(model)].sum() / TERA) for one in every]
        low, high = np.quantile(ours[1:], [LOW, HIGH])
        rows.append(
            {"not fitted": f"{labels()[model]}, {first} to {last}", "reported, T": reported, "ours, T": ours[0], "low": low, "high": high}
        )
    return pd.DataFrame(rows)


def leaders(markets: list[Market]) -> str:
    """Who has most tokens in the second week, of all and of the Chinese, and in how many fits."""
    said = []
    for of, kept in (("all", np.ones(len(MODELS), dtype=bool)), ("the Chinese", chinese(markets[0].work))):
        weekly = [np.where(kept, by_model(one)[1], -1.0) for one in markets]
        names = Counter(", ".join(labels()[MODELS[model]] for model in np.argsort(-one)[:3]) for one in weekly)
        first, many = names.most_common(1)[0]
        said.append(f"of {of}: {first} (in {many} of {len(markets)} fits)")
    return f"First three {said[0]}; {said[1]}. The article: MiniMax M2.5, Kimi K2.5, GLM-5."


def grown(markets: list[Market]) -> str:
    """Where the growth from the first week to the second comes from, over all fits."""
    more, wordier = np.quantile([growth(one) for one in markets], [LOW, 0.5, HIGH], axis=0).T
    return (
        f"From week to week all eleven models grow by {more[1]:.2f} T ({more[0]:.2f} to {more[2]:.2f}) because there is more work, and by "
        f"{wordier[1]:.2f} T ({wordier[0]:.2f} to {wordier[2]:.2f}) because the same work goes to models that take more tokens for it."
    )


def causes(markets: list[Market]) -> pd.DataFrame:
    """A row a cause: what the second week would have been without it, against what it was, fit by fit."""
    rows = []
    for name, cause in CAUSES.items():
        gone, there = np.array([without(one, cause) for one in markets]), np.array([one.sums[:2] for one in markets])
        points = 100 * (share(gone) - share(there))[:, 1]
        tokens = (gone - there)[:, 1]
        rows.append(
            {
                "without": name,
                "Chinese, T": tokens[:, 0].mean(),
                "American, T": tokens[:, 1].mean(),
                "share, points": points.mean(),
                "low": np.quantile(points, LOW),
                "high": np.quantile(points, HIGH),
            }
        )
    return pd.DataFrame(rows)


def reasons(works: dict[str, Work], listed: Work) -> pd.DataFrame:
    """A row a way to choose: the first week with no liking and no news, and what has to be added to meet all four counts.

    Low and high: with tastes that weigh half and twice as much against dollars.
    """
    own = works["mini_v2"]
    ways = {
        "measured bills (mini_v2)": own,
        "measured bills (openhands)": works["openhands"],
        "list prices": own._replace(usd=listed.usd),
        "taste alone": own._replace(usd=np.zeros_like(own.usd), qualities=np.zeros_like(own.qualities)),
    }
    rows = []
    for name, work in ways.items():
        one = fitted(work, {}, "mini_v2", START)
        plain, *ends = (float(share(tokens_by_origin(_plain(one, tastes), work, MONDAYS[:2]))[0]) for tastes in (1.0, 0.5, 2.0))
        first = by_model(one)[1]
        ours = [labels()[MODELS[model]] for model in np.argsort(-np.where(chinese(work), first, 0))[:3]]
        rows.append(
            {
                "people choose by": name,
                "share, first week": plain,
                "error, points": 100 * (plain - share(COUNTED)[0]),
                "low": min(ends),
                "high": max(ends),
                "liking needed": one.fit.values["liking of Chinese models"],
                "launch needed": one.fit.values["launch"],
                "worst count": one.fit.error,
                "first Chinese models": ", ".join(ours),
            }
        )
    return pd.DataFrame(rows)


def _plain(one: Market, tastes: float) -> PopulationSettings:
    """The same people, who like nothing for where it comes from or for being new, their tastes weighing so many times as much."""
    habits = dataclasses.replace(one.population.habits, liking={}, launch=0.0)
    return turned(dataclasses.replace(one.population, habits=habits), FREE, {"weight of tastes": tastes})


def untold(found: list[Flat]) -> pd.DataFrame:
    """A row a thing that is free: the share of the last week at either end of its range, the counts met at both."""
    rows = []
    for one in found:
        knob, last = FREE[one.name], [share(end.sums)[-1] for end in one.ends]
        low, high = ("-" if end.fit.error > CLOSE else percent(value) for end, value in zip(one.ends, last, strict=True))
        needed = [number(end.fit.values["launch"], 2) for end in one.ends]
        rows.append(
            {
                "not told by the counts": one.name,
                "from": number(knob.low, 2),
                "to": number(knob.high, 2),
                "moved alone, worst count off by": percent(one.alone.max()),
                "fitted anew: launch": " to ".join(needed),
                f"share, week of {MONDAYS[-1]}": f"{low} to {high}",
            }
        )
    return pd.DataFrame(rows)


def call_by_call(base: Market, whole: bool) -> pd.DataFrame:
    """A row a segment: the second week's tokens, counted by the population and simulated call by call.

    Of a sample each task stands for as many; nothing is shared between tasks, so there are no limits to scale.
    """
    found = live(base.population, base.work, (MONDAYS[1] + timedelta(days=7)).isoformat())
    tasks, tokens = (by_week(one, found.first, MONDAYS[1:2])[0] for one in (found.tasks, found.tokens))
    rows = []
    for row, (name, segment) in enumerate(base.population.segments.items()):
        every = round(tasks[row].sum())
        some = every if whole else min(every, SAMPLE)
        weights = ", ".join(f"{model}: {one:.6g}" for model, one in zip(MODELS, tasks[row] / every, strict=True))
        scenario = sim.load(
            f"agent={segment.agent}", *MEASURED[base.harness], "router=weighted", "router.per=task", f"router.weights={{{weights}}}",
            f"backends=[{','.join(MODELS)}]", f"router.fee={segment.fee}", f"workload.tasks={some}", "log=none", "yes=true",
            f"workload.interarrival_s={{dist: exponential, mean: {604800 / some:.9g}}}", "replications=1" if whole else "replications=4",
            f"shards={min(MOST_SHARDS, 1 + every // 20_000) if whole else 1}",
        )  # fmt: skip
        total = sim.simulate(scenario).summary.loc["total_tokens", ["mean", "ci_low", "ci_high"]].astype(float) * (every / some / TERA)
        rows.append(
            {
                "second week": name,
                "tasks": compact(every),
                "each stands for": number(every / some),
                "counted, T": tokens[row].sum() / TERA,
                "call by call, T": total["mean"],
                "low": np.nan if whole else total["ci_low"],
                "high": np.nan if whole else total["ci_high"],
            }
        )
    return pd.DataFrame(rows)


def finding(table: pd.DataFrame, gone: pd.DataFrame, ways: pd.DataFrame) -> str:
    """What is predicted, what carried the second week, what explains the first."""
    last, first = table.iloc[-1], table.iloc[len(COUNTED)]
    points = gone.set_index("without")["share, points"]
    near = ways.set_index("people choose by")["error, points"]
    said = [f"{percent(row['share'])} ({percent(row['low'])} to {percent(row['high'])})" for row in (first, last)]
    return (
        f"Fitted to two weeks, Chinese models are predicted to have {said[0]} of the list's tokens in the week of {first['week']}, "
        f"{said[1]} in that of {last['week']}, and then {percent(last['share of dollars'])} of its dollars. The second week has "
        f"{-points.iloc[0]:.0f} points less without the launch of M2.5, {-points.iloc[1]:.0f} if nobody looks at bills. "
        f"With nothing fitted, measured bills miss the first week by {near.iloc[0]:+.0f} points, list prices by {near.iloc[2]:+.0f}, "
        f"taste alone by {near.iloc[3]:+.0f}"
    )


def _written(table: pd.DataFrame) -> str:
    def cell(value: object, name: str) -> str:
        if not isinstance(value, float):
            return str(value)
        if np.isnan(value):
            return "-"
        shares = ("counted", "share", "as last week", "trend", "share of dollars", "share of tasks", "share, first week", "worst count")
        if name in shares or (name in ("low", "high") and ("counted" in table or "error, points" in table)):
            return f"{100 * value:.1f} %"
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"

    return aligned(pd.DataFrame({name: [cell(value, str(name)) for value in table[name]] for name in table}))


def main() -> None:
    """Simulate bills, fit, print, draw."""
    parser = Words("article_weeks", __doc__)
    parser.add_argument("--out", type=Path, default=Path("outputs/article_weeks"), help="folder for the tables and the figures")
    parser.add_argument("--whole", action="store_true", help="simulate the second week whole, call by call: hours")
    asked = parser.parse_args()
    works, listed = {name: work_of(TASKS, *words) for name, words in MEASURED.items()}, work_of(TASKS, *LIST)
    base, markets = draws(works, DRAWS)
    if asked.whole:
        print("the second week whole: some hundred million calls, hours on two cores", file=sys.stderr)
    table, gone, ways = weeks(markets), causes(markets), reasons(works, listed)
    level = [flat(base, name) for name in FREE]
    counts = "\n".join(
        f"{origin} models, week of {monday}: counted {COUNTED[week, column]:.2f} T, ours {base.sums[week, column]:.2f} T"
        for week, monday in enumerate(MONDAYS[:2])
        for column, origin in enumerate(("Chinese", "American"))
    )
    parts = {
        "Fitted to four counts and to who is second and third, and to nothing later": _written(fits(base, markets)),
        f"Of {DRAWS} fits {len(markets)} have the ranking and come within {percent(CLOSE)} of each count; low, high: 90 % of those": counts,
        "Weeks, 90 % intervals; the last four predicted": _written(table),
        "The second week by model": f"{_written(ranking(base, markets))}\n\n{fill(leaders(markets), WIDE)}",
        "Reported of single models (press, conflicting)": _written(unfitted(base, markets)),
        "Without each cause, all else as fitted (not additive)": f"{_written(gone)}\n\n{fill(grown(markets), WIDE)}",
        "What people choose by": _written(ways),
        "What two weeks cannot tell": aligned(untold(level)),
        "Counted by the population, and call by call": _written(call_by_call(base, asked.whole)),
    }
    text = "\n\n".join(f"{title}\n\n{part}".strip() for title, part in parts.items())
    figures = {
        "article_weeks": weeks_as_areas(base, table),
        "what_two_weeks_tell": directions(level),
    }
    ahead = table[table[""] == "predicted"]
    scored = ahead[["week", "share", "low", "high"]].assign(tokens=ahead["tokens, T"] * TERA)
    publish("article_weeks", table, finding(table, gone, ways) + ".", figures, asked.out, text, {"predicted_weeks": scored})


if __name__ == "__main__":
    main()
