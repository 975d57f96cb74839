"""Pages of an API, saved as they came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim import DataError
from sim.logs import read
from tests.logs.written import rows


def call(number: int) -> dict[str, Any]:
    return {
        "request_id": f"c{number}", "spend": 0.0075, "prompt_tokens": 1000, "completion_tokens": 100,
        "startTime": f"2026-02-16T09:00:1{number}Z", "model": "claude-opus-4-6",
    }  # fmt: skip


def page(folder: Path, name: str, held: str, *numbers: int, **more: Any) -> None:
    (folder / name).write_text(json.dumps({held: [call(number) for number in numbers], **more}))


@pytest.mark.parametrize(
    ("held", "more", "said"),
    [
        ("data", {"total": 14, "page": 1, "total_pages": 7}, "on 1 of 7 pages that there are: the calls of the others are missing"),
        ("results", {"total": 14}, "of 14 that there are by their page: the calls of other pages are missing"),
        ("items", {"has_more": True}, "on pages of which each says that there are more: the calls of others are missing"),
        ("rows", {"next_page": None}, ""),
        ("logs", {"total": 2}, ""),
    ],
)
def test_the_rows_of_a_page_are_read_and_missing_pages_told(tmp_path: Path, held: str, more: dict[str, Any], said: str) -> None:
    page(tmp_path, "x.json", held, 1, 2, **more)
    log = read(tmp_path)
    assert rows(log, "input_tokens", "cost_usd") == [(1000, 0.0075)] * 2
    assert {what: many for what, many in log.report.remarks.items() if " page" in what} == ({said: 2} if said else {})


def test_all_pages_are_whole(tmp_path: Path) -> None:
    for number in (1, 2):
        page(tmp_path, f"{number}.json", "data", number, total=2, page=number, total_pages=2, has_more=number == 1)
    log = read(tmp_path, format="litellm")
    assert len(log.calls) == 2
    assert not any(" page" in what for what in log.report.remarks)


def test_one_file_in_a_folder_says_at_once_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"resourceMetrics": []}')
    with pytest.raises(DataError, match="OpenTelemetry metrics, which are sums: export traces"):
        read(tmp_path)
    with pytest.raises(DataError, match="give a file, folder or glob"):
        read()
