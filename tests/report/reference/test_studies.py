"""The studies that `sim study` lists are those that have a command."""

from __future__ import annotations

from pathlib import Path

from sim.report.reference.studies import package, studies

ROOT = Path(__file__).resolve().parents[3]


def test_each_study_is_listed_with_its_question() -> None:
    found = studies()
    assert set(found) == {file.stem for file in (ROOT / "experiments").glob("[a-z]*.py") if "def main(" in file.read_text()}
    assert all(found.values())
    assert package() == "experiments"
