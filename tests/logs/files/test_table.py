"""Files that people feed a reader of traces: what is meant is understood, what is not is one line, and at once."""

from __future__ import annotations

import gzip
import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import sim
from sim.columns import TRACE
from sim.logs.files.table import MOST_BYTES, MOST_ROWS
from sim.logs.session import Session
from sim.logs.trace import read_trace

HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens"
ROWS = [("s-1", "main", 0, 0.0, 1000, 10), ("s-1", "main", 1, 9.0, 1500, 20), ("s-1", "sub", 0, 2.0, 700, 5)]


def table(**changes: Any) -> pa.Table:
    """Three calls as Arrow holds them; columns can be others."""
    columns: dict[str, Any] = dict(zip(HEAD.split(","), map(list, zip(*ROWS, strict=True)), strict=True))
    return pa.table(columns | changes)


def plain(folder: Path) -> list[Session]:
    """The same three calls as plain CSV."""
    (folder / "plain.csv").write_text("\n".join([HEAD, *(",".join(map(str, row)) for row in ROWS)]))
    return read_trace(folder / "plain.csv")


def told(path: Path) -> str:
    """What is said of a file that is refused."""
    began = time.process_time()
    with pytest.raises(sim.DataError) as refused:
        read_trace(path)
    assert time.process_time() - began < 5
    return str(refused.value)


IDS = ["007", "7", "1e5", "100000", "True", "true", "NA", "nan", "null", "0.1", "0.10", "a b"]


def test_ids_are_text_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([HEAD, *(f"{name},{name},0,0,100,5" for name in IDS)]))
    assert [(session.name, session.agents[0].name) for session in read_trace(path)] == [(name, name) for name in IDS]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.int64(), pa.binary()])
def test_ids_are_text_in_parquet(tmp_path: Path, type_: pa.DataType) -> None:
    names = ["12", "7", "100000"] if type_ == pa.int64() else ["007", "7", "NA"]
    ids = pa.array(list(map(int, names)) if type_ == pa.int64() else names).cast(type_)
    parquet.write_table(table(trace=ids, agent=ids), tmp_path / "calls.parquet")
    assert [(each.name, each.agents[0].name) for each in read_trace(tmp_path / "calls.parquet")] == [(name, name) for name in names]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("day", ["1970-01-01", "2026-02-03"])
def test_moments_and_durations_have_the_unit_of_their_type(tmp_path: Path, unit: str, day: str) -> None:
    moments = pd.to_datetime([f"{day}T00:00:00Z", f"{day}T00:01:40Z", f"{day}T00:00:02Z"])
    took = pa.array([5, 5, 5]).cast(pa.int64()).cast(pa.duration("s")).cast(pa.duration(unit))
    for zone in (None, "Asia/Tokyo"):
        times = pa.array(moments.tz_localize(None) if zone is None else moments, pa.timestamp(unit, zone))
        parquet.write_table(table(t_s=times, api_time_s=took), tmp_path / "calls.parquet", version="2.6")
        ((main, sub),) = (session.agents for session in read_trace(tmp_path / "calls.parquet"))
        assert main.calls[1].wait_s == pytest.approx(95)  # 100 s later, less the 5 s of the first call
        assert sub.start_s == pytest.approx(2)


TAKEN: dict[str, dict[str, Any]] = {
    "nullable integers": {"input_tokens": pa.array([1000, 1500, 700], pa.uint32()), "api_time_s": pa.array([None, 0, None], pa.int32())},
    "decimals": {"t_s": pa.array([Decimal("0.0"), Decimal("9.0"), Decimal("2.0")])},
    "floats of half size": {"t_s": pa.array([0.0, 9.0, 2.0], pa.float32())},
    "numbers as text": {"t_s": pa.array(["0", "9.0", " 2 "]), "call_index": pa.array(["0", "1", "0"])},
    "numbers as categories": {"call_index": pa.array([0, 1, 0]).dictionary_encode()},
    "an empty column": {"think_time_s": pa.nulls(3)},
    "nested cells that nobody needs": {"blocks": pa.array([[{"a": 1}], [], None])},
}


