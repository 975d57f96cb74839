"""Gemini CLI, priced by hand at Gemini 3 Pro of February 2026: 2, 0.2, 12 USD a million."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from tests.logs.written import lines, rows, usd


def answer(number: str, total: int, **tokens: int) -> dict[str, Any]:
    written = {"input": 12000, "output": 300, "cached": 9000, "thoughts": 150, "tool": 0, "total": total, **tokens}
    return {"id": number, "type": "gemini", "timestamp": "2026-02-20T09:00:09Z", "model": "gemini-3-pro-preview", "tokens": written}


ASKED = {"id": "u", "type": "user", "timestamp": "2026-02-20T09:00:00Z", "content": "secret"}


def test_cached_is_a_part_of_input_or_beside_it_as_the_total_says_and_thoughts_are_output(tmp_path: Path) -> None:
    path = lines(tmp_path / "session-1.json", {"sessionId": "s", "messages": [ASKED, answer("a", 12_450), answer("b", 21_450)]})
    log = read(path)
    inside, beside = 3_000 * 2 + 9_000 * 0.2 + 450 * 12, 12_000 * 2 + 9_000 * 0.2 + 450 * 12
    assert usd(log) == pytest.approx([inside / 1e6, beside / 1e6], rel=1e-12)
    assert rows(log, "input_tokens", "output_tokens", "reasoning_tokens", "by_user") == [(12_000, 450, 150, 1), (21_000, 450, 150, 0)]
    assert [end - start for start, end in rows(log, "start_s", "end_s")] == [9, 0]


def test_the_last_of_one_id_counts_even_if_it_is_smaller(tmp_path: Path) -> None:
    head = {"sessionId": "s", "startTime": "2026-02-20T09:00:00Z"}
    small = answer("a", 12_250, output=100)
    log = read(lines(tmp_path / "session-1.jsonl", head, answer("a", 12_450), small, answer("b", 12_450)))
    assert rows(log, "session", "output_tokens") == [("s", 250), ("s", 450)]


def test_what_tools_put_into_a_prompt_is_input(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "session-1.json", {"sessionId": "s", "messages": [answer("a", 12_550, tool=100)]}))
    assert rows(log, "input_tokens", "cache_read_tokens") == [(12_100, 9_000)]


def test_an_answer_copied_into_another_chat_counts_once_and_one_of_another_time_for_itself(tmp_path: Path) -> None:
    """A saved chat that goes on has what was said before: one answer is new. Ids that two chats number for themselves are two calls."""
    lines(tmp_path / "session-1.json", {"sessionId": "s", "messages": [ASKED, answer("a", 12_450), answer("b", 12_450)]})
    other = answer("c", 12_450) | {"timestamp": "2026-02-20T11:00:09Z"}
    lines(tmp_path / "session-2.json", {"sessionId": "t", "messages": [ASKED, answer("b", 12_450), answer("a", 12_450), other]})
    again = answer("a", 12_450) | {"timestamp": "2026-02-21T11:00:09Z"}
    lines(tmp_path / "session-3.json", {"sessionId": "u", "messages": [again]})
    log = read(tmp_path)
    assert rows(log, "session", "output_tokens") == [("s", 450), ("s", 450), ("t", 450), ("u", 450)]
    assert log.report.duplicates == {"copies in another file": 2}


@pytest.mark.parametrize(("total", "told"), [(12_450, 0), (21_450, 0), (0, 0), (99_999, 1)])
def test_a_total_that_is_no_sum_is_told(tmp_path: Path, total: int, told: int) -> None:
    log = read(lines(tmp_path / "x.json", {"sessionId": "s", "messages": [answer("a", total)]}))
    assert log.report.remarks["total is not what its parts come to: is one of them missing?"] == told
