"""Each format is recognised by one reader alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import DataError
from sim.logs.files import File
from sim.logs.formats import formats, named, recognised
from sim.logs.report import Report
from tests.logs.readers.gateways import test_ccusage, test_langfuse, test_litellm, test_openrouter, test_otel
from tests.logs.readers.harnesses import test_claude_code, test_codex, test_gemini, test_opencode
from tests.logs.readers.traces import test_aiperf_dag, test_own, test_tracelab, test_weka
from tests.logs.written import lines

WRITTEN: dict[str, list[list[Any]]] = {
    "claude-code": [[test_claude_code.asked(0), test_claude_code.said(1, "1", test_claude_code.usage(1, 0, 0, 0))]],
    "codex": [[test_codex.meta("a"), test_codex.MODEL], [test_codex.MODEL]],
    "gemini": [[{"sessionId": "s", "messages": [test_gemini.answer("a", 9)]}], [{"sessionId": "s"}, test_gemini.answer("a", 9)]],
    "opencode": [[test_opencode.message(1)]],
    "openclaw": [[{"type": "message", "message": {"role": "assistant", "usage": {"input": 1, "cacheRead": 2}}}]],
    "otel": [[*test_otel.ROLLED_UP], [test_otel.otlp(*test_otel.ROLLED_UP)], [{"trace_id": "t", "spans": []}]],
    "litellm": [[test_litellm.WHOLE], ["request_id,spend,prompt_tokens,completion_tokens"]],
    "openrouter": [[test_openrouter.HEAD]],
    "langfuse": [[test_langfuse.observed("a")], [{"data": [test_langfuse.observed("a")]}]],
    "ccusage": [[{"daily": [test_ccusage.day()], "totals": {}}]],
    "weka": [[test_weka.session(test_weka.request(0, 1, [1]))]],
    "mooncake": [[{"timestamp": 0, "input_length": 1, "output_length": 1, "hash_ids": [1]}]],
    "tracelab": [[test_tracelab.step("1", "s", 0, 1)]],
    "aiperf-dag": [[{"session_id": "s", "turns": [test_aiperf_dag.turn(1, 1)]}]],
    "own": [[test_own.HEAD]],
    "run": [["replication,task,turn,status,t_request_s,t_end_s,agent"]],
}


@pytest.mark.parametrize(("name", "entries"), [(name, each) for name, several in WRITTEN.items() for each in several])
def test_a_file_is_known_by_what_is_in_it_whatever_its_name(tmp_path: Path, name: str, entries: list[Any]) -> None:
    assert recognised(File(lines(tmp_path / "file", *entries), Report())) == name


def test_every_format_is_among_them() -> None:
    assert set(WRITTEN) == set(formats())


def test_what_is_told_late_is_found_and_what_never_is_has_no_format(tmp_path: Path) -> None:
    others: list[Any] = [{"type": "snapshot"}] * 100
    late = lines(tmp_path / "late", "@@", *others, *WRITTEN["claude-code"][0])
    assert recognised(File(late, Report())) == "claude-code"
    assert recognised(File(lines(tmp_path / "never", *others * 6), Report())) == ""


def test_what_is_of_two_formats_is_a_question(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", test_litellm.WHOLE, test_codex.MODEL)
    with pytest.raises(DataError, match="could be codex or litellm; say which: --format codex"):
        recognised(File(path, Report()))
    assert named("codex") == "codex"
