"""OpenCode, priced by hand: its database, its older files, and sessions within sessions."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sim import DataError
from sim.logs import read
from tests.logs.written import FRESH, OUT, READ, WRITE, lines, rows, usd


def message(number: int, session: str = "ses_1", **more: Any) -> dict[str, Any]:
    tokens = {"input": 12, "output": 410, "reasoning": 50, "cache": {"read": 31200, "write": 5424}}
    return {
        "id": f"msg_{number}", "sessionID": session, "role": "assistant", "modelID": "claude-opus-4-6", "cost": 0.031,
        "time": {"created": 1771200000000 + number, "completed": 1771200006000}, "tokens": tokens, **more,
    }  # fmt: skip


BILL = 12 * FRESH + 31200 * READ + 5424 * WRITE + 460 * OUT


def database(path: Path, *messages: dict[str, Any]) -> Path:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE session (id TEXT, parent_id TEXT, title TEXT)")
        base.execute("CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER, data TEXT)")
        base.executemany("INSERT INTO session VALUES (?, ?, 'secret')", [("ses_1", None), ("ses_2", "ses_1"), ("ses_3", "ses_2")])
        for each in messages:
            data = {key: value for key, value in each.items() if key not in ("id", "sessionID")}
            base.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (each["id"], each["sessionID"], 0, json.dumps(data)))
    return path


def test_reasoning_stands_beside_output_and_reads_beside_input(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "storage" / "message" / "ses_1" / "msg_1.json", message(1)))
    assert usd(log) == pytest.approx([BILL], rel=1e-12)
    assert rows(log, "input_tokens", "output_tokens", "reasoning_tokens", "cost_usd") == [(36636, 460, 50, 0.031)]
    assert rows(log, "start_s", "end_s") == [(1771200000.001, 1771200006)]


def test_the_database_and_the_files_hold_the_same_calls_once(tmp_path: Path) -> None:
    user = {"id": "msg_0", "sessionID": "ses_1", "role": "user", "time": {"created": 1}}
    database(
        tmp_path / "opencode.db", user, message(1, parentID="msg_0"), message(2, parentID="msg_0"), message(3, "ses_2"), message(4, "ses_3")
    )
    lines(tmp_path / "storage" / "message" / "ses_1" / "msg_1.json", message(1))
    lines(tmp_path / "storage" / "message" / "ses_1" / "msg_9.json", message(9))
    log = read(tmp_path)
    main, child, deep = ("ses_1", "main", "", 0), ("ses_1", "ses_2", "main", 0), ("ses_1", "ses_3", "ses_2", 0)
    assert rows(log, "session", "agent", "parent", "by_user") == [("ses_1", "main", "", 1), main, child, deep, main]
    assert usd(log) == pytest.approx([BILL] * 5, rel=1e-12)
    assert sum(log.report.duplicates.values()) == 1


def test_files_of_sessions_say_which_began_which(tmp_path: Path) -> None:
    lines(tmp_path / "message" / "msg_1.json", message(1, "ses_2"))
    lines(tmp_path / "session" / "ses_2.json", {"id": "ses_2", "projectID": "p", "parentID": "ses_1", "title": "secret", "time": {}})
    assert rows(read(tmp_path), "session", "agent", "parent") == [("ses_1", "ses_2", "main")]


def test_a_broken_message_is_named_and_another_database_refused(tmp_path: Path) -> None:
    broken = message(2)
    del broken["tokens"]
    nothing = message(3, tokens={"input": 0, "output": 0, "cache": {}})
    log = read(database(tmp_path / "opencode.db", message(1), broken, nothing))
    assert len(log.calls) == 1
    assert log.report.where == [f"{tmp_path / 'opencode.db'}: message msg_2: has no 'tokens'"]
    with closing(sqlite3.connect(tmp_path / "other.db")) as base, base:
        base.execute("CREATE TABLE message (id TEXT)")
    with pytest.raises(DataError, match="is no database of OpenCode"):
        read(tmp_path / "other.db")


def test_seconds_where_milliseconds_are_meant_are_told(tmp_path: Path) -> None:
    (tmp_path / "message").mkdir()
    (tmp_path / "message" / "msg_1.json").write_text(json.dumps(message(1, time={"created": 1771200000, "completed": 1771200006})))
    report = read(tmp_path).report
    assert report.remarks["times that are no milliseconds since 1970 (seconds?): taken without a date"] == 1


def test_a_message_of_a_database_that_is_cut_is_said_to_be_that(tmp_path: Path) -> None:
    path = database(tmp_path / "x.db", message(1))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE message SET data = '{cut'")
    with pytest.raises(DataError, match="its data is no JSON: is it cut"):
        read(path)
