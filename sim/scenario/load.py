"""Settings composed by Hydra into a scenario."""

from __future__ import annotations

import dataclasses
import itertools
import re
import threading
import typing
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError
from sim.scenario import sources
from sim.scenario.coupling import own_code
from sim.scenario.hydra_errors import explain, is_hydras
from sim.scenario.hydra_host import own_hydra, version_base
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS, read_settings
from sim.settings.workload import EXCERPT, WorkloadKind

CONF = sources.CONF
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
_COMPOSING = threading.Lock()
"""Hydra composes for one at a time: its state belongs to the process."""


def load(*overrides: str, config_dir: str | Path | None = None) -> Scenario:
    """The scenario that `sim OVERRIDES` would run, e.g. `load("agent.fanout=8", "market=feb_2026")`.

    `config_dir` is a folder of your own settings, searched after the ones that ship. A program that uses Hydra itself finds it as
    it was. Raises `ConfigError`.
    """
    with _COMPOSING, own_hydra():
        try:
            settings = _settings(compose(open_mappings(overrides), [] if config_dir is None else [Path(config_dir)]))
        except Exception as error:
            if not is_hydras(error):
                raise
            raise ConfigError(explain(error)) from None
    return settings.check()


def compose(overrides: Sequence[str], folders: Sequence[Path] = (), with_hydra: bool = False) -> Any:
    """Inside `own_hydra()`: the configuration of these overrides; `folders` are searched after the settings that ship.

    Raises what Hydra raises.
    """
    import hydra

    search = [f"hydra.searchpath=[{','.join(f'file://{folder.resolve()}' for folder in folders)}]"] if folders else []
    with hydra.initialize_config_dir(str(CONF), job_name="sim", **version_base()):
        return hydra.compose("config", [*overrides, *search], return_hydra_config=with_hydra)


def from_hydra(composed: Any) -> Scenario:
    """A composed configuration as a checked scenario. Raises `ConfigError`."""
    return _settings(composed).check()


def _settings(composed: Any) -> Scenario:
    """As the dataclasses they are from here on, not yet checked against one another."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        scenario = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(scenario, Scenario)
    return scenario


def open_mappings(overrides: Sequence[str]) -> list[str]:
    """`agent.turns={dist: geometric, mean: 8}` as Hydra wants it (`++`) where the old value was of another kind."""
    for text in overrides:
        if re.fullmatch(r"[A-Za-z_][\w.]*=\s*\{\s*\}", text):
            raise ConfigError(f"{text}: an empty mapping changes nothing")
    return [_opened(text) for text in overrides]


def _opened(text: str) -> str:
    """A group that may be absent is set through the group around it: Hydra would not know the type of its settings."""
    found = re.match(r"([A-Za-z_][\w.]*)=\s*(\{.*)", text, re.DOTALL)
    if found is None:
        return text
    key, mapping = found.groups()
    around, _, name = key.rpartition(".")
    depths = list(itertools.accumulate((letter == "{") - (letter == "}") for letter in mapping.strip()))
    one = depths[-1] == 0 and all(depths[:-1])
    return f"++{around}={{{name}: {mapping}}}" if one and _may_be_absent(key) else f"++{text}"


def _may_be_absent(key: str) -> bool:
    """Whether a key names a group of settings that need not be there: a verifier, a budget by name, a backend of one's own."""
    kind: Any = Scenario
    absent = False
    for name in key.split("."):
        if typing.get_origin(kind) is dict:
            kind, absent = typing.get_args(kind)[1], True
        else:
            hint = typing.get_type_hints(kind).get(name) if is_dataclass(kind) else None
            groups = [each for each in (hint, *typing.get_args(hint)) if is_dataclass(each)]
            absent = type(None) in typing.get_args(hint)
            kind = hint if typing.get_origin(hint) is dict else groups[0] if groups else None
    return absent and is_dataclass(kind)


def load_run(folder: str | Path, trust: bool = False) -> Scenario:
    """The scenario of a run, from what it left in its folder: `simulate(load_run(folder))` runs it again.

    Nothing runs that the folder names, and nothing is taken from the environment: a saved scenario is plain values. `trust`: import its
    policy or workflow, if it has one of its own. Raises `DataError` where there is none, `ConfigError` where it can no longer be.
    """
    from omegaconf import OmegaConf

    file = Path(folder) / SETTINGS
    if not file.is_file():
        raise DataError(f"{folder}: holds no run (no {SETTINGS})")
    if file.is_symlink():
        raise DataError(f"{file}: is a link, which is not followed")
    saved = read_settings(file)
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
    workload = scenario.workload
    if workload.kind is WorkloadKind.trace and workload.trace != EXCERPT and (beside := Path(folder) / workload.trace).is_file():
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
