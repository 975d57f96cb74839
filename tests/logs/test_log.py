"""Reading as a whole: which files, which format, each call once."""

from __future__ import annotations

import bz2
import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim import DataError
from sim.logs import read
from sim.logs.formats import formats
from sim.logs.logged import Counts, LoggedCall, count, dollars, moment, tier_of
from tests.logs.readers.gateways.test_openrouter import HEAD as OPENROUTER
from tests.logs.readers.gateways.test_openrouter import line
from tests.logs.readers.gateways.test_otel import ROLLED_UP
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import lines, rows
from tests.worlds import agent, backend, scenario


def test_files_folders_and_globs_each_file_once_and_by_its_content(tmp_path: Path) -> None:
    lines(tmp_path / "a" / "x.jsonl", said(1, "1", usage(10, 0, 0, 9)))
    lines(tmp_path / "a" / "deep" / "y.json", *ROLLED_UP)
    lines(tmp_path / "a" / "z.csv", f"{HEAD},cached_tokens", "s,main,0,0,20000,300,15000")
    lines(tmp_path / "a" / "other.json", {"name": "nothing of ours"})
    lines(tmp_path / "a" / "notes.md", "# not looked at")
    log = read(tmp_path / "a", tmp_path / "a" / "x.jsonl", str(tmp_path / "*" / "*.csv"))
    assert log.report.files == {"claude-code": 1, "otel": 1, "own": 1}
    assert log.report.skipped == {str(tmp_path / "a" / "other.json"): ""}
    assert len(log.calls) == 4
    assert sim.logs.read is read


