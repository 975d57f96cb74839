"""TraceLab's rounds, priced by hand, and sub-agents told by time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from tests.logs.written import FRESH, OUT, READ, WRITE, lines, rows, usd


def stamp(second: int) -> str:
    return f"2026-02-20T09:{second // 60:02}:{second % 60:02}.000Z"


def event(second: int, what: str) -> dict[str, str]:
    return {"event_type": what, "timestamp": stamp(second)}


def spawn(start: int, end: int, name: str = "Agent") -> dict[str, str]:
    return {"tool_name": name, "emitted_at": stamp(start), "result_at": stamp(end)}


def step(number: str, session: str, start: int, end: int, *tools: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "provider": "claude", "project": "p", "session_id": session, "round_id": number, "model": "claude-opus-4-6",
        "input_tokens_total": 32_272, "prefix_tokens": 27_217, "newly_append_tokens": 5_055, "claude_uncached_input_tokens": 2_892,
        "claude_cache_creation_input_tokens": 2_163, "claude_cache_read_input_tokens": 27_217, "output_tokens": 931,
        "timing_events": [event(start, "user_message"), event(end, "text")], "tools": list(tools), **more,
    }  # fmt: skip


def test_tokens_are_as_billed(tmp_path: Path) -> None:
    codex = {"claude_uncached_input_tokens": None, "claude_cache_creation_input_tokens": None, "claude_cache_read_input_tokens": None}
    openai = step("2", "t", 9, 11, model="gpt-5.2", provider="codex", reasoning_output_tokens=31, **codex)
    log = read(lines(tmp_path / "x.jsonl", step("1", "s", 0, 7), openai, step("1", "s", 0, 7)))
    opus = 2_892 * FRESH + 2_163 * WRITE + 27_217 * READ + 931 * OUT
    assert usd(log) == pytest.approx([opus, (5_055 * 1.75 + 27_217 * 0.175 + 931 * 14) / 1e6], rel=1e-12)
    assert rows(log, "reasoning_tokens", "by_user") == [(0, 1), (31, 1)]
    assert [end - start for start, end in rows(log, "start_s", "end_s")] == [7, 2]


def test_a_session_within_a_tool_of_one_other_is_its_sub_agent_and_it_is_said(tmp_path: Path) -> None:
    lead = step("1", "lead", 0, 5, spawn(5, 65), spawn(100, 105), spawn(200, 300, "Bash"))
    within, short, bash, across = (
        step(str(place), f"w{place}", *span) for place, span in enumerate([(10, 60), (101, 104), (210, 290), (50, 70)], 2)
    )
    log = read(lines(tmp_path / "x.jsonl", within, short, bash, across, lead))
    assert sorted(rows(log, "session", "agent", "parent")) == [
        ("lead", "main", ""), ("lead", "w2", "main"), ("w3", "main", ""), ("w4", "main", ""), ("w5", "main", ""),
    ]  # fmt: skip
    assert list(log.report.remarks.items()) == [("of sessions taken as sub-agents, since they lie within a tool of another session", 1)]


def test_one_that_could_be_of_several_or_is_of_another_project_is_of_none(tmp_path: Path) -> None:
    leads = [step(str(place), f"lead{place}", 0, 5, spawn(5, 65)) for place in range(2)]
    log = read(lines(tmp_path / "x.jsonl", *leads, step("9", "w", 10, 60), step("8", "v", 10, 60, project="other")))
    assert {parent for (parent,) in rows(log, "parent")} == {""}


def test_rounds_of_two_sessions_may_have_one_number(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.jsonl", step("1", "a", 0, 1), step("1", "b", 20, 21), step("1", "b", 20, 21)))
    assert rows(log, "session") == [("a",), ("b",)]
