"""The validation suite itself: what passes, what fails, what is only listed, and what it leaves behind."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.shell.verbs.validate import hold
from sim.validate import facts, recorded, suite, theory
from sim.validate.target import Check, Target


def test_a_verdict_is_pass_fail_or_not_reproduced() -> None:
    assert Target("near", 10.0, 10.9, 0.1).verdict == "pass"
    assert Target("far", 10.0, 11.1, 0.1).verdict == "fail"
    assert Target("exact", 10.0, 10.0000001).verdict == "fail"
    assert Target("range", 8.8, 13.0, low=8.8, high=16.3).verdict == "pass"
    assert Target("known", 10.0, 20.0, 0.1, missed="no mechanism").verdict == "not reproduced"
    assert Target("known, and met", 10.0, 10.0, 0.1, missed="no mechanism").verdict == "pass"
    assert Target("nothing to show", 10.0, math.nan, 0.1, missed="no mechanism").verdict == "not reproduced"


@pytest.mark.parametrize("check", [theory.tokens, recorded.excerpt, facts.hours, facts.compaction])
def test_quick_checks_pass(check: Check) -> None:
    assert {target.name: target.verdict for target in check() if target.verdict == "fail"} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [theory.turns_and_misses, theory.money_and_time, facts.effective_prices, facts.sessions, facts.workers, facts.distance]
)
def test_checks_that_take_longer_pass(check: Check) -> None:
    assert {target.name: target.verdict for target in check() if target.verdict == "fail"} == {}


def test_it_writes_a_table_and_a_figure_and_ends_as_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(*targets: Target) -> int:
        return hold([lambda: list(targets)], tmp_path, page=True)

    monkeypatch.chdir(tmp_path)
    good, absent = Target("good", 2.0, 2.0), Target("absent", 1.0, math.nan, 0.1, missed="no mechanism")
    assert ended(good, absent) == 0
    assert "1 pass, 0 fail, 1 not reproduced" in capsys.readouterr().out
    assert ended(good, Target("bad", 2.0, 3.0, 0.1)) == 1
    assert (tmp_path / "validation.csv").read_text().count("\n") == 3
    assert (tmp_path / "figures" / "validation.png").stat().st_size > 5000
    assert "- absent: no mechanism." in suite.page(suite.table([good, absent]), "")