def test_what_is_not_there_or_has_no_calls_is_one_line(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path / "no.csv", "no such file or folder"),
        (lines(tmp_path / "x.json", {"a": 1}), r"is of no known format; known: .*claude-code.*\(its first entry has a\)"),
        (
            lines(tmp_path / "cut.json", '{"resourceSpans": [{"sco'),
            r"\(its first line is no JSON: it ends in the middle, as where a file was cut\)",
        ),
        (lines(tmp_path / "y.log", 'INFO {"a": 1, "b": 2}'), "has something before the JSON of its first line"),
        (lines(tmp_path / "z.csv", "sep=;", "trace;agent"), "begins with Excel's sep=;"),
        (
            lines(tmp_path / "e" / "x.jsonl", {"sessionId": "s", "timestamp": "2026-01-01", "message": {}}),
            r"holds no calls \(read: 1 claude-code\)",
        ),
        (
            lines(tmp_path / "u.jsonl", said(1, "1", {}) | {"message": {"id": "1"}}),
            r"holds no calls \(read: 1 claude-code; 1 answers without their usage: left out, since nobody knows their tokens\)",
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
    """`trace.csv`, `trace (1).csv` and two that a spreadsheet and gzip have made of it are one trace; another row in its place counts."""
    table = [HEAD, "s,main,0,0,20000,300", "s,main,1,60,21000,300"]
    for name in ("trace.csv", "trace (1).csv"):
        lines(tmp_path / name, *table)
    (tmp_path / "trace.csv.gz").write_bytes(gzip.compress((tmp_path / "trace.csv").read_bytes()))
    (tmp_path / "windows.csv").write_bytes((tmp_path / "trace.csv").read_bytes().replace(b"\n", b"\r\n"))
    lines(tmp_path / "other.csv", *table[:2], "s,main,1,60,21001,300")
    log = read(tmp_path)
    assert sorted(log.calls["input_tokens"]) == [20_000, 21_000, 21_001]
    assert log.report.duplicates == {"files that hold what another does": 3, "rows that another file has too": 1}
    assert log.report.remarks["another file has that call of the session with other numbers: both counted"] == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_tables_that_overlap_count_each_call_once(tmp_path: Path, recorded: bool) -> None:
    """Exported twice, as CSV up to the second call and as Parquet in another order with one more."""
    head, tail = (f"{HEAD},cached_tokens", ",0") if recorded else (HEAD, "")
    table = [f"s,main,{turn},{60 * turn},{20_000 + turn},300{tail}" for turn in range(3)]
    file = lines(tmp_path / "all.csv", head, *table)
    pd.read_csv(file).iloc[::-1].to_parquet(tmp_path / "all.parquet")
    lines(file, head, *table[:2])
    log = read(tmp_path)
    assert sorted(log.calls["input_tokens"]) == [20_000, 20_001, 20_002]
    assert log.report.duplicates == {"rows that another file has too": 2}
    assert len(log.sessions()[1]) == 1


def test_sessions_of_one_name_in_two_files_that_differ_from_the_start_are_two(tmp_path: Path) -> None:
    """Each month numbers its sessions from 1; the second calls are alike by chance, and both count."""
    lines(tmp_path / "january.csv", HEAD, "1,main,0,0,20000,300", "1,main,1,60,21000,300")
    lines(tmp_path / "february.csv", HEAD, "1,main,0,0,30000,300", "1,main,1,60,21000,300")
    log = read(tmp_path)
    assert sorted(log.calls["input_tokens"]) == [20_000, 21_000, 21_000, 30_000]
    assert log.sessions()[1] == ["1", "1 (2)"]
    assert log.report.remarks["first of a session whose name another file has too, and which differs: taken as another session"] == 1


def test_what_was_written_from_a_run_is_not_counted_beside_it(tmp_path: Path) -> None:
    lines(tmp_path / "scenario.yaml", "name: x")
    lines(tmp_path / "x.csv", HEAD, "s,main,0,0,20000,300")
    exported = lines(tmp_path / "export" / "claude-code" / "x.jsonl", said(1, "1", usage(10, 0, 0, 9)))
    assert dict(read(tmp_path).report.files) == {"own": 1}
    assert dict(read(exported.parent).report.files) == {"claude-code": 1}


def test_replications_and_runs_that_are_added_up_are_told_and_keep_their_sessions_apart(tmp_path: Path) -> None:
    for name, turns in (("a", 2), ("b", 3)):
        sim.simulate(scenario(agent(turns=turns), backend(), tasks=2, replications=2)).calls.to_parquet(tmp_path / f"{name}.parquet")
    one, both = read(tmp_path / "a.parquet"), read(tmp_path)
    assert one.report.remarks["of 2 replications, added up: each did the work once"] == len(one.calls) == 8
    assert both.report.remarks["of 2 runs, added up: each did the work once"] == len(both.calls) == 20
    assert len(both.sessions()[1]) == 2 * len(one.sessions()[1]) == 8


def test_sums_beside_what_they_may_be_sums_of_are_told(tmp_path: Path) -> None:
    of = {"inputTokens": 9, "outputTokens": 1200, "cacheCreationTokens": 0, "cacheReadTokens": 0, "totalCost": 0.17}
    lines(tmp_path / "day.json", {"daily": [{"date": "2026-02-20", "modelsUsed": ["claude-opus-4-6"], **of}], "totals": {}})
    told = "sums beside {}: if they are of the same work, it is counted twice"
    assert not any("sums beside" in said for said in read(tmp_path).report.remarks)
    lines(tmp_path / "month.json", {"monthly": [{"month": "2026-02", "modelsUsed": ["claude-opus-4-6"], **of}], "totals": {}})
    assert read(tmp_path).report.remarks[told.format("sums of another file")] == 2
    lines(tmp_path / "x.jsonl", said(1, "1", usage(10, 0, 0, 9)))
    assert read(tmp_path).report.remarks[told.format("calls")] == 2


@pytest.mark.parametrize(
    ("name", "held", "why"),
    [
        ("cut.jsonl.gz", gzip.compress(b"{}" * 999, mtime=0)[:-9], "is packed, and cut or broken"),
        ("excel.csv", HEAD.encode("utf-16"), "is text in UTF-16: save it as UTF-8"),
        ("none.csv", b" \n", "is empty"),
        ("old.jsonl.bz2", bz2.compress(b"{}"), "is packed with bzip2, which is not read"),
        ("cut.parquet", b"PAR1junk", "is a Parquet file that is cut or broken"),
    ],
)
def test_a_file_in_a_folder_that_cannot_be_read_is_told_with_its_reason(tmp_path: Path, name: str, held: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(DataError, match=f"holds no calls \\({re.escape(str(tmp_path / name))} {why}"):
        read(tmp_path)
    lines(tmp_path / "good.csv", HEAD, "s,main,0,0,20000,300")
    skipped = read(tmp_path).report.skipped
    assert list(skipped) == [str(tmp_path / name)]
    assert skipped[str(tmp_path / name)].startswith(why)


def test_a_table_without_our_columns_is_told_what_it_begins_with(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"its first line names the columns Usage of February: a table of ours has trace, agent, t_s"):
        read(lines(tmp_path / "x.csv", "Usage of February", "", HEAD, "s,main,0,0,20000,300"))


@pytest.mark.parametrize(("day", "told"), [("2026-02-20", 0), ("2026-02-21", 1)])
def test_an_id_that_two_files_have_at_other_times_is_one_call_and_told(tmp_path: Path, day: str, told: int) -> None:
    """A resumed session copies its lines with their times; a proxy that numbers from 1 does not."""
    for name, date in (("a", "2026-02-20"), ("b", day)):
        lines(tmp_path / f"{name}.jsonl", {**said(1, "1", usage(10, 0, 0, 9)), "timestamp": f"{date}T09:00:00Z"})
    log = read(tmp_path)
    assert len(log.calls) == 1
    remark = "of an id that a call in another file has, minutes apart: taken as one call; are ids unique?"
    assert log.report.remarks[remark] == told


def test_calls_that_cannot_be_as_they_are_written_are_told(tmp_path: Path) -> None:
    columns = f"{HEAD},reasoning_tokens"
    log = read(lines(tmp_path / "t.csv", columns, "s,main,0,0,1000,300,500", "s,main,1,60,1000,300,200"))
    assert log.report.remarks["with more reasoning than output: is reasoning beside it, and not billed here?"] == 1


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"resourceMetrics": []}, "holds OpenTelemetry metrics, which are sums: export traces (resourceSpans)"),
        ({"resource_spans": []}, "holds OpenTelemetry spans by the names of protobuf: write them as OTLP JSON (resourceSpans)"),
        ({"total": 2, "data": [{"request_id": "a"}]}, "(if its rows are what stands in 'data', write these alone, an entry a line)"),
        ("[]", "holds no JSON object"),
        ("null", "holds no JSON object"),
        (json.dumps(json.dumps({"a": 1})), "holds JSON as texts within quotes: write each entry as JSON itself"),
    ],
)
def test_what_is_near_to_a_format_says_what_it_is(tmp_path: Path, entry: Any, told: str) -> None:
    with pytest.raises(DataError, match=re.escape(told)):
        read(lines(tmp_path / "x.json", entry))


