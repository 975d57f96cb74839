"""`sim export`: a line on what was written, on what is left out, on what there is no place for; a mistake is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.logs import read
from sim.settings.run import Log
from sim.shell.cli import main
from tests.worlds import backend, run


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_what_is_written_and_what_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every second attempt or so breaks and is not charged."""
    result = run(None, backend(error_rate=0.5), tasks=3, log=Log.full)
    result.save(tmp_path / "run")
    answered = int((result.calls["status"] == "ok").sum())
    status, out, err = ended(capsys, "export", str(tmp_path / "run"), "--as", "claude-code")
    assert (status, err) == (0, "")
    first, left, cannot = out.splitlines()
    assert first == f"{answered} calls as claude-code: {tmp_path / 'run' / 'export' / 'claude-code'}"
    assert left == f"left out: {len(result.calls) - answered} attempts that were refused, or broke and were not charged"
    assert cannot.startswith("cannot hold: ")
    assert len(read(tmp_path / "run" / "export").calls) == answered


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(log=Log.full).save(tmp_path / "run")
    mine = tmp_path / "mine"
    mine.mkdir()
    status, out, err = ended(capsys, "export", str(tmp_path / "run"), "--as", "claude-code", "--out", str(mine))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"{mine}: is there already" in err
    assert [*mine.iterdir()] == []


def test_a_run_without_calls_is_refused_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(log=Log.none).save(tmp_path / "run")
    for words, why in (
        (("--as", "claude-code"), "keeps no calls: run it again with log=full"),
        (("--as", "claude"), "format 'claude' is not written; did you mean 'claude-code'"),
        ((), "--as"),
    ):
        status, out, err = ended(capsys, "export", str(tmp_path / "run"), *words)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert why in err
    assert ended(capsys, "export", str(tmp_path), "--as", "claude-code")[2].endswith("holds no run (no scenario.yaml)\n")
    assert not (tmp_path / "run" / "export").exists()


def test_a_sample_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tasks=10, log=Log.sample, log_sample=5).save(tmp_path / "run")
    out = ended(capsys, "export", str(tmp_path / "run"), "--as", "claude-code")[1]
    assert "only the calls of one task in 5, as log=sample kept them" in out


def test_of_a_sweep_one_run_is_to_be_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(backends=backend()).save(tmp_path / "0")
    told = f"holds no run (no scenario.yaml); it holds several, name one of them: {tmp_path / '0'}\n"
    assert ended(capsys, "export", str(tmp_path), "--as", "otel")[2].endswith(told)
