"""`sim list` as its user types it."""

from __future__ import annotations

import json

import pytest

from sim.report.reference.menus import menus
from sim.shell.verbs.list import MENUS
from tests.shell.test_verbs import ended


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal wherever tests run: what is said is wrapped to it."""
    monkeypatch.setenv("COLUMNS", "120")


def test_alone_it_names_every_menu(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "list")
    assert status == 0
    assert {line.split()[0] for line in out.split("\n\n")[0].splitlines()} == set(MENUS) == {name for name in menus() if "/" not in name}


def test_a_menu_has_its_choices_and_marks_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ended(capsys, "list", "workload")
    lines = out.splitlines()
    assert lines[0].startswith("bursts")
    assert any(line.startswith("open *") for line in lines)


def test_backends_have_their_prices(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ended(capsys, "list", "backends", "feb_2026", "--json")
    opus = next(row for row in json.loads(out) if row["backend"] == "claude_opus_4_6")
    assert (opus["input, USD/Mtok"], opus["output, USD/Mtok"]) == ("5", "25")


def test_metrics_studies_and_settings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    for of, one in (("metrics", "cost_per_success_usd"), ("studies", "article_weeks"), ("settings", "agent.fanout")):
        status, out, _ = ended(capsys, "list", of)
        assert status == 0
        assert one in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("agents",), "sim: sim list agents: no such list; did you mean 'agent'?\n"),
        (("agent", "team"), "sim: sim list agent team: only backends (of a market) and settings (that begin so) take a second word\n"),
        (("backends", "feb"), "sim: sim list backends feb: no such market; did you mean 'feb_2026'?\n"),
        (("settings", "agnt"), "sim: sim list settings agnt: none begins so; did you mean 'agent.at_cap'?\n"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "list", *words)
    assert (status, out) == (1, "")
    assert err.startswith(told.partition("did you mean")[0])
