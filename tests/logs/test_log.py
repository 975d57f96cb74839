"""Reading as a whole: which files, which format, each call once."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

import sim
from sim import DataError
from sim.logs import read
from sim.logs.formats import formats
from sim.logs.logged import Counts, LoggedCall, count, dollars, moment, tier_of
from tests.logs.readers.gateways.test_otel import ROLLED_UP
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import lines, rows


def test_files_folders_and_globs_each_file_once_and_by_its_content(tmp_path: Path) -> None:
    lines(tmp_path / "a" / "x.jsonl", said(1, "1", usage(10, 0, 0, 9)))
    lines(tmp_path / "a" / "deep" / "y.json", *ROLLED_UP)
    lines(tmp_path / "a" / "z.csv", f"{HEAD},cached_tokens", "s,main,0,0,20000,300,15000")
    lines(tmp_path / "a" / "other.json", {"name": "nothing of ours"})
    lines(tmp_path / "a" / "notes.md", "# not looked at")
    log = read(tmp_path / "a", tmp_path / "a" / "x.jsonl", str(tmp_path / "*" / "*.csv"))
    assert log.report.files == {"claude-code": 1, "otel": 1, "own": 1}
    assert log.report.skipped == [str(tmp_path / "a" / "other.json")]
    assert len(log.calls) == 4
    assert sim.logs.read is read


def test_what_is_not_there_or_has_no_calls_is_one_line(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path / "no.csv", "no such file or folder"),
        (lines(tmp_path / "x.json", {"a": 1}), "is of no known format; known: .*claude-code"),
        (
            lines(tmp_path / "e" / "x.jsonl", {"sessionId": "s", "timestamp": "2026-01-01", "message": {}}),
            r"holds no calls \(read: {'claude-code': 1}",
        ),
    ):
        with pytest.raises(DataError, match=why):
            read(path)
    with pytest.raises(DataError, match="format 'codx' is not known; did you mean 'codex'"):
        read(tmp_path / "x.json", format="codx")


def test_a_format_that_is_said_is_taken(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", {"type": "summary"}, said(1, "1", usage(10, 0, 0, 9)))
    assert len(read(path, format="claude-code").calls) == 1
    with pytest.raises(DataError, match="holds no calls"):
        read(path, format="codex")


def test_nothing_of_prompts_users_and_paths_is_kept(tmp_path: Path) -> None:
    secret = "SECRET"
    entry = said(1, "1", usage(10, 0, 0, 9), cwd=secret, gitBranch=secret, userType=secret)
    entry["message"]["content"] = [{"type": "text", "text": secret}]
    path = shutil.copy(lines(tmp_path / "x.jsonl", entry), tmp_path / "copy.jsonl")
    log = read(tmp_path)
    assert secret not in repr((log.agents, log.models, log.statuses, log.tiers, vars(log.report)))
    assert secret.encode() not in log.calls.tobytes()
    assert str(path) not in repr(log.agents)


def test_every_format_is_a_file_with_a_reader() -> None:
    assert {"claude-code", "codex", "otel", "own"} <= set(formats())
    for reader in formats().values():
        assert reader.__doc__
        assert "looks" in vars(reader)


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("7", 7), ("7.0", 7), (7.0, 7), (None, 0), ("", 0)])
def test_numbers_of_tokens(value: object, number: int) -> None:
    assert count(value) == number


@pytest.mark.parametrize("value", [-1, 1.5, "many", True, 1e300, float("nan"), [1]])
def test_what_is_no_number_of_tokens(value: object) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        count(value)


def test_moments_are_utc_unless_they_say_otherwise_and_dollars_finite() -> None:
    assert moment("2026-02-16T00:00:00.500Z") == moment("2026-02-16 00:00:00.5") == moment("2026-02-16T08:00:00.5+08:00") == 1771200000.5
    with pytest.raises(ValueError, match="no moment"):
        moment(1771200000)
    for amount in ("inf", -3, "-0.01"):
        with pytest.raises(ValueError, match="no amount"):
            dollars(amount)


def test_what_is_cut_in_a_folder_does_not_keep_the_rest_from_being_read(tmp_path: Path) -> None:
    lines(tmp_path / "b.csv", HEAD, "s,main,0,0,1000,100")
    packed = gzip.compress("\n".join([HEAD, *(f"t,main,{each},{each},{each},{each * 7919 % 10007}" for each in range(30_000))]).encode())
    (tmp_path / "a.csv.gz").write_bytes(packed[:-1000])
    log = read(tmp_path)
    assert ("s",) in rows(log, "session")
    assert log.report.where == [f"{tmp_path / 'a.csv.gz'}: its end: is packed, and cut or broken"]
    with pytest.raises(DataError, match="cut or broken"):
        read(tmp_path / "a.csv.gz")


def test_rows_have_names(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", "s,main,0,0,20000,300,15000")
    assert rows(read(path), "session", "agent", "model", "status", "tier") == [("s", "main", "", "ok", "standard")]
    assert LoggedCall("s", "m", Counts.disjoint, 1, 2).calls == 1


@pytest.mark.parametrize(
    ("written", "tier"),
    [
        ("batch", "batch"), ("Message_Batches", "batch"), ("aretrieve_batch", "batch"), ("default", "standard"), ("AUTO", "standard"),
        ("", "standard"), ("ON_DEMAND", "standard"), ("standard_only", "standard"), ("flex", "flex"), (" Priority ", "priority"),
    ],
)  # fmt: skip
def test_tiers_of_service_by_one_name(written: str, tier: str) -> None:
    assert tier_of(written) == tier


@pytest.mark.parametrize(
    ("agents", "subs"),
    [("coder", 0), ("coder coder", 0), ("coder helper", 1), ("main helper", 1), ("helper main", 1)],
)
def test_without_a_main_agent_who_calls_first_leads(tmp_path: Path, agents: str, subs: int) -> None:
    """A table without a column `parent`: one agent is no sub-agent of nobody."""
    table = [f"s,{name},{index},{60 * index},20000,300" for index, name in enumerate(agents.split())]
    log = read(lines(tmp_path / "t.csv", HEAD, *table))
    assert sum(bool(agent.parent) for agent in log.agents) == subs


def test_a_copy_of_a_file_whose_calls_have_no_ids_counts_once_and_is_told(tmp_path: Path) -> None:
    """`trace.csv` and `trace (1).csv` in one folder are one trace; another row makes another."""
    table = [HEAD, "s,main,0,0,20000,300", "s,main,1,60,21000,300"]
    for name in ("trace.csv", "trace (1).csv"):
        lines(tmp_path / name, *table)
    lines(tmp_path / "other.csv", *table[:2], "s,main,1,60,21001,300")
    log = read(tmp_path)
    assert len(log.calls) == 4
    assert log.report.duplicates == {"files that hold what another does": 1}
