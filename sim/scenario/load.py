"""Settings composed by Hydra into a scenario."""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import re
import threading
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError, of_kind
from sim.scenario import sources
from sim.scenario.coupling import own_code
from sim.scenario.hydra_errors import explain, is_hydras
from sim.scenario.hydra_host import own_hydra, version_base
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS, quoted, read_settings, words_of
from sim.settings.router import Policy
from sim.settings.workload import EXCERPT, WorkloadKind

CONF = sources.CONF
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
NOT_NAMED = "default"
"""Of `backends`: nobody has named any."""
BACKEND = "claude_opus_4_6"
"""Then it is this one, or in a trace each call's own (`router.policy=recorded`)."""
_LONGEST = 20_000
"""Characters of all settings that are typed: Hydra parses some 3,000 a second."""
_DEEPEST = 40
_COMPOSING = threading.Lock()
"""Hydra composes for one at a time: its state belongs to the process."""


def load(*settings: str | Sequence[Any] | Mapping[str, Any], config_dir: str | Path | None = None, **more: Any) -> Scenario:
    """The scenario that `sim SETTINGS` would run, e.g. `load("agent.fanout=8", "market=feb_2026")`.

    A list of such texts will do too, a mapping of values by key, and keywords: `load({"workload.tasks": 5}, agent="team", seed=2)`.
    `config_dir` is a folder of your own settings, searched after the ones that ship. A program that uses Hydra itself finds it as
    it was. Raises `ConfigError`.
    """
    overrides = words_of([*settings, more])
    check_length(overrides)
    refuse_unread([] if config_dir is None else [Path(config_dir)])
    with _COMPOSING, own_hydra():
        try:
            scenario = _settings(compose(open_mappings(overrides), [] if config_dir is None else [Path(config_dir)]))
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


def compose(overrides: Sequence[str], folders: Sequence[Path] = (), with_hydra: bool = False) -> Any:
    """Inside `own_hydra()`: the configuration of these overrides; `folders` are searched after the settings that ship.

    Raises what Hydra raises.
    """
    import hydra

    search = [f"hydra.searchpath=[{','.join(f'file://{folder.resolve()}' for folder in folders)}]"] if folders else []
    with hydra.initialize_config_dir(str(CONF), job_name="sim", **version_base()):
        return hydra.compose("config", [*overrides, *search], return_hydra_config=with_hydra)


def refuse_unread(folders: Sequence[Path]) -> None:
    """Raise `ConfigError` for a folder that is not there, and for a file in it that would be passed over: one that ends in `.yml`, or has
    the name of one that ships, which is read in its place."""
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--config-dir {folder}: no such folder")
        if (other := next((file for menu in _menus() for file in folder.glob(f"{menu}/*.yml")), None)) is not None:
            raise ConfigError(f"{other}: would not be read, since settings end in .yaml; rename it")
        for ours in CONF.rglob("*.yaml"):
            theirs = folder / ours.relative_to(CONF)
            if theirs.is_file() and theirs.read_bytes() != ours.read_bytes():
                raise ConfigError(f"{theirs}: would not be read, since a file of that name ships; give it another name")


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
    if scenario.backends == [NOT_NAMED]:
        scenario.backends = [BACKEND]
        if scenario.workload.kind is WorkloadKind.trace and scenario.router.policy is Policy.fixed and scenario.router.backend is None:
            scenario.router = dataclasses.replace(scenario.router, policy=Policy.recorded)
    return scenario


def check_length(overrides: Sequence[str]) -> None:
    """Raise `ConfigError` for what Hydra would parse for many seconds, or so deep that Python's stack ends."""
    for text in overrides:
        key = text.partition("=")[0][:60]
        depth = max(itertools.accumulate((letter in "{[(") - (letter in "}])") for letter in text), default=0)
        if depth > _DEEPEST:
            raise ConfigError(f"{key}: brackets in brackets, {depth} deep, must be at most {_DEEPEST}")
    length = sum(map(len, overrides))
    if length > _LONGEST:
        key, _, value = max(overrides, key=len).partition("=")
        raise ConfigError(
            f"{key[:60]}: {len(value):,} characters; all settings together have {length:,}, must be at most {_LONGEST:,}: "
            "write them into a file (experiment=NAME --config-dir=FOLDER); of many values, quantiles will do"
        )


