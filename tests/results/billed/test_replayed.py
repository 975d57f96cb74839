"""A log's calls sent again: its bill with recorded reads, another with our caches, and a word where there is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.logs import read
from sim.report.billed.reconciled import page
from sim.results.billed.replayed import replayed
from tests.logs.readers.gateways.test_ccusage import day
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import FRESH, HOUR, OUT, READ, WRITE, february, lines

HEAD = "trace,agent,call_index,t_s,model,input_tokens,output_tokens"


def bill_of(path: Path) -> sim.LogBill:
    return sim.LogBill(read(path), february())


def test_with_recorded_reads_it_is_the_same_bill_and_with_our_cache_another(tmp_path: Path) -> None:
    """The log's cache had forgotten after five minutes, ours is set to an hour: writes cost $10 a million."""
    rows = (
        "s,main,0,0,claude-opus-4-6,50000,100,0,",
        "s,main,1,400,claude-opus-4-6,51000,100,0,",
        "s,sub,0,5,claude-opus-4-6,9000,9,8000,",
    )
    path = lines(tmp_path / "x.csv", f"{HEAD},cache_read_tokens,api_time_s", *rows)
    bill = sim.LogBill(read(path), sim.load("market.models.claude_opus_4_6.cache_ttl_s=3600"))
    found = replayed(bill)
    assert found.recorded_usd == pytest.approx(bill.priced.sum(), rel=1e-9)
    assert found.simulated_usd == pytest.approx(52_000 * HOUR + 58_000 * READ + 209 * OUT, rel=1e-9)
    assert "with recorded cache reads (exact)" in page(bill)


def test_without_recorded_reads_there_is_our_cache_alone(tmp_path: Path) -> None:
    rows = ("s,main,0,0,claude-opus-4-6,50000,100", "s,main,1,29,claude-opus-4-6,51000,100")
    found = replayed(bill_of(lines(tmp_path / "x.csv", HEAD, *rows)))
    assert found.recorded_usd is None
    assert found.simulated_usd == pytest.approx(51_000 * WRITE + 50_000 * READ + 200 * OUT, rel=1e-9)


@pytest.mark.parametrize(("most", "why"), [(1, "2 calls are more than 1; "), (2, "no backend is known of acme")])
def test_what_is_not_replayed_is_said(tmp_path: Path, most: int, why: str) -> None:
    path = lines(tmp_path / "x.csv", HEAD, "s,main,0,0,acme,50000,100", "s,main,1,29,acme,51000,100")
    found = replayed(bill_of(path), most)
    assert found.why_not.startswith(why)


def test_sums_are_not_replayed(tmp_path: Path) -> None:
    bill = bill_of(lines(tmp_path / "x.json", {"daily": [day()], "totals": {}}))
    assert "Not replayed: 1 of 1 rows of the log are sums over calls, which cannot be replayed" in page(bill)


def test_a_batch_tier_is_replayed_as_it_is_reconciled(tmp_path: Path) -> None:
    """With an hour's writes and searches, which have no batch price of their own, among the calls that are half of what others are."""
    entries = [
        said(0, "1", usage(10, 20_000, 0, 90, service_tier="batch")),
        said(1, "2", usage(10, 900, 20_000, 90, service_tier="batch", cache_creation={"ephemeral_1h_input_tokens": 900})),
        said(2, "3", usage(10, 900, 20_900, 90, server_tool_use={"web_search_requests": 3})),
    ]
    bill = sim.LogBill(read(lines(tmp_path / "x.jsonl", *entries)), sim.load())
    assert bill.priced[0] == pytest.approx((10 * FRESH + 20_000 * WRITE + 90 * OUT) / 2, rel=1e-12)
    assert bill.priced[1] == pytest.approx((10 * FRESH + 900 * HOUR + 20_000 * READ + 90 * OUT) / 2, rel=1e-12)
    assert replayed(bill).recorded_usd == pytest.approx(bill.priced.sum(), rel=1e-12)


def test_our_cache_keeps_what_the_logs_did(tmp_path: Path) -> None:
    """Most is written for an hour, so 20 minutes later it is read, as it was: five minutes would write all of it again."""
    hour = {"ephemeral_1h_input_tokens": 20_000, "ephemeral_5m_input_tokens": 0}
    later = said(0, "2", usage(10, 0, 20_000, 90), timestamp="2026-03-20T10:20:00.000Z")
    found = bill_of(lines(tmp_path / "x.jsonl", said(0, "1", usage(10, 20_000, 0, 90, cache_creation=hour)), later))
    assert replayed(found).of_an_hour
    assert replayed(found).simulated_usd == pytest.approx(20_010 * HOUR + 20_000 * READ + 10 * HOUR + 180 * OUT, rel=1e-3)
    assert "with our cache of an hour, as most writes are, (" in page(found)
