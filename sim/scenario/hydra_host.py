"""Hydra for ourselves inside whatever program this is: its own Hydra is left as it was, object for object.

And nothing that settings name is run: Hydra would call what `_target_` names, as a callback, a handler of logs, a part of a sweeper.
"""

from __future__ import annotations

import contextlib
import functools
import re
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from sim.errors import ConfigError
from sim.sampling.distributions import KINDS
from sim.scenario.composed.forms import kinds, list_form
from sim.scenario.composed.tags import mistagged
from sim.scenario.hydra_private import (
    OWN_PARTS,
    SCHEMA,
    asks_for_version_base,
    files_looked_at,
    looked_at,
    merged_once,
    replaced_whole,
    resolvers_kept,
)
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF
from sim.scenario.text import check_written
from sim.settings.profile import LoopSettings


@contextlib.contextmanager
def own_hydra(composed: Callable[[Any], None] = lambda _: None) -> Iterator[None]:
    """While it lasts Hydra knows our schema and nothing that the program around us has stored or initialised.

    `composed` is shown each configuration before anything is made of it; one that would run code is refused with a `ConfigError`.

    A stored node named `config`, as many programs have, would otherwise be taken for the schema of our `config.yaml`. Hydra's state
    belongs to the process: other threads that use Hydra meanwhile meet ours.
    """
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.utils import JobRuntime
    from hydra.version import VersionBase
    from omegaconf import OmegaConf

    theirs, store = GlobalHydra.instance(), ConfigStore.instance()
    with contextlib.ExitStack() as kept:
        kept.enter_context(resolvers_kept())
        kept.enter_context(_kept(theirs, "hydra"))
        kept.callback(GlobalHydra.set_instance, theirs)  # Hydra's own contexts leave a copy in its place
        kept.enter_context(_kept(store, "repo"))
        kept.enter_context(_kept(HydraConfig.instance(), "cfg"))
        kept.enter_context(_kept(VersionBase.instance(), "version_base"))
        kept.enter_context(_kept(JobRuntime.instance().conf, "name"))
        theirs.clear()
        store.repo = _hydras_own(store.repo)
        store.repo[f"{SCHEMA}.yaml"] = _schema()
        OmegaConf.register_new_resolver("oc.env", _no_environment, replace=True)
        kept.enter_context(looked_at(_refuse_code))
        kept.enter_context(looked_at(composed))
        kept.enter_context(files_looked_at(_refuse_misread))
        kept.enter_context(merged_once())
        kept.enter_context(replaced_whole("dist", KINDS))
        yield


@functools.cache
def _schema() -> Any:
    """The types of all settings as `ConfigStore.store` keeps them: what is loaded from there is a copy."""
    from hydra.core.config_store import ConfigNode
    from omegaconf import OmegaConf

    return ConfigNode(name=f"{SCHEMA}.yaml", node=OmegaConf.structured(Scenario), group=None, package=None, provider=None)


def _refuse_misread(file: Path) -> None:
    """Raise `ConfigError` for a file of the user's that YAML takes otherwise than it is written."""
    if not file.is_relative_to(CONF):
        check_written(file, names(), mistagged)
        text = file.read_text(encoding="utf-8-sig")
        with contextlib.suppress(yaml.YAMLError):  # is told by whoever reads it
            _refuse_mixed(file, *_meant(file, text), yaml.safe_load(text))


def _meant(file: Path, text: str) -> tuple[str, Any]:
    """Where the settings of a file go, and their type: as its `@package` says, else its folder."""
    said = re.search(r"^#\s*@package\s+(\S+)", text, re.MULTILINE)
    package = (
        said[1] if said else {"experiment": "_global_", "backend": f"market.models.{file.stem}"}.get(file.parent.name, file.parent.name)
    )
    if file.parent.name == "profile" and not said:
        return "", LoopSettings
    path, hint = "", Scenario
    for name in package.split(".") if package != "_global_" else ():
        inner = next((each for each in (hint, *typing.get_args(hint)) if typing.get_origin(each) is dict or is_dataclass(each)), None)
        if inner is None:
            return package, Any
        hint = typing.get_type_hints(inner).get(name, Any) if is_dataclass(inner) else typing.get_args(inner)[1]
        path = f"{path}.{name}".removeprefix(".")
    return path, hint


