"""`sim doctor` as its user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.test_verbs import ended


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal wherever tests run: what is said is wrapped to it."""
    monkeypatch.setenv("COLUMNS", "120")


def test_all_is_well_here(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = ended(capsys, "doctor")
    lines = {line.split()[1]: line for line in out.splitlines() if line[:2].strip()}
    assert status == 0
    assert {"sim", "python", "simpy", "hydra-core", "settings", "studies", "compiler", "cores", "room", "outputs", "names"} <= set(lines)
    assert all(line.startswith("ok") for line in lines.values())


def test_a_file_of_our_name_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sim.py").write_text("")
    status, out, _ = ended(capsys, "doctor")
    assert status == 1
    assert "!!  names" in out
    assert "rename it" in out.replace("\n", " ")
