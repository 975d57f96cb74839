"""Verbs: each a file with its own help, imported when it is called; a stray word gets the likely one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.scenario.load import CONF
from sim.shell.cli import main
from sim.shell.verbs import VERBS, call
from sim.shell.words import refuse_stray_words, split

STRAY = {
    "validte": "'validte' is not a verb or a setting; did you mean 'validate'?; see sim --help",
    "logz spans.jsonl": "'logz' is not a verb or a setting; did you mean 'logs'?; see sim --help",
    "agian runs/1": "'agian' is not a verb or a setting; did you mean 'again'?; see sim --help",
    "frobnicate": "'frobnicate' is not a verb or a setting; known: again, validate; see sim --help",
    "sead": "'sead' is not a verb or a setting; did you mean 'seed'?; see sim --help",
    "seed": "'seed' is a setting: give it a value, as in seed=VALUE",
    "agent solo": "'agent' is a setting: give it a value, as in agent=VALUE",
    "-m experiment fanout": "'experiment' is a setting: give it a value, as in experiment=VALUE",
    "seed=1 again runs/1": "'again' is a verb: it comes first, as in sim again --help",
}
FINE = [
    "",
    "agent=solo seed=2",
    "-m seed=1,2",
    "--cfg job",
    "-cd mine +backend=my_llm",
    "~outcome",
    "agent.fanout",
    "--help",
]


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the command line, in this process."""
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


@pytest.mark.parametrize(("typed", "told"), STRAY.items())
def test_a_stray_word_gets_the_likely_one(typed: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    if "known:" in told:
        told = f"'{typed}' is not a verb or a setting; known: {', '.join(VERBS)}; see sim --help"
    assert ended(capsys, *typed.split()) == (1, "", f"sim: {told}\n")


@pytest.mark.parametrize("typed", FINE)
def test_settings_and_flags_are_no_stray_words(typed: str) -> None:
    refuse_stray_words(typed.split(), VERBS)


def test_flags_keep_their_values() -> None:
    words = ["seed=1", "-m", "--config-dir", "mine", "agent=solo", "--config-dir=other"]
    assert split(words) == (["-m", "--config-dir", "mine", "--config-dir=other"], ["seed=1", "agent=solo"])


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_a_screen_of_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, verb, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: sim {verb} ")
    assert len(out.splitlines()) <= 20
    assert f"  sim {verb} " in out, "an example"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_refuses_an_unknown_flag_in_a_line(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ended(capsys, verb, "--nope", "x")
    assert (status, out) == (1, "")
    assert err.startswith("sim: ")
    assert err.endswith(f"; see sim {verb} --help\n")
    assert err.count("\n") == 1


def test_the_help_of_the_program_names_every_verb() -> None:
    text = (CONF / "config.yaml").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"  sim {verb} " not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["again", "validate"])
def test_the_old_spelling_is_the_same_program(verb: str, tmp_path: Path) -> None:
    for words in (["--help"], ["--nope"]):
        new = subprocess.run([sys.executable, "-m", "sim", verb, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        old = subprocess.run([sys.executable, "-m", f"sim.{verb}", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (new.returncode, new.stdout, new.stderr) == (old.returncode, old.stdout, old.stderr)


@pytest.mark.slow
def test_no_verb_is_imported_before_it_is_called(tmp_path: Path) -> None:
    script = """
import sys
from sim.shell import cli
assert not {"hydra", "omegaconf", "pandas", "matplotlib", "pyarrow", "tqdm"} & set(sys.modules)
try:
    cli.main(["--cfg", "job"])
except SystemExit as end:
    assert not end.code
late = [name for name in sys.modules if name.startswith(("sim.shell.verbs.", "sim.validate", "matplotlib", "pandas"))]
assert not late, late
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_folder_of_data_that_is_not_there_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, "validate", "--data", "nowhere") == (1, "", "sim: --data nowhere: no such folder\n")


def test_a_place_that_takes_nothing_is_refused_before_minutes_of_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    place = tmp_path / "file" / "deeper"
    assert ended(capsys, "validate", "--out", str(place)) == (1, "", f"sim: {place}: cannot be written into: Not a directory\n")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_verb_without_settings_of_its_own_knows_those_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ended(capsys, "estimate", "workloads")
    assert (status, err) == (1, "sim: 'workloads' is not a verb or a setting; did you mean 'workload'?; see sim --help\n")
    assert "known: agent, " in ended(capsys, "estimate", "qqqq")[2]


def test_an_empty_place_is_not_the_current_folder(capsys: pytest.CaptureFixture[str]) -> None:
    told = "sim: argument --out: is empty, and names no folder; the current one is .; see sim compare --help\n"
    assert ended(capsys, "compare", "a", "b", "--out", "") == (1, "", told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["agent.turns={dist:", "geometric,", "mean:", "8}"],
            'agent.turns: the shell has cut this at its spaces; in quotes it is one word: "agent.turns={dist: geometric, mean: 8}"',
        ),
        (["seed=2", "baseline={agent:", "solo}"], "baseline: the shell has cut this at its spaces"),
        (["backends=[minimax_m2_5"], 'backends: a bracket is not closed; in quotes, in the shell: "backends=[minimax_m2_5]"'),
        (["a.b={c: [1", "seed=2"], 'a.b: a bracket is not closed; in quotes, in the shell: "a.b={c: [1]}"'),
    ],
)
def test_what_the_shell_has_cut_is_told_with_its_quoted_form(words: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(told)}"):
        refuse_stray_words(words, VERBS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["workload.hours=[from_h:9]", "workload.hours=[until_h:17]", "workload.hours=[times:2]"],
            "workload.hours: the shell has dealt out what stands in braces; in quotes it is one word: "
            "'workload.hours=[{from_h: 9, until_h: 17, times: 2}]'",
        ),
        (["agent.turns=dist:geometric", "agent.turns=mean:8"], "agent.turns: the shell has dealt out what stands in braces"),
        (["agent=solo", "--backends", "glm_5"], "--backends: settings have no dashes; write backends=glm_5"),
        (["--agent.turns=10"], "--agent.turns=10: settings have no dashes; write agent.turns=10"),
        (["--tasks=5"], "--tasks=5: settings have no dashes; did you mean workload.tasks=5?"),
        (["=3"], "'=3': names no setting before its =; write KEY=VALUE, see sim --help"),
        (["agent.turns:=3"], "'agent.turns:=3': is written agent.turns=3"),
    ],
)
def test_braces_without_quotes_and_settings_with_dashes_are_told_as_meant(words: list[str], told: str) -> None:
    """The shell makes a word of each part of {a,b}."""
    with pytest.raises(ConfigError, match=f"^{re.escape(told)}"):
        refuse_stray_words(words, VERBS)


@pytest.mark.parametrize("words", [["--yes", "--json"], ["agent.workflow=a:f", "agent.workflow=b:f"], ["events=[at:5]"]])
def test_flags_functions_and_one_word_are_no_dealt_out_braces(words: list[str]) -> None:
    refuse_stray_words(words, VERBS)


def test_a_verb_of_one_scenario_says_that_it_sweeps_none() -> None:
    with pytest.raises(ConfigError, match="sim estimate takes one scenario; call it once for each"):
        call("estimate", ["-m", "agent=chat,solo"])


@pytest.mark.parametrize(
    "word", ["name=(x", "name=a{b", "backends=[a,b]", "agent.turns={dist: geometric, mean: 8}", "name='[x'", "name=x]"]
)
def test_brackets_that_match_or_are_in_a_name_are_fine(word: str) -> None:
    refuse_stray_words([word], VERBS)
