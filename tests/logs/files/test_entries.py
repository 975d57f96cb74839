"""Files of logs: lines, documents, tables, and what is broken in them."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from sim import DataError
from sim.logs.files import File
from sim.logs.files.entries import ZEROS
from sim.logs.report import Report


def entries(path: Path) -> tuple[list[tuple[str, object]], Report]:
    report = Report()
    return [(place, dict(entry)) for place, entry in File(path, report).entries()], report


@pytest.mark.parametrize("text", ['{"a":1}\n{"a":2}\n', '\ufeff{"a":1}\r\n\r\n{"a":2}', '[{"a":1},{"a":2}]', '[\n {"a": 1},\n {"a": 2}\n]'])
def test_json_by_lines_or_as_a_list(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8", newline="")
    found, report = entries(path)
    assert [entry for _, entry in found] == [{"a": 1}, {"a": 2}]
    assert not report.broken


@pytest.mark.parametrize(
    "text", ['{"a":1}{"a":2}', '{"a":1} {"a":2}\n', '\ufeff{"a":1},\n{"a":2}\n', '{"a":1}, {"a":2},\r\n', '{"a":1}\n\n  {"a":2}{']
)
def test_several_objects_in_a_line_are_several_entries(tmp_path: Path, text: str) -> None:
    """As where the end of a line was lost, or lines were cut out of a list; what is behind them is broken."""
    path = tmp_path / "x.jsonl"
    path.write_text(text, encoding="utf-8", newline="")
    found, report = entries(path)
    assert [entry for _, entry in found] == [{"a": 1}, {"a": 2}]
    assert list(File(path, Report()).sample().entries) == [{"a": 1}, {"a": 2}]
    assert report.where == ([f"{path}: line 3: holds more than JSON objects"] if text.endswith("{") else [])


def test_a_document_may_hold_an_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": [\n{"b": 1},\n{"b": 2}]}')
    assert entries(path)[0] == [("entry 1", {"a": [{"b": 1}, {"b": 2}]})]


def test_lines_with_commas_between_are_lines(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1},\n{"a": 2},\n{"a": 3}\n')
    assert [entry for _, entry in entries(tmp_path / "x.jsonl")[0]] == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_several_documents_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{\n "a": 1\n}\n{\n "a": 2\n}')
    with pytest.raises(DataError, match=r"several documents\? write each in a line of its own"):
        entries(path)


def test_one_document_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"a": [{"b": 1}]}, indent=2))
    assert entries(path)[0] == [("entry 1", {"a": [{"b": 1}]})]


@pytest.mark.parametrize("rubbish", ["@@@", "[1]", "7", '[1] {"a":2}', '{"a":', "\ud800", "{" * 3])
def test_a_broken_line_is_named_wherever_it_stands_and_the_others_are_read(tmp_path: Path, rubbish: str) -> None:
    for place in range(3):
        lines = ['{"a":1}'] * 2
        lines.insert(place, rubbish)
        path = tmp_path / f"{place}.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
        if rubbish.startswith("[1]") and place == 0:
            continue  # a document that begins so is a list
        found, report = entries(path)
        assert len(found) == 2, (place, found)
        assert report.where[0].startswith(f"{path}: line {place + 1}: ")


def test_many_broken_lines_are_counted_and_the_first_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a":1}\n' + "no\n" * 500)
    report = entries(path)[1]
    assert (report.broken, len(report.where)) == (500, 10)


def test_tables_packed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress('\ufeffa,b\n1,"x, ""y"""\n2\n3,\n'.encode()))
    found, report = entries(path)
    assert found == [("line 2", {"a": "1", "b": 'x, "y"'}), ("line 4", {"a": "3", "b": ""})]
    assert report.where == [f"{path}: line 3: has 1 cells, its header 2"]


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    empty, binary, document, pipe = (tmp_path / name for name in ("empty", "binary", "document", "pipe"))
    empty.write_text(" \n")
    binary.write_bytes(b"\x7fELF\0\0\0")
    document.write_text('[{"a":')
    os.mkfifo(pipe)
    (tmp_path / "t.xlsx").write_bytes(b"PK\3\4 and so on")
    (tmp_path / "deep").write_text("[" * 100_000 + "]" * 100_000)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b'{"a":1}' * 99)[:-12])
    for path, why in (
        (empty, "is empty"),
        (binary, "no text"),
        (document, "is no JSON: it ends in the middle, as where a file was cut"),
        (tmp_path / "deep", "is no JSON: nested too deep"),
        (tmp_path / "t.xlsx", r"is a workbook: save its sheet as CSV \(UTF-8\)"),
        (pipe, "is not a file"),
        (tmp_path / "x", "no such"),
        (tmp_path / "cut.gz", "cut or broken"),
    ):
        with pytest.raises(DataError, match=why):
            entries(path) if path is not binary else File(path, Report()).kind


