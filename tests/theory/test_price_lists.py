"""Arithmetic of the price lists that ship: published figures that follow from prices and a job's sizes alone.

They say that lists and formulas are read as others read them. They are no evidence of what agents cost, so `sim validate` does not count
them. The job: B = 20,000 tokens, g = 1,750, o = 523, 2.1 % of its turns miss their cache (TraceLab's means, arXiv 2606.30560).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import sim
from sim import theory
from sim.backends.pricing import Price
from sim.settings.market import CacheKind
from sim.usage import Usage
from tests.worlds import agent, run, scenario

JOB: dict[str, Any] = {"system_tokens": 19_000, "prompt_tokens": 1000, "tool_result_tokens": 1227, "output_tokens": 523}
PER_HOUR = Usage(19_700_000, 18_870_000, 830_000, 67_000)
"""Of one busy agent-hour in TraceLab: 54.9e9 input, 52.6e9 cached, 186.9e6 output tokens over 2,783 hours."""
OPUS = "claude_opus_4_6"


@pytest.fixture(scope="module")
def market() -> sim.Scenario:
    return sim.load(f"backends=[{OPUS}]")


def job_usd(market: sim.Scenario, name: str, turns: int) -> float:
    """Without a reseller's fee."""
    served = dataclasses.replace(market.market.models[name], error_rate=0.0, cache_min_tokens=0, fee=0.0, works={})
    return float(theory.expect(scenario(agent(**JOB, turns=turns, rewrite_rate=0.021), served)).values["cost_per_task_usd"])


@pytest.mark.parametrize(
    ("turns", "usd", "direct", "resold"), [(1, 0.138, 17.0, 21.0), (5, 0.290, 17.5, 11.7), (20, 1.016, 17.6, 7.7), (84, 6.858, 17.2, 5.4)]
)
def test_f4_one_job_on_three_lists(market: sim.Scenario, turns: int, usd: float, direct: float, resold: float) -> None:
    """Opus 4.6 over MiniMax M2.5: the list's ratio, and through a router's entry with half of the cache discount ever less."""
    opus = job_usd(market, OPUS, turns)
    assert opus == pytest.approx(usd, rel=0.01)
    assert opus / job_usd(market, "minimax_m2_5", turns) == pytest.approx(direct, rel=0.02)
    assert opus / job_usd(market, "minimax_m2_5_openrouter", turns) == pytest.approx(resold, rel=0.02)


@pytest.mark.parametrize(("name", "usd"), [(OPUS, 16.3), ("minimax_m2_5", 0.96), ("kimi_k2_5", 2.6), ("deepseek_v3_2", 0.79)])
def test_f16_a_recorded_busy_hour_at_list_prices(market: sim.Scenario, name: str, usd: float) -> None:
    """Its calls have 154,000 tokens in the mean: below every tier."""
    settings, mix = market.market.models[name], PER_HOUR
    rates = Price(settings).base
    write = mix.cache_write_tokens if settings.cache is CacheKind.explicit else 0
    fresh = mix.input_tokens - mix.cache_read_tokens - write
    bill = fresh * rates.fresh + mix.cache_read_tokens * rates.cache_read + write * rates.cache_write + mix.output_tokens * rates.output
    assert bill == pytest.approx(usd, rel=0.03)


@pytest.mark.slow
def test_f5b_what_the_best_window_saves(market: sim.Scenario) -> None:
    """As published: without the turns' own output, the head of the prompt staying cached over a compaction."""
    best = theory.best_window(again=25_000, growth=1750, extra=5000 * (25 + 6.25) / 0.5)
    served = dataclasses.replace(market.market.models[OPUS], error_rate=0.0, share_system=True)

    def a_turn(window: float) -> float:
        return run(agent(**JOB, turns=4000, compact_at_tokens=window, summary_tokens=5000), served).mean("cost_usd") / 4000 - 523 * 25e-6

    assert best == pytest.approx(59_000, rel=0.01)
    assert a_turn(best) == pytest.approx(0.040, rel=0.05)
    assert a_turn(167_000) == pytest.approx(0.061, rel=0.05)


def test_v10_a_round_trip_to_china_in_a_short_chat(market: sim.Scenario) -> None:
    """0.18 s are 15 % of its time to first token and 2 % of its whole answer (R: 100 to 300 ms, hosting guides)."""
    opus = dataclasses.replace(market.market.models[OPUS], network_rtt_s=0.18, ttft_s=1.0, noise_sigma=0.0, error_rate=0.0)
    [chat] = run(agent(turns=1, output_tokens=400, system_tokens=0), opus).calls.to_dict("records")
    assert 0.18 / (chat["t_first_token_s"] - chat["t_request_s"]) == pytest.approx(0.15, rel=0.05)
    assert 0.18 / (chat["t_end_s"] - chat["t_request_s"]) == pytest.approx(0.02, rel=0.15)
