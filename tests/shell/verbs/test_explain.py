"""`sim explain` as its user types it."""

from __future__ import annotations

import json

import pytest

from tests.shell.test_verbs import ended


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal wherever tests run: what is said is wrapped to it."""
    monkeypatch.setenv("COLUMNS", "120")


def test_a_setting_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "explain", "market.models.kimi_k2_5.ttft_s")
    assert status == 0
    for said in (
        "Constant part of the time to first token.",
        "type     number, at least 0",
        "unit     seconds",
        "kimi_k2_5 (market=feb_2026)",
    ):
        assert said in out


def test_many_values_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ended(capsys, "explain", "cache_ttl_s")
    assert " more (--json has them all)" in out
    _, out, _ = ended(capsys, "explain", "cache_ttl_s", "--json")
    assert len(json.loads(out)[0]["values"]) > 12


def test_what_is_no_name_leads_to_those_that_speak_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "explain", "arrival", "rate")
    assert (status, err) == (0, "")
    assert "Nothing is called arrival rate." in out
    assert "workload.interarrival_s" in out
    _, out, _ = ended(capsys, "explain", "arrival", "rate", "--json")
    assert json.loads(out)[0]["word"] == "workload.interarrival_s"


def test_names_that_have_the_word_too(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ended(capsys, "explain", "tokens")
    assert out.partition("Named so too:")[2].count("tokens_per_task") == 1
    _, out, _ = ended(capsys, "explain", "agent.fanout")
    assert "Named so too:" not in out


def test_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "explain", "--schema")
    assert status == 0
    assert json.loads(out)["properties"]["agent"]["properties"]["depth"]["maximum"] == 8


@pytest.mark.parametrize("words", [(), ("agent", "--schema")])
def test_one_thing_is_asked_for(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, "explain", *words)
    assert (status, out) == (1, "")
    assert err.startswith("sim: say one word, as in sim explain agent.fanout")
