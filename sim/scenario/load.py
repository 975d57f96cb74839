"""All of Hydra that is not the shell's: settings composed into a scenario, and its errors in one line."""

from __future__ import annotations

import itertools
import re
import threading
import traceback
import typing
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError, did_you_mean
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS
from sim.settings import agent, budget, market, outcome, router, work

HERE = Path(__file__).resolve().parents[1]
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
_COMPOSING = threading.Lock()


def load(*overrides: str, config_dir: str | Path | None = None) -> Scenario:
    """The scenario that `sim OVERRIDES` would run, e.g. `load("agent.fanout=8", "market=feb_2026")`.

    `config_dir` is a folder of your own settings, searched after the ones that ship. Raises `ConfigError`.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    extra = [] if config_dir is None else [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"]
    with _COMPOSING:
        register_schema()
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(CONF), job_name="sim", version_base="1.3"):
                composed = compose("config", [*open_mappings(overrides), *extra])
        except Exception as error:
            if not is_hydras(error):
                raise
            raise ConfigError(explain(error)) from None
    return from_hydra(composed)


def register_schema() -> None:
    """Tell Hydra the types of the settings."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Scenario)


def from_hydra(composed: Any) -> Scenario:
    """A composed configuration as a checked scenario."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        scenario = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(scenario, Scenario)
    return scenario.check()


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


def is_hydras(error: BaseException) -> bool:
    """Whether Hydra, or what it stands on, has refused something: now and then it says so in a plain ValueError."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    told_by = {type(error).__module__.split(".")[0], frame.f_globals["__name__"].split(".")[0]}
    return isinstance(error, UnicodeDecodeError) or bool(told_by & {"hydra", "hydra_plugins", "optuna", "omegaconf", "antlr4", "yaml"})


def explain(error: BaseException) -> str:
    """Hydra's and OmegaConf's words in one line, with the likely key where one is unknown."""
    cause = error.__cause__ if error.__cause__ is not None and str(error).startswith(("Could not override", "Error merging")) else None
    message = _one_line(cause or error) or _one_line(error.__cause__ or error) or "a file of settings that makes no sense"
    plugin = re.search(r"Could not find 'hydra/(sweeper/optuna|launcher/submitit)", message)
    if plugin:
        kind, name = plugin[1].split("/")
        return f"hydra/{kind}={name}: is not installed; pip install hydra-{name}-{kind}"
    unknown = re.search(r"Key '(\w+)' (?:not in|is not in struct)(?: '(\w+)')?", message)
    if unknown:
        name, kind = unknown.groups()
        key = _key(error) or name
        known = [field.name for field in fields(_kind(kind))]
        return (
            f"{key}: '{name}' is not a setting; {did_you_mean(name, known)}" if kind or "." not in key else f"{key}: there is no '{name}'"
        )
    key = _key(error) if cause else ""
    if message.startswith("Unexpected type for root"):
        message = "a setting inside a group that is null: give the group as a mapping, e.g. agent.tries.verifier={turns: 2}"
    if message.startswith("Config group override must be"):
        message = "a group, such as agent= or workload=, takes the name of a file of its menu, not null or a number (see --help)"
    if isinstance(error, UnicodeDecodeError):
        message = f"a file of settings is not UTF-8 text: {error.reason} at byte {error.start}"
    if message == "Cannot merge DictConfig with ListConfig":
        kind = "a mapping such as {agent.fanout: [2, 8]}" if key == "sensitivity.ranges" else "a number or a mapping with 'dist'"
        message = f"must be {kind}, not a list"
    return f"{key}: {message}" if key else message


def _kind(name: str | None) -> type[Any]:
    """The settings of that name; the scenario itself where there is none."""
    for module in (agent, market, router, outcome, budget, work):
        if hasattr(module, name or ""):
            found: type[Any] = getattr(module, name or "")
            return found
    return Scenario


def _key(error: BaseException) -> str:
    """The key that an override error is about."""
    found = re.search(r"(?:Could not override '|Error merging override \+*)([\w.]+)", str(error))
    return found.group(1) if found else ""


def _one_line(error: BaseException) -> str:
    """The telling lines of a many-line message."""
    noise = (
        "object_type",
        "reference_type",
        "set_errno",
        "full_key",
        "See https",
        "Set the environment",
        "Config search path",
        "provider=",
    )
    told = [" ".join(line.split()) for line in str(error).splitlines()]
    return "; ".join(line for line in told if line and not line.startswith(noise)).replace(":;", ":")


def load_run(folder: str | Path) -> Scenario:
    """The scenario of a run, from what it left in its folder: `simulate(load_run(folder))` runs it again.

    Raises `DataError` where there is none, `ConfigError` where it can no longer be.
    """
    from omegaconf import OmegaConf

    file = Path(folder) / SETTINGS
    if not file.is_file():
        raise DataError(f"{folder}: holds no run (no {SETTINGS})")
    try:
        composed = OmegaConf.merge(OmegaConf.structured(Scenario), OmegaConf.load(file))
    except Exception as error:
        if not is_hydras(error):
            raise
        raise ConfigError(f"{file}: {explain(error)}") from None
    return from_hydra(composed)
