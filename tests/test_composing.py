"""Settings are composed through libyaml: the same values as by OmegaConf's own loader and dumper, which stay as they were."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf, _utils
from yaml import YAMLError

from sim import load
from sim.composing import quickly
from sim.errors import ConfigError
from sim.plain import plain
from sim.scenario import CONF

WORDS = (
    *("1e3", ".5", "1_000", "0x1F", "0o17", "1:30", "1:30.5", "yes", "Off", "~", "null", "2026-02-16", "2026-02-16T00:00:00", ".inf"),
    *("'1e3'", '"a\tb"', "!!str 3", "é ☃ 𝄞", "[1, {a: b}]", "'${name}'", "&a 3", "|\n  two\n  lines\n", ">\n  one\n  line\n", "-.NaN"),
)  # fmt: skip


def written_and_read(text: str) -> tuple[object, object]:
    settings = OmegaConf.create(text)
    return OmegaConf.to_container(settings), OmegaConf.to_container(OmegaConf.create(OmegaConf.to_yaml(settings)))


@pytest.mark.parametrize(
    "texts",
    [[file.read_text(encoding="utf-8") for file in sorted(Path(CONF).rglob("*.yaml"))], [f"key: {word}" for word in WORDS]],
    ids=["conf", "words"],
)
def test_what_libyaml_reads_and_writes_is_what_omegaconf_does(texts: list[str], tmp_path: Path) -> None:
    own = [written_and_read(text) for text in texts]
    with quickly():
        assert _utils.get_yaml_loader().__mro__[1].__module__ == "yaml._yaml"  # it is libyaml that reads
        quick = [written_and_read(text) for text in texts]
        written = [OmegaConf.to_yaml(OmegaConf.create(text)) for text in texts]
        (tmp_path / "file.yaml").write_text(texts[-1], encoding="utf-8")
        assert repr(OmegaConf.to_container(OmegaConf.load(tmp_path / "file.yaml"))) == repr(own[-1][0])
    assert repr(quick) == repr(own)  # 1 is not 1.0 is not True
    assert repr([OmegaConf.to_container(OmegaConf.create(text)) for text in written]) == repr([each for each, _ in own])


def test_all_is_as_it_was_afterwards_whatever_happens() -> None:
    before = _utils.get_yaml_loader, OmegaConf.to_yaml.__globals__["get_omega_conf_dumper"]
    with quickly():
        assert not gc.isenabled()
        with pytest.raises(YAMLError, match="duplicate key a"):
            OmegaConf.create("a: 1\na: 2")
    with pytest.raises(ConfigError):
        load("agent.fanuot=2")
    assert gc.isenabled()
    assert before == (_utils.get_yaml_loader, OmegaConf.to_yaml.__globals__["get_omega_conf_dumper"])


def test_a_scenario_without_libyaml_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = load("experiment=fanout", "market=nov_2026")
    monkeypatch.setattr("yaml.__with_libyaml__", False)
    assert plain(load("experiment=fanout", "market=nov_2026")) == plain(quick)


def test_a_run_in_python_imports_nothing_that_it_does_not_need() -> None:
    run = "import sys, sim; sim.simulate(sim.load('agent=chat', 'workload.tasks=1', 'replications=1', 'log=none')); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True).stdout.split()
    assert "simpy" in modules
    assert not {"pandas", "pyarrow", "matplotlib", "tqdm", "scipy"} & set(modules)
