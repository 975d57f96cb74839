"""Prompts that were paid for again, by hand at Claude Opus 4.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import LogBill
from sim.logs import read
from sim.results.billed.rewritten import rewritten
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import HOUR, READ, WRITE, february, lines

PAUSE, SHRANK, SOONER = "pause", "shrank", "sooner"


def found(path: Path) -> dict[str, tuple[Any, ...]]:
    rows = rewritten(LogBill(read(path), february()))
    return {word: (row.calls, row.tokens, row.usd) for row in rows for word in (PAUSE, SHRANK, SOONER) if word in row.why.partition("(")[0]}


def test_why_a_prompt_was_written_again_and_what_that_cost(tmp_path: Path) -> None:
    calls = (
        "s,main,0,0,100000,10,0,100000", "s,main,1,10,110000,10,100000,10000",  # all of the last prompt is read
        "s,main,2,500,120000,10,0,120000",  # 490 s later nothing is
        "s,main,3,510,125000,10,20000,105000",  # a moment later only the head
        "s,main,4,520,40000,10,17000,23000",  # a compaction
        "s,a1,0,530,90000,10,0,90000", "t,main,0,540,90000,10,0,90000",  # others' first calls
        "s,main,5,550,41000,10,39500,1500",  # 500 tokens less than the last prompt: how caches round
    )  # fmt: skip
    bills = found(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens,cache_write_tokens", *calls))
    step = WRITE - READ
    assert bills == {
        PAUSE: (1, 110_000, pytest.approx(110_000 * step)),
        SOONER: (1, 100_000, pytest.approx(100_000 * step)),
        SHRANK: (1, 23_000, pytest.approx(23_000 * step)),
    }


@pytest.mark.parametrize(("split", "second", "why", "price"), [(5_000, 9, PAUSE, WRITE), (0, 9, SOONER, HOUR)])
def test_an_hours_cache_lives_for_an_hour(tmp_path: Path, split: int, second: int, why: str, price: float) -> None:
    kinds = {"ephemeral_5m_input_tokens": split, "ephemeral_1h_input_tokens": 5_000 - split}
    first = said(1, "1", usage(0, 5_000, 0, 1, cache_creation=kinds))
    again = {**said(second, "2", usage(0, 5_000, 0, 1, cache_creation=kinds)), "timestamp": "2026-03-20T10:07:00Z"}
    bills = found(lines(tmp_path / "x.jsonl", first, again))
    assert bills[why] == (1, 5_000, pytest.approx(5_000 * (price - READ)))
    assert sum(calls for calls, _, _ in bills.values()) == 1


def test_what_is_too_short_for_a_cache_was_never_in_it(tmp_path: Path) -> None:
    """Claude Opus 4.6 keeps prompts from 4,096 tokens on: of 4,000, written by nobody, nothing could be read; of 4,100 it could."""
    calls = ("s,main,0,0,4000,10,0,0", "s,main,1,10,4050,10,0,0", "s,main,2,20,4100,10,0,4100", "s,main,3,30,4200,10,0,4200")
    bills = found(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens,cache_write_tokens", *calls))
    assert bills[SOONER] == (1, 4_100, pytest.approx(4_100 * (WRITE - READ)))
