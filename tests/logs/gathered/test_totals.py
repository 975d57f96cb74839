"""Lines of totals in the exports of gateways."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.logs import read
from sim.logs.gathered.totals import TOTALS
from tests.logs.written import rows

HEAD = "request_id,spend,prompt_tokens,completion_tokens,startTime,model\n"
CALLS = [f"c{second},0.0075,1000,100,2026-02-16T09:00:1{second}Z,claude-opus-4-6\n" for second in (1, 2)]


@pytest.mark.parametrize("last", ["Total,0.015,2200,200,,\n", ",0.015,2000,200,,\n", "all of it,0.015,2000,200,,\n", "sum:,,,,,\n"])
def test_a_line_of_totals_is_no_call(tmp_path: Path, last: str) -> None:
    (tmp_path / "x.csv").write_text(HEAD + "".join(CALLS) + last)
    log = read(tmp_path)
    assert rows(log, "input_tokens", "cost_usd") == [(1000, 0.0075)] * 2
    assert log.report.remarks[TOTALS] == 1
    assert not log.report.broken


def test_a_row_with_other_tokens_or_a_time_is_a_call(tmp_path: Path) -> None:
    others = ["c3,0.015,2000,200,2026-02-16T09:00:13Z,\n", "c4,0.0075,1000,100,,\n"]
    (tmp_path / "x.csv").write_text(HEAD + "".join(CALLS + others))
    log = read(tmp_path)
    assert len(log.calls) == 4
    assert TOTALS not in log.report.remarks


def test_openrouters_too(tmp_path: Path) -> None:
    head = "created_at,model_permaslug,tokens_prompt,tokens_completion,cost_total\n"
    call = "2026-02-16T09:00:1{}Z,claude-opus-4-6,1000,100,0.0075\n"
    (tmp_path / "x.csv").write_text(head + call.format(1) + call.format(2) + "Total,,2000,200,0.015\n")
    log = read(tmp_path)
    assert len(log.calls) == 2
    assert log.report.remarks[TOTALS] == 1
