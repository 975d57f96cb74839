"""AIPerf's dag_jsonl: a plan as calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import DataError
from sim.logs import read
from tests.logs.written import lines, rows


def turn(characters: int, most: int, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "x" * characters}], "max_tokens": most, **more}


def test_prompts_grow_by_what_is_said_and_children_begin_anew_or_where_they_fork(tmp_path: Path) -> None:
    lead = [turn(4_000, 300, spawns=[{"children": ["w0"], "join_at": 2}]), turn(40, 200, delay=1500), turn(6, 9, forks=[{"child": "f"}])]
    entries = [
        {"session_id": "w0", "turns": [turn(800, 120, spawns=[{"children": ["deep"]}])]},
        {"session_id": "lead", "turns": lead},
        {"session_id": "f", "turns": [turn(4, 1)]},
        {"session_id": "deep", "turns": [turn(4, 1)]},
    ]
    log = read(lines(tmp_path / "x.jsonl", *entries))
    assert rows(log, "session", "agent", "parent", "input_tokens", "output_tokens", "cache_read_tokens") == [
        ("lead", "main", "", 1_000, 300, 0),
        ("lead", "main", "", 1_310, 200, 1_000),
        ("lead", "main", "", 1_512, 9, 1_310),
        ("lead", "w0", "main", 200, 120, 0),
        ("lead", "deep", "w0", 1, 1, 0),
        ("lead", "f", "main", 1_522, 1, 1_521),
    ]
    assert "a token for 4 characters" in next(iter(log.report.remarks))


def test_a_ring_an_orphan_and_a_second_line_of_one_session_are_told(tmp_path: Path) -> None:
    """Nobody begins the first of a ring; `ghost` has no line."""
    ring = [{"session_id": name, "turns": [turn(4, 1, spawns=[{"children": [other]}])]} for name, other in (("a", "b"), ("b", "a"))]
    with pytest.raises(DataError, match="session a: is begun in a ring, by one that it begins itself: left out"):
        read(lines(tmp_path / "ring.jsonl", *ring))
    lead = {"session_id": "lead", "turns": [turn(4, 1, spawns=[{"children": ["ghost"]}])]}
    log = read(lines(tmp_path / "x.jsonl", lead, lead))
    assert len(log.calls) == 1
    assert [where.rpartition("x.jsonl: ")[2] for where in log.report.where] == [
        "line 2: session_id lead has a line already",
        "aiperf-dag: session ghost: is begun by another, and has no line of its own",
    ]


def test_a_long_line_of_those_who_begin_one_another_is_read(tmp_path: Path) -> None:
    entries = [{"session_id": f"s{each}", "turns": [turn(8, 1, forks=[f"s{each + 1}"] if each < 2_000 else [])]} for each in range(2_001)]
    log = read(lines(tmp_path / "x.jsonl", *entries))
    assert rows(log, "agent", "parent", "input_tokens")[-1] == ("s2000", "s1999", 2_001 * 2 + 2_000)
