"""What does an hour of one developer cost, by how many agents work at once and on which backend?

    python -m experiments.developer_hour

The job: the coding session fitted to recorded ones (`agent=solo`), on the eight backends of February 2026. A busy hour is one of an
agent's time, its calls and its waits for tools, its user's thinking left out (`cost_per_busy_hour_usd`: the same in every study, in a
replay too). F16: dollars an hour = calls an hour x dollars a call, so it hangs on the waits after tool calls, and two sources differ:

* published: what the tools themselves took, 17 seconds in the mean (TraceLab, 432,510 calls);
* recorded: what the fitted sessions waited before they sent a tool's result, 81 seconds in the mean (`coding_session_recorded_waits`).
  That holds people who were asked for approval, and laptops that slept: two thirds of the seconds lie in the 2 % of waits that are longer
  than ten minutes.

Backends have no slots by default, so n busy agents cost n times one: simulated with 20 users side by side against 1, and printed.

A busy hour is not an hour at the desk. A developer's day was reported to cost $13 and to hold about 0.87 busy hours of one agent;
the second follows from the first at TraceLab's $14.9 a busy hour, so they are one observation. The table prices 0.87 busy hours anew.

Calibrated: sessions (386 recorded), prices of February 2026, both kinds of waits. Assumed: every model needs the same turns and words;
speeds as marked in `conf/backend`; an agent's busy hour is the same whoever else works; the users' pauses let caches expire as in the
fitted sessions. Would change the finding: shorter tools or a faster model (more calls an hour), agents that wait for one another or for a
slot, a longer-lived cache, long-context prices.
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import INK, aligned, dollars, label_ends, number, pen, percent, publish, scale, sheet, styled
from sim.settings.workload import WorkloadKind, WorkloadSettings

from . import folder_of

BACKENDS = ("claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "minimax_m2_5", "kimi_k2_5", "glm_5", "deepseek_v3_2")
PREMIUM, CHEAP = "claude_opus_4_6", "minimax_m2_5"
AGENTS = (1, 2, 3, 4, 6, 8, 12, 16, 20)
BUDGETS_USD = (20, 50)
TASKS, REPLICATIONS = 400, 8
BUSY_HOURS_A_DAY = 0.87
HOUR = "cost_per_busy_hour_usd"
RECORDED, RECORDED_CALLS = "recorded waits: USD/busy hour", "recorded waits: calls/busy hour"
WAITS = {"published": "coding_session", "recorded": "coding_session_recorded_waits"}
"""Seconds after a tool call: of the tools alone, or as sessions were recorded."""


class Crowd(NamedTuple):
    """What some users side by side come to."""

    busy_agents: float
    """At work at the same time, on average."""
    usd_per_clock_hour: float
    usd_per_busy_hour: float


def solo(backend: str, waits: str = "published") -> sim.Scenario:
    """One agent on a coding session, and no rows kept."""
    size = f"workload.tasks={TASKS}", f"replications={REPLICATIONS}"
    return sim.load("agent=solo", f"profile@agent={WAITS[waits]}", f"backends=[{backend}]", *size, "log=none")


def passes(budget: float, usd_per_hour: float) -> int:
    """The fewest agents whose hour costs more than the budget."""
    return math.floor(budget / usd_per_hour) + 1


def recorded_waits(backend: str) -> dict[str, float]:
    """Dollars of a busy hour and calls in it, if tools take as long as sessions were recorded to wait."""
    mean = sim.simulate(solo(backend, "recorded")).mean
    return {RECORDED: mean(HOUR), RECORDED_CALLS: mean(HOUR) * mean("calls") / mean("cost_usd")}


def table() -> pd.DataFrame:
    """A row a backend, most expensive first: dollars a busy hour with interval, agents that pass a budget, a day, and dollars by agents."""
    rows = []
    for name in BACKENDS:
        scenario = solo(name)
        summary = sim.simulate(scenario).summary
        hour, low, high = (float(value) for value in summary.loc[HOUR, ["mean", "ci_low", "ci_high"]])
        call = float(summary.loc["cost_per_task_usd", "mean"] / summary.loc["calls_per_task", "mean"])
        row: dict[str, object] = {"id": name, "backend": scenario.market.models[name].label}
        row |= {"USD/busy hour": hour, "low": low, "high": high, "calls/busy hour": hour / call, "USD/call": call}
        row |= recorded_waits(name)
        row |= {f"agents to pass ${budget}/h": passes(budget, hour) for budget in BUDGETS_USD}
        row |= {"USD/developer day": BUSY_HOURS_A_DAY * hour} | {f"{agents} at once": agents * hour for agents in AGENTS}
        rows.append(row)
    return pd.DataFrame(rows).sort_values("USD/busy hour", ascending=False, ignore_index=True)


def crowd(users: int) -> Crowd:
    """The same sessions on the premium backend, by so many users side by side, each without a break."""
    workload = WorkloadSettings(kind=WorkloadKind.users, users=users, tasks_per_user=TASKS // users, session_gap_s=0.0)
    result = sim.simulate(dataclasses.replace(solo(PREMIUM), workload=workload, replications=1))
    tally = result.tallies[0]
    return Crowd(tally.task_busy_s / tally.ended_s, 3600 * tally.task_cost_usd / tally.ended_s, result.mean(HOUR))


def check() -> str:
    """What 20 users at once cost against one after another, in a sentence."""
    many, one = crowd(AGENTS[-1]), crowd(1)
    return (
        f"Check: the same {TASKS} sessions on {PREMIUM} by {AGENTS[-1]} users at once and by 1: {many.busy_agents:.2f} and "
        f"{one.busy_agents:.2f} agents busy on average, {many.usd_per_clock_hour:.4g} and {one.usd_per_clock_hour:.4g} USD an hour "
        f"of the clock, {many.usd_per_busy_hour:.5g} and {one.usd_per_busy_hour:.5g} USD a busy hour. "
        f"So n busy agents cost {many.usd_per_busy_hour / one.usd_per_busy_hour:.4f} times n times one."
    )


def day(found: pd.DataFrame) -> str:
    """What an active day comes to: a busy hour is not an hour at the desk."""
    dear = found.set_index("id").loc[PREMIUM]
    return (
        f"A busy hour is not an hour at the desk: a developer's day of about {BUSY_HOURS_A_DAY} busy hours comes to "
        f"{dollars(dear['USD/developer day'])} on {dear['backend']}, with recorded waits to {dollars(BUSY_HOURS_A_DAY * dear[RECORDED])} "
        f"(published: $13), one agent busy for 8 hours to ${8 * dear['USD/busy hour']:.0f} or ${8 * dear[RECORDED]:.0f}."
    )


def why(found: pd.DataFrame) -> str:
    """Why the two kinds of waits give two hours, in a sentence."""
    dear = found.set_index("id").loc[PREMIUM]
    return (
        f"The same sessions make {dear['calls/busy hour']:.0f} calls in a busy hour if they wait for their tools alone (published "
        f"times), and {dear[RECORDED_CALLS]:.0f} if they wait as recorded, for approvals and sleeping laptops too: "
        f"{dollars(dear['USD/busy hour'])} and {dollars(dear[RECORDED])} on {dear['backend']} (measured elsewhere: $8.8 and $14.9)."
    )


def finding(found: pd.DataFrame) -> str:
    """Where the premium and the cheap backend reach tens of dollars."""
    dear, cheap = (found.set_index("id").loc[name] for name in (PREMIUM, CHEAP))
    small, large = (f"agents to pass ${budget}/h" for budget in BUDGETS_USD)
    return (
        f"A busy hour of one agent costs {dollars(dear['USD/busy hour'])} on {dear['backend']} and {dollars(cheap['USD/busy hour'])} on "
        f"{cheap['backend']} if it waits for tools alone, so {_agents(int(dear[small]))} $20 an hour and "
        f"{_agents(int(dear[large]))} $50 on the first, {cheap[small]} and {cheap[large]} on the second; "
        f"{dollars(dear[RECORDED])} and {dollars(cheap[RECORDED])} with waits as recorded"
    )


def _agents(count: int) -> str:
    return "one agent passes" if count == 1 else f"{count} at once pass"


def text(found: pd.DataFrame) -> str:
    """The table without dollars by agents, which the figure shows and the CSV holds."""
    shown = found.drop(columns=["id", *(f"{agents} at once" for agents in AGENTS)])
    return aligned(shown.map(lambda value: number(value) if isinstance(value, float) else str(value)))


@styled
def dollars_by_agents(found: pd.DataFrame) -> Figure:
    """Dollars an hour against agents at work at once, one line a backend, and two budgets."""
    widest = float(((found["high"] - found["low"]) / 2 / found["USD/busy hour"]).max())
    note = (
        f"Tool times as published. {why(found)} {day(found)} 95 % intervals, at most ±{percent(widest)}, are narrower than the marks. "
        "Every model is given the same turns and words."
    )
    figure = sheet(finding(found), 7.2, note)
    axes = figure.subplots()
    ends, colours = {}, {}
    for index, row in found.iterrows():
        look, name = pen(int(str(index))), str(row["backend"])
        hours = [row[f"{agents} at once"] for agents in AGENTS]
        axes.plot(AGENTS, hours, **look)
        ends[name], colours[name] = (AGENTS[-1], hours[-1]), look["color"]
    scale(axes, "x", 1, AGENTS[-1])
    scale(axes, "y", float(found["1 at once"].min()), float(found[f"{AGENTS[-1]} at once"].max()), "$")
    axes.set_xticks(AGENTS, [str(agents) for agents in AGENTS])
    axes.set_xlim(0.9, 21)
    for budget in BUDGETS_USD:
        axes.axhline(budget, color=INK, linewidth=1.2, linestyle=(0, (2, 2)))
        axes.annotate(f"${budget} an hour", (0.92, budget), xytext=(0, 3), textcoords="offset points", color=INK, fontsize=11)
    axes.set_xlabel("agents busy at the same time (log scale)")
    axes.set_ylabel("dollars an hour (USD/h, log scale)")
    label_ends(axes, ends, colours)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("developer_hour", __doc__)
    found = table()
    figures = {"developer_hour": dollars_by_agents(found)}
    publish("developer_hour", found, finding(found) + ".", figures, folder, f"{text(found)}\n\n{why(found)}\n{check()}\n{day(found)}")


if __name__ == "__main__":
    main()
