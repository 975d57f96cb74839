"""OpenClaw, priced by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.logs import read
from tests.logs.written import FRESH, OUT, READ, WRITE, lines, rows, usd


def test_its_numbers_are_disjoint_and_a_line_counts_once(tmp_path: Path) -> None:
    usage = {"input": 12, "output": 90, "cacheRead": 80_000, "cacheWrite": 900, "totalTokens": 81_002, "cost": {"total": 0.05}}
    asked = {"type": "message", "id": "0", "timestamp": "2026-02-20T09:00:00Z", "message": {"role": "user", "content": "secret"}}
    message = {"role": "assistant", "model": "claude-opus-4-6", "usage": usage}
    line = {"type": "message", "id": "1", "timestamp": "2026-02-20T09:00:07Z", "message": message}
    log = read(lines(tmp_path / "s.jsonl", asked, line, line))
    assert usd(log) == pytest.approx([12 * FRESH + 80_000 * READ + 900 * WRITE + 90 * OUT], rel=1e-12)
    assert rows(log, "session", "input_tokens", "cost_usd", "by_user") == [("s", 80_912, 0.05, 1)]
    assert log.calls["end_s"][0] - log.calls["start_s"][0] == 7


@pytest.mark.parametrize(("total", "fresh"), [(1_910, 1_000), (1_010, 100)])
def test_a_total_says_whether_reads_are_a_part_of_the_input(tmp_path: Path, total: int, fresh: int) -> None:
    usage = {"input": 1_000, "output": 10, "cacheRead": 900, "cacheWrite": 0, "totalTokens": total, "cost": 0.02}
    message = {"role": "assistant", "model": "claude-opus-4-6", "usage": usage}
    log = read(lines(tmp_path / "s.jsonl", {"type": "message", "id": "1", "timestamp": "2026-02-20T09:00:07Z", "message": message}))
    assert usd(log) == pytest.approx([fresh * FRESH + 900 * READ + 10 * OUT], rel=1e-12)
    assert rows(log, "cost_usd") == [(0.02,)], "also where it is a number"
    assert sum(log.report.remarks.values()) == (fresh == 100)


def test_another_currency_is_told_and_no_dollars(tmp_path: Path) -> None:
    counts = {"input": 1_000, "output": 10, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 1_010}
    usage = {**counts, "cost": {"total": 0.02, "currency": "EUR"}}
    message = {"role": "assistant", "model": "claude-opus-4-6", "usage": usage}
    log = read(lines(tmp_path / "s.jsonl", {"type": "message", "id": "1", "timestamp": "2026-02-20T09:00:07Z", "message": message}))
    assert math.isnan(log.calls["cost_usd"][0])
    assert log.report.remarks["billed in EUR, which are no dollars: as billed is not known"] == 1
