"""Calls that were gathered: each once, copies of nobody, and what is odd of two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from sim.logs.logged import ZONELESS
from tests.logs.readers.gateways.test_langfuse import observed
from tests.logs.readers.gateways.test_litellm import row
from tests.logs.readers.gateways.test_openrouter import HEAD as OPENROUTER
from tests.logs.readers.gateways.test_openrouter import line
from tests.logs.readers.gateways.test_otel import span, tokens
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.harnesses.test_gemini import answer
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.readers.traces.test_tracelab import step
from tests.logs.written import lines, rows

CALL = usage(1000, 0, 0, 9)


def told(path: Path, words: str) -> int:
    return next((many for what, many in read(path).report.remarks.items() if words in what), 0)


def test_who_has_nothing_but_copies_of_others_calls_is_no_agent_and_no_session(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", said(1, "1", CALL))
    lines(tmp_path / "b.jsonl", said(1, "1", CALL, sessionId="t"))
    lines(tmp_path / "c.jsonl", said(2, "2", CALL, sessionId="u"))
    log = read(tmp_path)
    assert rows(log, "session", "input_tokens") == [("s", 1000), ("u", 1000)]
    assert log.sessions()[1] == ["s", "u"]


def test_calls_without_an_id_that_are_the_same_are_told(tmp_path: Path) -> None:
    entry = said(1, "1", CALL)
    del entry["requestId"], entry["message"]["id"]
    path = lines(tmp_path / "x.jsonl", entry, entry, {**entry, "sessionId": "t"})
    assert len(read(path).calls) == 3
    assert told(path, "without an id and like another of its file") == 1


@pytest.mark.parametrize(("prompt", "many"), [(1000, 0), (9000, 1)])
def test_an_id_with_other_tokens_is_told(tmp_path: Path, prompt: int, many: int) -> None:
    path = lines(tmp_path / "x.jsonl", row(1, 1000, None, None), row(1, prompt, None, None))
    assert rows(read(path), "input_tokens") == [(prompt,)]
    assert told(path, "of an id that another line has with other input tokens") == many


def test_a_session_of_two_formats_is_told(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", said(1, "1", CALL))
    lines(tmp_path / "b.jsonl", span("a", None, "chat", 0, 1, **tokens(1000, 9, **{"session.id": "s"})))
    assert told(tmp_path, "a file of another format has too") == 1


OPENED = {"startTime": "2026-02-20T09:00:00", "endTime": "2026-02-20T09:00:05"}
NESTED: dict[str, list[Any]] = {
    "langfuse": [{"data": [observed("a") | OPENED, observed("b")]}],
    "otel": [{"trace_id": "t", "spans": [{"span_id": "a", "attributes": tokens(9, 1), "start_time": OPENED["startTime"]}]}],
    "tracelab": [step("1", "s", 0, 1) | {"timing_events": [{"timestamp": OPENED["startTime"], "event_type": "text"}]}],
    "gemini": [{"sessionId": "s", "messages": [answer("a", 9) | {"timestamp": OPENED["startTime"]}]}],
    "litellm": [row(1, 9, None, None, startTime="2026-02-20T09:00:00Z", endTime=OPENED["endTime"])],
    "openrouter": [OPENROUTER, line("09:00:00")],
    "own": [HEAD.replace("t_s", "session_start_s,t_s"), "s,main,0,2026-02-20T09:00:00,5,1000,100"],
}


@pytest.mark.parametrize("entries", NESTED.values(), ids=NESTED)
def test_times_without_a_zone_are_told_wherever_they_stand(tmp_path: Path, entries: list[Any]) -> None:
    log = read(lines(tmp_path / "x", *entries))
    assert log.report.remarks[ZONELESS] == 1
    assert 1_771_578_000 in (log.calls["start_s"][0] // 10 * 10, log.calls["end_s"][0] // 10 * 10)
