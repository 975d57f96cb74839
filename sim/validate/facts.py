"""Published facts: those that the simulator reproduces, and those that it cannot yet, with the reason."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from sim import theory
from sim.backends.pricing import Price
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentSettings
from sim.settings.market import BackendSettings, CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.run import Log
from sim.settings.tries import TriesSettings
from sim.usage import Usage
from sim.validate.target import Check, Target, agent, many, world

TRACELAB = "TraceLab (arXiv 2606.30560)"
JOB: dict[str, Any] = {"system_tokens": 19_000, "prompt_tokens": 1000, "tool_result_tokens": 1227, "output_tokens": 523}
"""B = 20,000 tokens, g = 1,750, o = 523."""
PER_HOUR = Usage(19_700_000, 18_870_000, 830_000, 67_000)
"""Of one busy agent-hour in TraceLab: 54.9e9 input, 52.6e9 cached, 186.9e6 output tokens over 2,783 hours."""


def job(name: str, turns: int) -> float:
    """USD of a job of so many turns that misses its cache in 2.1 % of them, without a reseller's fee: by theory, exactly."""
    scenario = load(f"backends=[{name}]", "agent=solo")
    served = replace(scenario.market.models[name], error_rate=0.0, cache_min_tokens=0, fee=0.0)
    alone = AgentSettings(**JOB, turns=turns, rewrite_rate=0.021)
    return float(theory.expect(world(alone, served)).values["cost_per_task_usd"])


def effective_prices() -> list[Target]:
    """One job on two price lists, by number of turns."""
    published = {1: (0.138, 17.0, 21.0), 5: (0.290, 17.5, 11.7), 20: (1.016, 17.6, 7.7), 84: (6.858, 17.2, 5.4)}
    out = []
    for turns, (usd, direct, resold) in published.items():
        opus = job("claude_opus_4_6", turns)
        out += [
            Target(f"{turns}-turn job on Opus 4.6, USD", usd, opus, 0.01, "price lists, F4"),
            Target(f"{turns}-turn job, Opus 4.6 / MiniMax M2.5", direct, opus / job("minimax_m2_5", turns), 0.02, "price lists, F4"),
            Target(
                f"{turns}-turn job, Opus 4.6 / M2.5 resold", resold, opus / job("minimax_m2_5_openrouter", turns), 0.02,
                "price lists, F4",
            ),
        ]  # fmt: skip
    return out


def hours() -> list[Target]:
    """F16: the tokens of a recorded busy hour at list prices."""
    models = load().market.models
    published = {"claude_opus_4_6": 16.3, "minimax_m2_5": 0.96, "kimi_k2_5": 2.6, "deepseek_v3_2": 0.79}
    out = []
    for name, usd in published.items():
        settings = models[name]
        write = PER_HOUR.cache_write_tokens if settings.cache is CacheKind.explicit else 0
        bill = _at_base(Price(settings), write)
        out.append(Target(f"F16 busy hour on {settings.label}, USD", usd, bill, 0.03, TRACELAB))
    return out


def _at_base(price: Price, write: int) -> float:
    """The hour's calls have 154,000 tokens each in the mean, below every tier."""
    rates, mix = price.base, PER_HOUR
    fresh = mix.input_tokens - mix.cache_read_tokens - write
    return fresh * rates.fresh + mix.cache_read_tokens * rates.cache_read + write * rates.cache_write + mix.output_tokens * rates.output


def compaction() -> list[Target]:
    """F5b: where to compact is an inventory problem; dollars a turn of a long job on Opus 4.6 at two windows.

    As published: without the turns' own output, the head of the prompt staying cached over a compaction.
    """
    best = theory.best_window(again=25_000, growth=1750, extra=5000 * (25 + 6.25) / 0.5)
    served = replace(load().market.models["claude_opus_4_6"], error_rate=0.0, share_system=True)

    def a_turn(window: float) -> float:
        squeezed = AgentSettings(**JOB, turns=4000, compact_at_tokens=window, summary_tokens=5000)
        return simulate(world(squeezed, served)).mean("cost_usd") / 4000 - 523 * 25e-6

    return [
        Target("F5b best window, tokens", 59_000, best, 0.01, "EOQ, W* = B2 + sqrt(2 g (B2 + s (p_o + p_w) / p_r))"),
        Target("F5b USD a turn at that window, no output", 0.040, a_turn(best), 0.05, "the same"),
        Target("F5b USD a turn at 167,000 tokens, no output", 0.061, a_turn(167_000), 0.05, "the same"),
    ]


def cascade() -> list[Target]:
    """V5: MiniMax M2.5, then Claude Opus 4.6 with a perfect check, on the 500 tasks of one harness; independence says 0.936.

    Successes only: the index has published two bills for the same run of M2.5.
    """
    flat: dict[str, Any] = {"turns": 40, "output_tokens": 1, "tool_result_tokens": 0, "reasoning_share": 1.0}

    def priced(quality: float, usd: float) -> BackendSettings:
        each = usd / 40 / 2001 * 1e6
        plain = world(agent()).market.models["one"]
        return replace(plain, quality=quality, input_usd_per_mtok=each, output_usd_per_mtok=each, cache=CacheKind.none)

    pair = {"weak": priced(0.726, 0.0993), "strong": priced(0.768, 0.772)}
    tried = agent(tries=TriesSettings(most=2, backends=["weak", "strong"]), **flat)
    found = many(world(tried, pair, outcome=OutcomeSettings(correlation=0.87, effort=0.43)), 1500)
    source = "OpenHands index 3015ac6"
    return [
        Target("V5 cascade: success", 0.814, found.mean("success_rate"), 0.03, source),
        Target("V5 what independence says", 0.936, theory.cascade(first=0.726, second=0.768)[0], 0.001, source),
        Target("V5 phi of the pair", 0.65, theory.phi_of(0.726, 0.768, 0.87), 0.03, source),
    ]