@pytest.mark.parametrize("case", TAKEN)
def test_columns_of_other_types_come_to_the_same(tmp_path: Path, case: str) -> None:
    parquet.write_table(table(**TAKEN[case]), tmp_path / "calls.parquet")
    assert read_trace(tmp_path / "calls.parquet") == plain(tmp_path)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "dates": ({"t_s": pa.array([0, 1, 2], pa.date32())}, "holds date32[day], must be numbers of seconds; is it a duration or a moment?"),
    "times of day": ({"t_s": pa.array([0, 1, 2], pa.time32("s"))}, "column 't_s' holds time32[ms], must be numbers of seconds"),
    "a moment to think": ({"think_time_s": pa.array([0, 1, 2], pa.timestamp("s"))}, "column 'think_time_s' holds timestamp[ms]"),
    "tokens by the clock": ({"input_tokens": pa.array([0, 1, 2], pa.duration("s"))}, "'input_tokens' holds duration[s], must be"),
    "truths": ({"input_tokens": [True, True, False]}, "column 'input_tokens' holds bool, must be numbers"),
    "lists": ({"input_tokens": [[1], [2], [3]]}, "column 'input_tokens' holds list<"),
    "nested ids": ({"trace": [{"id": 1}, {"id": 2}, {"id": 2}]}, "column 'trace' holds struct<id: int64>, must be text"),
    "no number for a name": ({"agent": [1.0, float("nan"), 2.0]}, "row 3, agent=nan: must not be empty"),
    "nobody": ({"agent": pa.array(["main", None, "sub"])}, "row 3, agent=None: must not be empty"),
    "no number": ({"input_tokens": pa.array([1000, None, 700])}, "row 3, input_tokens=None: must be a whole number"),
    "before 1970": ({"t_s": pa.array([-5, 9, 2], pa.timestamp("s"))}, "row 2, t_s=1969-12-31 23:59:55: must be a number of seconds from"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_columns_that_may_mean_anything_are_asked_about(tmp_path: Path, case: str) -> None:
    changes, rule = REFUSED[case]
    parquet.write_table(table(**changes), tmp_path / "calls.parquet")
    assert rule in told(tmp_path / "calls.parquet")


def test_a_column_twice_is_said(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(f"{HEAD},t_s\ns,main,0,0,100,5,0\n")
    assert "column 't_s' is there twice" in told(tmp_path / "calls.csv")
    two = table().append_column("t_s", pa.array([1.0, 2.0, 3.0]))
    parquet.write_table(two, tmp_path / "calls.parquet")
    assert "column 't_s' is there twice" in told(tmp_path / "calls.parquet")
    (tmp_path / "calls.csv").write_text(f"{HEAD},cached_tokens,Cached Tokens\ns,main,0,0,100,5,0,0\n")
    assert "is there twice (as 'cached_tokens' and as 'Cached Tokens')" in told(tmp_path / "calls.csv")


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
@pytest.mark.parametrize("head", [HEAD, HEAD.title().replace("_", " "), HEAD.upper().replace("_", "-"), HEAD.replace("_tokens", "Tokens")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_capitals_and_spaces_do_not_matter(tmp_path: Path, separator: str, head: str, end: str) -> None:
    lines = [f"\ufeff{head}", *(",".join(map(str, row)) for row in ROWS)]
    (tmp_path / "calls.csv").write_bytes(end.join(lines).replace(",", separator).encode())
    assert read_trace(tmp_path / "calls.csv") == plain(tmp_path)


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        (HEAD.replace("trace", "session"), "'trace' is missing; needs trace, agent, call_index, t_s, input_tokens, output_tokens; it has"),
        (HEAD.replace("input_tokens", "inputs_token"), "column 'inputs_token' is not known: call it 'input_tokens', or leave it out"),
        (f"{HEAD},cache_read_input_tokens", "call it 'cached_tokens', if it is a part of input_tokens, or leave it out"),
        (f"{HEAD},thinking_time_s", "column 'thinking_time_s' is not known: call it 'think_time_s'"),
        ("a b c", "column 'trace' is missing"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_understood_is_explained(tmp_path: Path, head: str, rule: str) -> None:
    (tmp_path / "calls.csv").write_text(f"{head}\ns,main,0,0,100,5,0\n")
    assert rule in told(tmp_path / "calls.csv")


ROW_BY_ROW = {
    "a clock that falls": ("s,main,0,50,100,5\ns,main,1,20,100,5", "row 3, t_s=20: before the agent's last call; must not fall"),
    "a blank at an edge": ("s, main,0,0,100,5", "row 2, agent= main: begins or ends with a blank"),
    "two clocks": ("s,main,0,1771200000,100,5\ns,sub,0,5,100,5", "row 2, t_s=1771200000: over a year from its session's start"),
    "half an index": ("s,main,0.5,0,100,5", "row 2, call_index=0.5: must be a whole number"),
    "a date": ("s,main,0,2026-02-03T10:00:00Z,100,5", "row 2, t_s=2026-02-03T10:00:00Z: must be a number of seconds from 0"),
    "milliseconds since 1970": ("s,main,0,1771200000000,100,5", "row 2, t_s=1771200000000: must be a number of seconds from 0"),
    "thousands": ('s,main,0,0,"1,000",5', "row 2, input_tokens=1,000: must be a whole number"),
    "other digits": ("s,main,0,0,1_000,5", "row 2, input_tokens=1_000: must be a whole number"),
    "a cell too many": ("s,main,0,0,100,5\ns,main,1,1,100,5,9", "row 3 has 7 cells, its header 6"),
    "a cell too few": ("s,main,0,0,100", "row 2 has 5 cells, its header 6"),
}


@pytest.mark.parametrize("case", ROW_BY_ROW)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, case: str) -> None:
    rows, rule = ROW_BY_ROW[case]
    (tmp_path / "calls.csv").write_text(f"{HEAD}\n{rows}\n")
    assert rule in told(tmp_path / "calls.csv")


def test_the_clock_of_another_agent_may_stand_elsewhere(tmp_path: Path) -> None:
    """Rows come in any order, and only an agent's own calls follow one another."""
    (tmp_path / "calls.csv").write_text(f"{HEAD}\ns,main,1,50,100,5\ns,sub,0,20,100,5\ns,main,0,0,100,5\n")
    (session,) = read_trace(tmp_path / "calls.csv")
    assert [(each.name, each.start_s, len(each.calls)) for each in session.agents] == [("main", 0, 2), ("sub", 20, 1)]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
        assert "is not a file but a pipe or a device, which cannot be read twice" in told(path)
    (tmp_path / "folder").mkdir()
    assert "holds no calls" in told(tmp_path / "folder")
    assert "no such file" in told(tmp_path / "none.csv")
    assert "File name too long" in told(tmp_path / ("x" * 300))


def test_what_unpacks_to_too_much_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "zeros.csv.gz").write_bytes(gzip.compress(bytes(1 << 24)))
    assert "is not text in UTF-8" in told(tmp_path / "zeros.csv.gz")
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.write(f"{HEAD}\n".encode())
        file.truncate(MOST_BYTES + 1)
    assert "line 2 holds zero bytes" in told(tmp_path / "sparse.csv")
    one = gzip.compress(b"s,main,0,0,100,5\n" * (1 << 18), 9)  # members one after another are one file
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(f"{HEAD}\n".encode()) + one * (MOST_BYTES // (17 << 18) + 1))
    assert (tmp_path / "rows.csv.gz").stat().st_size < MOST_BYTES / 100
    assert "holds more than 512 MB of text" in told(tmp_path / "rows.csv.gz")
    many = pa.array([0]).take(pa.array([0] * (MOST_ROWS + 1)))
    parquet.write_table(pa.table({"trace": many}), tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").stat().st_size < 100_000
    assert "holds 3,000,001 rows" in told(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (f"{HEAD}\ns,main,0,0,100,5".encode("utf-16"), "is text in UTF-16: save it as UTF-8"),
        (b"\x89PNG" + b"\0" * 99, "is not text in UTF-8: a table of calls is a CSV or a Parquet file"),
        (b'{"timestamp": 1, "message": {}}\n', "is of no known format"),
        (f"{HEAD};cost_usd\na;main;0;0,5;10;1;0,1\n".replace(",", ";", 5).encode(), "000,000; write a point for a comma"),
        (b'"sep=,"\r\n' + f"{HEAD}\na,main,0,0,10,1\n".encode(), "begins with Excel's"),
        (b"PK\x03\x04abc", "is packed with zip, which is not read: unpack it, or use gzip"),
        (b"\x1f\x8bnonsense", "is packed, and cut or broken"),
        (gzip.compress(HEAD.encode(), mtime=0)[:-9], "is packed, and cut or broken"),
        (b"PAR1nonsense", "not a table of calls (a Parquet file that is cut or broken)"),
        (f"{HEAD}\n\xff,main,0,0,100,5".encode("latin-1"), "row 2 is not text in UTF-8: save it as that"),
        (f"{HEAD}\n\n\n".encode(), "holds no calls"),
        (HEAD.encode(), "holds no calls"),
    ],
)
def test_a_file_of_another_kind_is_one_line(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "calls.csv").write_bytes(content)
    assert rule in told(tmp_path / "calls.csv")


@pytest.mark.parametrize("row", ["s{0},main,0,0,100,5", "s,a{0},0,{0},100,5"])
def test_many_sessions_and_many_agents_are_read_at_the_price_of_their_rows(tmp_path: Path, row: str) -> None:
    """A group of rows at a time took 3 ms each: 30 s."""
    (tmp_path / "calls.csv").write_text("\n".join([HEAD, *(row.format(number) for number in range(10_000))]))
    began = time.process_time()
    sessions = read_trace(tmp_path / "calls.csv")
    assert time.process_time() - began < 5
    assert sum(len(session.agents) for session in sessions) == 10_000


def test_our_own_name_of_cached_tokens_is_understood(tmp_path: Path) -> None:
    """Recorded: nothing was read from the cache, so nothing of the second prompt can be."""
    (tmp_path / "calls.csv").write_text(f"{HEAD},cache_read_tokens\ns-1,main,0,0,100000,100,0\ns-1,main,1,30,101000,100,0\n")
    assert [call.prefix_tokens for call in read_trace(tmp_path / "calls.csv")[0].agents[0].calls] == [0, 0]
    assert "cached_tokens" in {column.name for column in TRACE}
