"""Inside a program that uses Hydra itself, everything is afterwards as it was."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra

import sim
from sim.scenario.hydra_host import own_hydra
from sim.scenario.load import compose
from sim.shell.cli import main

PROGRAM = Path(__file__).with_name("host_program.py")


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["-m", "learning_rate=0.1,0.2"]])
def test_a_host_program_with_its_own_hydra_finds_everything_as_it_was(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "own_policy.py").write_text("import own_helper\n\ndef choose(known):\n    return lambda *_: own_helper.pick(known)\n")
    (tmp_path / "own_helper.py").write_text("def pick(known):\n    return known.backends[0]\n")
    ran = subprocess.run([sys.executable, str(PROGRAM), *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = [line for line in ran.stdout.splitlines() if not line.startswith("[")]  # Hydra's own log
    jobs = ["job", "0.1", "job", "0.2"] if words else ["job", "0.1"]
    assert said == ["outside", *jobs, "afterwards"]


def test_what_the_host_has_stored_is_nothing_to_us_and_comes_back() -> None:
    theirs, hydra = ConfigStore.instance().repo, GlobalHydra.instance()
    with own_hydra():
        assert set(ConfigStore.instance().repo) >= {"hydra", "schema.yaml"}
        assert not hydra.is_initialized()
    assert ConfigStore.instance().repo is theirs
    assert GlobalHydra.instance() is hydra


def test_it_comes_back_after_an_error_too() -> None:
    theirs = ConfigStore.instance().repo
    with pytest.raises(sim.ConfigError):
        sim.load("agent.fanuot=3")
    assert ConfigStore.instance().repo is theirs
    assert "schema.yaml" not in theirs


@pytest.mark.slow
def test_threads_may_load_at_the_same_time() -> None:
    wanted = list(range(1, 9))
    with ThreadPoolExecutor(8) as threads:
        loaded = list(threads.map(lambda seed: sim.load(f"seed={seed}"), wanted))
    assert [scenario.seed for scenario in loaded] == wanted


SETTINGS_THAT_RUN = {
    "hydra: {callbacks: {x: {_target_: os.mkdir, path: ran}}}": "hydra.callbacks: would run what it names",
    "hydra: {callbacks: {x: '${oc.create:{_target_: os.mkdir, path: ran}}'}}": "hydra.callbacks: would run what it names",
    "hydra: {job_logging: {handlers: {x: {'()': os.mkdir, path: ran}}}}": "hydra.job_logging: would run what it names",
    "hydra: {hydra_logging: {handlers: {x: {class: os.mkdir, path: ran}}}}": "hydra.hydra_logging: would run what it names",
    "hydra: {sweeper: {_target_: os.mkdir}}": "hydra.sweeper._target_=os.mkdir: would run what it names",
    "hydra: {launcher: {_target_: os.mkdir}}": "hydra.launcher._target_=os.mkdir: would run what it names",
    "baseline: {_target_: os.mkdir}": "baseline._target_=os.mkdir: would run what it names",
    "baseline: {x: '${oc.create:{_target_: os.mkdir}}'}": "would run what it names",
    "name: '${oc.env:HOME}'": "settings take nothing from the environment",
    "name: '${baseline.x}'\nbaseline: {x: '${oc.env:HOME}'}": "settings take nothing from the environment",
    "name: '${oc.decode:${oc.env:HOME}}'": "would run what it names",
}


def theirs(folder: Path, text: str) -> Path:
    """A folder of settings that somebody else has written."""
    experiment = folder / "theirs" / "experiment"
    experiment.mkdir(parents=True)
    (experiment / "evil.yaml").write_text(f"# @package _global_\n{text}\n")
    return folder / "theirs"


@pytest.mark.parametrize("text", SETTINGS_THAT_RUN)
def test_settings_of_others_run_nothing_and_read_nothing_of_ours(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sim.ConfigError) as told:
        sim.load("experiment=evil", config_dir=theirs(tmp_path, text))
    assert SETTINGS_THAT_RUN[text] in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize("text", [next(iter(SETTINGS_THAT_RUN))])
def test_the_command_line_is_no_other_way_in(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    theirs(tmp_path, text)
    with pytest.raises(SystemExit) as end:
        main(["--config-dir=theirs", "experiment=evil", "agent=chat"])
    assert (end.value.code, capsys.readouterr().err) == (1, f"sim: {SETTINGS_THAT_RUN[text]}, so is not taken from settings\n")
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.slow
def test_hydras_own_parts_are_no_code_of_others() -> None:
    with own_hydra():
        for words in (
            [],
            ["hydra/sweeper=optuna"],
            ["hydra/launcher=submitit_local"],
            ["hydra/sweeper=optuna", "hydra/sweeper/sampler=random"],
        ):
            assert compose(words, with_hydra=True).name == "scenario"
