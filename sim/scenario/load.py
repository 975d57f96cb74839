"""Settings composed by Hydra into a scenario."""

from __future__ import annotations

import copy
import dataclasses
import functools
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError, of_kind, of_path
from sim.scenario import sources
from sim.scenario.composed.kept import KEPT, Composed, parsed
from sim.scenario.composed.typed import check_length, menus, open_mappings
from sim.scenario.coupling import own_code
from sim.scenario.hydra_errors import explain, is_hydras
from sim.scenario.hydra_host import own_hydra, version_base
from sim.scenario.hydra_private import files_looked_at
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS, read_settings, words_of
from sim.settings.router import Policy
from sim.settings.run import ShardsOn
from sim.settings.workload import EXCERPT, WorkloadKind

CONF = sources.CONF
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
NOT_NAMED = "default"
"""Of `backends`: nobody has named any."""
BACKEND = "claude_opus_4_6"
"""Then it is this one, or in a trace each call's own (`router.policy=recorded`)."""
_COMPOSING = threading.Lock()
"""Hydra composes for one at a time: its state belongs to the process."""


def load(*settings: str | Sequence[Any] | Mapping[str, Any], config_dir: str | Path | None = None, **more: Any) -> Scenario:
    """The scenario that `sim SETTINGS` would run, e.g. `load("agent.fanout=8", "market=feb_2026")`.

    A list of such texts will do too, a mapping of values by key, and keywords: `load({"workload.tasks": 5}, agent="team", seed=2)`.
    `config_dir` is a folder of your own settings, searched after the ones that ship. A program that uses Hydra itself finds it as
    it was. Raises `ConfigError`.
    """
    if config_dir is not None:
        of_path(config_dir, "config_dir is a folder of settings, a path")
    overrides = words_of([*settings, more])
    check_length(overrides)
    refuse_unread([] if config_dir is None else [Path(config_dir)], overrides)
    with _COMPOSING, own_hydra():
        try:
            words = open_mappings(overrides)
            scenario = _quickly(words) if config_dir is None else None
            if scenario is None:
                scenario = _settings(compose(words, [] if config_dir is None else [Path(config_dir)]))
        except Exception as error:
            if not is_hydras(error):
                raise
            raise ConfigError(explain(error)) from None
    return scenario.check()


@functools.cache
def _composed(menu: str, name: str) -> Scenario:
    return load(f"{menu}={name}")


def choice(menu: str, name: str) -> Any:
    """The settings of a group that `MENU=NAME` stands for. Raises `ConfigError`, also where the choice sets more than its group."""
    file = CONF / menu / f"{name}.yaml"
    if file.is_file() and "@package _global_" in file.read_text(encoding="utf-8"):
        raise ConfigError(f"{menu}={name}: sets more than {menu}; compose a scenario of its own, sim.load('{menu}={name}', ...)")
    return copy.deepcopy(getattr(_composed(menu, name), menu))


def _quickly(words: Sequence[str]) -> Scenario | None:
    """The scenario of these words from what was composed before; None where only Hydra can say what they come to, or what is wrong."""
    from omegaconf import OmegaConf

    try:
        read = parsed(words)
        if read is None:
            return None

        def make() -> Composed:
            files: list[Path] = []
            with files_looked_at(files.append):
                configuration = compose(read.chosen)
            scenario: Any = OmegaConf.to_object(configuration)
            return Composed(configuration, scenario, files)

        return _with_backend(KEPT.of(read.chosen, make).with_values(read.values))
    except Exception:
        return None


def compose(overrides: Sequence[str], folders: Sequence[Path] = (), with_hydra: bool = False) -> Any:
    """Inside `own_hydra()`: the configuration of these overrides; `folders` are searched after the settings that ship.

    Raises what Hydra raises.
    """
    import hydra

    search = [f"hydra.searchpath=[{','.join(f'file://{folder.resolve()}' for folder in folders)}]"] if folders else []
    with hydra.initialize_config_dir(str(CONF), job_name="sim", **version_base()):
        return hydra.compose("config", [*overrides, *search], return_hydra_config=with_hydra)


