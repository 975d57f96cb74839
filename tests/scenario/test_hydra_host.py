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
