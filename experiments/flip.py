"""Where does premium stop paying, as agents fan out?

    python -m experiments.flip

Claude Opus 4.6 solves a few more tasks than MiniMax M2.5 and costs more. For k sub-agents of n turns each (the job of
`effective_price`), a solved task worth V k^theta dollars and dP more tasks solved, premium pays while V k^theta dP > k dc(n), so up to
k* = (V dP / dc(n))^(1 / (1 - theta)): the flip needs returns that diminish (theta < 1). Each k* is checked in the simulator: the router
`most_value`, given V and theta, takes Opus 4.6 just below it and M2.5 just above.

Calibrated: prices of February 2026; the gap of 4.2 points (same harness) and of 0.6 (what vendors say). Assumed: V, theta, and that both
models take the same turns and words. That last one makes dc far larger than the 0.465 USD by which the bills of the same 500 tasks were
measured to differ: there a task breaks even at 11 USD. Would change the finding: a model's own number of turns, most of all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sim
from sim.report.study import aligned, draw_key, number, pen, publish, scale, sheet, styled
from sim.settings.market import MarketSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadSettings

from . import folder_of
from .divide_or_replicate import run
from .effective_price import PREMIUM, job
from .fanout_map import RIVAL, model, team

TURNS = (8, 20, 50, 84)
GAPS = {"same harness": 0.042, "vendors": 0.006}
THETAS = (0.0, 0.5, 0.8, 1.0)
VALUE = 100.0
QUALITY = 0.768
GROWTH, PAYS, WORTH = "growth of worth", "pays up to, sub-agents", "for one agent from, USD"
MOST = 200
"""Fan-outs beyond this are not simulated."""


@cache
def difference(turns: int) -> float:
    """dc(n): dollars by which the job costs more on Opus 4.6, simulated."""
    premium, rival = (run(job(turns, miss=0), model(name)).mean("cost_per_task_usd") for name in (PREMIUM, RIVAL))
    return premium - rival


def flips_at(value: float, gap: float, turns: int, theta: float) -> float:
    """k*; inf where premium pays at any fan-out, 0 where at none (theta = 1)."""
    ratio = value * gap / difference(turns)
    if theta == 1:
        return math.inf if ratio > 1 else 0.0
    return float(ratio ** (1 / (1 - theta)))


def takes_premium(fanout: int, value: float, gap: float, turns: int, theta: float) -> bool:
    """What the simulator's router does with one task of such a team."""
    qualities = {PREMIUM: QUALITY, RIVAL: QUALITY - gap}
    models = {name: dataclasses.replace(model(name), quality=quality) for name, quality in qualities.items()}
    scenario = sim.Scenario(
        backends=list(models), market=MarketSettings("study", models), agent=team(fanout, turns), replications=1, log=Log.none,
        router=RouterSettings(policy=Policy.most_value, per=ChoosePer.task),
        outcome=OutcomeSettings(value_usd=value, value_exponent=theta),
        workload=WorkloadSettings(tasks=1),
    )  # fmt: skip
    return sim.simulate(scenario.check()).mean(f"token_share.{PREMIUM}") == 1


def checked(k: float, gap: float, turns: int, theta: float) -> str:
    """Whether the router flips between 3 % below k* and 3 % above it."""
    if not 1.04 < k < MOST:
        return "-"
    below, above = math.floor(0.97 * k), math.ceil(1.03 * k)
    flips = takes_premium(below, VALUE, gap, turns, theta) and not takes_premium(above, VALUE, gap, turns, theta)
    return f"{below} to {above}" if flips else "NO"


def table() -> pd.DataFrame:
    """A row a gap, exponent and number of turns: k*, what the router did, and the value from which one agent pays."""
    rows = []
    for name, gap in GAPS.items():
        for theta in THETAS:
            for turns in TURNS:
                k = flips_at(VALUE, gap, turns, theta)
                rows.append(
                    {
                        "gap": f"{name}, {100 * gap:.1f} points",
                        GROWTH: theta,
                        "turns": turns,
                        PAYS: k,
                        "simulated between": checked(k, gap, turns, theta),
                        "USD more": difference(turns),
                        WORTH: difference(turns) / gap,
                    }
                )
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """Flip and break-even at both gaps."""
    rows = found[found[GROWTH] == 0].set_index(["gap", "turns"])
    measured, vendors = dict.fromkeys(found["gap"])
    few, many = rows.loc[(measured, 20)], rows.loc[(measured, 84)]
    one = rows.loc[(vendors, 50)][WORTH]
    return (
        f"At 4.2 points more solved and ${VALUE:.0f} per solved task Opus 4.6 pays up to {few[PAYS]:.1f} sub-agents of 20 turns, for none "
        f"of 84. There a task has to be worth ${many[WORTH]:.0f}; with the vendors' 0.6 points one of 50 turns ${one:.0f}"
    )


def text(found: pd.DataFrame) -> str:
    """The table, with words where a number of sub-agents is none or without end."""
    pays = ["any number" if math.isinf(k) else "none" if k < 1 else number(k, 3) for k in found[PAYS]]
    shown = found.assign(**{PAYS: pays})
    below = f"{PAYS}: at ${VALUE:.0f} per solved task. Growth of worth: a task of k sub-agents is worth k to that power as much."
    return f"{aligned(shown.map(lambda value: number(value) if isinstance(value, float) else str(value)))}\n\n{below}"


@styled
def flip_by_value(found: pd.DataFrame) -> Figure:
    """k* against the value of a task, one line a number of turns, one panel a gap; and against the exponent."""
    note = (
        "Lines end at one sub-agent: below it Opus 4.6 never pays. In the first two panels a task is worth the same, however many work. "
        f"Third panel: {100 * GAPS['same harness']:.1f} points, ${VALUE:.0f}; where worth grows in proportion (1) no number flips it."
    )
    figure = sheet(finding(found), 6.8, note, key=True)
    values, thetas = np.geomspace(10, 1000, 41), np.linspace(0, 0.9, 37)
    *by_value, by_theta = figure.subplots(1, 3, sharey=True)
    for axes, (name, gap) in zip(by_value, GAPS.items(), strict=True):
        _lines(axes, values, lambda v, n, gap=gap: flips_at(v, gap, n, 0.0), 10)
        scale(axes, "x", 10, 1000, "$")
        axes.set_xticks([10, 100, 1000], ["$10", "$100", "$1k"])
        axes.set_title(f"{100 * gap:.1f} points more solved ({name})")
        axes.set_xlabel("worth of a solved task\n(USD, log scale)")
    _lines(by_theta, thetas, lambda theta, n: flips_at(VALUE, GAPS["same harness"], n, theta), 9)
    by_theta.set_title("worth growing with the team")
    by_theta.set_xlabel("growth with sub-agents\n(0: none, 1: in proportion)")
    by_value[0].set_ylabel("sub-agents up to which Opus 4.6 pays (log scale)")
    draw_key(figure, by_value[0])
    return figure


def _lines(axes: Axes, xs: np.ndarray, flip: Callable[..., float], every: int) -> None:
    for index, turns in enumerate(TURNS):
        axes.plot(xs, [flip(x, turns) for x in xs], label=f"{turns} turns", **pen(index) | {"markevery": every})
    axes.axhline(1, color="#999999", linewidth=1)
    scale(axes, "y", 1.6, 300)
    axes.set_ylim(1, 300)


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("flip", __doc__)
    found = table()
    publish("flip", found, finding(found) + ".", {"flip": flip_by_value(found)}, folder, text(found))


if __name__ == "__main__":
    main()