def _refuse_mixed(file: Path, path: str, hint: Any, value: Any) -> None:
    """Raise `ConfigError` for a list in a mapping's place or a mapping in a list's, of which OmegaConf does not say where it is; and for
    a number in that of true or false, which it takes for true."""
    choices = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if bool in choices and isinstance(value, int) and value not in (0, 1):
        raise ConfigError(f"{file}: {path}: {value}: must be true or false")
    hints = [each for each in choices if typing.get_origin(each) in (list, dict) or is_dataclass(each)]
    if len(hints) != 1:  # takes neither, or whatever there is
        return
    if not path and isinstance(value, str):
        raise ConfigError(f"{file}: must be a mapping such as {{NAME: VALUE}}, not a text")
    is_list = typing.get_origin(hints[0]) is list
    if isinstance(value, list if not is_list else dict):
        wanted = f"{list_form(path)}, not a mapping" if is_list else "a mapping such as {NAME: VALUE}, not a list"
        raise ConfigError(f"{file}: {path + ': ' if path else ''}must be {wanted}")
    if isinstance(value, dict):
        known: dict[Any, Any] = (
            typing.get_type_hints(hints[0]) if is_dataclass(hints[0]) else dict.fromkeys(value, typing.get_args(hints[0])[-1])
        )
        varies = {each.name for each in fields(hints[0]) if each.metadata.get("quantity")} if is_dataclass(hints[0]) else set()
        for key, part in value.items():
            if key in varies and isinstance(part, list):
                raise ConfigError(f"{file}: {path}.{key}: must be a number or a mapping with 'dist', not a list")
            if not isinstance(key, (str, int)):
                raise ConfigError(f"{file}: {path + ': ' if path else ''}{key!r} is not a name")
            _refuse_mixed(file, f"{path}.{key}".removeprefix("."), known.get(key), part)


@functools.cache
def names() -> frozenset[str]:
    """Settings whose values are names, by the last word of their key."""
    return frozenset(name for kind in kinds(Scenario).values() for name, hint in typing.get_type_hints(kind).items() if _text(hint))


def _text(hint: Any) -> bool:
    return hint is str or set(typing.get_args(hint)) in ({str}, {str, type(None)})


def _no_environment(name: str, *_: Any) -> Any:
    """A value from the environment would be written into whatever a run leaves."""
    raise ConfigError(f"${{oc.env:{name}}}: settings take nothing from the environment; let the shell fill it in, as in seed=$SEED")


def _refuse_code(composed: Any) -> None:
    """Raise `ConfigError` where Hydra would call what a setting names, other than its own sweepers, launchers and samplers."""
    from omegaconf import OmegaConf

    settings = OmegaConf.to_container(composed, resolve=False)
    hydra = settings.pop("hydra", {}) if isinstance(settings, dict) else {}
    for key in ("callbacks", "hydra_logging", "job_logging"):
        given = hydra.get(key) or {}
        if set(given) - _LOGS_NOTHING if key != "callbacks" else given:
            raise ConfigError(f"hydra.{key}: would run what it names, so is not taken from settings")
    if (hydra.get("sweeper") or {}).get("custom_search_space"):
        raise ConfigError("hydra.sweeper.custom_search_space: would run what it names, so is not taken from settings")
    for key, text in _texts(settings, ""):
        if "${hydra:" in text:
            raise ConfigError(f"{key}={text}: would be filled in with places of this machine, which a run does not name; write a value")
    for key, target in (*_targets(settings, ""), *_targets(hydra, "hydra.")):
        if not (key.startswith("hydra.") and str(target).startswith(OWN_PARTS)):
            raise ConfigError(f"{key}={target}: would run what it names, so is not taken from settings")


_LOGS_NOTHING = {"version", "root", "disable_existing_loggers"}
"""Keys of `hydra/job_logging: none`."""


def _texts(settings: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in plain settings, with its key."""
    if isinstance(settings, str):
        yield place.rstrip("."), settings
    elif isinstance(settings, (dict, list)):
        for key, value in settings.items() if isinstance(settings, dict) else enumerate(settings):
            yield from _texts(value, f"{place}{key}.")


def _targets(settings: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every `_target_` in plain settings, and every text that would become a mapping only later, with its key."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            if key == "_target_":
                yield f"{place}{key}", value
            else:
                yield from _targets(value, f"{place}{key}.")
    elif isinstance(settings, list):
        for number, value in enumerate(settings):
            yield from _targets(value, f"{place}{number}.")
    elif isinstance(settings, str) and "${" in settings and ("oc.create" in settings or "oc.decode" in settings):
        yield place.rstrip("."), settings


@contextlib.contextmanager
def _kept(holder: Any, name: str) -> Iterator[None]:
    """Afterwards this attribute is what it was."""
    before = getattr(holder, name)
    try:
        yield
    finally:
        setattr(holder, name, before)


def version_base() -> dict[str, str]:
    """What `hydra.main` and `initialize_*` are told of the version, where they ask."""
    return {"version_base": "1.3"} if asks_for_version_base() else {}


def _hydras_own(repo: dict[str, Any]) -> dict[str, Any]:
    """The nodes of Hydra and its plugins. The groups are shared: a plugin that is imported meanwhile stays registered."""
    import hydra.conf  # noqa: F401  registers Hydra's own on its first import

    return {key: node for key, node in repo.items() if key == "hydra" or getattr(node, "provider", None) == "hydra"}
