"""Can an outage of six minutes slow a team down for good?

    python -m experiments.metastable

N agents work through long tasks on Claude Opus 4.6 (a step some 28 s, 1,750 tokens of growth, prompts of some 150,000 tokens by minute 30)
behind a quota of 500,000 fresh input tokens a minute and a gateway that holds calls back in order. Prompts stay cached for five minutes.
From minute 30 to 36 the provider is out. Afterwards every prompt is cold: where the gateway needs longer than the cache lives to let all of
them through once, the next ones are cold again, and so on. So there is a second, slow state where N x prompt / quota > lifetime, that is
N > N* = quota x lifetime / prompt; the usual state needs only the growth of each step, and so holds many times as many agents. Between the
two what has happened decides.

Calibrated: price and speed of Claude Opus 4.6, growth of TraceLab. Assumed: the quota, one size of task, what each step adds, tools of 20 s
on average, clients that try again up to 50 times. Would change the finding: clients that stop, prompts that differ widely. Dollars a step
rise anyway as contexts grow, beyond 200,000 tokens at the long prompt's price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import INK, aligned, compact, draw_key, number, pen, percent, publish, scale, sheet, styled

from . import folder_of

AGENTS = (5, 10, 15, 20, 30, 40)
MANY = 30
"""Agents of the cures and of the curves."""
OUT_MIN, LENGTH_MIN, END_MIN = 30, 6, 100
QUOTA, TTL_S = 500_000, 300.0
REPLICATIONS = 4
BEFORE, AFTER = (OUT_MIN - 8, OUT_MIN), (END_MIN - 20, END_MIN)
"""Minutes that are compared."""
PLAIN = "gateway"
CURES: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "429s, clients with jitter": {"limit_gateway": False},
    "gateway that sheds beyond 10": {"limit_gateway_most": 10},
    "gateway, an hour's cache": {"cache_ttl_s": 3600.0},
    "gateway, twice the quota": {"input_tokens_per_min": 2 * QUOTA},
}
"""What is changed of the backend."""


def world(agents: int, **changes: Any) -> sim.Scenario:
    """So many agents that start half a minute apart, each with one task that outlasts the run."""
    loop: dict[str, Any] = {
        "turns": 2000,
        "requests": 1,
        "prior_tokens": 0,
        "system_tokens": 0,
        "prompt_tokens": 60_000,
        "output_tokens": 250,
    }
    loop |= {
        "tool_result_tokens": 1_500,
        "opening_turns": 0,
        "reasoning_share": 0.0,
        "turns_scale": 1,
        "output_scale": 1,
        "result_scale": 1,
    }
    loop |= {"turns_exponent": 0, "rewrite_rate": 0.0, "window_tokens": None, "tool_time_s": {"dist": "exponential", "mean": 20}}
    model: dict[str, Any] = {
        "input_tokens_per_min": QUOTA,
        "limit_gateway": True,
        "cache_ttl_s": TTL_S,
        "context_window_tokens": 10**7,
    } | changes
    key = "market.models.claude_opus_4_6"
    settings = {f"agent.{name}": value for name, value in loop.items()} | {f"{key}.{name}": value for name, value in model.items()}
    settings |= {"workload.tasks": agents, "workload.interarrival_s": 30.0, "retry.attempts": 50, "horizon_s": 60.0 * END_MIN}
    outage = {"kind": "outage", "at": 60.0 * OUT_MIN, "length_h": LENGTH_MIN / 60, "backend": "claude_opus_4_6"}
    settings |= {"events": [outage], "replications": REPLICATIONS, "log": "full"}
    return sim.load({"agent": "solo", "work": "same", "backends": ["claude_opus_4_6"]} | settings)


def steps(result: sim.Result) -> pd.DataFrame:
    """Answered calls with the minute in which they ended."""
    calls = result.calls[result.calls["status"] == "ok"]
    return calls.assign(minute=calls["t_end_s"] / 60, cold=calls["cache_read_tokens"] == 0)


def row(result: sim.Result, agents: int) -> dict[str, Any]:
    """Before and after, over replications."""
    found = steps(result)
    before, after = (found[found["minute"].between(*span)] for span in (BEFORE, AFTER))
    lengths = [(span[1] - span[0]) * REPLICATIONS for span in (BEFORE, AFTER)]
    prompt = before["input_tokens"].mean()
    return {
        "agents": agents,
        "steps/min before": len(before) / lengths[0],
        "after": len(after) / lengths[1],
        "cold after": after["cold"].mean(),
        "USD/step before": before["cost_usd"].mean(),
        "USD/step after": after["cost_usd"].mean(),
        "quota used before": (before["input_tokens"] - before["cache_read_tokens"]).sum() / lengths[0] / QUOTA,
        "N*": QUOTA * TTL_S / 60 / prompt,
    }


def tables() -> tuple[pd.DataFrame, pd.DataFrame, Mapping[int, pd.Series]]:
    """By number of agents behind the gateway; the cures for many of them; steps a minute over time."""
    by_size = {agents: sim.simulate(world(agents)) for agents in AGENTS}
    cured = {name: by_size[MANY] if not changes else sim.simulate(world(MANY, **changes)) for name, changes in CURES.items()}
    curves = {}
    for agents in (10, 20, MANY):
        minutes = steps(by_size[agents])["minute"].astype(int)
        curves[agents] = minutes.value_counts().reindex(range(END_MIN), fill_value=0).sort_index() / REPLICATIONS
    sizes = pd.DataFrame([row(result, agents) for agents, result in by_size.items()])
    cures = pd.DataFrame([{"at the limit": name} | row(result, MANY) for name, result in cured.items()])
    return sizes, cures, curves


def finding(sizes: pd.DataFrame, cures: pd.DataFrame) -> str:
    """What stays slow, from how many agents on, and what cures it."""
    many = sizes.set_index("agents").loc[MANY]
    well = sizes.loc[sizes["after"] > 0.7 * sizes["steps/min before"], "agents"].max()
    cured = cures.loc[cures["after"] > 0.7 * cures["steps/min before"], "at the limit"]
    helps = f"what helps: {'; '.join(cured)}" if len(cured) else "nothing tried here helps"
    return (
        f"Six minutes' outage leaves {MANY} agents behind a gateway at {number(many['after'])} steps a minute for good "
        f"({number(many['steps/min before'])} before, at {percent(many['quota used before'])} of the quota), "
        f"{percent(many['cold after'])} of them cold; up to {well} agents recover (N* = {many['N*']:.0f}); {helps}"
    )


@styled
def steps_over_time(sizes: pd.DataFrame, cures: pd.DataFrame, curves: Mapping[int, pd.Series]) -> Figure:
    """Left: steps a minute over time. Right: steps after over before, by number of agents."""
    note = (
        f"Claude Opus 4.6, quota {compact(QUOTA)} fresh input tokens a minute, cache {TTL_S / 60:.0f} minutes, {REPLICATIONS} runs. "
        "Grey: the outage. Dashed: N* = quota x lifetime / prompt, from which on the slow state exists."
    )
    figure = sheet(finding(sizes, cures), 5.0, note, key=True)
    left, right = figure.subplots(1, 2)
    for index, (agents, series) in enumerate(curves.items()):
        look = pen(index)
        line = {"color": look["color"], "linestyle": look["linestyle"]}
        left.plot(series.index, series.rolling(3, min_periods=1).mean(), label=f"{agents} agents", linewidth=1.6, **line)
    left.axvspan(OUT_MIN, OUT_MIN + LENGTH_MIN, color=INK, alpha=0.12)
    left.set_xlabel("time (minutes)")
    left.set_ylabel("answered steps a minute")
    scale(left, "y", 0, float(max(series.max() for series in curves.values())))
    right.plot(sizes["agents"], sizes["after"] / sizes["steps/min before"], marker="o", color=INK)
    right.axvline(float(sizes["N*"].mean()), color=INK, linestyle="--", linewidth=1)
    right.set_xlabel("agents")
    right.set_ylabel("steps: after / before")
    scale(right, "y", 0, 1.2)
    draw_key(figure, left)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("metastable", __doc__)
    sizes, cures, curves = tables()

    def told(frame: pd.DataFrame) -> str:
        shares = ("cold after", "quota used before")
        exact = frame.select_dtypes(["integer", "object", "string"]).map(str)
        rounded = {name: frame[name].map(percent if name in shares else number) for name in frame if name not in exact}
        return aligned(frame.assign(**rounded, **exact))

    text = f"Behind a gateway:\n\n{told(sizes)}\n\n{MANY} agents, otherwise limited:\n\n{told(cures)}"
    both = pd.concat([sizes.assign(**{"at the limit": PLAIN}), cures[cures["at the limit"] != PLAIN]], ignore_index=True)
    publish("metastable", both, finding(sizes, cures) + ".", {"metastable": steps_over_time(sizes, cures, curves)}, folder, text)


if __name__ == "__main__":
    main()
