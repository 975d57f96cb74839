"""Weka traces, priced by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.logs import read
from sim.logs.logged import BEYOND
from sim.logs.readers.traces.weka import shared
from tests.logs.written import OUT, READ, WRITE, lines, rows, usd


def request(second: float, inputs: int, blocks: list[int], model: str = "claude-opus-4-6") -> dict[str, Any]:
    return {"t": second, "type": "n", "model": model, "in": inputs, "out": 100, "hash_ids": blocks, "api_time": 5.5, "think_time": 0.0}


def session(*requests: dict[str, Any]) -> dict[str, Any]:
    return {"id": "trace_x", "models": ["claude-opus-4-6"], "block_size": 64, "hash_id_scope": "local", "requests": list(requests)}


def test_what_two_prompts_begin_with_is_read_and_no_more_than_there_is(tmp_path: Path) -> None:
    blocks = list(range(100))
    changed = [*blocks[:80], *range(500, 540)]
    log = read(lines(tmp_path / "x.json", session(request(0, 6_400, blocks), request(9, 6_350, blocks), request(20, 7_680, changed))))
    expected = [6_400 * WRITE + 100 * OUT, 6_350 * READ + 100 * OUT, 5_120 * READ + 2_560 * WRITE + 100 * OUT]
    assert usd(log) == pytest.approx(expected, rel=1e-12)
    assert rows(log, "start_s", "end_s")[1] == (9, 14.5)
    assert "upper bound" in next(iter(log.report.remarks))


@pytest.mark.parametrize("inner", [0.5, 961.8])
def test_a_sub_agent_has_blocks_of_its_own_and_times_since_its_spawn_or_the_sessions(tmp_path: Path, inner: float) -> None:
    child = {"t": 961.3, "type": "subagent", "agent_id": "agent_001", "requests": [request(inner, 640, list(range(10)))]}
    lost = {"t": 970, "type": "subagent", "agent_id": "agent_002", "status": "async_launched", "requests": None}
    log = read(lines(tmp_path / "x.json", session(request(0, 640, list(range(10))), child, lost, request(980, 640, list(range(10))))))
    found = rows(log, "agent", "parent", "cache_read_tokens", "start_s")
    assert found == [("main", "", 0, 0), ("agent_001", "main", 0, 961.8), ("main", "", 640, 980)]


def test_blocks_in_common() -> None:
    for one, other, many in (([], [1], 0), ([1], [1], 1), ([1, 2, 3], [1, 2, 4], 2), ([1, 2], [3, 2], 0), ([1, 2, 3], [1, 2], 2)):
        assert shared(one, other) == shared(other, one) == many


def test_a_session_that_two_files_have_counts_once_and_another_of_its_name_apart(tmp_path: Path) -> None:
    """The same JSON on one line and on many is one session; with other requests it is another."""
    one = session(request(0, 6_400, list(range(100))), request(9, 6_350, list(range(100))))
    lines(tmp_path / "a.json", one)
    (tmp_path / "b.json").write_text(json.dumps(one, indent=1))
    lines(tmp_path / "c.json", session(request(0, 640, list(range(10)))))
    log = read(tmp_path)
    assert rows(log, "session", "input_tokens") == [("trace_x", 6_400), ("trace_x", 6_350), ("trace_x (2)", 640)]
    assert log.report.duplicates == {"sessions that another file has too": 1}


def test_a_request_without_tokens_is_no_call_of_none(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.json", session(request(0, 640, [1]), {**request(5, 0, []), "in": None})))
    assert rows(log, "input_tokens") == [(640,)]
    assert log.report.broken == 1


@pytest.mark.parametrize(("blocks", "told"), [(17, 0), (18, 0), (19, 1), (500, 1)])
def test_more_blocks_than_a_prompt_fills_are_told(tmp_path: Path, blocks: int, told: int) -> None:
    """A prompt of 1,100 tokens fills 17.2 of 64."""
    log = read(lines(tmp_path / "x.json", session(request(0, 1_100, list(range(blocks))))))
    assert log.report.remarks[BEYOND] == told


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (session(request(0, 9, [1])) | {"block_size": 0}, "block_size=0: must be a number of tokens from 1 on"),
        (session(request(0, 9, [1])) | {"block_size": -64}, "-64 is no number of tokens"),
        (session(request(0, 9, [1]) | {"hash_ids": "12"}), "hash_ids=12: must be a list"),
        (session(request(float("nan"), 9, [1])), "'nan' is no number of seconds (t): write a number, or nothing"),
    ],
)
def test_what_can_be_no_session_is_broken(tmp_path: Path, entry: dict[str, Any], told: str) -> None:
    """A negative size of a block made reads below 0, and a bill above what all of it costs uncached."""
    log = read(lines(tmp_path / "x.jsonl", entry, session(request(0, 640, list(range(10)))) | {"id": "y"}))
    assert [where.rpartition("line 1: ")[2] for where in log.report.where] == [told]
