"""Settings as text: what YAML takes otherwise than it is written, and what would take minutes to read, is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

import sim
from sim.errors import ConfigError
from sim.scenario.hydra_host import names
from sim.scenario.sources import CONF
from sim.scenario.text import as_yaml, check_written, plain, read_settings
from tests.worlds import scenario

FOLDED = "\n".join(["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9))])
TOLD = {
    "seed: 010": "line 1: seed: 010 is an octal number in YAML: write what it is, or '010' in quotes",
    "a: 1\nhorizon_s: 1:30:00": "line 2: horizon_s: 1:30:00 is a number to the base 60 in YAML",
    "name: no": "name: no is false in YAML",
    "batch: On": "batch: On is true in YAML",
    "on: 3": "the key on is true in YAML",
    "budgets: {yes: {usd: 3}}": "the key yes is true in YAML",
    "backends: [a, off]": "backends: off is false in YAML",
    "name: 1.10": "name: 1.10 is the number 1.1 in YAML: write '1.10' in quotes",
    "name: 1e3": "name: 1e3 is the number 1000 in YAML",
    "router: {backend: True}": "backend: True is a truth value in YAML",
    "seed: 2\nname: x\nseed: 3": "line 3: the key seed is there twice: leave one out",
    "a: {b: 1, c: {b: 2}, b: 3}": "line 1: the key b is there twice: leave one out",
    "a: &a [1, *a]": "*a stands in itself, or nowhere",
    "a: *b": "*b stands in itself, or nowhere",
    FOLDED: "line 5: more than 10,000 values, aliases followed; of many values, quantiles will do",
    f"a: [{', '.join(map(str, range(10_001)))}]": "more than 10,000 values",
    f"a: {'[' * 41}{']' * 41}": "more than 40 levels, one in another",
    "- " * 100_000 + "1": "more than 40 levels, one in another",
    f"a: [{', '.join(map(str, range(50_000)))}]": "more than 256 KB of settings",
}  # fmt: skip


@pytest.mark.parametrize("text", TOLD, ids=range(len(TOLD)))
def test_what_would_be_taken_otherwise_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    began = time.process_time()
    with pytest.raises(sim.ConfigError) as refused:
        check_written(tmp_path / "mine.yaml", names())
    assert time.process_time() - began < 5
    assert TOLD[text] in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["seed: 0", "a: {b: 1}\nc: {b: 1}", "- a: 1\n- a: 2", "a: 1\n---\na: 2", "seed: 10", "seed: 08", "name: 'no'",
     'name: "1e3"', "name: 2026", "batch: true", "horizon_s: 1e3", "a: [&x 1, *x]",
     "start: 2026-02-03", "a: |\n  yes\n  no", "# 010\n", "a: !!str 010"],
)  # fmt: skip
def test_what_is_taken_as_it_is_written_is_not(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="latin-1")
    check_written(tmp_path / "mine.yaml", names())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed: 2\nname x\nlog: full", "2: has no colon behind its name: name x"),
        ("seed: 2\nname: a: b", "2: has a colon too many, or the line before has none, or is indented less: name: a: b"),
        ("agent:\n\tturns: 2", "2: has a tab where blanks belong: turns: 2"),
        ("seed: 2\nname:\tx y", "2: has a tab where blanks belong: name: x y"),
        ("seed: 2\n...\nseed: 3", "3: stands behind the end of the settings, or of a value in brackets: seed: 3"),
        ("agent: 1\n  turns: 2", "2: has a colon too many, or the line before has none, or is indented less: turns: 2"),
        ("backends: [glm_5\nseed: 2", "1: begins a bracket that is not closed, or lacks a comma: backends: [glm_5"),
        ('name: "x\nseed: 2', '1: begins a quote that is not closed: name: "x'),
        ("name: @x", "1: a text that begins with @, %, ` or the like goes in quotes: name: @x"),
        ("- a\nb: 1", "2: begins a list that goes on as something else: each line of it begins with -: b: 1"),
        ("agent: {turns: 3}\n  seed: 2\n", "2: does not fit to how the lines before are indented: seed: 2"),
        ('name: "a\\q"', '1: has a \\ in double quotes: write it twice, or take single quotes: name: "a\\q"'),
        ("{", "2: ends where a value or a bracket is missing"),
    ],
)
def test_what_is_no_yaml_is_told_by_its_line_in_words_of_ours(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(sim.ConfigError) as refused:
        check_written(file)
    assert str(refused.value) == f"{file}, line {told}"


def test_what_we_write_ourselves_passes(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(as_yaml(scenario(name="no", seed=10)))
    check_written(tmp_path / "scenario.yaml", names())


def test_names_are_the_settings_that_are_text() -> None:
    assert {"name", "backends", "trace", "start", "workflow", "harness"} <= names()
    assert not {"seed", "batch", "turns", "kind", "log"} & names()


@pytest.mark.parametrize("head", ["", "\ufeff# @package _global_\n", "\ufeff", "# mine\n# @package _global_\n", "# @package _global_\n"])
def test_an_experiment_is_of_all_settings_whatever_its_first_line(tmp_path: Path, head: str) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(f"{head}name: mine\nseed: 5\n")
    found = sim.load("experiment=mine", config_dir=tmp_path)
    assert (found.name, found.seed) == ("mine", 5)


@pytest.mark.parametrize("head", ["", "# @package market.models.mine\n"])
def test_a_backend_is_of_the_market_whatever_its_first_line(tmp_path: Path, head: str) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "mine.yaml").write_text(f"{head}input_usd_per_mtok: 1\noutput_usd_per_mtok: 2\n")
    found = sim.load("+backend=mine", "backends=[mine]", config_dir=tmp_path)
    assert found.market.models["mine"].output_usd_per_mtok == 2


def test_a_file_that_would_not_be_read_is_refused_and_a_copy_is_not(tmp_path: Path) -> None:
    ours = CONF / "agent" / "solo.yaml"
    theirs = tmp_path / "agent" / "solo.yaml"
    theirs.parent.mkdir()
    theirs.write_bytes(ours.read_bytes())
    assert sim.load("agent=solo", config_dir=tmp_path) == sim.load("agent=solo")
    theirs.write_text("turns: 5\n")
    with pytest.raises(ConfigError, match=r"agent/solo\.yaml: would not be read, since a file of that name ships"):
        sim.load("agent=solo", config_dir=tmp_path)


@pytest.mark.parametrize(("held", "why"), [(b"", "is empty"), (b" \n", "is empty"), ("seed: 3".encode("utf-16"), "is not text in UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, held: bytes, why: str) -> None:
    (tmp_path / "x.yaml").write_bytes(held)
    with pytest.raises(ConfigError, match=f"x.yaml: {why}"):
        check_written(tmp_path / "x.yaml")


def test_settings_are_written_block_by_block_as_they_are_as_a_whole() -> None:
    other = scenario(tasks=3)
    other.name, other.backends = "1e3: a 'name' with # and ünicode, " + "long " * 40, ["a", "b"]
    for each in (scenario(), other, scenario()):
        text = as_yaml(each)
        assert yaml.safe_load(text) == plain(each) == yaml.safe_load(yaml.safe_dump(plain(each)))
        assert list(yaml.safe_load(text)) == list(plain(each))


BLOCKS = [
    "a: 1\nb: 2\na: 3\n", 'a: "x\nb: y"\n', "a: [1,\nb: 2]\n", "a: {b: 1,\nc: 2}\n", "a: |\n  b: 1\n\n  c\nd: >\n  e\n",
    "a:1\n", "a:1\nb: 2\n", "# a\na: 1\n# b\nb:\n- 1\n- 2\nc:\n", "a: 1\n---\nb: 2\n", "a: 1\n...\n", "%YAML 1.1\n---\na: 1\n",
    "a: 1\nb: 2", "- a: 1\n", "", "a: 1\n'b': 2\n", "a: 1\n? b\n: 2\n", "a: x\ny\nb: 2\n", "a: 2026-13-45\n", "a: {\n",
    "http://a: 1\nb: 2\n", "a : 1\nb: 2\n", "\ufeffa: 1\nb: 2\n",
]  # fmt: skip
"""Files that are, or seem to be, one setting after another."""


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_settings_are_read_block_by_block_as_they_are_as_a_whole(tmp_path: Path, text: str) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)
    try:
        whole = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        with pytest.raises(sim.DataError, match="is no file of settings"):
            read_settings(file)
    else:
        assert read_settings(file) == (whole if isinstance(whole, dict) else {})


def test_what_was_read_is_the_readers_own(tmp_path: Path) -> None:
    """A block that many files share is read once; who changes what they were given changes nobody else's."""
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("a:\n  b: 1\n")
    read_settings(tmp_path / "one.yaml")["a"]["b"] = 2
    assert read_settings(tmp_path / "two.yaml") == {"a": {"b": 1}}
