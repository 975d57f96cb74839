"""What is no log says what it is, and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from sim import DataError
from sim.logs import read
from sim.logs.trace import read_trace

OTHERS = {
    "is packed twice: unpack it once": gzip.compress(gzip.compress(b"{}")),
    "is text in UTF-16: save it as UTF-8": '{"a": 1}'.encode("utf-16-le"),
    "is text in UTF-32: save it as UTF-8": '{"a": 1}'.encode("utf-32"),
    "is a file of Avro: write it as Parquet, CSV or JSON lines": b"Obj\x01\x04\x16avro.schema" + bytes(9),
    "is a file of Arrow (Feather): write it as Parquet, CSV or JSON lines": b"ARROW1\0\0" + bytes(99),
    "is a PDF: export its table as CSV": b"%PDF-1.7\n%\xe2\xe3",
    "is a pointer of Git LFS and not the file itself: git lfs pull fetches it": b"version https://git-lfs.github.com/spec/v1\n",
    "is HTML or XML (a page that asks to log in?): export it as CSV or JSON": b"<!DOCTYPE html><html>",
    "is packed with lz4, which is not read: unpack it, or use gzip": b"\x04\x22\x4d\x18" + bytes(99),
}


@pytest.mark.parametrize("why", OTHERS)
def test_what_is_no_log_says_what_it_is_in_both_verbs(tmp_path: Path, why: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(OTHERS[why])
    for reader in (read, read_trace):
        with pytest.raises(DataError) as refused:
            reader(tmp_path / "x.jsonl")
        assert str(refused.value) == f"{tmp_path / 'x.jsonl'}: {why}"


def test_what_is_made_when_it_is_read_is_no_file() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    for reader in (read, read_trace):
        with pytest.raises(DataError, match="is no file on a disk but made when it is read, as in /proc: copy it to one"):
            reader("/proc/self/status")
