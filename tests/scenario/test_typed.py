"""Values typed in the shell: a name is read as it is typed, whatever its letters."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.scenario.load import check_length, open_mappings

PATHS = ["ünï.csv", "a=b.csv", "calls, March (v2).csv", "it's.csv", "{x}.csv", "[y].csv", "C:\\Users\\me\\calls.csv", "日本語", "#x", "x;y",
         '"q".csv', "~x", "a b", "1e3", "007", "0x10", "true", "no", "-x.csv", "*.csv", "ends in \\", "x'\\'y",
         "%41", "a:b", "😀"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_what_was_typed(path: str) -> None:
    assert sim.load("workload=trace", f"workload.trace={path}").workload.trace == path


def test_in_a_sweep_each_of_several_names_is_quoted() -> None:
    assert open_mappings(["-m", "name=ü,a"]) == ["-m", "name='ü','a'"]
    assert open_mappings(["-m", "name=a,b", "experiment=ü"]) == ["-m", "name=a,b", "experiment='ü'"]


def test_a_path_from_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.csv").write_text("trace,agent,call_index,t_s,input_tokens,output_tokens\ns,main,0,0,100,5\n")
    assert sim.simulate(sim.load("workload=trace", "workload.trace=~/x.csv", "replications=1")).mean("input_tokens") == 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["agent.turns={dist: ü}"], "agent.turns={dist: ü}: cannot be read; inside, a text goes in quotes"),
        (["seed=1;2"], "seed=1;2: cannot be read; a text goes in quotes"),
        (["~seed"], "~seed: a setting cannot be taken away"),
        (
            ["agent.turns=" + "{dist: mixture, weights: [1], parts: [" * 500],
            "agent.turns: brackets in brackets, 1000 deep, must be at most 40",
        ),
        (
            ["backends=[" + ",".join(f"x{number}" for number in range(100_000)) + "]"],
            "backends: 688,891 characters; all settings together have",
        ),
    ],
)
def test_what_cannot_be_read_names_its_key(words: list[str], told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(*words)
    assert str(refused.value).startswith(told)


def test_usual_lengths_and_depths_are_not_asked_about() -> None:
    check_length(
        ["agent.turns={dist: mixture, weights: [1, 2], parts: [{dist: geometric, mean: 3}, 4]}", "backends=[" + "glm_5," * 500 + "]"]
    )
