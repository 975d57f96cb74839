"""OpenTelemetry GenAI spans, priced by hand, and the traps of who writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from tests.logs.written import FRESH, OUT, READ, WRITE, lines, rows, usd

MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-opus-4-6"}


def span(number: str, parent: str | None, name: str, start: int, end: int, /, **attributes: Any) -> dict[str, Any]:
    seconds = 1771200000
    return {
        "traceId": "t1", "spanId": number, "parentSpanId": parent, "name": name, "startTimeUnixNano": (seconds + start) * 10**9,
        "endTimeUnixNano": (seconds + end) * 10**9, "attributes": attributes,
    }  # fmt: skip


def tokens(inputs: int, out: int, **more: Any) -> dict[str, Any]:
    return {**MODEL, "gen_ai.usage.input_tokens": inputs, "gen_ai.usage.output_tokens": out, **more}


def agent(name: str, **more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **more}


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    """As a collector writes it: lists of keys, whole numbers as texts."""

    def value(each: Any) -> dict[str, Any]:
        return {"intValue": str(each)} if isinstance(each, int) else {"stringValue": each}

    written = [{**each, "attributes": [{"key": key, "value": value(held)} for key, held in each["attributes"].items()]} for each in spans]
    for each in written:
        each["startTimeUnixNano"], each["endTimeUnixNano"] = str(each["startTimeUnixNano"]), str(each["endTimeUnixNano"])
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "lib"}, "spans": written}]}]}


SUMS = {"gen_ai.usage.input_tokens": 11300, "gen_ai.usage.output_tokens": 1100}
ROLLED_UP = (
    span("a", None, "invoke_agent", 0, 12, **{"gen_ai.operation.name": "invoke_agent", **SUMS}),
    span("b", "a", "chat claude-opus-4-6", 0, 4, **tokens(5600, 500)),
    span("c", "a", "chat claude-opus-4-6", 6, 12, **tokens(5700, 600, **{"gen_ai.usage.cache_read.input_tokens": 5600})),
)


@pytest.mark.parametrize("written", [ROLLED_UP, ROLLED_UP[::-1], (otlp(*ROLLED_UP),)], ids=["flat", "late", "otlp"])
def test_an_agents_span_that_sums_up_its_calls_is_none(tmp_path: Path, written: tuple[Any, ...]) -> None:
    """Case 19: 11,300 input tokens, not 22,600."""
    log = read(lines(tmp_path / "spans.jsonl", *written))
    assert log.calls["input_tokens"].sum() == 11_300
    assert log.report.duplicates == {"spans that sum up others": 1}
    expected = [5600 * WRITE + 500 * OUT, 5600 * READ + 100 * WRITE + 600 * OUT]
    assert sorted(usd(log), reverse=True) == pytest.approx(expected, rel=1e-12)
    assert sorted(rows(log, "start_s", "end_s")) == [(1771200000, 1771200004), (1771200006, 1771200012)]


def test_of_two_libraries_that_see_one_call_the_inner_one_counts(tmp_path: Path) -> None:
    log = read(
        lines(tmp_path / "s.jsonl", span("a", None, "chat x", 0, 9, **tokens(100, 10)), span("b", "a", "chat x", 1, 8, **tokens(100, 10)))
    )
    assert rows(log, "input_tokens") == [(100,)]


def test_a_call_around_a_tool_that_has_an_agent_stays_a_call(tmp_path: Path) -> None:
    spans = (
        span("a", None, "chat x", 0, 9, **tokens(100, 10)),
        span("b", "a", "execute_tool task", 1, 8, **{"gen_ai.operation.name": "execute_tool"}),
        span("c", "b", "invoke_agent scout", 1, 8, **agent("scout")),
        span("d", "c", "chat x", 2, 7, **tokens(50, 5)),
    )
    assert sorted(rows(read(lines(tmp_path / "s.jsonl", *spans)), "input_tokens")) == [(50,), (100,)]


def test_sub_agents_by_the_nearest_agent_above_over_files_in_any_order(tmp_path: Path) -> None:
    conversation = {"gen_ai.conversation.id": "talk"}
    lines(tmp_path / "1.jsonl", span("e", "d", "chat x", 3, 4, **tokens(7, 1)), span("b", "a", "chat x", 0, 1, **tokens(9, 1)))
    lines(
        tmp_path / "2.jsonl",
        span("d", "c", "invoke_agent scout", 2, 5, **agent("scout")),
        span("c", "a", "execute_tool task", 2, 6, **{"gen_ai.operation.name": "execute_tool"}),
        span("a", None, "invoke_agent lead", 0, 9, **agent("lead", **conversation)),
        span("f", "a", "chat x", 7, 8, **tokens(5, 1, **{"error.type": "timeout"})),
    )
    found = sorted(rows(read(tmp_path), "input_tokens", "session", "agent", "parent", "status"))
    assert found == [
        (5, "talk", "main", "", "error"),
        (7, "talk", "scout d", "main", "ok"),
        (9, "talk", "main", "", "ok"),
    ]


@pytest.mark.parametrize(
    "names",
    [
        "gen_ai.usage. prompt_tokens completion_tokens cache_read_input_tokens cache_creation_input_tokens",
        "gen_ai.usage. input_tokens output_tokens cache_read.input_tokens cache_creation.input_tokens",
        "gen_ai.usage. input_tokens output_tokens cache_read.input_tokens cache_write.input_tokens",
        "gen_ai.usage. input_tokens output_tokens input_tokens.cached input_tokens.cache_write",
        "llm.token_count. prompt completion prompt_details.cache_read prompt_details.cache_write",
    ],
)
def test_names_of_all_generations(tmp_path: Path, names: str) -> None:
    head, *tails = names.split()
    has = dict(zip((head + tail for tail in tails), (36_627, 412, 31_200, 5_424), strict=True))
    log = read(lines(tmp_path / "s.jsonl", span("a", None, "chat x", 0, 9, **{**MODEL, **has})))
    assert usd(log) == pytest.approx([3 * FRESH + 31_200 * READ + 5_424 * WRITE + 412 * OUT], rel=1e-12)


def test_who_counts_reads_beside_input_shows_it_and_is_believed(tmp_path: Path) -> None:
    read_of = "gen_ai.usage.cache_read.input_tokens"
    spans = (
        span("a", None, "chat x", 0, 1, **tokens(24_000, 1, **{read_of: 20_000})),
        span("b", None, "chat x", 2, 3, **tokens(5, 1, **{read_of: 44_000})),
    )
    log = read(lines(tmp_path / "s.jsonl", *spans))
    assert rows(log, "input_tokens", "cache_read_tokens") == [(44_000, 20_000), (44_005, 44_000)]
    assert list(log.report.remarks.values()) == [2]


def test_claude_codes_own_spans_count_fresh_tokens_alone(tmp_path: Path) -> None:
    has = {
        "model": "claude-opus-4-6",
        "input_tokens": 50_000,
        "output_tokens": 9,
        "cache_read_tokens": 40_000,
        "cache_creation_tokens": 100,
    }
    log = read(lines(tmp_path / "s.jsonl", span("a", None, "claude_code.llm_request", 0, 1, **has)))
    assert rows(log, "input_tokens", "cache_read_tokens", "cache_write_tokens") == [(90_100, 40_000, 100)]


def test_where_no_reads_are_named_none_are_made_up(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "s.jsonl", *(span(each, None, "chat x", 0, 1, **tokens(9_000, 1)) for each in "ab")))
    assert usd(log) == pytest.approx([9_000 * FRESH + OUT] * 2, rel=1e-12)
    assert "no cache reads named" in next(iter(log.report.remarks))


def test_an_agents_sum_whose_calls_are_not_there_is_told_not_counted(tmp_path: Path) -> None:
    lost = {**span("z", None, "invoke_agent x", 0, 1, **agent("x", **SUMS)), "traceId": "t2"}
    log = read(lines(tmp_path / "s.jsonl", *ROLLED_UP, lost, ROLLED_UP[1]))
    assert log.calls["input_tokens"].sum() == 11_300
    assert any("sampled away" in each for each in log.report.remarks)
    assert log.report.duplicates["spans sent twice"] == 1


def test_an_agents_sum_of_more_than_its_spans_is_told(tmp_path: Path) -> None:
    told = "sums of agents with more output than their model spans: are spans missing (sampled away)?"
    sampled = read(lines(tmp_path / "s.jsonl", *ROLLED_UP[:2]))
    assert sampled.report.remarks[told] == 1
    assert told not in read(lines(tmp_path / "t.jsonl", *ROLLED_UP)).report.remarks


def test_spans_in_a_ring_sum_up_nothing(tmp_path: Path) -> None:
    """Each the other's parent, or its own: a slip of who wrote them, and two calls all the same."""
    ring = (span("b", "c", "chat", 0, 4, **tokens(5600, 500)), span("c", "b", "chat", 6, 12, **tokens(5700, 600)))
    log = read(lines(tmp_path / "x.jsonl", *ring, span("d", "d", "chat", 13, 14, **tokens(100, 7))))
    assert sorted(rows(log, "input_tokens", "output_tokens")) == [(100, 7), (5600, 500), (5700, 600)]


