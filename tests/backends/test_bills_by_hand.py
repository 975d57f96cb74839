"""Bills that people have done by hand on the price lists that ship, each from its price page and its log alone. USD per million tokens."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.backends.pricing import Price
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.usage import Usage
from tests.worlds import agent, scenario, with_

NOTHING: dict[str, Any] = {}
HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens"

shipped = functools.cache(lambda market: sim.load(f"market={market}"))


def replayed(folder: Path, market: str, backend: str, rows: list[str], model: Mapping[str, Any] = NOTHING, **changes: Any) -> float:
    """Dollars of one recorded session; `model` changes the backend, the rest the run."""
    trace = folder / "calls.csv"
    trace.write_text("\n".join([HEAD, *rows]) + "\n")
    known = shipped(market)
    models = known.market.models | {backend: with_(known.market.models[backend], error_rate=0.0, **model)}
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(trace))
    once = {"backends": [backend], "workload": workload, "replications": 1, "processes": 1} | changes
    return float(sim.simulate(with_(known, market=with_(known.market, models=models), **once)).mean("cost_usd"))


@pytest.mark.parametrize(("model", "usd"), [("sol", 0.5964), ("terra", 0.2988), ("luna", 0.02988)])
def test_gpt_5_6_keeps_a_prompt_for_half_an_hour(tmp_path: Path, model: str, usd: float) -> None:
    """Ten minutes apart, so each call but the first reads the prompt before it.

    Sol: 102,000 written at 5, 201,000 read at 0.40, 300 out at 20; Terra: at 2.50, 0.20, 12; Luna: at 0.25, 0.02, 1.20.
    """
    calls = [f"s,main,{turn},{600 * turn},{100_000 + 1000 * turn},100" for turn in range(3)]
    assert replayed(tmp_path, "nov_2026", f"gpt_5_6_{model}", calls) == pytest.approx(usd, rel=1e-9)


@pytest.mark.parametrize(("gap_s", "read"), [(1790, 100_000), (1810, 0)])
def test_and_no_longer(tmp_path: Path, gap_s: int, read: int) -> None:
    """From the first token of the one (some 3.7 s after it was asked for) to the other."""
    calls = ["s,main,0,0,100000,100", f"s,main,1,{gap_s},100000,100"]
    usd = ((200_000 - read) * 5 + read * 0.4 + 200 * 20) / 1e6
    assert replayed(tmp_path, "nov_2026", "gpt_5_6_sol", calls) == pytest.approx(usd, rel=1e-9)


PEAK, OFF_PEAK = 1.056, 0.528
"""500,000 fresh at 0.66 and 100,000 out at 1.98: 0.33 + 0.198; twice that at peak."""


@pytest.mark.parametrize(
    ("start", "usd"),
    [
        ("2026-11-20T02:00:00", PEAK),  # Friday 10:00 in Beijing
        ("2026-11-21T02:00:00", OFF_PEAK),  # Saturday
        ("2026-11-22T02:00:00", OFF_PEAK),  # Sunday
        ("2026-11-22T16:00:00", OFF_PEAK),  # Monday 00:00 there
        ("2026-11-22T23:59:00", OFF_PEAK),
        ("2026-11-23T00:59:00", OFF_PEAK),
        ("2026-11-23T01:00:00", PEAK),  # Monday 09:00
        ("2026-11-23T03:59:00", PEAK),
        ("2026-11-23T04:00:00", OFF_PEAK),  # noon
        ("2026-11-23T06:00:00", PEAK),
        ("2026-11-23T10:00:00", OFF_PEAK),
        ("2026-11-21T10:00:00+08:00", OFF_PEAK),  # Saturday 02:00 UTC
    ],
)
def test_deepseek_is_dearer_in_the_hours_of_a_working_day_in_beijing(tmp_path: Path, start: str, usd: float) -> None:
    assert replayed(tmp_path, "nov_2026", "deepseek_v4_pro", ["s,main,0,0,500000,100000"], start=start) == pytest.approx(usd, rel=1e-9)


CACHED = Usage(input_tokens=100_000, cache_read_tokens=80_000, output_tokens=10_000)
BATCHES = {
    ("feb_2026", "gemini_3_pro"): 20_000 * 1.00 + 80_000 * 0.20 + 10_000 * 6.00,
    ("feb_2026", "gemini_3_flash"): 20_000 * 0.25 + 80_000 * 0.05 + 10_000 * 1.50,
    ("nov_2026", "gemini_3_1_pro"): 20_000 * 1.00 + 80_000 * 0.20 + 10_000 * 6.00,
    ("nov_2026", "gemini_3_8_flash"): 20_000 * 0.375 + 80_000 * 0.0375 + 10_000 * 1.875,
}
"""Batch halves fresh input and output of all of them, cached tokens of 3.8 Flash alone."""


@pytest.mark.parametrize(("market", "model"), list(BATCHES))
def test_a_batch_of_gemini_reads_the_cache_at_the_usual_price(market: str, model: str) -> None:
    listed = shipped(market).market.models[model]
    batch, usual = Price(listed, batch=True), Price(listed)
    assert batch.dollars(CACHED).total == pytest.approx(BATCHES[market, model] * 1e-6, rel=1e-12)
    halved = usual.dollars(CACHED).total / 2
    assert (batch.dollars(CACHED).total > halved * 1.001) is (model != "gemini_3_8_flash")
    assert Price(with_(listed, batch_discounts={}), batch=True).dollars(CACHED).total == pytest.approx(halved, rel=1e-12)


def test_ten_dollars_for_a_thousand_searches(tmp_path: Path) -> None:
    """Claude Opus 4.6, two calls of 1,000 fresh tokens and 100 out, half a search each: 0.01 + 0.005 + 2 x 0.5 x 0.01."""
    calls = ["s,main,0,0,1000,100", "s,main,1,600,1000,100"]
    assert replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, web_searches_per_call=0.5) == pytest.approx(0.025, rel=1e-9)
    assert replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls) == pytest.approx(0.015, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "usd"), [("claude_opus_4_6", 10), ("gpt_5_2", 10), ("gemini_3_flash", 14), ("grok_code_fast_1", 5), ("minimax_m2_5", 0)]
)
def test_searches_cost_what_price_pages_say(model: str, usd: float) -> None:
    assert shipped("feb_2026").market.models[model].web_search_usd_per_1k == usd


def test_tools_and_system_for_an_hour_and_the_rest_for_five_minutes(tmp_path: Path) -> None:
    """Claude Opus 4.6 (5 / 25, read 0.50, written 6.25 and 10), a head of 15,000; 20,000 tokens and 1,000 more a call, 100 out.

    Cold: 15,000 at 10 and 5,000 at 6.25. After ten minutes the head is read and 6,000 written; after one more minute 21,000 and 1,000;
    after 70 minutes all is written anew: 15,000 and 8,000.
    """
    calls = [f"s,main,{turn},{t_s},{20_000 + 1000 * turn},100" for turn, t_s in enumerate((0, 600, 660, 4860))]
    read, hour, minutes = 15_000 + 21_000, 2 * 15_000, 5_000 + 6_000 + 1_000 + 8_000
    usd = (read * 0.5 + hour * 10 + minutes * 6.25 + 400 * 25) / 1e6
    assert replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, model={"cache_1h_tokens": 15_000}) == pytest.approx(usd, rel=1e-9)


IN_THE_US: dict[str, Any] = {"region": "us"}


def test_staying_in_the_us_costs_a_tenth_more_whoever_reckons(tmp_path: Path) -> None:
    """Claude Opus 4.6 (5.50 / 27.50, read 0.55, written 6.875): 20,000 written and 100 out; then 20,000 read, 1,000 written, 100 out.

    Half a search a call, at 10 for 1,000, costs no more than anywhere.
    """
    calls = ["s,main,0,0,20000,100", "s,main,1,60,21000,100"]
    tokens = (20_000 * 6.875 + 20_000 * 0.55 + 1_000 * 6.875 + 200 * 27.5) / 1e6
    anywhere = replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls)
    assert replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, model=IN_THE_US) == pytest.approx(tokens, rel=1e-9)
    assert tokens == pytest.approx(1.1 * anywhere, rel=1e-9)
    searched = replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, model=IN_THE_US, web_searches_per_call=0.5)
    assert searched == pytest.approx(tokens + 0.01, rel=1e-9)
    half = replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, model=IN_THE_US, batch=True)
    assert half == pytest.approx(replayed(tmp_path, "feb_2026", "claude_opus_4_6", calls, batch=True) * 1.1, rel=1e-9)


def test_theory_and_logs_know_the_region_too(tmp_path: Path) -> None:
    listed = with_(shipped("feb_2026").market.models["claude_opus_4_6"], works={})
    loop = agent(turns=5, system_tokens=20_000, output_tokens=500)
    here, away = (sim.theory.expect(scenario(loop, with_(listed, region=region))).values["cost_per_task_usd"] for region in ("", "us"))
    assert away == pytest.approx(1.1 * here, rel=1e-9)
    anywhere, there = (sim.load(f"market.models.claude_opus_4_6.region={region}") for region in ("''", "us"))
    log = tmp_path / "calls.csv"
    log.write_text(f"{HEAD},cached_tokens,cache_write_tokens,model\ns,main,0,0,250000,1000,150000,0,claude-opus-4-6\n")
    dollars = [sim.LogBill(sim.logs.read(log), settings).priced.sum() for settings in (anywhere, there)]
    assert dollars == pytest.approx([(100_000 * 10 + 150_000 * 1 + 1_000 * 37.5) / 1e6 * factor for factor in (1, 1.1)], rel=1e-9)


@pytest.mark.parametrize(
    ("market", "model", "region", "factor"),
    [
        ("feb_2026", "claude_sonnet_4_6", "us", 1.1), ("feb_2026", "gpt_5_2", "eu", 1.0), ("nov_2026", "gpt_5_6_terra", "eu", 1.1),
        ("nov_2026", "claude_haiku_5_5", "us", 1.1), ("nov_2026", "gemini_3_1_pro", "eu", 1.1),
    ],
)  # fmt: skip
def test_regions_cost_what_vendors_say(market: str, model: str, region: str, factor: float) -> None:
    listed = shipped(market).market.models[model]
    assert Price(with_(listed, region=region)).dollars(CACHED).total == pytest.approx(factor * Price(listed).dollars(CACHED).total)
    assert with_(listed, region=region).served_in == region
    assert listed.served_in == "us"
