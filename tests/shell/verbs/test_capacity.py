"""`sim capacity` as its user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.shell.test_verbs import ended

CHAT = ("capacity", "agent=chat", "workload.tasks=10", "replications=3", "processes=1")


def test_it_tells_demand_and_quotas_and_leaves_nothing_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = ended(capsys, *CHAT)
    assert status == 0
    assert "Quota a minute to ask for on Claude Opus 4.6" in out
    assert list(tmp_path.iterdir()) == []
    status, out, _ = ended(capsys, *CHAT, "--out", "sheet")
    assert out.splitlines()[-1] == "sheet: demand.csv, quotas.csv, figures/duration.png"
    assert (tmp_path / "sheet" / "figures" / "duration.png").stat().st_size > 10_000


def test_json_is_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, *CHAT, "--json")
    assert status == 0
    assert json.loads(out)["loads"]["claude_opus_4_6"]["3x"]["quota_per_minute"]["requests"]["0.01"] > 0


def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "capacity", "agnt=solo")
    assert (status, out) == (1, "")
    assert err == "sim: agnt: 'agnt' is not a setting; did you mean 'agent'?\n"


def test_where_tables_cannot_go_is_told_before_anything_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, out, err = ended(capsys, *CHAT, "--out", str(tmp_path / "file"))
    assert (status, out, err) == (1, "", f"sim: {tmp_path / 'file'}: is a file, not a folder\n")