@pytest.mark.parametrize(("milliseconds", "told"), [("5100", 0), ("5.1", 2)])
def test_answers_in_no_time_are_told(tmp_path: Path, milliseconds: str, told: int) -> None:
    """412 tokens in 5.1 thousandths of a second."""
    written = [line(f"09:0{minute}:00").replace("5100", milliseconds) for minute in (1, 2)]
    assert (
        read(lines(tmp_path / "x.csv", OPENROUTER, *written)).report.remarks[
            "answered at more than 10,000 output tokens a second: are times in seconds where milliseconds are meant?"
        ]
        == told
    )


def test_two_logs_of_the_same_work_are_told(tmp_path: Path) -> None:
    """Of two formats, so that no id tells them: four calls at the same moments and as long."""
    for name, late in (("a", 0), ("b", 0), ("c", 7)):
        rows_of = [f"{name},main,{n},{1_771_200_000 + 60 * n + late},{5_000 + n},{100 + n},0" for n in range(4)]
        lines(tmp_path / f"{name}.csv", f"{HEAD},cached_tokens", *rows_of)
    told = "at the moment of a call of another file, and as long: two logs of the same work? then it is counted twice"
    assert read(tmp_path / "a.csv", tmp_path / "b.csv").report.remarks[told] == 4
    assert told not in read(tmp_path / "a.csv", tmp_path / "c.csv").report.remarks


def test_a_format_that_a_file_is_not_of_is_told_with_the_one_that_it_is(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(5, 0, 0, 10)))
    with pytest.raises(DataError, match="it is claude-code by what is in it: leave out --format"):
        read(path, format="codex")
