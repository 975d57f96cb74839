"""Files in folders: what is looked at, and what is told instead of passed over in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim import DataError
from sim.logs import read
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import lines


def call(path: Path, number: int) -> Path:
    return lines(path, said(number, str(number), usage(10, 0, 0, 9)))


def test_endings_in_capitals_and_tables_with_tabs_are_looked_at(tmp_path: Path) -> None:
    call(tmp_path / "X.JSONL", 1)
    lines(
        tmp_path / "x.tsv",
        "trace,agent,call_index,t_s,input_tokens,output_tokens,cached_tokens".replace(",", "\t"),
        "s\tmain\t0\t0\t9\t1\t0",
    )
    assert len(read(tmp_path).calls) == 2


@pytest.mark.parametrize("name", ["a.log", "b.txt", "c.jsonl.1", "d.jsonl.bak", "e.jsonl~", "f.jsonl.2026-03-20"])
def test_a_log_with_another_ending_is_told_and_read_where_it_is_named(tmp_path: Path, name: str) -> None:
    call(tmp_path / "x.jsonl", 1)
    path = call(tmp_path / name, 2)
    (tmp_path / "notes.txt").write_text("# no log")
    log = read(tmp_path)
    assert (len(log.calls), list(log.report.skipped)) == (1, [str(path)])
    assert "name it to have it read" in log.report.skipped[str(path)]
    assert len(read(tmp_path, path).calls) == 2


def test_links_that_lead_nowhere_or_to_another_folder_are_told(tmp_path: Path) -> None:
    call(tmp_path / "here" / "x.jsonl", 1)
    call(tmp_path / "there" / "y.jsonl", 2)
    os.symlink(tmp_path / "gone.jsonl", tmp_path / "here" / "gone.jsonl")
    os.symlink(tmp_path / "there", tmp_path / "here" / "there")
    os.symlink(tmp_path / "here", tmp_path / "here" / "again")
    log = read(tmp_path / "here")
    assert {Path(path).name: why for path, why in log.report.skipped.items()} == {
        "gone.jsonl": "is a link to what is not there",
        "there": "is a link to a folder, which is not followed: name it",
    }
    assert len(read(tmp_path / "here", tmp_path / "here" / "there").calls) == 2


def test_a_link_to_itself_is_one_line(tmp_path: Path) -> None:
    os.symlink(tmp_path / "x.jsonl", tmp_path / "x.jsonl")
    with pytest.raises(DataError, match=r"x\.jsonl: Too many levels of symbolic links"):
        read(tmp_path / "x.jsonl")
