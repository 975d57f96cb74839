"""A log's bill as a page: both bills, where they went, what is not known, and nothing of where the log was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim import LogBill
from sim.logs import read
from sim.report.html.charted import of_log
from sim.report.html.of_log import NO_WHAT_IF, show_log
from sim.sweeps.what_if.ask import what_if
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import february, lines
from tests.report.html.checked import Page, checked

MODEL = "<b>my-model</b>"
COLUMNS = "cached_tokens,cache_write_tokens,model,cost_usd"
LEAD = "s,main,0,1771200000,100000,1000,0,100000,claude-opus-4-6,0.65"
SUB = "s,a1,0,1771200300,100000,1000,0,0,claude-haiku-4-5,0.21"


def shown(place: Path, log: Path) -> Page:
    show_log(LogBill(read(log), february()), ["market=feb_2026", "--what-if 'cache=1h'"], place)
    return checked((place / "report.html").read_text())


def test_the_answer_is_the_two_bills_and_what_most_was_for(tmp_path: Path) -> None:
    """100,000 tokens written at 6.25 USD a million and 100,000 fresh at 1; 1,000 out each, at 25 and at 5."""
    page = shown(tmp_path / "out", lines(tmp_path / "secret" / "x.csv", f"{HEAD},{COLUMNS}", LEAD, SUB))
    assert "As billed $0.860, by our prices $0.755 (market=feb_2026), 12 % less: claude-haiku-4-5 -$0.105." in page.text
    assert "Of our dollars 83 % is for cache writes, 86 % for calls of claude-opus-4-6, 14 % for sub-agents." in page.text
    assert "sim logs PATH market=feb_2026 --what-if 'cache=1h'" in page.text
    assert "Claude Haiku 4.5: prices" in page.text
    assert "agent.fanout" not in page.text
    assert NO_WHAT_IF in page.text
    assert "secret" not in page.text
    assert "<text" in (tmp_path / "out" / "figures" / "log_bill.svg").read_text()


def test_a_log_over_time_adds_up_to_it(tmp_path: Path) -> None:
    """Two calls, five minutes apart; what of one second is has no chart."""
    log = lines(tmp_path / "x.csv", f"{HEAD},{COLUMNS}", LEAD, SUB)
    [found] = of_log(LogBill(read(log), february()))
    data = json.loads(found.json)
    sums = {each["label"]: {part["label"]: sum(part["values"]) for part in each["parts"]} for each in data["series"]}
    assert sums["Tokens"] == {"fresh input": 100_000, "cache writes": 100_000, "output": 2_000}
    assert sums["Dollars"] == pytest.approx({"claude-opus-4-6": 0.65, "claude-haiku-4-5": 0.105})
    assert sums["Calls"] == {"claude-opus-4-6": 1, "claude-haiku-4-5": 1}
    assert data["begin_min"] == 1_771_200_000 // 60 % 1440
    assert found.note.startswith("Day 1 is 2026-02-16, in UTC")
    assert 'data-chart="timeline"' in (shown(tmp_path / "out", log), (tmp_path / "out" / "report.html").read_text())[1]
    assert of_log(LogBill(read(lines(tmp_path / "y.csv", f"{HEAD},{COLUMNS}", LEAD)), february())) == []


def test_what_is_not_known_stands_before_any_number(tmp_path: Path) -> None:
    folder = tmp_path / "secret"
    lines(folder / "x.jsonl", said(1, "1", usage(1000, 0, 0, 9), model=MODEL), said(2, "2", usage(1, 0, 0, 0, speed="fast")), "@@")
    lines(folder / "odd.json", "hello")
    page = shown(tmp_path / "out", folder)
    told = page.text[: page.text.index("Answer")]
    assert f"Not priced: 1 call of {MODEL}" in told
    assert "1 broken line left out" in told
    assert "service tier fast priced as standard" in told
    assert "The log has no dollars" in page.text
    assert "x.jsonl: line 3: is no JSON" in page.text
    assert "1 file of no known format passed over: odd.json" in page.text
    assert "secret" not in page.text
    assert MODEL not in (tmp_path / "out" / "report.html").read_text()


def test_a_log_without_a_price_has_a_page_without_a_figure(tmp_path: Path) -> None:
    show_log(LogBill(read(lines(tmp_path / "x.jsonl", said(1, "1", usage(9, 0, 0, 9), model=MODEL))), february()), [], tmp_path / "out")
    page = Page((tmp_path / "out" / "report.html").read_text())
    assert "by our prices unknown (market" in page.text
    assert not (tmp_path / "out" / "figures").exists()


@pytest.mark.slow
def test_what_would_have_saved_stands_with_its_range(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.jsonl", said(1, "1", usage(0, 20_000, 0, 100))))
    show_log(LogBill(log, february()), [], tmp_path, what_if(log, ["claude_haiku_4_5"]))
    page = checked((tmp_path / "report.html").read_text())
    assert "these sessions come to $0.13." in page.text
    assert "$0.10 of $0.13: every call on Claude Haiku 4.5" in page.text
    assert "0.0255?" in page.text
