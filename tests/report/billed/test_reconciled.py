"""What is said of a log: first the two bills, then where the money went, then what was assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import LogBill
from sim.logs import read
from sim.report.billed.reconciled import page
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import february, lines


def told(path: Path, columns: str, *calls: str) -> str:
    return page(LogBill(read(lines(path, f"{HEAD},{columns}", *calls)), february()))


def test_the_first_lines_are_the_two_bills_and_which_model_explains_the_difference(tmp_path: Path) -> None:
    calls = (
        "s,main,0,1771200000,100000,1000,0,100000,claude-opus-4-6,0.65", "s,a1,0,1771200300,100000,1000,0,0,claude-haiku-4-5,0.21",
    )  # fmt: skip
    first, second, *_ = told(tmp_path / "x.csv", "cached_tokens,cache_write_tokens,model,cost_usd", *calls).splitlines()
    assert first == (
        "2 calls, 1 session, 2 agents (1 sub-agent among them); 2026-02-16T00:00:00Z to 2026-02-16T00:05:00Z; "
        "200k input tokens, 2k output (files: 1 own)"
    )
    assert second == "As billed $0.860, by our prices $0.755 (market=feb_2026), 12 % less: claude-haiku-4-5 -$0.105"


def test_equal_to_the_cent_is_said_and_what_has_no_bill_is_left_out_of_the_comparison(tmp_path: Path) -> None:
    calls = ("s,main,0,0,100000,1000,0,100000,0.65", "s,main,1,9,100000,1000,0,100000,")
    text = told(tmp_path / "x.csv", "cached_tokens,cache_write_tokens,cost_usd", *calls)
    assert "As billed $0.650, by our prices $1.30 (market=feb_2026); of 1 call with both: $0.650 against $0.650, exact" in text


@pytest.mark.parametrize(("columns", "call", "line"), [
    ("cached_tokens", "0", "As billed: the log has no dollars; by our prices $0.650 (market=feb_2026)"),
    ("cached_tokens,model", "0,x-1", "Not priced: 1 call of x-1, which is none of this market's: --model x-1=BACKEND says which it is"),
    ("cached_tokens", "0", "1 row: no model named: priced as claude_opus_4_6 (backends=[...] says which)"),
    ("cached_tokens,web_searches", "0,5", "; fees of web searches (5) stand with recorded reads alone, and in no what-if"),
    ("cached_tokens,colour", "0,red", "x.csv: columns not read: colour"),
    ("trigger", "user", "1 row: no recorded cache reads"),
])  # fmt: skip
def test_what_is_missing_is_said(tmp_path: Path, columns: str, call: str, line: str) -> None:
    assert line in told(tmp_path / "x.csv", columns, f"s,main,0,0,100000,1000,{call}")


def test_duplicates_broken_lines_and_other_tiers_are_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(1, 0, 0, 0, speed="fast")), said(1, "1", usage(1, 0, 0, 0, speed="fast")), "@@")
    text = page(LogBill(read(path), february()))
    assert "Duplicates removed: 1 (lines of one call: 1)" in text
    assert f"Broken lines, left out: 1 ({path}: line 3: is no JSON)" in text
    assert "1 row: service tier fast, priced as standard, which may be wrong" in text


@pytest.mark.parametrize(("start", "wrong"), [("9e9", True), ("1771286400", False)])
def test_a_clock_far_from_all_others_is_told(tmp_path: Path, start: str, wrong: bool) -> None:
    """A month's dollars are a hundredth of what they are, if one of two days lies in another century."""
    calls = (f"{name},main,0,0,100000,1000,{at}" for name, at in (("a", "1771200000"), ("b", start)))
    said = "no call from 2026-02-16T00:00:00Z to 2255-03-14T16:00:00Z: is a clock wrong? what a month is reckoned from spans it"
    assert (said in told(tmp_path / "x.csv", "session_start_s", *calls)) == wrong