def test_calls_without_any_token_are_told(tmp_path: Path) -> None:
    log = read(
        lines(tmp_path / "x.jsonl", span("b", None, "chat", 0, 4, **tokens(0, 0)), span("c", None, "chat", 6, 12, **tokens(5700, 600)))
    )
    assert log.report.remarks["calls without any token: nothing to price"] == 1


@pytest.mark.parametrize("name", ["openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.request.service_tier"])
def test_the_tier_of_service_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    log = read(lines(tmp_path / "x.jsonl", otlp(span("a", None, "chat", 0, 5, **tokens(1_000, 100, **{name: "batch"})))))
    assert rows(log, "tier") == [("batch",)]
    assert usd(log) == pytest.approx([(1_000 * FRESH + 100 * OUT) / 2], rel=1e-12)


def test_a_span_that_is_broken_takes_no_other_with_it(tmp_path: Path) -> None:
    """A batch of three, of which one counts half a token."""
    broken = {**span("x", None, "chat", 0, 1, **tokens(5600, 500)), "spanId": "bad"}
    broken["attributes"] = {**broken["attributes"], "gen_ai.usage.input_tokens": "1000.5"}
    log = read(lines(tmp_path / "spans.jsonl", otlp(ROLLED_UP[1], broken, ROLLED_UP[2])))
    assert sorted(log.calls["input_tokens"]) == [5600, 5700]
    assert log.report.where == [f"{tmp_path / 'spans.jsonl'}: span bad: 1000.5 is no number of tokens"]


