"""Recorded tokens by our price lists: tiers, lifetimes, batch, times of day, what is not said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import sim
from sim import ConfigError, LogBill
from sim.logs import read
from sim.logs.log import Log
from sim.results.billed.bill import KINDS, sums, total
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import FRESH, HOUR, OUT, READ, WRITE, february, lines, usd


def table(path: Path, columns: str, *calls: str) -> Log:
    return read(lines(path, f"{HEAD},{columns}", *calls))


def test_a_tier_holds_for_the_whole_request(tmp_path: Path) -> None:
    log = table(
        tmp_path / "x.csv", "cached_tokens,cache_write_tokens", "s,main,0,0,200000,1000,150000,0", "s,main,1,9,200001,1000,150000,0"
    )
    below = 50_000 * FRESH + 150_000 * READ + 1_000 * OUT
    above = 2 * (50_001 * FRESH + 150_000 * READ) + 1.5 * 1_000 * OUT
    assert usd(log) == pytest.approx([below, above], rel=1e-12)


def test_by_kind_of_token_it_adds_up(tmp_path: Path) -> None:
    bill = LogBill(table(tmp_path / "x.csv", "cached_tokens,cache_write_tokens", "s,main,0,0,9000,10,5000,1000"), february())
    found = dict(zip(KINDS, bill.dollars[0].tolist(), strict=True))
    expected = {"fresh_input": 3_000 * FRESH, "cache_read": 5_000 * READ, "cache_write": 1_000 * WRITE, "output": 10 * OUT, "fees": 0}
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_lifetime_that_no_log_says_is_the_backends_and_one_that_it_says_is_not(tmp_path: Path) -> None:
    hour = sim.load("market.models.claude_opus_4_6.cache_ttl_s=3600")
    unsaid = table(tmp_path / "x.csv", "cached_tokens,cache_write_tokens", "s,main,0,0,9000,0,0,9000")
    assert LogBill(unsaid, hour).priced.tolist() == pytest.approx([9_000 * HOUR], rel=1e-12)
    split = {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 0}
    told = read(lines(tmp_path / "y.jsonl", said(1, "1", usage(0, 1_000, 0, 0, cache_creation=split))))
    assert LogBill(told, hour).priced.tolist() == pytest.approx([1_000 * WRITE], rel=1e-12)


def test_where_only_reads_are_told_the_rest_is_written_if_the_cache_takes_it(tmp_path: Path) -> None:
    calls = ("s,main,0,0,4095,0,0,claude-opus-4-6", "s,main,1,1,4096,0,0,claude-opus-4-6", "s,main,2,2,9000,0,0,gpt-5.2")
    log = table(tmp_path / "x.csv", "cached_tokens,model", *calls)
    assert usd(log) == pytest.approx([4_095 * FRESH, 4_096 * WRITE, 9_000 * 1.75e-6], rel=1e-12)
    assert sim.LogBill(log, sim.load()).writes_unsaid() == 1, "the second alone is priced with writes that the log does not tell"


def test_a_price_that_an_event_changes_holds_from_its_date_on(tmp_path: Path) -> None:
    """Half the price from noon on: a call a second before costs as ever."""
    noon = sim.logs.logged.moment("2026-02-16T12:00:00Z")
    halved = sim.load("events=[{kind: price, at: '2026-02-16T12:00:00Z', backend: claude_opus_4_6, factor: 0.5}]")
    calls = [f"s-{number},main,0,{at:.0f},9000,0,0,0" for number, at in enumerate((noon - 1, noon, noon + 1))]
    bill = LogBill(table(tmp_path / "x.csv", "cached_tokens,cache_write_tokens", *calls), halved)
    assert bill.priced.tolist() == pytest.approx([9_000 * FRESH, 4_500 * FRESH, 4_500 * FRESH], rel=1e-12)


def test_prices_are_those_of_the_moment(tmp_path: Path) -> None:
    """DeepSeek V4 Pro doubles them on working days from 9 to 12 in Beijing (market of November): a Friday, then the Saturday after."""
    november = sim.load("market=nov_2026", "backends=[deepseek_v4_pro]")
    friday, saturday = (sim.logs.logged.moment(f"2026-11-{day}T02:00:00Z") for day in (20, 21))
    log = table(
        tmp_path / "x.csv",
        "cached_tokens,model",
        f"s,main,0,{friday},9000,9,0,deepseek-v4-pro",
        f"s,main,1,{saturday},9000,9,0,deepseek-v4-pro",
    )
    first, second = LogBill(log, november).priced.tolist()
    assert first == pytest.approx(2 * second, rel=1e-12)
    settings = november.market.models["deepseek_v4_pro"]
    assert second == pytest.approx((9_000 * settings.input_usd_per_mtok + 9 * settings.output_usd_per_mtok) / 1e6, rel=1e-12)


@pytest.mark.slow
def test_seconds_without_a_date_count_from_the_scenarios_start(tmp_path: Path) -> None:
    log = table(tmp_path / "x.csv", "cached_tokens,model", "s,main,0,7200,9000,9,0,deepseek-v4-pro")
    bills = [
        LogBill(log, sim.load("market=nov_2026", "backends=[deepseek_v4_pro]", f"start=2026-11-{day}T00:00:00")).priced[0]
        for day in (20, 21)
    ]
    assert bills[0] == pytest.approx(2 * bills[1], rel=1e-12)


def test_a_failed_call_for_which_nothing_was_billed_costs_nothing(tmp_path: Path) -> None:
    calls = ("s,main,0,0,9000,0,0,error,0", "s,main,1,1,9000,0,0,error,0.01", "s,main,2,2,9000,0,0,ok,0", "s,main,3,3,9000,0,0,error,")
    assert [each > 0 for each in usd(table(tmp_path / "x.csv", "cached_tokens,status,cost_usd", *calls))] == [False, True, True, True]


def test_models_without_a_price_have_none_and_say_so(tmp_path: Path) -> None:
    log = table(tmp_path / "x.csv", "cached_tokens,model", "s,main,0,0,9000,0,0,x-1", "s,main,1,1,9000,0,0,", "s,main,2,2,9000,0,0,x-1")
    bill = LogBill(log, february())
    assert bill.unknown == {"x-1": 2}
    assert np.isnan(bill.priced).tolist() == [True, False, True]
    assert total(bill.priced) == pytest.approx(9_000 * WRITE, rel=1e-12)
    named = LogBill(log, sim.load("backends=[minimax_m2_5]"), {"x-1": "claude_opus_4_6"})
    assert [named.backends[name] for name in ("x-1", "")] == ["claude_opus_4_6", "minimax_m2_5"]
    with pytest.raises(ConfigError, match="is no backend of this market"):
        LogBill(log, february(), {"x-1": "opus"})


def test_tiers_of_service_that_no_price_knows_are_counted(tmp_path: Path) -> None:
    log = read(
        lines(
            tmp_path / "x.jsonl",
            *(said(each, str(each), usage(1, 0, 0, 0, service_tier=tier)) for each, tier in enumerate(["batch", "priority", "standard"])),
        )
    )
    assert LogBill(log, february()).tiers() == {"priority": 1}


def test_sums_leave_out_what_is_not_there() -> None:
    assert sums(np.array([1.0, math.nan, 4.0]), np.array([0, 0, 2]), 3) == [1, 0, 4]


def test_models_are_a_mapping(tmp_path: Path) -> None:
    log = table(tmp_path / "x.csv", "cached_tokens", "s,main,0,0,10,1,0")
    with pytest.raises(ConfigError, match="models takes a mapping NAME: BACKEND, not list"):
        LogBill(log, february(), ["x=kimi_k2_5"])  # type: ignore[arg-type]
