"""Mooncake traces and AIPerf's form of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.logs import read
from sim.logs.logged import BEYOND
from tests.logs.written import OUT, READ, WRITE, lines, rows, usd


def test_blocks_that_anybody_had_are_read(tmp_path: Path) -> None:
    head = {"timestamp": 0, "input_length": 6_755, "output_length": 500, "hash_ids": [46, 47, 48]}
    other = {"timestamp": 27_482, "input_length": 6_955, "output_length": 52, "hash_ids": [46, 47, 99, 48]}
    short = {"timestamp": 30_000, "input_length": 5_000, "output_length": 0, "hash_ids": [46, 47, 48] * 4}
    log = read(lines(tmp_path / "x.jsonl", head, other, short))
    assert usd(log) == pytest.approx([6_755 * WRITE + 500 * OUT, 1_024 * READ + 5_931 * WRITE + 52 * OUT, 5_000 * READ], rel=1e-12)
    assert rows(log, "session", "start_s") == [("1", 0), ("2", 27.482), ("3", 30)]


def test_another_file_has_other_blocks(tmp_path: Path) -> None:
    for output in (1, 2):  # a copy would be left out
        lines(tmp_path / f"{output}.jsonl", {"timestamp": 0, "input_length": 512, "output_length": output, "hash_ids": [1]})
    assert rows(read(tmp_path), "session", "cache_read_tokens") == [("1", 0), ("2:1", 0)]


def test_a_later_turn_has_only_what_is_new(tmp_path: Path) -> None:
    first = {"session_id": "s", "timestamp": 2_000, "input_length": 1_000, "output_length": 50}
    then = {"session_id": "s", "delay": 500, "input_length": 200, "output_length": 60}
    log = read(lines(tmp_path / "x.jsonl", first, then, then))
    assert rows(log, "session", "input_tokens", "cache_read_tokens", "start_s") == [
        ("s", 1_000, 0, 2),
        ("s", 1_250, 1_050, 2.5),
        ("s", 1_510, 1_310, 3),
    ]


def test_requests_that_two_files_share_are_told(tmp_path: Path) -> None:
    """Hours exported with an overlap: one request of three is in both, and reads in one of them alone what stood before it there.
    Second 0 is in every file, and says nothing."""
    first, shared, last = ({"timestamp": at, "input_length": 900, "output_length": 5, "hash_ids": [9, at]} for at in (0, 4_000, 9_000))
    lines(tmp_path / "1.jsonl", first, shared)
    lines(tmp_path / "2.jsonl", first | {"hash_ids": [7]}, shared, last)
    log = read(tmp_path)
    told = "like a call of another file: if the files overlap, it is counted twice"
    assert log.report.remarks[told] == 1
    assert f"1 row: {told}" in log.report.left_out()


def test_more_blocks_than_a_prompt_fills_are_told(tmp_path: Path) -> None:
    """600 tokens fill two blocks of 512, the last in part."""
    entries = [{"timestamp": 0, "input_length": 600, "output_length": 1, "hash_ids": list(range(many))} for many in (1, 2, 3)]
    assert read(lines(tmp_path / "x.jsonl", *entries)).report.remarks[BEYOND] == 1
