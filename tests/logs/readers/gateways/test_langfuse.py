"""Langfuse's observations, priced by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from tests.logs.written import FRESH, HOUR, OUT, READ, WRITE, lines, rows, usd


def observed(number: str, above: str | None = None, usage: dict[str, int] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "traceId": "t1", "type": "GENERATION", "parentObservationId": above, "name": "chat", "model": "claude-opus-4-6",
        "startTime": "2026-02-20T09:00:00Z", "endTime": "2026-02-20T09:00:05Z", "usageDetails": usage or {"input": 10, "output": 1},
        "costDetails": {"input": 0.000015, "total": 0.0597}, "input": "secret", "level": "DEFAULT", **more,
    }  # fmt: skip


def cached(fresh: int, total: int) -> dict[str, int]:
    return {"input": fresh, "cache_read_input_tokens": 31_200, "cache_creation_input_tokens": 5_424, "output": 412, "total": total}


BILL = 3 * FRESH + 31_200 * READ + 5_424 * WRITE + 412 * OUT


def test_what_holds_input_adds_up_unless_the_total_says_that_it_was_counted_twice(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.jsonl", observed("a", usage=cached(3, 37_039)), observed("b", usage=cached(36_627, 37_039))))
    assert usd(log) == pytest.approx([BILL, BILL], rel=1e-12)
    assert rows(log, "input_tokens", "cost_usd") == [(36_627, 0.0597)] * 2
    assert list(log.report.remarks.values()) == [1]


def test_reasoning_and_an_hours_writes_have_names_of_their_own(tmp_path: Path) -> None:
    usage = {"input": 10, "input_cache_creation_1h": 1_000, "output": 5, "output_reasoning_tokens": 7, "total": 1_022}
    log = read(lines(tmp_path / "x.jsonl", observed("a", usage=usage)))
    assert usd(log) == pytest.approx([10 * FRESH + 1_000 * HOUR + 12 * OUT], rel=1e-12)
    assert rows(log, "reasoning_tokens") == [(7,)]


def test_agents_by_the_chain_of_observations_and_sessions_by_their_trace(tmp_path: Path) -> None:
    entries = [
        observed("d", "c"), observed("c", "b", type="AGENT", name="scout"), observed("b", "a", type="TOOL"),
        observed("a", None, type="AGENT"), observed("e", "a", level="ERROR"),
    ]  # fmt: skip
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"data": entries, "meta": {}}, indent=1))
    lines(tmp_path / "y.json", {"id": "t1", "sessionId": "talk", "traceId": "t1", "type": "SPAN"})
    found = rows(read(tmp_path), "session", "agent", "parent", "status")
    assert found == [("talk", "scout c", "main", "ok"), ("talk", "main", "", "error")]


def test_the_tier_of_service_that_was_asked_for(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.json", observed("a", modelParameters={"service_tier": "flex"}), observed("b", modelParameters=None)))
    assert rows(log, "tier") == [("flex",), ("standard",)]


def test_a_page_of_several_says_that_others_are_missing_until_they_are_there(tmp_path: Path) -> None:
    pages = [{"data": [observed(f"o{page}")], "meta": {"page": page, "totalPages": 2}} for page in (1, 2)]
    paths = [lines(tmp_path / f"{place}.json", page) for place, page in enumerate(pages)]
    assert read(paths[0]).report.remarks == {"on 1 of 2 pages that there are: the calls of the others are missing": 1}
    assert not read(*paths).report.remarks


def test_what_counts_no_tokens_is_not_priced(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.jsonl", observed("a"), observed("b", unit="CHARACTERS")))
    assert len(log.calls) == 1
    assert log.report.where == [f"{tmp_path / 'x.jsonl'}: line 2: counts CHARACTERS, no tokens"]


@pytest.mark.parametrize(
    "names", [("promptTokens", "completionTokens", "totalTokens"), ("prompt_tokens", "completion_tokens", "total_tokens")]
)
def test_names_as_openai_has_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    log = read(lines(tmp_path / "x.jsonl", observed("a", usage=dict(zip(names, (1_000, 100, 1_100), strict=True)))))
    assert usd(log) == pytest.approx([1_000 * FRESH + 100 * OUT], rel=1e-12)


def test_a_total_that_is_not_its_parts_is_told(tmp_path: Path) -> None:
    sums = [observed(str(total), usage={"input": 1_000, "output": 100, "total": total}) for total in (1_100, 5_000)]
    log = read(lines(tmp_path / "x.jsonl", *sums))
    assert usd(log) == pytest.approx([1_000 * FRESH + 100 * OUT] * 2, rel=1e-12)
    assert log.report.remarks["total is not what input, output and cache come to: is a part of them missing?"] == 1
