"""LiteLLM's SpendLogs, priced by hand, as JSON and as CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from sim.logs.logged import ZONELESS
from tests.logs.written import FRESH, OUT, READ, WRITE, lines, rows, usd


def row(number: int, prompt: int, read: int | None, write: int | None, out: int = 412, **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": prompt, "completion_tokens": out}
    if read is not None:
        usage |= {"prompt_tokens_details": {"cached_tokens": read}}  # type: ignore[dict-item]
    if write is not None:
        usage |= {"cache_creation_input_tokens": write, "cache_read_input_tokens": read or 0}
    return {
        "request_id": f"chatcmpl-{number}", "session_id": "s1",
        "startTime": "2026-02-20 09:00:00.000", "endTime": "2026-02-20 09:00:06.000",
        "model": "claude-opus-4-6", "custom_llm_provider": "anthropic", "spend": 0.06, "prompt_tokens": prompt, "completion_tokens": out,
        "status": "success", "cache_hit": "None", "user": "secret", "metadata": {"usage_object": usage, "attempted_retries": 0}, **more,
    }  # fmt: skip


WHOLE = row(1, 36_627, 31_200, 5_424)
BILL = 3 * FRESH + 31_200 * READ + 5_424 * WRITE + 412 * OUT


def table(path: Path, *entries: dict[str, Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(entries[0]))
        writer.writeheader()
        writer.writerows({**each, "metadata": json.dumps(each["metadata"])} for each in entries)
    return path


def test_as_json_with_metadata_as_such_or_as_a_text_and_as_csv(tmp_path: Path) -> None:
    text = {**WHOLE, "metadata": json.dumps(WHOLE["metadata"])}
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps([WHOLE], indent=1))
    for path in (lines(tmp_path / "x.jsonl", WHOLE), lines(tmp_path / "y.jsonl", text), listed, table(tmp_path / "z.csv", WHOLE)):
        log = read(path)
        assert usd(log) == pytest.approx([BILL], rel=1e-12)
        assert rows(log, "session", "cost_usd", "input_tokens") == [("s1", 0.06, 36_627)]
        assert log.calls["end_s"][0] - log.calls["start_s"][0] == 6
        assert not log.report.unknown_columns
    strange = read(table(tmp_path / "w.csv", {**WHOLE, "colour": "red"}))
    assert strange.report.unknown_columns == {str(tmp_path / "w.csv"): ["colour"]}


def test_an_older_version_leaves_anthropics_cache_out_of_the_prompt_and_no_other_providers(tmp_path: Path) -> None:
    openai = row(2, 9_000, 5_000, None, model="gpt-5.2", custom_llm_provider="openai")
    log = read(lines(tmp_path / "x.jsonl", row(1, 31, 0, 1_253), row(3, 20_000, 8_000, 0), openai))
    assert rows(log, "input_tokens") == [(1_284,), (28_000,), (9_000,)]
    assert list(log.report.remarks.values()) == [3, 2]
    assert log.report.remarks[ZONELESS] == 3
    assert usd(log)[2] == pytest.approx((4_000 * 1.75 + 5_000 * 0.175 + 412 * 14) / 1e6, rel=1e-12)


def test_failed_calls_cost_nothing_and_its_own_cache_is_no_call(tmp_path: Path) -> None:
    failed = row(2, 9_000, 0, 0, 0, status="failure", spend=0)
    cached = row(3, 9_000, 0, 0, cache_hit="True", spend=0)
    retried = row(4, 9_000, 0, 0, 0, metadata={"attempted_retries": 2})
    log = read(lines(tmp_path / "x.jsonl", WHOLE, failed, cached, retried, WHOLE))
    assert rows(log, "status") == [("ok",), ("failure",), ("ok",)]
    assert usd(log)[:2] == pytest.approx([BILL, 0], rel=1e-12)
    assert len(log.report.remarks) == 4, "the last call has no output; times name no zone"
    assert log.report.duplicates == {"lines of one call": 1}


def test_batches_and_tiers_are_told(tmp_path: Path) -> None:
    """A row of a batch job by its kind of call, a tier by the vendor's answer."""
    flex = row(2, 100, None, None, metadata={"usage_object": {"prompt_tokens": 100, "completion_tokens": 1, "service_tier": "flex"}})
    log = read(lines(tmp_path / "x.jsonl", row(1, 1_000, None, None, call_type="aretrieve_batch"), flex, row(3, 100, None, None)))
    assert rows(log, "tier") == [("batch",), ("flex",), ("standard",)]
    assert usd(log)[0] == pytest.approx((1_000 * FRESH + 412 * OUT) / 2, rel=1e-12)


def test_a_line_of_totals_is_no_call(tmp_path: Path) -> None:
    """A spreadsheet's last line: the sum of one call is not a second one."""
    total = {**WHOLE, "request_id": "", "startTime": "", "endTime": "", "model": "", "session_id": ""}
    log = read(table(tmp_path / "x.csv", WHOLE, total))
    assert usd(log) == pytest.approx([BILL], rel=1e-12)
    assert log.report.where == [f"{tmp_path / 'x.csv'}: line 3: no id, no time, no model: a line of totals?"]


def test_metadata_that_is_no_json_is_said_to_be_that(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.jsonl", WHOLE, row(2, 9_000, 0, 0, 9, metadata="{cut")))
    assert [where.rpartition("x.jsonl: ")[2] for where in log.report.where] == ["line 2: its metadata is no JSON: is it cut?"]


@pytest.mark.parametrize(("total", "told"), [(None, 0), (9_412, 0), (17_412, 0), (5, 1)])
def test_a_total_that_is_neither_sum_is_told(tmp_path: Path, total: int | None, told: int) -> None:
    """9,000 and 412 tokens, with or without the 5,000 and 3,000 of the cache beside them."""
    log = read(lines(tmp_path / "x.jsonl", row(1, 9_000, 5_000, 3_000, total_tokens=total)))
    assert log.report.remarks["total_tokens is not what prompt and completion come to: is a part of them missing?"] == told
