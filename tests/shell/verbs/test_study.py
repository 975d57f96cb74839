"""`sim study` as its user types it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.shell.test_verbs import ended


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal wherever tests run: what is said is wrapped to it."""
    monkeypatch.setenv("COLUMNS", "120")


def test_alone_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "study")
    assert status == 0
    assert "effective_price" in out


def test_it_runs_one_and_hands_on_the_rest(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = list(sys.argv)
    status, out, _ = ended(capsys, "study", "compaction", "--help")
    assert (status, out.splitlines()[0]) == (0, "usage: python -m experiments.compaction [-h] [--out OUT]")
    assert sys.argv == before


def test_a_typing_error_gets_the_likely_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ended(capsys, "study", "article_week")
    assert (status, err) == (1, "sim: sim study article_week: no such study; did you mean 'article_weeks'?; sim study lists them\n")


def test_a_study_takes_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "study", "outage_cost", "agent=solo")
    assert (status, out) == (1, "")
    told = "unrecognized arguments: agent=solo; a study takes no settings: see python -m experiments.outage_cost --help"
    assert err == f"sim: {told}\n"
