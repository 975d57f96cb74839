"""Premium lead, cheap workers: what does a mixed team save against an all-premium team, and what does it cost over an all-cheap one?

    python -m experiments.mixed_team

The job: a lead works through the fitted coding session and once adds 2, 4, 8 or 16 sub-agents with briefs of their own, whose reports it
reads. Premium is Claude Opus 4.6, cheap is MiniMax M2.5. F6: the bill is the lead's loop and what it reads,
plus k times a worker's loop, so each part can be priced by itself: all premium + all cheap = mixed + reverse, but for waits that outlive
the lead's cache. The lead and its workers get a backend of their own here, so that the bill splits by role.

Calibrated: leads (386 recorded sessions), workers (39 recorded sub-agents, 33 of them explorers), prices of February 2026. Assumed: both
models need the same turns and words; the lead spawns once and works no less for having a team; success depends on the lead's backend
alone, however bad the workers, which flatters the mixed team: it succeeds as often as all premium by construction (workers' quality counts
where `outcome.success_exponent` is above 0). Would change the finding: longer work for workers, a shorter lead, cheap reports that make
the lead do work again, turns that differ by model.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import aligned, label_ends, number, pen, percent, publish, scale, sheet, styled
from sim.settings.market import MarketSettings
from sim.settings.router import Policy, RouterSettings

from . import folder_of

FANOUTS = (2, 4, 8, 16)
TOLD = (4, 16)
"""Fan-outs that the finding names, and the figure too."""
TASKS, REPLICATIONS = 150, 8
ADDED = ("agent.delegated_share=0", "agent.turns_per_wave=null")
PREMIUM, CHEAP = "claude_opus_4_6", "minimax_m2_5"
ALL_PREMIUM, MIXED, REVERSE, ALL_CHEAP = SETUPS = ("all premium", "premium lead, cheap workers", "cheap lead, premium workers", "all cheap")
MODELS = {ALL_PREMIUM: (PREMIUM, PREMIUM), MIXED: (PREMIUM, CHEAP), REVERSE: (CHEAP, PREMIUM), ALL_CHEAP: (CHEAP, CHEAP)}
"""Lead's and workers' model, by set-up."""
TASK = "cost_per_task_usd"
Teams = Mapping[str, sim.Result]
"""Results of one fan-out, by set-up."""


def team(base: sim.Scenario, fanout: int, lead: str, worker: str) -> sim.Scenario:
    """A team whose lead and workers have a backend each, even where they are of one model."""
    market = MarketSettings("study", {"lead": base.market.models[lead], "worker": base.market.models[worker]})
    router = RouterSettings(policy=Policy.by_role, roles={"lead": "lead", "worker": "worker"})
    changes = {"agent.fanout": fanout, "market": market, "backends": ["lead", "worker"], "router": router}
    return sim.replaced(base, changes).check()


def teams() -> dict[int, Teams]:
    """Every set-up at every fan-out, under the same random numbers."""
    base = sim.load("agent=team", *ADDED, f"workload.tasks={TASKS}", f"replications={REPLICATIONS}", "log=none")
    return {fanout: {name: sim.simulate(team(base, fanout, *MODELS[name])) for name in SETUPS} for fanout in FANOUTS}


def table(ran: Mapping[int, Teams]) -> pd.DataFrame:
    """A row a fan-out and set-up; ratios are paired, with the half-width of their interval."""
    rows = []
    for fanout, results in ran.items():
        for name, result in results.items():
            summary = result.summary
            row: dict[str, object] = {"fan-out": fanout, "set-up": name}
            row |= dict(zip(("USD/task", "low", "high"), summary.loc[TASK, ["mean", "ci_low", "ci_high"]], strict=True))
            row["lead's share"] = summary.loc["cost_share.lead", "mean"]
            for column, rival in (("/ all premium", ALL_PREMIUM), ("/ all cheap", ALL_CHEAP)):
                paired = sim.compare(results[rival], result).loc[TASK]
                row |= {column: paired["ratio"], f"{column} ±": (paired["ratio_ci_high"] - paired["ratio_ci_low"]) / 2}
            row |= {"task p50 s": summary.loc["task_latency_p50_s", "mean"], "success": summary.loc["success_rate", "mean"]}
            rows.append(row)
    return pd.DataFrame(rows)


def text(found: pd.DataFrame) -> str:
    """The table in few digits."""
    shown = pd.DataFrame({"fan-out": found["fan-out"].map(str), "set-up": found["set-up"]})
    shown["USD/task"] = found["USD/task"].map(number)
    shown["95 % interval"] = [f"{number(row['low'])} to {number(row['high'])}" for _, row in found.iterrows()]
    shown["lead's share"] = found["lead's share"].map(percent)
    for column, digits in (("/ all premium", 3), ("/ all cheap", 1)):
        shown[column] = [f"{row[column]:.{digits}f} ±{row[f'{column} ±']:.{digits}f}" for _, row in found.iterrows()]
    shown["task p50 s"] = found["task p50 s"].map(lambda value: f"{value:,.0f}")
    shown["success"] = found["success"].map(percent)
    return aligned(shown)


def parts(found: pd.DataFrame) -> str:
    """F6: whether the two mixed bills add up to the two pure ones."""
    bills = found.pivot(index="fan-out", columns="set-up", values="USD/task")
    off = ((bills[MIXED] + bills[REVERSE]) / (bills[ALL_PREMIUM] + bills[ALL_CHEAP]) - 1).abs().max()
    return f"Check (F6, bills add up by role): mixed + reverse is within {off:.2%} of all premium + all cheap at every fan-out."


def margin(found: pd.DataFrame) -> str:
    """How far the mixed team's success may fall, as bad workers might make it, before a success costs as much as with all premium."""
    mixed = found[found["set-up"] == MIXED].set_index("fan-out")
    falls = [f"{percent(row['success'] * row['/ all premium'])} with {fanout}" for fanout, row in mixed.iterrows()]
    return (
        f"Success is assumed to be the lead's model's ({percent(mixed['success'].iloc[0])}). By dollars a success the mixed team stays "
        f"ahead of all premium until bad workers push it below {', '.join(falls)} workers."
    )