def test_a_span_of_another_shape_is_told_in_words_of_ours(tmp_path: Path) -> None:
    broken = {**span("x", None, "chat", 0, 1, **tokens(5600, 500)), "spanId": "bad", "attributes": "none"}
    log = read(
        lines(tmp_path / "spans.jsonl", otlp(ROLLED_UP[1], ROLLED_UP[2]), {"resourceSpans": [{"scopeSpans": [{"spans": [broken]}]}]})
    )
    told = "holds another kind of thing than its format has there (a text for a list?)"
    assert [where.partition("jsonl: ")[2] for where in log.report.where] == [f"span bad: {told}"]


def test_names_that_disagree_and_times_in_milliseconds_are_told(tmp_path: Path) -> None:
    twice = span("a", None, "chat", 0, 4, **tokens(5600, 500, **{"llm.usage.completion_tokens": 7}))
    late = {**span("b", None, "chat", 0, 4, **tokens(100, 5)), "startTimeUnixNano": 1771200000000, "endTimeUnixNano": 1771200004000}
    log = read(lines(tmp_path / "spans.jsonl", twice, late))
    assert sorted(log.calls["output_tokens"]) == [5, 500]
    assert log.report.remarks["older and newer names of a span tell other tokens: the newest name is taken"] == 1
    assert log.report.remarks["times that are no nanoseconds since 1970 (milliseconds?): taken without a date"] == 1
    assert log.report.remarks["without a date, which others have: not in the time that the log spans"] == 1


def test_spans_without_ids_are_each_one_and_of_one_id_with_other_tokens_the_latest(tmp_path: Path) -> None:
    nameless = [span("", None, "chat x", second, second + 1, **tokens(100 + second, 1)) for second in (1, 2)]
    twice = [span("a", None, "chat x", 5, 6, **tokens(prompt, 1)) for prompt in (7, 8)]
    log = read(lines(tmp_path / "x.jsonl", {"trace_id": "t1", "spans": [*nameless, *twice]}))
    assert sorted(rows(log, "input_tokens")) == [(8,), (101,), (102,)]
    assert log.report.remarks["of a span that was sent twice, with other tokens: the latest is taken; are ids unique?"] == 1


def test_calls_without_tokens_are_told_but_not_those_around_or_within_a_call_that_has_them(tmp_path: Path) -> None:
    sums = {**MODEL, "gen_ai.usage.total_tokens": 1100}
    some = [
        span("a", None, "chat x", 0, 9, **MODEL), span("b", "a", "chat x", 1, 8, **tokens(100, 10)),
        span("c", "b", "chat x", 2, 3, **MODEL),
        span("d", None, "chat x", 10, 12, **sums), span("e", None, "chat x", 13, 14, **MODEL), span("f", None, "HTTP POST", 15, 16),
    ]  # fmt: skip
    log = read(lines(tmp_path / "s.jsonl", *some, {"resourceMetrics": []}))
    assert rows(log, "input_tokens") == [(100,)]
    assert log.report.remarks["spans of a call that name no input or output tokens: left out, since nobody knows them"] == 2
    assert log.report.remarks["OpenTelemetry metrics, which are sums: left out, spans are needed"] == 1