def coding(*overrides: str, tasks: int = 150) -> Result:
    """Fitted sessions on Claude Opus 4.6."""
    scenario: Scenario = load("agent=solo", "backends=[claude_opus_4_6]", f"workload.tasks={tasks}", *overrides)
    return simulate(replace(scenario, replications=6, processes=None, log=Log.sample, log_sample=1_000_000))


WAITS = "profile@agent=coding_session_recorded_waits"
TOOLS = "its tool times, but contexts and misses of our recorded sessions, whose calls cost half as much again"
HELD_UP = "recorded waits hold people who approve and laptops that sleep, so an hour has 45 calls and not 128"
OTHERS = "fitted to other sessions (386 of kv-cache-tester), whose contexts, waits and models differ"


def sessions() -> list[Target]:
    """V2, V9: what our fitted sessions come to beside those of TraceLab."""
    found = coding()
    total = found.mean("cost_usd")
    tasks = found.tasks["cost_usd"]
    multiplier = found.mean("token_multiplier")
    team = coding("agent=team", tasks=60).mean("token_multiplier")
    steps = found.mean("calls_per_task") / (found.mean("task_latency_mean_s"))
    vendor = "Anthropic engineering post"
    return [
        Target("V2 hit rate", 0.958, found.mean("cache_hit_rate"), 0.10, TRACELAB),
        Target("V2 share of reads in the bill", 0.595, found.mean("cost_cache_read_usd") / total, 0.10, TRACELAB, missed=OTHERS),
        Target("V2 share of writes in the bill", 0.292, found.mean("cost_cache_write_usd") / total, 0.10, TRACELAB, missed=OTHERS),
        Target("V2 share of output in the bill", 0.112, found.mean("cost_output_usd") / total, 0.10, TRACELAB, missed=OTHERS),
        Target("V2 seconds a step", 28.0, 1 / steps, 0.10, TRACELAB, missed=OTHERS),
        Target("V2 USD a busy hour, published tool times", 14.9, found.mean("cost_per_busy_hour_usd"), 0.10, TRACELAB, missed=TOOLS),
        Target("V2 USD a busy hour, recorded waits", 14.9, coding(WAITS).mean("cost_per_busy_hour_usd"), 0.10, TRACELAB, missed=HELD_UP),
        Target("V2 mean over median of a session's bill", 16.0, float(tasks.mean() / tasks.median()), 0.30, TRACELAB, missed=OTHERS),
        Target("V9 one agent, times a chat", 4.0, multiplier, source=vendor, low=4.0, high=math.inf),
        Target("V9 team, times a chat", 15.0, team, source=vendor, low=15.0, high=math.inf),
        Target("V9 agentic coding, times a chat", 1000.0, multiplier, source="arXiv 2604.22750", low=10**2.5, high=10**3.5),
    ]


def workers() -> list[Target]:
    """V3: 20 people's agents on Opus 4.6 side by side; a measured run and TraceLab's mix span the range."""
    users = "workload=users", "workload.users=20", "workload.tasks_per_user=3"
    published, recorded = (coding(*users, *waits, tasks=1).mean("cost_per_busy_hour_usd") for waits in ((), (WAITS,)))
    source = "a measured run of 41 minutes; TraceLab's mix"
    return [
        Target("V3 USD a worker-hour of 20, published tool times", 8.8, published, source=source, low=8.8, high=16.3, missed=TOOLS),
        Target("V3 USD a worker-hour of 20, recorded waits", 8.8, recorded, source=source, low=8.8, high=16.3),
    ]


def distance() -> list[Target]:
    """V10: what a round trip between the US and China takes of a step and of a chat."""
    opus = replace(load().market.models["claude_opus_4_6"], network_rtt_s=0.18, ttft_s=1.0, noise_sigma=0.0, error_rate=0.0)
    chat = simulate(world(agent(turns=1, output_tokens=400, system_tokens=0), opus, log=Log.full)).calls.iloc[0]
    first, full = chat["t_first_token_s"] - chat["t_request_s"], chat["t_end_s"] - chat["t_request_s"]
    step = coding("market.models.claude_opus_4_6.network_rtt_s=0.18", tasks=60)
    share = 0.18 * step.mean("calls_per_task") / step.mean("task_latency_mean_s")
    source = "round trips of 100-300 ms (hosting guides)"
    return [
        Target("V10 share of an agent's step", 0.02, share, source=source, low=0.0, high=0.02),
        Target("V10 share of a chat's first token", 0.15, 0.18 / first, 0.5, source),
        Target("V10 share of a chat's answer", 0.02, 0.18 / full, 0.5, source),
    ]


def not_yet() -> list[Target]:
    """What has no mechanism here yet."""
    absent = {
        "V4 tokens a minute and user by team size": (0.2, "no study of quotas by team size yet"),
        "V6 USD a developer and active day": (13.0, "no working days of a developer yet"),
        "V7 USD in 5 hours of a flat rate": (66.0, "no flat rates with caps yet"),
        "V8 Chinese share of the second week": (0.656, "no adoption over weeks yet"),
    }
    return [Target(name, value, math.nan, 0.1, "published", missed=why) for name, (value, why) in absent.items()]


CHECKS: list[Check] = [effective_prices, hours, compaction, cascade, sessions, workers, distance, not_yet]
