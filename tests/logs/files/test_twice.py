"""A name that stands twice in one object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim import DataError
from sim.logs import read
from sim.logs.files.twice import twice
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import lines, rows


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"input": 1, "input": 2}', "input"),
        ('{"a": [{"output_tokens": 9, "b": {}, "output_tokens": 900}]}', "output_tokens"),
        ('{"a": {"input": 1}, "b": {"input": 2}}', ""),
        ('{"note": 1, "note": 2, "a": {"input": 1}, "b": {"input": 2}}', ""),
        ('{"input": 1, "input": 2', ""),
    ],
)
def test_which_name(text: str, name: str) -> None:
    assert twice(text.encode()) == name


def test_a_line_that_says_tokens_twice_is_broken_and_a_document_refused(tmp_path: Path) -> None:
    """Nine tokens or 900: nobody knows."""
    odd = json.dumps(said(1, "1", usage(10, 0, 0, 9))).replace('"output_tokens": 9', '"output_tokens": 900, "output_tokens": 9')
    log = read(lines(tmp_path / "x.jsonl", odd, said(2, "2", usage(20, 0, 0, 9))))
    assert rows(log, "input_tokens") == [(20,)]
    assert log.report.where == [f"{tmp_path / 'x.jsonl'}: line 1: names output_tokens twice: which is meant?"]
    (tmp_path / "y.json").write_text(f"[{odd}]")
    with pytest.raises(DataError, match="names output_tokens twice in one object: which is meant"):
        read(tmp_path / "y.json")
