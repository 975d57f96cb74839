"""Temporary files of processes that have ended go at a later start; those of processes that live, of others and of other machines stay."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sim.meter.leftover import clear_leftovers, prefix


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left_by_a_process_that_has_ended() -> None:
    """A file and a folder with a file in it."""
    child = os.fork()
    if not child:
        os.close(tempfile.mkstemp(prefix=prefix("calls"), suffix=".parquet")[0])
        Path(tempfile.mkdtemp(prefix=prefix("pool")), "file").write_text("x")
        os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_what_a_process_that_has_ended_left_goes_and_nothing_else(temporary: Path) -> None:
    left_by_a_process_that_has_ended()
    dead = sorted(path.name for path in temporary.iterdir())
    assert len(dead) == 2
    mine = Path(tempfile.mkdtemp(prefix=prefix("pool")))
    process = str(os.getpid())
    elsewhere = temporary / dead[0].replace(dead[0].split("-")[2], "0123abcd")
    anothers = [temporary / name for name in ("sim-calls-notes.parquet", "sim-pool-abc", "simulation", f"sim-{process}")]
    for path in (elsewhere, *anothers):
        path.write_text("kept")
    target = temporary / "target"
    target.mkdir()
    (temporary / f"{dead[1]}x").symlink_to(target)
    clear_leftovers()
    assert {*temporary.iterdir()} == {mine, elsewhere, *anothers, target}


def test_a_number_that_has_come_again_is_another_process(temporary: Path) -> None:
    head, began = prefix("pool").removesuffix("-").rsplit("-", 1)
    (temporary / f"{head}-{int(began) + 1}-abc").mkdir()
    (temporary / f"{head}-{began}-abc").mkdir()
    clear_leftovers()
    assert [path.name for path in temporary.iterdir()] == [f"{head}-{began}-abc"]
