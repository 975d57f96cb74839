"""How much more expensive is Claude Opus 4.6 than its rivals, for the same work, as an agent takes more turns?

    python -m experiments.effective_price

The list says 16.7 times MiniMax M2.5. The job: a prompt of 20,000 tokens that grows by 1,750 a turn, 523 tokens of output, and one gap in
48 that outlives the cache. The longer the job, the more of it is re-read prefix, and the closer the ratio of bills comes
to that of the prices of a cached token.

Calibrated: prices of February 2026; growth, output and misses of TraceLab (4,265 sessions). Assumed: every model needs the same turns and
words; nothing fails; no router's fee; every window holds the job. Would change the finding: another cache price, another model's own
number of turns.
"""

from __future__ import annotations

import dataclasses

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import label_ends, pen, publish, scale, sheet, styled
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.market import BackendSettings, CacheKind, MarketSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadSettings

from . import folder_of

TURNS = (1, 2, 5, 10, 20, 40, 84)
MISS = 0.021
TASKS = 500
PREMIUM = "claude_opus_4_6"
RIVALS = {
    "MiniMax M2.5 (vendor)": "minimax_m2_5",
    "MiniMax M2.5 (OpenRouter)": "minimax_m2_5_openrouter",
    "MiniMax M2.5 (no cache)": "minimax_m2_5",
    "Kimi K2.5": "kimi_k2_5",
    "GLM-5": "glm_5",
    "DeepSeek V3.2": "deepseek_v3_2",
}


def job(turns: int, miss: float = MISS) -> AgentSettings:
    """The job of so many turns; a gap outlives every cache with probability `miss`."""
    gap_s = {"dist": "mixture", "weights": [1 - miss, miss], "parts": [1.0, 90_000.0]} if miss else 1.0
    return AgentSettings(
        kind=AgentKind.react,
        system_tokens=20_000,
        prompt_tokens=0,
        turns=turns,
        output_tokens=523,
        tool_result_tokens=1_227,
        tool_time_s=gap_s,
    )


def plain(backend: BackendSettings, *, cached: bool = True) -> BackendSettings:
    """The backend without what is not its price: failures, a window, a fee, its speed, its work."""
    cache = backend.cache if cached else CacheKind.none
    return dataclasses.replace(
        backend,
        error_rate=0.0,
        context_window_tokens=2_000_000,
        fee=0.0,
        cache=cache,
        noise_sigma=0.0,
        decode_tokens_per_s=None,
        turn_multiplier=1.0,
        verbosity=1.0,
        works={},
    )


def dollars(backend: BackendSettings, turns: int, tasks: int = TASKS) -> float:
    """Mean bill of the job, simulated."""
    market = MarketSettings("study", {"one": backend})
    workload = WorkloadSettings(tasks=tasks, interarrival_s=1.0)
    scenario = sim.Scenario(backends=["one"], market=market, agent=job(turns), workload=workload, replications=2, log=Log.none)
    return sim.simulate(scenario.check()).mean("cost_per_task_usd")


def table() -> pd.DataFrame:
    """A row a number of turns: dollars on Opus 4.6, and how many times that of each rival."""
    models = sim.load().market.models
    rivals = {name: plain(models[model], cached="no cache" not in name) for name, model in RIVALS.items()}
    rows = []
    for turns in TURNS:
        premium = dollars(plain(models[PREMIUM]), turns)
        rows.append({"turns": turns, "Opus 4.6, USD": premium} | {name: premium / dollars(rival, turns) for name, rival in rivals.items()})
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """What the table says of M2.5."""
    first, last = found.iloc[0], found.iloc[-1]
    vendor, router, none = (last[name] for name in list(RIVALS)[:3])
    return (
        f"Over {first['turns']:.0f} to {last['turns']:.0f} turns Opus 4.6 costs {vendor:.1f} times as much as MiniMax M2.5 at its vendor, "
        f"but falls to {router:.1f} times where M2.5's cache reads cost half of the list, and to {none:.1f} times where it has no cache"
    )


@styled
def ratio_by_turns(found: pd.DataFrame) -> Figure:
    """Ratio of the bills against turns, one line a rival."""
    figure = sheet(finding(found), 6.4, "List price of input: 16.7 times MiniMax M2.5's. Every model is given the same turns and words.")
    axes = figure.subplots()
    ends, colours = {}, {}
    for index, name in enumerate(RIVALS):
        look = pen(index)
        axes.plot(found["turns"], found[name], **look)
        ends[name], colours[name] = (float(found["turns"].iloc[-1]), float(found[name].iloc[-1])), look["color"]
    scale(axes, "x", 1, 84)
    scale(axes, "y", float(found[list(RIVALS)].min().min()), float(found[list(RIVALS)].max().max()))
    axes.set_xlabel("turns of the job (log scale)")
    axes.set_ylabel("bill on Opus 4.6 over the bill on the model named (log scale)")
    label_ends(axes, ends, colours)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("effective_price", __doc__)
    found = table()
    publish("effective_price", found, finding(found) + ".", {"effective_price": ratio_by_turns(found)}, folder)


if __name__ == "__main__":
    main()
