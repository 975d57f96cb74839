"""Claude Code, priced by hand, and the traps of its logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.logs import read
from tests.logs.written import FRESH, HOUR, OUT, READ, WRITE, lines, rows, usd


def said(second: int, number: str, usage: dict[str, Any], **more: Any) -> dict[str, Any]:
    model = more.pop("model", "claude-opus-4-6")
    message = {"id": f"msg-{number}", "role": "assistant", "model": model, "usage": usage}
    head = {"sessionId": "s", "type": "assistant", "requestId": f"req-{number}", "timestamp": f"2026-03-20T10:00:{second:02}.000Z"}
    return {**head, "message": message, **more}


def asked(second: int, content: Any = "-", **more: Any) -> dict[str, Any]:
    head = {"sessionId": "s", "type": "user", "timestamp": f"2026-03-20T10:00:{second:02}.000Z"}
    return {**head, "message": {"role": "user", "content": content}, **more}


def usage(fresh: int, write: int, read: int, out: int, **more: Any) -> dict[str, Any]:
    return {"input_tokens": fresh, "cache_creation_input_tokens": write, "cache_read_input_tokens": read, "output_tokens": out, **more}


TOOL = [{"type": "tool_result", "tool_use_id": "t", "content": "-"}]


def test_a_call_is_one_however_many_lines_it_has(tmp_path: Path) -> None:
    """Case 01: $0.117, not $0.308."""
    first = [said(second, "1", usage(4, 15178, 0, out)) for second, out in ((4, 9), (5, 9), (8, 159))]
    log = read(lines(tmp_path / "s.jsonl", asked(0), *first, asked(9, TOOL), said(20, "2", usage(5, 800, 15178, 240))))
    expected = [4 * FRESH + 15178 * WRITE + 159 * OUT, 5 * FRESH + 800 * WRITE + 15178 * READ + 240 * OUT]
    assert usd(log) == pytest.approx(expected, rel=1e-12)
    assert sum(expected) == pytest.approx(0.1174715, abs=1e-9)
    assert rows(log, "input_tokens", "output_tokens", "by_user") == [(15182, 159, 1), (15983, 240, 0)]
    assert [end - start for start, end in rows(log, "start_s", "end_s")] == [8, 11]
    assert log.report.duplicates == {"lines of one call": 2}


def test_what_is_written_for_an_hour_has_its_own_price(tmp_path: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 4424}
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(3, 5424, 31200, 412, cache_creation=split))))
    assert usd(log) == pytest.approx([3 * FRESH + 1000 * WRITE + 4424 * HOUR + 31200 * READ + 412 * OUT], rel=1e-12)
    assert rows(log, "input_tokens", "cache_write_tokens", "cache_write_1h_tokens") == [(36627, 5424, 4424)]


def test_a_resumed_session_copies_old_lines_under_new_request_ids(tmp_path: Path) -> None:
    old = said(1, "1", usage(10, 0, 0, 9))
    lines(tmp_path / "a.jsonl", old)
    lines(tmp_path / "b.jsonl", {**old, "requestId": "other", "sessionId": "t"}, said(5, "2", usage(10, 0, 0, 5), sessionId="t"))
    log = read(tmp_path)
    assert rows(log, "session", "output_tokens") == [("s", 9), ("t", 5)]
    assert log.report.duplicates == {"copies in another file": 1}


@pytest.mark.parametrize("order", [1, -1])
def test_of_copies_the_main_thread_comes_first_then_the_whole_answer(tmp_path: Path, order: int) -> None:
    partial, whole = said(1, "1", usage(10, 0, 0, 9)), said(1, "1", usage(10, 0, 0, 159))
    aside = said(1, "1", usage(10, 0, 0, 900), isSidechain=True, agentId="a1")
    paths = [lines(tmp_path / f"{place}.jsonl", each) for place, each in enumerate((partial, whole, aside))]
    assert rows(read(*paths[::order]), "agent", "output_tokens") == [("main", 159)]


def test_sub_agents_and_who_began_them(tmp_path: Path) -> None:
    aside = {"isSidechain": True, "agentId": "a1"}
    deep = {"isSidechain": True, "agentId": "b2"}
    lines(tmp_path / "s.jsonl", asked(0), said(1, "1", usage(10, 0, 0, 9)), asked(9, TOOL, toolUseResult={"agentId": "a1"}))
    lines(
        tmp_path / "s" / "subagents" / "agent-a1.jsonl",
        asked(2, **aside),
        said(3, "2", usage(10, 0, 0, 9), **aside),
        asked(8, TOOL, toolUseResult={"agentId": "b2"}, **aside),
    )
    lines(tmp_path / "s" / "subagents" / "agent-b2.jsonl", asked(4, **deep), said(5, "3", usage(10, 0, 0, 9), **deep))
    lines(tmp_path / "s" / "subagents" / "agent-a1.meta.json", {"agentType": "Explore"})
    found = rows(read(tmp_path), "session", "agent", "parent", "by_user")
    assert found == [("s", "main", "", 1), ("s", "a1", "main", 0), ("s", "b2", "a1", 0)]


def test_an_advisor_is_a_call_of_its_own_model_that_the_totals_leave_out(tmp_path: Path) -> None:
    advice = {**usage(1000, 0, 0, 50), "type": "advisor_message", "model": "claude-haiku-4-5-20251001"}
    inside = {**usage(10, 0, 0, 9), "type": "message", "model": "claude-opus-4-6"}
    entry = said(1, "1", usage(10, 0, 0, 9, iterations=[inside, advice]))
    log = read(lines(tmp_path / "s.jsonl", entry, entry))
    assert usd(log) == pytest.approx([10 * FRESH + 9 * OUT, 1000 * 1e-6 + 50 * 5e-6], rel=1e-12)


def test_notes_are_no_calls_and_a_cut_line_is_named(tmp_path: Path) -> None:
    synthetic = said(2, "2", usage(0, 0, 0, 0), model="<synthetic>")
    broken = said(3, "3", usage(0, 0, 0, 0), isApiErrorMessage=True)
    negative = said(4, "4", usage(-5, 0, 0, 9))
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(10, 0, 0, 9)), synthetic, broken, negative, '{"type":"assistant","mess'))
    assert len(log.calls) == 1
    assert sum(log.report.remarks.values()) == 2
    assert log.report.broken == 2
    assert [each.removeprefix(str(tmp_path)) for each in log.report.where] == [
        "/s.jsonl: line 4: -5 is no number of tokens",
        "/s.jsonl: line 5: is no JSON: it ends in the middle, as where a file was cut",
    ]


def test_tokens_that_are_not_said_are_no_zero(tmp_path: Path) -> None:
    """Of five answers one counts."""
    null, none = usage(10, 0, 0, 9) | {"input_tokens": None}, {"output_tokens": 9}
    silent = said(5, "5", {}) | {"message": {"id": "msg-5", "role": "assistant"}}
    a_list = said(4, "4", {}) | {"message": {"id": "msg-4", "usage": [1, 2]}}
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(10, 0, 0, 9)), said(2, "2", null), said(3, "3", none), a_list, silent))
    assert len(log.calls) == 1
    assert log.report.remarks["answers without their usage: left out, since nobody knows their tokens"] == 1
    assert [each.rpartition(".jsonl: ")[2] for each in log.report.where] == [
        "line 2: input_tokens is empty",
        "line 3: has no 'input_tokens'",
        "line 4: its usage is no mapping of names to numbers",
    ]


def test_an_answer_that_is_a_text_is_told_as_one_without_its_usage(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(10, 0, 0, 9)), said(2, "2", {}) | {"message": "hello"}))
    assert len(log.calls) == 1
    assert log.report.remarks == {"answers without their usage: left out, since nobody knows their tokens": 1}


@pytest.mark.parametrize(("short", "told"), [(0, 0), (30_000, 1)])
def test_more_writes_by_lifetime_than_in_all_are_told(tmp_path: Path, short: int, told: int) -> None:
    """20,000 in all, of which 20,000 for an hour: there is no room for others."""
    split = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": 20_000}
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(10, 20_000, 0, 9, cache_creation=split))))
    assert sum(log.report.remarks.values()) == told
    assert usd(log) == pytest.approx([10 * FRESH + 20_000 * HOUR + short * WRITE + 9 * OUT], rel=1e-12)


@pytest.mark.parametrize(
    ("time", "zoneless"),
    [
        ("2026-02-16 09:00:00", True),
        ("2026-02-16T09:00:00.123", True),
        ("2026-02-16T09:00:00Z", False),
        ("2026-02-16T10:00:00+01:00", False),
        ("2026-02-16 09:00:00 UTC", False),
    ],
)
def test_a_time_without_a_zone_is_utc_and_that_is_said(tmp_path: Path, time: str, zoneless: bool) -> None:
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", usage(10, 0, 0, 9)) | {"timestamp": time}))
    assert log.calls["start_s"][0] // 1 == 1_771_232_400
    assert ("whose times name no zone: taken as UTC" in log.report.remarks) is zoneless


def test_tiers_of_service_searches_and_dollars_are_kept(tmp_path: Path) -> None:
    batch = usage(1000, 0, 0, 9, service_tier="batch", server_tool_use={"web_search_requests": 3})
    log = read(lines(tmp_path / "s.jsonl", said(1, "1", batch, costUSD=0.5), said(2, "2", usage(10, 0, 0, 9, speed="fast"))))
    assert rows(log, "tier") == [("batch",), ("fast",)]
    assert usd(log)[0] == pytest.approx(0.5 * (1000 * FRESH + 9 * OUT) + 3 * 0.01, rel=1e-12)
    assert log.calls["cost_usd"][0] == 0.5


def test_what_a_split_leaves_out_is_for_five_minutes(tmp_path: Path) -> None:
    """5,424 written, of which the split knows 1,000 for an hour: the others are not nothing."""
    some = usage(3, 5424, 0, 412, cache_creation={"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1000})
    assert usd(read(lines(tmp_path / "x.jsonl", said(0, "1", some)))) == pytest.approx([3 * FRESH + 4424 * WRITE + 1000 * HOUR + 412 * OUT])


def test_a_region_is_told_and_so_are_writes_by_lifetime_that_are_not_all(tmp_path: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 1000}
    some = [
        said(1, "1", usage(1000, 0, 0, 100, inference_geo="us")), said(2, "2", usage(1000, 0, 0, 100, inference_geo="global")),
        said(3, "3", usage(10, 5000, 0, 100, cache_creation=split)),
    ]  # fmt: skip
    log = read(lines(tmp_path / "s.jsonl", *some))
    plain = 1000 * FRESH + 100 * OUT
    assert usd(log) == pytest.approx([plain, plain, 10 * FRESH + 4000 * WRITE + 1000 * HOUR + 100 * OUT], rel=1e-12)
    region, less = log.report.remarks
    assert (region, log.report.remarks[region]) == ("inference_geo us: its surcharge is priced with market.models.ID.region=us alone", 1)
    assert less.startswith("fewer cache writes by lifetime than in all")
    there = sim.LogBill(log, sim.load("market.models.claude_opus_4_6.region=us"))
    assert there.priced[0] == pytest.approx(1.1 * plain, rel=1e-12)
