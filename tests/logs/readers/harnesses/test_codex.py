"""Codex, priced by hand, and the traps of its logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from tests.logs.written import lines, rows, usd

MODEL = {"timestamp": "2026-02-20T09:00:00.500Z", "type": "turn_context", "payload": {"model": "gpt-5.2"}}


def meta(thread: str, second: int = 0, **more: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-02-20T09:00:{second:02}.000Z", "type": "session_meta", "payload": {"id": thread, "cwd": "/p", **more}}


def numbers(inputs: int, cached: int, out: int, reasoning: int, **more: int) -> dict[str, int]:
    return {"input_tokens": inputs, "cached_input_tokens": cached, "output_tokens": out, "reasoning_output_tokens": reasoning,
            "total_tokens": inputs + out, **more}  # fmt: skip


def counted(second: int, last: dict[str, int] | None, total: dict[str, int]) -> dict[str, Any]:
    info = {"total_token_usage": total, **({"last_token_usage": last} if last else {})}
    return {"timestamp": f"2026-02-20T09:00:{second:02}.000Z", "type": "event_msg", "payload": {"type": "token_count", "info": info}}


FIRST, BOTH = numbers(10_000, 0, 300, 200), numbers(34_000, 9_000, 700, 500)
SECOND = numbers(24_000, 9_000, 400, 300)


def test_a_call_is_what_came_to_the_totals_and_is_told_once(tmp_path: Path) -> None:
    """GPT-5.2 of February 2026: 1.75, 0.175, 14 USD a million; its cache asks nothing for writes."""
    said = [counted(5, FIRST, FIRST), counted(6, FIRST, FIRST), counted(9, None, BOTH)]
    log = read(lines(tmp_path / "r.jsonl", meta("a"), MODEL, *said))
    assert usd(log) == pytest.approx([(10_000 * 1.75 + 300 * 14) / 1e6, (15_000 * 1.75 + 9_000 * 0.175 + 400 * 14) / 1e6], rel=1e-12)
    assert rows(log, "input_tokens", "output_tokens", "reasoning_tokens") == [(10_000, 300, 200), (24_000, 400, 300)]
    assert log.report.duplicates == {"totals told again": 1}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "child",
    [
        {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "a", "depth": 1}}}},
        {"forked_from_id": "a"},
    ],
)
def test_a_child_begins_with_a_replay_of_its_parent(tmp_path: Path, child: dict[str, Any], order: int) -> None:
    parent = [meta("a"), MODEL, counted(5, FIRST, FIRST), counted(9, SECOND, BOTH)]
    own = numbers(3_000, 0, 50, 0)
    total = {name: BOTH[name] + own[name] for name in own}
    replay = [{**each, "timestamp": "2026-02-20T09:00:30.100Z"} for each in parent]
    paths = [
        lines(tmp_path / "1.jsonl", *parent),
        lines(tmp_path / "2.jsonl", meta("b", 30, **child), *replay, counted(40, own, total)),
    ]
    log = read(*paths[::order])
    assert sorted(rows(log, "session", "agent", "parent", "input_tokens")) == [
        ("a", "b", "main", 3_000),
        ("a", "main", "", 10_000),
        ("a", "main", "", 24_000),
    ]
    assert log.report.duplicates == {"replays of a parent's history": 2}


def test_two_children_with_equal_numbers_are_two(tmp_path: Path) -> None:
    spawn = {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "a"}}}}
    lines(tmp_path / "1.jsonl", meta("a"), MODEL, counted(5, FIRST, FIRST))
    for child in "bc":
        lines(tmp_path / f"{child}.jsonl", meta(child, 10, **spawn), MODEL, counted(20, SECOND, SECOND))
    assert sorted(rows(read(tmp_path), "agent")) == [("b",), ("c",), ("main",)]


def test_without_its_parent_a_child_counts_from_its_own_context_on(tmp_path: Path) -> None:
    old = counted(5, FIRST, FIRST)
    path = lines(tmp_path / "r.jsonl", meta("b", 30, thread_source="subagent"), old, MODEL, counted(40, SECOND, BOTH))
    assert rows(read(path), "input_tokens", "cache_read_tokens") == [(24_000, 9_000)]


def test_a_copy_of_a_file_counts_once_and_an_old_file_has_the_model_of_its_time(tmp_path: Path) -> None:
    for folder in ("sessions", "archived_sessions"):
        lines(tmp_path / folder / "r.jsonl", meta("a"), counted(5, FIRST, FIRST))
    log = read(tmp_path)
    assert rows(log, "model", "input_tokens") == [("gpt-5", 10_000)]
    assert "of files that name no model: taken as gpt-5" in log.report.remarks


def test_writes_are_carved_out_of_what_is_fresh(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "r.jsonl", meta("a"), MODEL, counted(5, {**SECOND, "cache_write_input_tokens": 1_500}, SECOND)))
    assert rows(log, "input_tokens", "cache_read_tokens", "cache_write_tokens") == [(24_000, 9_000, 1_500)]


def test_totals_that_fall_begin_anew(tmp_path: Path) -> None:
    """Without the last call beside them: 34,000 tokens so far, then 10,000 so far, are a call of 10,000."""
    log = read(lines(tmp_path / "r.jsonl", meta("a"), MODEL, counted(5, None, BOTH), counted(9, None, FIRST)))
    assert rows(log, "input_tokens", "output_tokens") == [(34_000, 700), (10_000, 300)]
    assert log.report.remarks["after totals that fall: counted anew from there"] == 1


@pytest.mark.parametrize(("total", "told"), [(BOTH, 0), (numbers(99_000, 9_000, 700, 500), 1)])
def test_totals_that_grow_by_more_than_the_call_are_told(tmp_path: Path, total: dict[str, int], told: int) -> None:
    log = read(lines(tmp_path / "r.jsonl", meta("a"), MODEL, counted(5, FIRST, FIRST), counted(9, SECOND, total)))
    assert rows(log, "input_tokens") == [(10_000,), (24_000,)]
    assert log.report.remarks["before which running totals grew by more than the call: are lines missing?"] == told


def test_running_totals_in_place_of_a_calls_own_tokens_are_told(tmp_path: Path) -> None:
    """3,000 tokens are 4,000 with the first call in both."""
    first, both = numbers(1_000, 0, 10, 0), numbers(3_000, 0, 30, 0)
    log = read(lines(tmp_path / "r.jsonl", meta("a"), MODEL, counted(5, first, first), counted(9, both, both)))
    assert log.report.remarks["whose own tokens are the running totals, which hold the calls before, too: counted twice?"] == 1


@pytest.mark.parametrize(("head", "told"), [([meta("a")], 0), ([], 1)])
@pytest.mark.parametrize("last", [None, numbers(1_000, 0, 10, 0)])
def test_totals_of_a_file_without_its_head_are_told(tmp_path: Path, head: list[Any], told: int, last: dict[str, int] | None) -> None:
    """Half a million tokens may be of the calls whose lines are lost."""
    log = read(lines(tmp_path / "r.jsonl", *head, MODEL, counted(5, last, numbers(500_000, 0, 900, 0))))
    assert sum(log.report.remarks.values()) == told