def test_any_usual_separator(tmp_path: Path) -> None:
    for separator in ",;\t|":
        path = tmp_path / "x.csv"
        path.write_text(f"a{separator}b c\n1{separator}2\n")
        assert entries(path)[0] == [("line 2", {"a": "1", "b c": "2"})]


def test_lines_that_are_longer_than_what_is_looked_at_first(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"a": "x" * 200_000}) + '\n{"b":1}\n')
    assert File(path, Report()).sample().has("b")
    assert len(entries(path)[0]) == 2


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="is a Parquet file that is cut or broken"):
        print(File(path, Report()).columns)


def test_a_parquet_file_that_is_damaged_within_is_refused(tmp_path: Path) -> None:
    """Its schema stands at its end, so it can be opened; its rows cannot be unpacked."""
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": list(range(100))}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes([255] * 60) + whole[64:])
    with pytest.raises(DataError, match="is damaged after row 0"):
        entries(path)


def test_letters_that_are_no_utf_8_break_their_row_alone(tmp_path: Path) -> None:
    """Read as they may, two names that differ in them would be one."""
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\né,1\n".encode() + b"\xe9,2\n\xe8,3\n")
    found, report = entries(path)
    assert found == [("line 2", {"a": "é", "b": "1"})]
    assert report.where == [f"{path}: line {line}: is no text in UTF-8" for line in (3, 4)]


def test_zero_bytes_break_their_line_alone(tmp_path: Path) -> None:
    """As a machine leaves them that has stopped while it wrote: at the end, in between, or before a line that is lost with them."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a":1}\n' + b"\0" * 99 + b'\n{"a":2}\n' + b"\0" * 9 + b'{"a":3}\n{"a":4}\n' + b"\0" * 4096)
    found, report = entries(path)
    assert [entry for _, entry in found] == [{"a": 1}, {"a": 2}, {"a": 4}]
    assert report.where == [f"{path}: line {line}: {ZEROS}" for line in (2, 4, 6)]
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n" + b"\0" * 9 + b"3,4\n5,6\n")
    found, report = entries(tmp_path / "x.csv")
    assert [entry for _, entry in found] == [{"a": "1", "b": "2"}, {"a": "5", "b": "6"}]
    assert report.where == [f"{tmp_path / 'x.csv'}: line 3: {ZEROS}"]


def test_a_list_a_line_is_lines(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('[{"a": 1}, {"a": 2}]\n[{"a": 3}]\n[7]\n')
    found, report = entries(tmp_path / "x.jsonl")
    assert [entry for _, entry in found] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert report.where == [f"{tmp_path / 'x.jsonl'}: line 3: is no JSON object"]


def test_a_comma_too_many_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[\n{"a": 1},\n{"a": 2},\n]')
    with pytest.raises(DataError, match="is no JSON at line 4: a comma before the end of a list or an object: take it away"):
        entries(tmp_path / "x.json")


def test_blank_lines_before_a_header_a_header_again_and_a_quote_that_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('\n\na,b\n1,2\na,b\n3,4\n5,"6\n7,8\n9,10\n')
    found, report = entries(path)
    assert [entry for _, entry in found] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}, {"a": "5", "b": "6\n7,8\n9,10\n"}]
    assert report.duplicates == {"lines that name the columns again": 1}
    path.write_text('a,b\n"5,6\n7,8\n')
    assert entries(path)[1].where == [f"{path}: line 3: has 1 cells, its header 2 (is a quote before it not closed?)"]


def test_texts_that_are_written_as_bytes_are_texts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [b"s", None]}), tmp_path / "x.parquet")
    assert [entry for _, entry in entries(tmp_path / "x.parquet")[0]] == [{"a": "s"}, {"a": None}]
