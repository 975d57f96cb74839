"""`sim logs`: paths and settings in, a reconciled bill out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sim.scenario.load import CONF, load
from sim.shell.cli import main
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import lines


def ran(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["logs", *map(str, words)])
    printed = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, printed.out, printed.err


@pytest.mark.slow
def test_paths_and_settings_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "a=b, ünï.jsonl", said(1, "1", usage(1000, 0, 0, 0), model="my-model"), said(2, "2", usage(1000, 0, 0, 0)))
    words = ("market=nov_2026", path, "--json", "--model", "my-model=kimi_k3", "market.models.kimi_k3.input_usd_per_mtok=7")
    status, out, err = ran(capsys, *words)
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["priced_usd"] == pytest.approx(0.007 + 0.005, rel=1e-12)
    assert found["market"] == "nov_2026"


@pytest.mark.slow
def test_what_ifs_are_answered_in_words_and_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """20,000 tokens written at 6.25 USD a million, 100 out at 25; at Haiku's prices a fifth of it."""
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(0, 20_000, 0, 100)))
    status, out, _ = ran(capsys, path, "--what-if", "claude_haiku_4_5", "--json")
    [answer] = json.loads(out)["what_if"]["answers"]
    assert (status, answer["replayed_usd"], answer["usd"]) == (0, pytest.approx(0.1275), pytest.approx(0.0255))
    status, out, _ = ran(capsys, path, "--what-if", "claude_haiku_4_5")
    assert "claude_haiku_4_5: every call on Claude Haiku 4.5" in out


@pytest.mark.slow
def test_what_is_broken_or_unknown_is_a_warning_and_an_error_to_the_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = lines(tmp_path / "x.jsonl", said(1, "1", usage(1, 0, 0, 0)), "@@")
    unknown = lines(tmp_path / "y.jsonl", said(1, "1", usage(1, 0, 0, 0), model="my-model"))
    cut = tmp_path / "folder" / "z.jsonl.gz"
    lines(tmp_path / "folder" / "x.jsonl", said(1, "1", usage(1, 0, 0, 0)))
    cut.write_bytes(gzip.compress(b"{}" * 999)[:-9])
    why = "is packed, and cut or broken"
    for path, line in (
        (cut.parent, f"sim: passed over, which may be part of the log: 1 file, first {cut} ({why})\n"),
        (broken, f"sim: left out: 1 broken line, first {broken}: line 2: is no JSON\n"),
        (unknown, "sim: not priced: my-model; --model NAME=BACKEND says which it is\n"),
    ):
        for strict, expected in ((), 0), (("--strict",), 1):
            status, out, err = ran(capsys, path, *strict)
            assert (status, err) == (expected, line)
            assert out.startswith("1 call, 1 session, 1 agent;")


@pytest.mark.parametrize(("words", "line"), [
    (("nowhere",), "sim: nowhere: no such file or folder"),
    (("market=nov_2026",), "sim: sim logs needs a path to read"),
    (("x.jsonl", "--model", "opus"), "sim: --model opus: must be NAME=BACKEND"),
    (("x.jsonl", "--model", "m=opus"), "sim: --model m=opus: is no backend of this market"),
    (("x.jsonl", "--format", "cluade-code"), "sim: format 'cluade-code' is not known; did you mean 'claude-code'?"),
    (("x.jsonl", "--what-if", "kimi"), "sim: --what-if kimi: is no backend of this market and no setting; did you mean 'kimi_k2_5'?"),
    (("x.jsonl", "--what-if", "agent.turns=2"), "sim: --what-if agent.turns=2: agent.turns does nothing to recorded sessions"),
    (("x.jsonl", "markt=nov_2026"), "sim: markt: 'markt' is not a setting"),
])  # fmt: skip
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    lines(tmp_path / "x.jsonl", said(1, "1", usage(1, 0, 0, 0)))
    monkeypatch.chdir(tmp_path)
    status, out, err = ran(capsys, *words)
    assert (status, out) == (1, "")
    assert err.startswith(line)
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_fit_is_written_told_drawn_and_never_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight recorded sessions: too few to hold any out, and said so."""
    excerpt = CONF / "trace" / "excerpt.csv"
    status, out, err = ran(capsys, excerpt, "--fit", tmp_path / "mine")
    assert "not priced" in err or not err
    assert status == 0
    assert "- not fitted: held-out sessions: 8 sessions, 20 needed" in out
    assert "KS distance to the sessions it was fitted to" in out
    assert {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*.*")} >= {
        "profile/mine.yaml", "agent/mine.yaml", "experiment/mine.yaml", "figures/fit.png"
    }  # fmt: skip
    assert load("experiment=mine", config_dir=tmp_path / "mine").name == "mine"
    before = (tmp_path / "mine" / "profile" / "mine.yaml").read_bytes()
    status, out, err = ran(capsys, excerpt, "--fit", tmp_path / "mine")
    assert (status, out) == (1, "")
    assert "nothing is written over" in err
    assert (tmp_path / "mine" / "profile" / "mine.yaml").read_bytes() == before


@pytest.mark.slow
def test_how_agents_work_changes_nothing_that_was_billed_and_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(1, 0, 0, 0)))
    told = "sim: agent.fanout=8: without effect on what was billed; --what-if asks what it would have cost\n"
    assert ran(capsys, path, "agent.fanout=8")[2] == told
    assert ran(capsys, path, "agent.system_tokens=8")[2] == ""


def test_a_model_that_the_log_has_not_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(0, 20_000, 0, 100)))
    status, _, err = ran(capsys, path, "--model", "opus=kimi_k2_5", "--json")
    assert (status, err) == (0, "sim: --model opus=kimi_k2_5: without effect, the log has claude-opus-4-6\n")


def test_backends_say_who_serves_calls_that_name_no_model_and_else_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(0, 20_000, 0, 100)))
    status, _, err = ran(capsys, path, "backends=[kimi_k2_5]", "--json")
    told = "without effect, every call names its model; --what-if BACKEND asks what it would cost there"
    assert (status, err) == (0, f"sim: backends=[kimi_k2_5]: {told}\n")


def test_a_model_is_served_by_one_backend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "x.jsonl", said(1, "1", usage(0, 20_000, 0, 100)))
    status, out, err = ran(capsys, path, "--model", "m=glm_5", "--model", "m=glm_5", "--model", "m=kimi_k2_5")
    assert (status, out) == (1, "")
    assert err == "sim: --model m=kimi_k2_5: it is served by glm_5, by another --model; leave one out\n"