def finding(found: pd.DataFrame) -> str:
    """What the mixed team saves and costs at 4 and at 16."""
    at = found.set_index(["fan-out", "set-up"])
    four, many = (at.loc[(fanout, MIXED)] for fanout in TOLD)
    leads = [percent(float(at.loc[(fanout, ALL_PREMIUM), "lead's share"])) for fanout in TOLD]
    return (
        f"If it solves as many, a premium lead with cheap workers saves {percent(1 - four['/ all premium'])} on all premium with 4, "
        f"{percent(1 - many['/ all premium'])} with 16. It costs {four['/ all cheap']:.0f} and {many['/ all cheap']:.0f} times all cheap: "
        f"the lead alone is {leads[0]} and {leads[1]} of the all-premium bill"
    )


@styled
def dollars_by_fanout(found: pd.DataFrame) -> Figure:
    """Dollars a task against fan-out, one line a set-up, with intervals."""
    note = (
        "Premium: Claude Opus 4.6, cheap: MiniMax M2.5. Bars: 95 % intervals. Every model is given the same turns and words; "
        "success depends on the lead's model alone, which flatters premium leads with cheap workers. Mixed: premium lead, cheap workers."
    )
    figure = sheet(finding(found), 6.8, note)
    axes = figure.subplots()
    ends, colours = {}, {}
    for index, name in enumerate(SETUPS):
        look, rows = pen(index), found[found["set-up"] == name]
        bills = rows["USD/task"]
        axes.errorbar(rows["fan-out"], bills, yerr=[bills - rows["low"], rows["high"] - bills], capsize=7, **look | {"markersize": 5})
        ends[name], colours[name] = (FANOUTS[-1], float(bills.iloc[-1])), look["color"]
    tops = {name: found[found["set-up"] == name].set_index("fan-out")["high"] for name in (ALL_PREMIUM, ALL_CHEAP)}
    for row in found[(found["set-up"] == MIXED) & found["fan-out"].isin(TOLD)].to_dict("records"):
        at, saved, times = row["fan-out"], percent(1 - row["/ all premium"]), f"{row['/ all cheap']:.0f}"
        for name, told in ((ALL_PREMIUM, f"mixed saves {saved}"), (ALL_CHEAP, f"mixed costs {times} times this")):
            axes.annotate(
                told, (at, tops[name][at]), (0, 5), textcoords="offset points", ha="right" if at == FANOUTS[-1] else "center", fontsize=10
            )
    scale(axes, "x", FANOUTS[0], FANOUTS[-1])
    scale(axes, "y", float(found["USD/task"].min()), float(found["USD/task"].max()), "$")
    axes.set_xticks(FANOUTS, [str(fanout) for fanout in FANOUTS])
    axes.minorticks_off()
    axes.set_xlim(1.8, 17.5)
    axes.set_xlabel("fan-out: workers of one lead (log scale)")
    axes.set_ylabel("dollars per task (USD, log scale)")
    label_ends(axes, ends, colours)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("mixed_team", __doc__)
    found = table(teams())
    figures = {"mixed_team": dollars_by_fanout(found)}
    publish("mixed_team", found, finding(found) + ".", figures, folder, f"{text(found)}\n\n{parts(found)}\n{margin(found)}")


if __name__ == "__main__":
    main()
