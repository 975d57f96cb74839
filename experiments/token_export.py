"""What crosses the border when agents take Chinese models: tokens, dollars, electricity? By origin, and by where calls are served.

    python -m experiments.token_export

The second week of `article_weeks` (16 February 2026) as its population uses it, model by model: tokens, what they are billed, and what a
fleet like DeepSeek's would burn for them. Where a model comes from is not where it is served: the weights of these four are open, and
readers of OpenRouter guess that half of their tokens and more are served in the West (weak). So what is exported is a range.

Fitted: four numbers of the population. Taken over: 46 Wh a million tokens prefilled and 230 Wh a million decoded, on every model
(DeepSeek's disclosure: 73,700 and 14,800 tokens a second on a node of 10.2 kW, times a PUE of 1.2, assumed); a cached token is read for
nothing; $0.06 a kWh (China: 0.03 to 0.08, R). Published joules a token differ by more than ten times: hold kilowatt-hours to their order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments import folder_of
from experiments.market.fitted import Market, fitted
from experiments.market.people import CALIBRATED_UNTIL, MODELS, START, TERA, Task, chinese, labels, people, tasks_of, work_of
from sim.population import live
from sim.report.study import COLOURS, draw_key, percent, publish, sheet, styled

TASKS = 300
"""Simulated for each bill."""
WH_PREFILLED, WH_DECODED = 46.0, 230.0
"""A million tokens."""
USD_PER_KWH = 0.06
WEST = (0.0, 0.5, 0.9)
"""Shares of Chinese models' tokens that are served outside China."""
MEASURED = ("work=measured",)
FILLS = ((COLOURS[1], ""), (COLOURS[5], "//"), (COLOURS[0], ""))


def burnt(one: Task) -> float:
    """Watt-hours of a task."""
    return (one.fresh * WH_PREFILLED + one.output * WH_DECODED) / 1e6


def by_model(one: Market) -> pd.DataFrame:
    """A row a model of the second week: tokens, dollars, kilowatt-hours."""
    found = live(one.population, one.work, CALIBRATED_UNTIL)
    tasks, tokens, usd = (each[-7:].sum(axis=0) for each in (found.tasks, found.tokens, found.usd))
    wh = np.array([[burnt(tasks_of(segment.agent, model, TASKS, *MEASURED)) for model in MODELS] for segment in people().segments.values()])
    ours = chinese(one.work)
    rows = [
        {
            "model": labels()[model],
            "from": "China" if ours[place] else "USA",
            "tokens, T": tokens[:, place].sum() / TERA,
            "M USD": usd[:, place].sum() / 1e6,
            "MWh": (tasks * wh)[:, place].sum() / 1e6,
        }
        for place, model in enumerate(MODELS)
    ]
    found_rows = pd.DataFrame(rows).sort_values("tokens, T", ascending=False, ignore_index=True)
    found_rows["USD per M tokens"] = found_rows["M USD"] / found_rows["tokens, T"]
    found_rows["electricity, share of dollars"] = found_rows["MWh"] * USD_PER_KWH * 1e3 / (found_rows["M USD"] * 1e6)
    return found_rows


def exported(found: pd.DataFrame) -> pd.DataFrame:
    """A row a share of Chinese models' tokens served in the West: what is left to be served in China."""
    ours = found[found["from"] == "China"]
    sums = {name: float(ours[name].sum()) for name in ("tokens, T", "M USD", "MWh")}
    rows = [{"served in the West": west} | {f"in China: {name}": (1 - west) * value for name, value in sums.items()} for west in WEST]
    left = pd.DataFrame(rows)
    left["share of all tokens"] = left["in China: tokens, T"] / found["tokens, T"].sum()
    left["share of all dollars"] = left["in China: M USD"] / found["M USD"].sum()
    left["electricity, k USD"] = left["in China: MWh"] * USD_PER_KWH
    return left


def finding(found: pd.DataFrame, left: pd.DataFrame) -> str:
    """Tokens against dollars, what may be served where, electricity."""
    most, least = left.iloc[0], left.iloc[-1]
    power = most["electricity, k USD"] / (1000 * most["in China: M USD"])
    tokens, dollars = (percent(most[f"share of all {name}"]) for name in ("tokens", "dollars"))
    return (
        f"Chinese models have {tokens} of the week's tokens and {dollars} of its dollars: ${most['in China: M USD']:.1f}M for "
        f"{most['in China: MWh']:,.0f} MWh, whose electricity is {100 * power:.1f} % of that; if the West serves "
        f"{percent(WEST[-1])} of them, China exports ${least['in China: M USD']:.2f}M"
    )


@styled
def shares(found: pd.DataFrame, left: pd.DataFrame) -> Figure:
    """Tokens, dollars and electricity: by origin, then by place of service."""
    note = (
        "Shares of the second week's tokens, of its dollars, and of the electricity if all were served as DeepSeek's fleet serves. "
        "Nobody has counted who serves open weights: three guesses."
    )
    figure = sheet(finding(found, left), 6.0, note, key=True)
    names = {"tokens, T": "tokens", "M USD": "dollars", "MWh": "electricity"}
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


def main() -> None:
    """Simulate bills, fit, add up, print, draw."""
    folder = folder_of("token_export", __doc__)
    one = fitted(work_of(TASKS, *MEASURED), {}, "mini_v2", START)
    found = by_model(one)
    left = exported(found)
    publish("token_export", found, finding(found, left) + ".", {"token_export": shares(found, left)}, folder, more={"served": left})


if __name__ == "__main__":
    main()