def refuse_unread(folders: Sequence[Path], words: Sequence[str] = ()) -> None:
    """Raise `ConfigError` for a folder that is not there, and for a file in it that would be passed over: one that ends in `.yml`, has
    the name of one that ships, which is read in its place, or is chosen by these words and lies in no folder of its menu."""
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--config-dir {folder}: no such folder")
        if (other := next((file for menu in menus() for file in folder.glob(f"{menu}/*.yml")), None)) is not None:
            raise ConfigError(f"{other}: would not be read, since settings end in .yaml; rename it")
        for ours in CONF.rglob("*.yaml"):
            theirs = folder / ours.relative_to(CONF)
            if theirs.is_file() and theirs.read_bytes() != ours.read_bytes():
                raise ConfigError(f"{theirs}: would not be read, since a file of that name ships; give it another name")
    chosen = [found.groups() for word in words if (found := re.fullmatch(r"\+?(\w+)=([\w-]+)", word)) and found[1] in menus()]
    for menu, name in chosen if folders else ():
        if not any((folder / menu / f"{name}.yaml").is_file() for folder in (CONF, *folders)):
            astray = next((file for folder in folders for at in ("", "*/", "*/*/") for file in folder.glob(f"{at}{name}.yaml")), None)
            if astray is not None:
                raise ConfigError(f"{astray}: would not be read there: {menu}={name} is {folders[0] / menu / name}.yaml; move it")
    for name in [name for menu, name in chosen if menu == "backend"] if folders else ():
        for file in [folder / "backend" / f"{name}.yaml" for folder in folders]:
            said = re.search(r"^#\s*@package\s+market\.models\.(\S+)", file.read_text("utf-8", "replace"), re.M) if file.is_file() else None
            if said and said[1] != name and any(re.match(rf"backends=.*\b{name}\b", word) for word in words):
                raise ConfigError(
                    f"{file}: its first line says that it is {said[1]}; for backends=[{name}] write # @package market.models.{name}"
                )


def from_hydra(composed: Any) -> Scenario:
    """A composed configuration as a checked scenario. Raises `ConfigError`."""
    return _settings(composed).check()


def checked(scenario: Scenario) -> Scenario:
    """The scenario of a job of a sweep as it is run. Raises `ConfigError`."""
    return _with_backend(scenario).check()


def _settings(composed: Any) -> Scenario:
    """As the dataclasses they are from here on, not yet checked against one another."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        scenario = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(scenario, Scenario)
    return _with_backend(scenario)


def _with_backend(scenario: Scenario) -> Scenario:
    """The usual one where none is named."""
    if scenario.backends == [NOT_NAMED]:
        scenario.backends = [BACKEND]
        if scenario.workload.kind is WorkloadKind.trace and scenario.router.policy is Policy.fixed and scenario.router.backend is None:
            scenario.router = dataclasses.replace(scenario.router, policy=Policy.recorded)
    return scenario


def load_run(folder: str | Path, trust: bool = False) -> Scenario:
    """The scenario of a run, from what it left in its folder: `simulate(load_run(folder))` runs it again.

    Nothing runs that the folder names, and nothing is taken from the environment: a saved scenario is plain values. `trust`: import its
    policy or workflow, if it has one of its own, read a trace of which it does not say what it holds, run it by Ray if it was.
    Raises `DataError` where there is none, `ConfigError` where it can no longer be.
    """
    from omegaconf import OmegaConf

    of_path(folder, "load_run takes the folder of a run")
    of_kind(trust, bool, "load_run: trust is True or False")
    file = Path(folder) / SETTINGS
    if Path(folder).is_file():
        raise DataError(f"{folder}: is a file; load_run takes the folder of a run")
    if not file.is_file():
        first = Path(folder) / "0"
        many = f"; it holds several, name one of them: {first}" if (first / SETTINGS).is_file() else ""
        raise DataError(f"{folder}: holds no run (no {SETTINGS}){many}")
    if file.is_symlink():
        raise DataError(f"{file}: is a link, which is not followed")
    saved = read_settings(file)
    if not saved:
        raise DataError(f"{file}: holds no settings of a run")
    if (text := next(_texts(saved, "${"), None)) is not None:
        raise DataError(f"{file}: '{text[:60]}' would be filled in; a saved scenario is plain values")
    try:
        composed = OmegaConf.merge(OmegaConf.structured(Scenario), OmegaConf.create(saved))
        scenario = _settings(composed)
    except Exception as error:
        if not is_hydras(error) and not isinstance(error, RecursionError):
            raise
        raise ConfigError(f"{file}: {explain(error)}") from None
    for key, name in own_code(scenario) if not trust else ():
        raise ConfigError(f"{file}: {key}={name} is code, imported only if you trust it: sim again --trust, load_run(..., trust=True)")
    if not trust:  # a cluster is the reader's own
        scenario.shards_on = ShardsOn.local
    workload = scenario.workload
    if workload.kind is WorkloadKind.trace and workload.trace != EXCERPT:
        if not workload.trace_sha256 and not trust:  # a run saves it; without, any file of the reader's may be meant
            raise ConfigError(f"{file}: workload.trace={workload.trace} without its workload.trace_sha256 is not read unless you trust it")
        if (beside := Path(folder) / workload.trace).exists():
            scenario.workload = dataclasses.replace(workload, trace=str(beside.resolve()))
    return scenario.check()


def _texts(settings: Any, part: str) -> Iterator[str]:
    """Every text with this part in it, in plain settings."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield from _texts(key, part)
            yield from _texts(value, part)
    elif isinstance(settings, list):
        for value in settings:
            yield from _texts(value, part)
    elif isinstance(settings, str) and part in settings:
        yield settings
