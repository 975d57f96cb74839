"""The validation suite itself: what passes, what fails, what is only listed, and what it leaves behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sim.shell.verbs.validate import hold
from sim.validate import bills, facts, page, recorded, suite, theory
from sim.validate.target import Check, Kind, Target, apart, near, within


def test_a_verdict_is_pass_fail_or_not_reproduced() -> None:
    assert near("near", 10.0, 10.9, 0.1).verdict == "pass"
    assert near("far", 10.0, 11.1, 0.1).verdict == "fail"
    assert near("exact", 10.0, 10.0000001).verdict == "fail"
    assert near("no value", 10.0, math.nan, 0.1).verdict == "fail"
    assert Target(name="range", target=8.8, ours=13.0, low=8.8, high=16.3).verdict == "pass"
    assert Target(name="known", target=10.0, ours=20.0, margin=0.1, missed="no mechanism").verdict == "not reproduced"
    assert Target(name="known, and met", target=10.0, ours=10.0, margin=0.1, missed="no mechanism").verdict == "pass"
    assert Target(name="nothing to show", target=10.0, ours=math.nan, margin=0.1, missed="no mechanism").verdict == "not reproduced"


def test_a_row_is_of_one_kind_and_a_prediction_says_from_what() -> None:
    assert near("exactly", 10.0, 10.0).kind is Kind.exact
    assert near("nearly", 10.0, 10.1, 0.1).kind is Kind.chance
    met = Target(name="met", target=10.0, ours=10.0, margin=0.1, made=Kind.predicted, basis="other data")
    assert met.kind is Kind.predicted
    missed = Target(name="missed", target=10.0, ours=20.0, margin=0.1, made=Kind.predicted, basis="other data", missed="known")
    assert missed.kind is Kind.missed
    for made, basis in ((Kind.predicted, ""), (Kind.fitted, ""), (None, "other data")):
        with pytest.raises(ValueError, match="says from what"):
            Target(name="unsaid", target=10.0, ours=10.0, made=made, basis=basis)


def test_bounds_are_relative_a_factor_or_so_many_units_both_ways_and_said_so() -> None:
    assert within(2.0, 10.0) == {"low": 5.0, "high": 20.0}
    assert apart(0.015, 0.9) == pytest.approx({"low": 0.885, "high": 0.915})
    asked: dict[str, Any] = {"name": "asked", "target": 10.0, "ours": 10.0}
    ways = [{"margin": 0.1}, within(2.0, 10.0), apart(0.5, 10.0), {"low": 0.0, "high": 10.0}, {"low": 8.0, "high": 15.0}, {}]
    said = [Target(**asked, **way).room for way in ways]
    assert said == ["10 %", "a factor 2", "±0.5", "at most that", "8 to 15", "none"]


@pytest.mark.parametrize("check", [theory.tokens, recorded.excerpt, bills.cascade])
def test_quick_checks_pass(check: Check) -> None:
    assert {target.name: target.verdict for target in check() if target.verdict == "fail"} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [theory.turns_and_misses, theory.tries, theory.money_and_time, facts.sessions, facts.workers, facts.distance]
)
def test_checks_that_take_longer_pass(check: Check) -> None:
    assert {target.name: target.verdict for target in check() if target.verdict == "fail"} == {}


GOOD = near("good", 2.0, 2.0)
ABSENT = Target(name="absent", target=1.0, ours=math.nan, margin=0.1, made=Kind.predicted, basis="nothing yet", missed="no mechanism")
MET = Target(name="met", target=2.0, ours=2.1, margin=0.1, source="a paper", made=Kind.predicted, basis="other data")


def test_it_writes_a_table_and_a_figure_and_ends_as_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(*targets: Target) -> int:
        return hold([lambda: list(targets)], tmp_path, page=True)

    monkeypatch.chdir(tmp_path)
    assert ended(ABSENT, MET, GOOD) == 0
    assert counts(capsys.readouterr().out) == {"exact theory": "1 1 0", "theory within chance": "0 0 0", "reproduces its fit": "0 0 0",
                                               "predicts": "1 1 0", "not reproduced": "1"}  # fmt: skip
    assert ended(GOOD, near("bad", 2.0, 3.0, 0.1)) == 1
    assert counts(capsys.readouterr().out)["theory within chance"] == "1 0 1"
    assert (tmp_path / "validation.csv").read_text().count("\n") == 3
    assert (tmp_path / "figures" / "validation.png").stat().st_size > 5000
    assert (tmp_path / "VALIDATION.md").read_text().startswith("# Validation")


def counts(printed: str) -> dict[str, str]:
    """The summary, which comes first: rows, passes and failures by kind."""
    lines = printed.splitlines()[2 : 2 + len(Kind)]
    found = {kind.value: next(line for line in lines if line.startswith(kind.value)) for kind in Kind}
    return {kind: " ".join(word for word in line.removeprefix(kind).split() if word.isdigit()) for kind, line in found.items()}


def test_the_page_says_what_was_predicted_from_what_and_why_not() -> None:
    written = page.page(suite.table([MET, ABSENT, GOOD]))
    assert "- From: other data.\n  Against: a paper.\n  - met" in written
    assert "- No mechanism. From: nothing yet.\n  - absent" in written
    assert "## Fitted, and on what\n\nNothing." in written
    assert written.index("\ngood ") < written.index("\nmet ") < written.index("\nabsent ")
