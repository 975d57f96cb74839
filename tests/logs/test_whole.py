"""Whole prompts, whatever a source counts: what shows it, what is said of it, what is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim import DataError
from sim.logs import read
from sim.logs.whole import shows_parts
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import READ, WRITE, lines, rows

EITHER = ("s,main,0,0,20000,200,0", "s,main,1,30,24000,200,20000")
"""The second has 24,000 tokens, or 44,000."""
SHOWN = (*EITHER, "s,main,2,60,27000,200,24000")
"""The third reads the second's prompt: that has 24,000."""
BESIDE = (*EITHER, "s,main,2,60,44500,200,44000")
"""It reads 44,000: so many has the second's prompt, or so many has another's."""


def span(number: int, inputs: int, cached: int) -> dict[str, Any]:
    names = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "claude-opus-4-6"}
    counts = {"gen_ai.usage.input_tokens": inputs, "gen_ai.usage.cache_read.input_tokens": cached, "gen_ai.usage.output_tokens": 200}
    when = {"start_time": 1771200000 + 30 * number, "end_time": 1771200005 + 30 * number}
    return {"trace_id": "t", "span_id": str(number), "name": "chat", **when, "attributes": {**names, **counts}}


def spent(number: int, inputs: int, cached: int, provider: str) -> dict[str, Any]:
    counts = {"prompt_tokens": inputs, "completion_tokens": 200, "total_tokens": inputs + 200}
    when = {"startTime": f"2026-02-16 09:00:{10 * number:02}", "endTime": f"2026-02-16 09:00:{10 * number + 5:02}"}
    about = {"usage_object": {**counts, "cache_read_input_tokens": cached}}
    return {
        "request_id": str(number), "session_id": "s", "model": "claude-opus-4-6", "custom_llm_provider": provider, "spend": 0,
        **counts, **when, "metadata": about,
    }  # fmt: skip


@pytest.mark.parametrize(
    "entries", [[span(0, 20_000, 0), span(1, 24_000, 20_000)], [spent(0, 20_000, 0, "anthropic"), spent(1, 24_000, 20_000, "anthropic")]]
)
def test_every_format_that_leaves_it_open_is_asked_about(tmp_path: Path, entries: list[dict[str, Any]]) -> None:
    """24,000 tokens with 20,000 read could be 24,000 in all or 44,000: $0.17 or $0.295."""
    path = lines(tmp_path / "x.jsonl", *entries)
    assert read(path).report.unsure_reads == 1
    assert rows(read(path), "input_tokens") == rows(read(path, input="whole"), "input_tokens") == [(20_000,), (24_000,)]
    fresh = read(path, input="fresh")
    assert rows(fresh, "input_tokens") == [(20_000,), (44_000,)]
    assert fresh.report.unsure_reads == 0


def test_who_is_known_to_count_reads_in_is_not_asked_about(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", spent(0, 20_000, 0, "openai"), spent(1, 24_000, 20_000, "openai"))
    assert read(path).report.unsure_reads == 0
    with pytest.raises(DataError, match="input=fresh: leave it out: litellm says what input tokens hold"):
        read(path, input="fresh")


@pytest.mark.parametrize(("calls", "unsure"), [(EITHER, 1), (SHOWN, 0), (BESIDE, 2)])
def test_a_prompt_that_is_read_whole_by_the_next_call_shows_how_long_it_was(tmp_path: Path, calls: tuple[str, ...], unsure: int) -> None:
    log = read(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", *calls))
    assert log.report.unsure_reads == unsure
    (session,) = sim.logs.trace.read_trace(tmp_path / "x.csv")
    assert session.unsure_reads == bool(unsure)


def test_calls_of_one_agent_show_it_in_the_order_of_their_times() -> None:
    agents, inputs, reads, none = np.array([1, 0, 1]), np.array([27_000, 9_000, 24_000]), np.array([24_000, 1_000, 20_000]), np.zeros(3)
    assert shows_parts(agents, np.array([2, 1, 1]), inputs, reads, none)
    assert not shows_parts(agents, np.array([1, 1, 2]), inputs, reads, none)  # then one that shrank says nothing
    assert not shows_parts(np.arange(3), np.array([2, 1, 1]), inputs, reads, none)


def test_a_log_that_says_it_itself_need_not_be_told_and_a_slip_is_one_line(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(10, 0, 0, 9)))
    with pytest.raises(DataError, match="input=whole: leave it out: claude-code says"):
        read(path, input="whole")
    with pytest.raises(DataError, match="input=frsh: did you mean 'fresh'"):
        read(path, input="frsh")


@pytest.mark.parametrize(
    ("calls", "how", "expected"),
    [
        (EITHER, "unsaid", 24_000 * WRITE + 20_000 * READ),
        (EITHER, "fresh", 44_000 * WRITE + 20_000 * READ),
        (("s,main,0,0,130213,200,0", "s,main,1,30,5,200,128955"), "fresh", (130_213 + 5) * WRITE + 128_955 * READ),
    ],
)
def test_a_run_takes_input_as_it_is_said(tmp_path: Path, calls: tuple[str, ...], how: str, expected: float) -> None:
    """Case 03: $0.295 beside; the answers cost $0.01. A second prompt of 128,960 is shorter than the first: of that 128,955 were read."""
    path = lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", *calls)
    words = ("workload=trace", f"workload.trace={path}", f"workload.trace_input={how}", "market.models.claude_opus_4_6.error_rate=0")
    for cache in ("simulated", "recorded"):
        result = sim.simulate(sim.load(*words, f"workload.trace_cache={cache}", "backends=[claude_opus_4_6]", "replications=1"))
        assert result.mean("cost_usd") == pytest.approx(expected + 0.01, rel=1e-12)
        assert ("which nothing in the log shows" in result.notes["trace"]) == (how == "unsaid")


def test_a_run_refuses_more_reads_than_input_and_says_what_settles_it(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", "s,main,0,0,5,200,128955")
    with pytest.raises(DataError, match=r"row 2, cached_tokens=128955: must be at most input_tokens.*workload\.trace_input=fresh"):
        sim.simulate(sim.load("workload=trace", f"workload.trace={path}"))


def test_a_log_in_which_no_cache_was_read_or_written_says_so(tmp_path: Path) -> None:
    """What is told as paid again could have been read: no cache had it."""
    off = read(lines(tmp_path / "x.csv", f"{HEAD},cache_read_tokens", *(f"s,main,{n},{30 * n},20000,200,0" for n in range(3))))
    assert [many for each, many in off.report.remarks.items() if "is caching off?" in each] == [3]
    on = read(lines(tmp_path / "y.csv", f"{HEAD},cache_read_tokens", *SHOWN))
    assert not any("caching off" in each for each in on.report.remarks)