def open_mappings(overrides: Sequence[str]) -> list[str]:
    """`agent.turns={dist: geometric, mean: 8}` as Hydra wants it (`++`) where the old value was of another kind."""
    for text in overrides:
        if re.fullmatch(r"[A-Za-z_][\w.]*=\s*\{\s*\}", text):
            raise ConfigError(f"{text}: an empty mapping changes nothing")
    many = bool({"-m", "--multirun"} & set(overrides))
    return [_opened(_as_typed(text, many)) for text in overrides]


def _as_typed(text: str, many: bool) -> str:
    """A name or a path in quotes, where Hydra would read it otherwise (`1e3`, `it's.csv`) or not at all; in a sweep each of several."""
    gone = re.fullmatch(r"~([A-Za-z_][\w.]*)(=.*)?", text, re.DOTALL)
    if gone is not None and gone[1] not in _menus():
        raise ConfigError(f"{text}: a setting cannot be taken away; give it another value, e.g. null where it may be absent")
    found = re.fullmatch(r"(\+{0,2}([A-Za-z_][\w.@/]*))=(.*)", text, re.DOTALL)
    if found is None or text.startswith("hydra.searchpath"):
        return text
    word, key, value = found.groups()
    takes_name = _is_text(key)
    read = _parsed_value(text)
    if not takes_name and re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", value) and ",0" in value:
        raise ConfigError(f"{key}={value}: would be {value.count(',') + 1} values; a number has no comma inside: {value.replace(',', '')}")
    if isinstance(read, int) and read not in (0, 1) and bool in (_hint(key)[0], *typing.get_args(_hint(key)[0])):
        raise ConfigError(f"{key}={value}: must be true or false")
    if read is None:
        if not takes_name:
            raise ConfigError(f"{key}={value}: cannot be read; {_how_to_quote(key, value)}")
        return f"{word}={','.join(map(quoted, value.split(',') if many else [value]))}"
    menu = key in _menus()
    is_number = takes_name and isinstance(read, (bool, int, float)) and (menu or str(read) != value)
    return f"{word}={quoted(value)}" if is_number else text


def _how_to_quote(key: str, value: str) -> str:
    if value.startswith(("{", "[")):
        return "inside, a text goes in quotes where it has more than letters, digits and -_./: (and brackets must match)"
    return f'a text goes in quotes, in the shell "{key}={quoted(value)}"'


def _parsed_value(text: str) -> Any:
    """What Hydra's grammar makes of a value; None where it makes nothing of it."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        read = OverridesParser.create().parse_override(text)
        return "" if read.is_sweep_override() or read.value() is None else read.value()
    except (HydraException, RecursionError):
        return None


def _is_text(key: str) -> bool:
    """Whether a setting takes a name: one of the menus, a folder, or what is text by its type."""
    if re.split("[/@]", key, maxsplit=1)[0] in _menus() or key in ("hydra.run.dir", "hydra.sweep.dir"):
        return True
    hint = _hint(key)[0]
    return hint is str or set(typing.get_args(hint)) == {str, type(None)}


@functools.cache
def _menus() -> frozenset[str]:
    return frozenset(each.name for each in CONF.iterdir() if each.is_dir())


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
    _, kind, absent = _hint(key)
    return absent and is_dataclass(kind)


def _hint(key: str) -> tuple[Any, Any, bool]:
    """Of a dotted key: its type, the group of settings in it, and whether it may be absent."""
    kind: Any = Scenario
    hint: Any = None
    absent = False
    for name in key.split("."):
        if typing.get_origin(kind) is dict:
            kind = hint = typing.get_args(kind)[1]
            absent = True
        else:
            hint = typing.get_type_hints(kind).get(name) if is_dataclass(kind) else None
            groups = [each for each in (hint, *typing.get_args(hint)) if is_dataclass(each)]
            absent = type(None) in typing.get_args(hint)
            kind = hint if typing.get_origin(hint) is dict else groups[0] if groups else None
    return hint, kind, absent


def load_run(folder: str | Path, trust: bool = False) -> Scenario:
    """The scenario of a run, from what it left in its folder: `simulate(load_run(folder))` runs it again.

    Nothing runs that the folder names, and nothing is taken from the environment: a saved scenario is plain values. `trust`: import its
    policy or workflow, if it has one of its own, and read a trace of which it does not say what it holds. Raises `DataError` where
    there is none, `ConfigError` where it can no longer be.
    """
    from omegaconf import OmegaConf

    of_kind(folder, str | PathLike, "load_run takes the folder of a run")
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
