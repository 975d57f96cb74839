"""What a log's bill says, as plain values that add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim
from sim import LogBill
from sim.logs import read
from sim.report.billed.reconciled import page
from sim.report.billed.tables import by_agent, expensive_sessions
from sim.results.billed.account import account
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import february, lines


def test_it_is_plain_and_add_up(tmp_path: Path) -> None:
    calls = [f"s-{each % 15},{'main' if each % 3 else 'a'},{each},{each},100000,{1000 + each % 15},0" for each in range(60)]
    bill = LogBill(read(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", *calls)), sim.load("backends=[minimax_m2_5]"))
    found = json.loads(json.dumps(account(bill), allow_nan=False))
    assert found["calls"] == 60
    assert found["sessions"] == 15
    assert len(found["dearest_sessions"]) == 10
    assert [each["priced_usd"] for each in found["dearest_sessions"]] == sorted(
        (each["priced_usd"] for each in found["dearest_sessions"]), reverse=True
    )
    whole = pytest.approx(found["priced_usd"], rel=1e-12)
    assert sum(each["priced_usd"] for each in found["models"]) == whole
    assert sum(each["priced_usd"] for each in found["agents_usd"].values()) == whole
    assert sum(found["models"][0][f"{kind}_usd"] for kind in ("fresh_input", "cache_read", "cache_write", "output", "fees")) == whole
    assert found["billed_usd"] is None


def test_what_no_model_has_a_price_for_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    calls = [said(1, "1", usage(9, 0, 0, 9), model="foo-9", sessionId="t"), said(2, "2", usage(9, 0, 0, 9))]
    both = [said(3, "3", usage(9, 0, 0, 9), sessionId="u"), said(4, "4", usage(9, 0, 0, 9), model="foo-9", sessionId="u")]
    bill = LogBill(read(lines(tmp_path / "x.jsonl", *calls, *both)), february())
    shown = expensive_sessions(account(bill)).set_index("Most expensive sessions")["USD"].to_dict()
    assert shown == {"s": "0.000270", "u": "at least 0.000270", "t": "unknown"}
    alone = LogBill(read(lines(tmp_path / "y.jsonl", calls[0])), february())
    assert [each["priced_usd"] for each in account(alone)["dearest_sessions"]] == [None]
    assert "by our prices unknown (market=feb_2026)" in page(alone)
    assert list(by_agent(account(alone))["USD"]) == ["unknown", "0.00"]
    assert "--model 'Foo 9=BACKEND' says which it is" in page(
        LogBill(read(lines(tmp_path / "z.jsonl", said(1, "1", usage(9, 0, 0, 9), model="Foo 9"))), february())
    )


def test_a_prompt_longer_than_any_window_is_told(tmp_path: Path) -> None:
    """$25: it may be a sum of calls."""
    bill = LogBill(read(lines(tmp_path / "x.jsonl", said(1, "1", usage(5_000_000, 0, 0, 9)), said(2, "2", usage(9, 0, 0, 9)))), february())
    assert "1 row: a prompt longer than the context window of its backend: is it a sum? priced as it stands" in page(bill)
