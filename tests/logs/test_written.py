"""A log written as a table of ours: read again it is the same log, and its sessions are those of the log itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import DataError, LogBill
from sim.logs import read
from sim.logs.session import Session
from sim.logs.trace import read_trace
from sim.logs.written import write_trace
from sim.settings.workload import TraceInput
from tests.logs.readers.gateways.test_ccusage import day
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import february, lines, rows

COLUMNS = (
    "session", "agent", "parent", "model", "status", "tier", "by_user", "web_searches", "input_tokens", "cache_read_tokens",
    "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens",
)  # fmt: skip


def claude_code(folder: Path) -> Path:
    """Two sessions, one with a sub-agent; writes of both lifetimes."""
    hour = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 300}
    lines(
        folder / "s1.jsonl", said(0, "1", usage(10, 5000, 0, 9), timestamp="2026-02-16T09:00:00Z"),
        said(0, "2", usage(10, 300, 5000, 70, cache_creation=hour), timestamp="2026-02-16T09:00:30Z"),
        said(0, "3", usage(10, 300, 0, 70), timestamp="2026-02-16T09:00:40Z", isSidechain=True, agentId="a1"),
    )  # fmt: skip
    lines(folder / "s2.jsonl", said(0, "4", usage(7, 100, 2000, 5), sessionId="s2", timestamp="2026-02-16T10:00:00Z"))
    return folder


def test_a_log_comes_back_as_it_was(tmp_path: Path) -> None:
    log = read(claude_code(tmp_path / "logs"))
    write_trace(log, tmp_path / "trace.parquet")
    again = read(tmp_path / "trace.parquet")
    assert sorted(rows(again, *COLUMNS)) == sorted(rows(log, *COLUMNS))
    assert np.sort(again.calls["start_s"]) == pytest.approx(np.sort(log.calls["start_s"]), abs=1e-6)
    bills = [LogBill(each, february()) for each in (log, again)]
    assert np.sort(bills[0].priced) == pytest.approx(np.sort(bills[1].priced), rel=1e-12)
    assert np.isnan(again.calls["cost_usd"]).all()


def test_sessions_of_a_log_are_those_of_its_table(tmp_path: Path) -> None:
    folder = claude_code(tmp_path / "logs")
    write_trace(read(folder), tmp_path / "trace.parquet")
    sessions = read_trace(folder)
    again = read_trace(tmp_path / "trace.parquet", input=TraceInput.whole)  # a table does not say who wrote it
    assert sessions == again
    assert [session.begins_s for session in sessions] == [1771232400.0, 1771236000.0]
    main = sessions[0].agents[0].calls
    assert [(call.input_tokens, call.read_tokens, call.write_tokens, call.write_1h_tokens) for call in main] == [
        (5010, 0, 5000, 0),
        (5310, 5000, 300, 300),
    ]
    assert {call.model for call in main} == {"claude-opus-4-6"}


def mooncake(folder: Path, *seconds: float) -> list[Session]:
    """Requests at these times."""
    lines(
        folder / "m.jsonl",
        *({"timestamp": 1000 * at, "input_length": 600, "output_length": 5, "hash_ids": [1, 2]} for at in seconds),
    )
    return read_trace(folder / "m.jsonl")


def test_times_of_a_clock_that_sessions_share_are_kept(tmp_path: Path) -> None:
    sessions = mooncake(tmp_path, 3, 0, 27)
    assert [session.begins_s for session in sessions] == [3.0, 0.0, 27.0]
    assert [session.agents[0].calls[0].read_tokens for session in sessions] == [0, 600, 600]


def test_sessions_with_clocks_of_their_own_have_no_beginning(tmp_path: Path) -> None:
    request = {"t": 5.0, "in": 100, "out": 5, "hash_ids": [1], "api_time": 2.0}
    lines(tmp_path / "w.json", {"id": "a", "block_size": 64, "requests": [request, {**request, "t": 20.0, "in": 150}]})
    (session,) = read_trace(tmp_path / "w.json")
    assert session.begins_s is None
    assert [call.wait_s for call in session.agents[0].calls] == [0, 13]


def test_sums_over_calls_cannot_be_replayed(tmp_path: Path) -> None:
    lines(tmp_path / "c.json", {"daily": [day()], "totals": {}})
    with pytest.raises(DataError, match="1 of 1 rows of the log are sums over calls, which cannot be replayed"):
        read_trace(tmp_path / "c.json")
