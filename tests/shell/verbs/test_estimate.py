"""`sim estimate` as its user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.shell.test_verbs import ended

CHAT = ("estimate", "agent=chat", "workload.tasks=10")


def test_it_tells_and_leaves_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = ended(capsys, *CHAT)
    assert (status, err) == (0, "")
    assert out.startswith("Success is unknown")
    assert "tokens, all 10 tasks" in out
    assert list(tmp_path.iterdir()) == []


def test_a_budget_is_a_threshold(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, *CHAT, "--budget", "0.01", "--json")
    found = json.loads(out)
    assert status == 3
    assert err.startswith("sim: over the budget of $0.01: ")
    assert found["budget"]["over"] is True
    assert found["budget"]["p90_usd"] == found["workload"]["usd"]["p90"]["value"]
    status, out, err = ended(capsys, *CHAT, "--budget", "100")
    assert (status, err) == (0, "")
    assert out.rstrip().splitlines()[-1].startswith("Within the budget of $100: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["agnt=solo"], "sim: agnt: 'agnt' is not a setting; did you mean 'agent'?\n"),
        (["--budget", "nan"], "sim: argument --budget: nan: must be dollars, from 0 on; see sim estimate --help\n"),
        (["solo"], "sim: 'solo' is not a verb or a setting"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "estimate", *words)
    assert (status, out) == (1, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


def test_an_experiment_with_axes_is_said_to_be_one_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ended(capsys, "estimate", "experiment=fanout", "agent=chat")
    assert status == 0
    assert "has axes" in err
