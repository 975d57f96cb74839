"""OpenRouter's activity export, priced by hand at MiniMax M2.5 of February 2026."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.logs import read
from tests.logs.written import february, lines, rows, usd

HEAD = (
    "created_at,model_permaslug,provider_name,app_name,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,cost_total,cost_cache,"
    "generation_time_ms,time_to_first_token_ms,streamed,cancelled,finish_reason_normalized"
)


def line(moment: str, cancelled: str = "false") -> str:
    slug = "minimax/minimax-m2.5-20260212,MiniMax,Claude Code"
    return f"2026-02-20 {moment},{slug},36627,412,120,31200,0.0034,-0.0084,5100,900,true,{cancelled},tool_calls"


def test_cached_tokens_are_a_part_of_the_prompt_and_reasoning_of_the_output(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, line("09:00:00.123")))
    price = february().market.models["minimax_m2_5"]
    read_price, write_price = price.cache_read_usd_per_mtok, price.cache_write_usd_per_mtok
    assert read_price is not None
    assert write_price is not None
    expected = 5_427 * write_price + 31_200 * read_price + 412 * price.output_usd_per_mtok  # what is not read is written there
    assert usd(log) == pytest.approx([expected / 1e6], rel=1e-9)
    assert rows(log, "cost_usd", "reasoning_tokens") == [(0.0034, 120)]
    assert log.calls["end_s"][0] - log.calls["start_s"][0] == pytest.approx(5.1)


def test_sessions_are_told_by_app_and_pause_whatever_the_order_and_it_is_said(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, line("12:00:00"), line("09:10:00", "true"), line("09:00:00")))
    assert rows(log, "session", "status") == [("Claude Code 1", "ok"), ("Claude Code 1", "cancelled"), ("Claude Code 2", "ok")]
    assert "sessions are not in the log" in next(iter(log.report.remarks))


def test_exports_that_overlap_hold_each_generation_once(tmp_path: Path) -> None:
    """By the millisecond, the tokens and the dollars: $0.0034 twice, not four times."""
    first = lines(tmp_path / "a.csv", HEAD, line("09:00:00.123"), line("09:00:07.456"))
    log = read(first, lines(tmp_path / "b.csv", HEAD, line("09:00:07.456"), line("09:00:07.456")))
    assert rows(log, "cost_usd") == [(0.0034,)] * 2
    assert sum(log.report.duplicates.values()) == 2


def test_a_line_of_totals_is_no_call(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, line("09:00:00.123"), ",,,,36627,412,120,31200,0.0034,,,,,,"))
    assert rows(log, "cost_usd") == [(0.0034,)]
    assert log.report.where == [f"{tmp_path / 'x.csv'}: line 3: no id, no time, no model: a line of totals?"]
