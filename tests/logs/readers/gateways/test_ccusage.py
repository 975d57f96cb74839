"""ccusage's reports: sums of calls, priced without tiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import LogBill
from sim.logs import read
from sim.report.billed.reconciled import page
from tests.logs.written import FRESH, OUT, READ, WRITE, february, lines, rows, usd

BREAKDOWN = {"modelName": "claude-opus-4-6", "inputTokens": 500_000, "outputTokens": 1_000, "cacheCreationTokens": 20_000,
             "cacheReadTokens": 3_000_000, "cost": 4.2}  # fmt: skip


def day(**more: Any) -> dict[str, Any]:
    whole = {"inputTokens": 500_000, "outputTokens": 1_000, "cacheCreationTokens": 20_000, "cacheReadTokens": 3_000_000, "totalCost": 4.2}
    return {"date": "2026-02-20", **whole, "modelsUsed": ["claude-opus-4-6"], **more}


@pytest.mark.parametrize("period", [day(), day(modelBreakdowns=[BREAKDOWN])])
def test_a_day_is_priced_as_if_no_prompt_reached_a_tier_and_is_no_call(tmp_path: Path, period: dict[str, Any]) -> None:
    log = read(lines(tmp_path / "x.json", {"daily": [period], "totals": {}}))
    assert usd(log) == pytest.approx([500_000 * FRESH + 20_000 * WRITE + 3_000_000 * READ + 1_000 * OUT], rel=1e-12)
    assert rows(log, "input_tokens", "cost_usd", "calls", "start_s") == [(3_520_000, 4.2, 0, 1771545600)]
    assert "sums of an unknown number of calls" in page(LogBill(log, february()))


def test_each_model_of_each_session_is_a_row(tmp_path: Path) -> None:
    haiku = {**BREAKDOWN, "modelName": "claude-haiku-4-5-20251001"}
    sessions = [{"sessionId": each, "modelBreakdowns": [BREAKDOWN, haiku]} for each in ("a", "b")]
    log = read(lines(tmp_path / "x.json", {"sessions": sessions, "totals": {}}))
    assert rows(log, "session", "model") == [(each, model) for each in "ab" for model in ("claude-opus-4-6", "claude-haiku-4-5-20251001")]


def test_a_second_table_of_one_report_is_left_out_and_totals_of_other_rows_are_told(tmp_path: Path) -> None:
    totals = {"inputTokens": 500_000, "outputTokens": 99}
    log = read(lines(tmp_path / "x.json", {"daily": [day()], "monthly": [day(month="2026-02")], "totals": totals}))
    assert rows(log, "input_tokens") == [(3_520_000,)]
    assert log.report.remarks["of a second table of sums in one report: left out, since it is of the same work"] == 1
    assert log.report.remarks["totals of outputTokens are not what the rows come to: are rows missing?"] == 1
    assert log.report.remarks["totals of inputTokens are not what the rows come to: are rows missing?"] == 0


def test_a_day_with_more_tokens_than_its_models_is_told(tmp_path: Path) -> None:
    short = read(lines(tmp_path / "x.json", {"daily": [day(inputTokens=900_000, modelBreakdowns=[BREAKDOWN])], "totals": {}}))
    told = "sums of a period that are more than its models come to: are models missing? the models count"
    assert short.report.remarks[told] == 1
    assert told not in read(lines(tmp_path / "y.json", {"daily": [day(modelBreakdowns=[BREAKDOWN])], "totals": {}})).report.remarks
