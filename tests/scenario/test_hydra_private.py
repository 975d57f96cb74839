"""Private names of Hydra: all there in the installed version, and without them the slower public way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import hydra
import omegaconf
import pytest
from omegaconf import OmegaConf, open_dict

import sim
from sim.scenario.hydra_host import own_hydra
from sim.scenario.hydra_private import (
    APPLY,
    FILE,
    FLAGS,
    LAUNCH,
    LOAD,
    MAPPINGS,
    MERGE,
    MODE,
    RESOLVERS,
    SINGLE,
    VALIDATE,
    Private,
    asks_for_version_base,
    composing_less,
    flags,
    resolvers_kept,
)
from sim.scenario.load import CONF, compose
from sim.settings import agent

ALL = [MODE, VALIDATE, FLAGS, RESOLVERS, LOAD, FILE, MERGE, SINGLE, MAPPINGS, APPLY, LAUNCH]
SIM = Path(agent.__file__).parents[1]


@pytest.mark.parametrize("private", ALL, ids=lambda private: private.name)
def test_the_installed_hydra_has_it(private: Private) -> None:
    assert private.holder() is not None


@pytest.mark.parametrize("private", ALL, ids=lambda private: private.name)
def test_it_is_documented(private: Private) -> None:
    from sim.scenario import hydra_private

    told = f"`{private.owner}.{private.name}`" if private.owner else f"`{private.name}`"
    assert told in (hydra_private.__doc__ or "")


def test_no_other_file_touches_a_private_name() -> None:
    private = re.compile(r"hydra\._|omegaconf\._|\bBaseContainer\b|get_mode|validate_batch_is_legal|get_args_parser|_instances")
    found = [str(file.relative_to(SIM)) for file in SIM.rglob("*.py") if private.search(file.read_text(encoding="utf-8"))]
    assert found == ["scenario/hydra_private.py"]


def test_methods_are_exchanged_only_for_a_while() -> None:
    before = [getattr(private.holder(), private.name) for private in (MODE, VALIDATE)]
    own = [private.name in vars(private.holder()) for private in (MODE, VALIDATE)]
    with composing_less():
        pass
    assert [getattr(private.holder(), private.name) for private in (MODE, VALIDATE)] == before
    assert [private.name in vars(private.holder()) for private in (MODE, VALIDATE)] == own


def test_a_resolver_of_the_host_is_kept() -> None:
    from omegaconf import OmegaConf

    register: Any = OmegaConf.register_new_resolver if asks_for_version_base() else getattr(OmegaConf, "register_resolver")  # noqa: B009
    register("sim_test", lambda: "theirs")
    try:
        with resolvers_kept():
            register("sim_test", lambda: "ours", replace=True)
        assert OmegaConf.create({"a": "${sim_test:}"}).a == "theirs"
    finally:
        OmegaConf.clear_resolver("sim_test")


def test_hydras_own_parser_knows_a_flag() -> None:
    parser = flags()
    assert parser is not None
    assert parser.parse_args(["--multirun"]).multirun


def test_a_name_that_is_gone_has_no_holder() -> None:
    assert Private("hydra._internal.no_such_module", "Hydra", "get_mode").holder() is None
    assert Private("hydra._internal.hydra", "NoSuchClass", "get_mode").holder() is None
    assert Private("hydra._internal.hydra", "Hydra", "no_such_method").holder() is None


THEIRS = getattr(MERGE.holder(), MERGE.name)
CHOICES = [["agent=debate", "seed=3"], ["experiment=fanout"], ["market=nov_2026", "tries=cascade", "workload=users", "budget=layers"]]


@pytest.mark.parametrize("words", CHOICES, ids=" ".join)
def test_what_was_merged_before_is_what_hydra_merges(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, types and what is to be filled in; and nobody changes what the next one gets."""
    with own_hydra(), monkeypatch.context() as without:
        without.setattr(MERGE.holder(), MERGE.name, THEIRS)
        wanted = compose(words, with_hydra=True)
    for _ in range(2):
        with own_hydra():
            found = compose(words, with_hydra=True)
        assert told_of(found) == told_of(wanted)
        next(iter(found.market.models.values())).slots = 77
        found.agent.turns = 77


def told_of(composed: Any) -> tuple[str, Any]:
    """Its text, with what is to be filled in, and its settings as they are typed."""
    text = OmegaConf.to_yaml(composed)
    with open_dict(composed):
        return text, OmegaConf.to_object(OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"]))


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CONF, tmp_path / "conf")
    for module in ("load", "hydra_host", "hydra_private"):
        monkeypatch.setattr(f"sim.scenario.{module}.CONF", tmp_path / "conf")
    before = sim.load("agent=chat", "tries=once")
    with (tmp_path / "conf" / "outcome" / "same_harness.yaml").open("a") as outcome:
        outcome.write("wage_usd_per_h: 71\n")
    market = tmp_path / "conf" / "market" / "feb_2026.yaml"
    market.write_text(market.read_text().replace("name: feb_2026", "name: feb_2026_mine"))
    after = sim.load("agent=chat", "tries=once")
    assert (before.outcome.wage_usd_per_h, after.outcome.wage_usd_per_h) == (0.0, 71.0)
    assert (before.market.name, after.market.name) == ("feb_2026", "feb_2026_mine")


@pytest.mark.slow
def test_without_any_of_them_a_sweep_comes_to_the_same(tmp_path: Path) -> None:
    """On the slower, public way: by a Hydra and an OmegaConf that call these things otherwise."""
    for package in (hydra, omegaconf):
        source = Path(package.__path__[0])
        for file in source.rglob("*.*"):
            if "__pycache__" not in file.parts and file.is_file():
                copy = tmp_path / "later" / source.name / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(
                    re.sub(
                        rb"\b(get_mode|validate_batch_is_legal|get_args_parser|_resolvers|_load_single_config)\b",
                        rb"\1_2",
                        file.read_bytes(),
                    )
                )
    words = ["-m", "agent=chat", "workload.tasks=2", "replications=1", "log=none", "seed=1,2", "processes=1"]
    later = os.pathsep.join([str(tmp_path / "later"), str(SIM.parent)])
    for folder, path in (("here", str(SIM.parent)), ("there", later)):
        command = [sys.executable, "-c", SWEEP, *words, f"hydra.sweep.dir={folder}"]
        ran = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith(f"{folder == 'here'}\n")
    assert (tmp_path / "here" / "results.csv").read_bytes() == (tmp_path / "there" / "results.csv").read_bytes()


SWEEP = """
from sim.scenario.hydra_private import FLAGS, MODE, RESOLVERS, SINGLE, VALIDATE
from sim.shell.cli import main
found = {private.holder() is not None for private in (FLAGS, MODE, RESOLVERS, SINGLE, VALIDATE)}
print(*found)
main()
"""
