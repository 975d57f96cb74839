"""Which policy solves most for its money, and how wrong is it to multiply failure rates?

    python -m experiments.cascade

Single backends, retries, cascades, best of n and a majority, on the tasks of one harness: MiniMax M2.5 solves 72.6 % of them for
0.099 USD a task, Claude Opus 4.6 76.8 % for 0.772. Each set-up is simulated twice: with failures that go together as they were
measured, and with independent ones.

Calibrated (OpenHands index, 500 tasks): qualities, bills, the correlation of latent scores (0.87: Opus solves 32 % of what M2.5 does
not). `effort` 0.43 makes hard tasks cost more: on what M2.5 does not solve Opus costs 1.6 times its mean, so the measured cascade's bill
(0.434 USD) is met within 5 %; a failed try then costs 1.9 times a successful one, where 1.8 was measured. Successes and their
correlation are measurements; dollars are less: M2.5's bill is as first published (the index recalculated it later by other prices), and
the two ran on different versions of the harness (Opus cost 0.56 on M2.5's; mini-SWE-agent says 0.073 and 0.552).

Assumed: two tries of one model go together as two models do (more would be no surprise, and would make tries again worth less); tests
that do not err, or a verifier that is right in 72 % of cases and costs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

import sim
from sim.report.study import COLOURS, INK, draw_key, publish, scale, sheet, styled
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.market import BackendSettings, CacheKind, MarketSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.run import Log
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadSettings

from . import folder_of

CORRELATED, INDEPENDENT = OutcomeSettings(correlation=0.87, effort=0.43), OutcomeSettings(correlation=0.0, effort=0.43)
TASKS, REPLICATIONS = 1500, 8
TURNS = 10
"""Of a try: enough for bills to be in proportion to effort."""
MODELS = {"M2.5": (0.726, 0.0993), "Opus": (0.768, 0.772)}
"""Quality, dollars a task."""
VERIFIER: dict[str, Any] = {"true_positive": 0.72, "false_positive": 0.28}
SETUPS: dict[str, tuple[str, TriesSettings]] = {
    "M2.5": ("M2.5", TriesSettings()),
    "Opus": ("Opus", TriesSettings()),
    "M2.5, 2 tries": ("M2.5", TriesSettings(most=2)),
    "M2.5, 3 tries": ("M2.5", TriesSettings(most=3)),
    "Opus, 2 tries": ("Opus", TriesSettings(most=2)),
    "M2.5, then Opus": ("M2.5", TriesSettings(most=2, backends=["M2.5", "Opus"])),
    "M2.5 twice, then Opus": ("M2.5", TriesSettings(most=3, backends=["M2.5", "M2.5", "Opus"])),
    "M2.5, best of 5, verifier": ("M2.5", TriesSettings(most=5, parallel=True, **VERIFIER)),
    "M2.5, best of 5, tests": ("M2.5", TriesSettings(most=5, parallel=True)),
    "M2.5, majority of 5": ("M2.5", TriesSettings(most=5, parallel=True, pick=Pick.majority)),
    "Opus, best of 3, verifier": ("Opus", TriesSettings(most=3, parallel=True, **VERIFIER)),
}
MEASURED = {"M2.5": (0.726, 0.0993), "Opus": (0.768, 0.772), "M2.5, then Opus": (0.814, 0.434)}


def priced(quality: float, usd: float) -> BackendSettings:
    """A backend on which `TURNS` turns of 1,000 tokens cost what a task was measured to cost; turns cannot be cached."""
    each = usd / (TURNS * 1000) * 1e6
    return BackendSettings(input_usd_per_mtok=each, output_usd_per_mtok=0.0, quality=quality, cache=CacheKind.none)


def simulated(setup: str, outcome: OutcomeSettings) -> sim.Result:
    """One set-up, `REPLICATIONS` times `TASKS` tasks."""
    first, tries = SETUPS[setup]
    names = [first, *(name for name in dict.fromkeys(tries.backends) if name != first)]
    flat: dict[str, Any] = {"system_tokens": 1000, "prompt_tokens": 0, "output_tokens": 1, "reasoning_share": 1.0, "tool_result_tokens": 0}
    scenario = sim.Scenario(
        backends=names, market=MarketSettings("harness", {name: priced(*MODELS[name]) for name in names}),
        agent=AgentSettings(kind=AgentKind.react, turns=TURNS, tries=tries, **flat), outcome=outcome,
        workload=WorkloadSettings(tasks=TASKS, interarrival_s=1.0), replications=REPLICATIONS, log=Log.none,
    )  # fmt: skip
    return sim.simulate(scenario.check())


def table() -> pd.DataFrame:
    """A row a set-up: success, dollars a task and a success, with failures that go together and with independent ones."""
    rows = []
    for setup in SETUPS:
        real, naive = (simulated(setup, outcome).summary for outcome in (CORRELATED, INDEPENDENT))
        success, bill = real.loc["success_rate"], real.loc["cost_per_success_usd", "mean"]
        rows.append(
            {
                "set-up": setup,
                "success": success["mean"],
                "± points": 50 * (success["ci_high"] - success["ci_low"]),
                "USD/task": real.loc["cost_per_task_usd", "mean"],
                "USD/success": bill,
                "independent": naive.loc["success_rate", "mean"],
                "USD/task, ind.": naive.loc["cost_per_task_usd", "mean"],
                "points too high": 100 * (naive.loc["success_rate", "mean"] - success["mean"]),
                "USD/success off by": naive.loc["cost_per_success_usd", "mean"] / bill - 1,
                "measured": MEASURED[setup][0] if setup in MEASURED else float("nan"),
                "measured USD/task": MEASURED[setup][1] if setup in MEASURED else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def frontier(found: pd.DataFrame) -> list[str]:
    """Set-ups that no other beats in both success and dollars a task, from cheap to expensive."""
    best = -1.0
    out: list[str] = []
    for row in found.sort_values("USD/task").to_dict("records"):
        if row["success"] > best + row["± points"] / 100:
            best, out = row["success"], [*out, row["set-up"]]
    return out


def finding(found: pd.DataFrame) -> str:
    """What the table says of cascades and of independence."""
    rows = found.set_index("set-up")
    cascade = rows.loc["M2.5, then Opus"]
    many = rows.iloc[2:]
    points, per_cent = many["points too high"].max(), -100 * many["USD/success off by"].min()
    return (
        f"M2.5, then Opus solves {100 * cascade['success']:.1f} % for ${cascade['USD/task']:.2f} a task (measured: 81.4 %, $0.43), where "
        f"independent failures would promise {100 * cascade['independent']:.1f} %. Over all ways to try again they promise up to "
        f"{points:.0f} points too much, at a cost by success that is up to {per_cent:.0f} % too low"
    )


@styled
def success_by_cost(found: pd.DataFrame) -> Figure:
    """Success against dollars a task; hollow: what independence would promise."""
    figure = sheet(
        finding(found), 8.2, "Numbers: the set-ups listed on the right. Intervals of success are smaller than the markers.", key=True
    )
    axes = figure.subplots()
    best = found.set_index("set-up").loc[frontier(found)]
    axes.plot(best["USD/task"], best["success"], color=COLOURS[0], linewidth=1.6, label="none is better in both")
    for row in found.to_dict("records"):
        axes.plot([row["USD/task"], row["USD/task, ind."]], [row["success"], row["independent"]], color="#BBBBBB", linewidth=1, zorder=1)
    axes.scatter(found["USD/task"], found["success"], s=70, color=COLOURS[0], label="failures go together, as measured", zorder=3)
    axes.scatter(
        found["USD/task, ind."], found["independent"], s=60, facecolor="white", edgecolor=COLOURS[1], label="independent failures", zorder=2
    )
    seen = found.dropna(subset=["measured"])
    axes.scatter(
        seen["measured USD/task"], seen["measured"], s=170, marker="s", facecolor="none", edgecolor=INK, label="measured", zorder=4
    )
    for number, row in enumerate(found.to_dict("records"), 1):
        axes.annotate(str(number), (row["USD/task"], row["success"]), xytext=(0, -24), textcoords="offset points", ha="center", fontsize=11)
    names = "\n".join(f"{number:>2}  {setup}" for number, setup in enumerate(found["set-up"], 1))
    axes.annotate(names, (1.02, 1), xycoords="axes fraction", va="top", fontsize=11, linespacing=1.6, annotation_clip=False)
    scale(axes, "x", float(found["USD/task, ind."].min()) / 1.2, float(np.max(found["USD/task"])))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=0))
    axes.set_ylim(0.68, 1.01)
    axes.set_xlabel("dollars a task (USD, log scale)")
    axes.set_ylabel("tasks solved (%)")
    draw_key(figure, axes)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("cascade", __doc__)
    found = table()
    publish(
        "cascade",
        found,
        f"{finding(found)}. None is better in both than: {'; '.join(frontier(found))}.",
        {"cascade": success_by_cost(found)},
        folder,
    )


if __name__ == "__main__":
    main()
