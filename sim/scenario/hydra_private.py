"""Every private name of Hydra and OmegaConf that this package leans on. No other file touches one.

| name | why | without it |
|---|---|---|
| `Hydra.get_mode` | Hydra 1.3 composes all only to ask for `hydra.mode`, which `-m` decides: 0.2 s a start | it composes once more |
| `BasicSweeper.validate_batch_is_legal` | Hydra 1.3 composes every scenario of a sweep twice: 0.2 s each | it composes each twice |
| `get_args_parser` | Hydra's flags, to refuse an unknown one in one line | Hydra refuses it in several lines |
| `ConfigLoaderImpl.load_configuration` | whatever is composed is looked at before anything it names runs | `--config-dir` is refused |
| `FileConfigSource.load_config` | files are looked at first; experiments and backends need no `# @package` | they are read as YAML 1.1 |
| `ConfigLoaderImpl._compose_config_from_defaults_list` | what ships is merged once: 0.1 s a scenario | it is merged for each scenario |
| `ConfigLoaderImpl._load_single_config` | the rest is merged into what was merged before | as above |
| `ConfigLoaderImpl._apply_overrides_to_config` | values are set in the part they touch: 0.1 s a scenario | all is composed |
| `BaseContainer._content` | that part alone is kept | all is composed |
| `BasicLauncher.launch` | a job of a sweep needs no configuration of its own: 0.1 s each | each is composed, and copied |
| `BaseContainer._map_merge` | a distribution replaces the one before, and keeps nothing of it | what is left of it is refused |
| `BaseContainer._resolvers` | Hydra registers resolvers (`now`, ...) over those of a host program | they stay as Hydra left them |
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import pickle
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.scenario.sources import CONF


class Private(NamedTuple):
    """A name that a later Hydra may drop: an attribute of `owner` in `module`, or of the module itself."""

    module: str
    owner: str
    name: str

    def holder(self) -> Any:
        """What has the attribute; None where the installed Hydra has none such."""
        try:
            module = importlib.import_module(self.module)
        except ImportError:
            return None
        holder = getattr(module, self.owner, None) if self.owner else module
        return holder if hasattr(holder, self.name) else None


MODE = Private("hydra._internal.hydra", "Hydra", "get_mode")
VALIDATE = Private("hydra._internal.core_plugins.basic_sweeper", "BasicSweeper", "validate_batch_is_legal")
FLAGS = Private("hydra._internal.utils", "", "get_args_parser")
LOAD = Private("hydra._internal.config_loader_impl", "ConfigLoaderImpl", "load_configuration")
FILE = Private("hydra._internal.core_plugins.file_config_source", "FileConfigSource", "load_config")
_MEANT = {"experiment": "_global_", "backend": "market.models.{}"}
"""By group: what a file without a `# @package` line is meant for."""
MERGE = Private("hydra._internal.config_loader_impl", "ConfigLoaderImpl", "_compose_config_from_defaults_list")
SINGLE = Private("hydra._internal.config_loader_impl", "ConfigLoaderImpl", "_load_single_config")
SCHEMA = "schema"
"""What `conf/config.yaml` calls the types of all settings."""
MARKET = "market/"
"""Types and market come first, and are most of what there is to merge."""
OWN_PARTS = ("hydra._internal.core_plugins.", "hydra_plugins.hydra_", "optuna.samplers.")
"""What Hydra may call for settings: its sweepers and launchers, those of its plugins, and what chooses Optuna's next trial."""
APPLY = Private("hydra._internal.config_loader_impl", "ConfigLoaderImpl", "_apply_overrides_to_config")
LAUNCH = Private("hydra._internal.core_plugins.basic_launcher", "BasicLauncher", "launch")
MAPPINGS = Private("omegaconf.basecontainer", "BaseContainer", "_map_merge")
RESOLVERS = Private("omegaconf.basecontainer", "BaseContainer", "_resolvers")


def asks_for_version_base() -> bool:
    """Whether this is a Hydra 1.3: it warns where `version_base` is left out, 1.4 where it is given."""
    import hydra

    return hydra.__version__.startswith("1.3.")


def flags() -> argparse.ArgumentParser | None:
    """Hydra's own parser of the command line; None where it cannot be had."""
    holder = FLAGS.holder()
    return None if holder is None else getattr(holder, FLAGS.name)()


@contextlib.contextmanager
def composing_less(known: Callable[[Any, Sequence[str]], object] = lambda *_: None) -> Iterator[None]:
    """Spare Hydra 1.3 composing what it does not need, while the context lasts; of a sweep's jobs those whose words are `known`."""
    with contextlib.ExitStack() as stack:
        if asks_for_version_base():
            stack.enter_context(_replaced(MODE, lambda *_, **__: None))
            stack.enter_context(_replaced(VALIDATE, _validate_each_value_once(known)))
        yield


def can_be_looked_at() -> bool:
    """Whether what Hydra composes can be looked at before it is used."""
    return LOAD.holder() is not None


@contextlib.contextmanager
def looked_at(look: Callable[[Any], None]) -> Iterator[None]:
    """While it lasts, show each configuration that Hydra composes, for a run, a sweep, one of its jobs or the compose API."""
    holder = LOAD.holder()
    theirs = None if holder is None else getattr(holder, LOAD.name)

    def ours(*given: Any, **named: Any) -> Any:
        assert theirs is not None
        composed = theirs(*given, **named)
        look(composed)
        return composed

    with _replaced(LOAD, ours):
        yield


@contextlib.contextmanager
def files_looked_at(look: Callable[[Path], None]) -> Iterator[None]:
    """While it lasts, show each file of settings before Hydra reads it. An experiment is of all settings, a backend of the market."""
    from hydra.core.plugins import Plugins

    Plugins.instance()  # its first search for plugins makes their classes anew
    holder = FILE.holder()
    theirs = None if holder is None else getattr(holder, FILE.name)

    def ours(source: Any, config_path: str) -> Any:
        assert theirs is not None
        file = Path(source.path, config_path if config_path.endswith((".yaml", ".yml")) else f"{config_path}.yaml")
        if file.is_file():
            look(file)
        state = stamp(file)
        found = _remembered(state and (source.provider, state), lambda: theirs(source, config_path))
        group, _, name = config_path.rpartition("/")
        if group in _MEANT and found.header.get("package") is None:
            found.header["package"] = _MEANT[group].format(name.removesuffix(".yaml"))
        return found

    with _replaced(FILE, ours):
        yield


_PICKLED: dict[Hashable, bytes] = {}
"""What was read from a file that ships, and what was merged from such files. Pickled, as Hydra changes what it is given."""
_MOST_PICKLED = 500


def _remembered(key: Hashable, make: Callable[[], Any]) -> Any:
    """What is made anew only where it was not made before; always where it has no key."""
    if key is None:
        return make()
    if key not in _PICKLED:
        if len(_PICKLED) >= _MOST_PICKLED:
            _PICKLED.clear()
        _PICKLED[key] = pickle.dumps(make())
    return pickle.loads(_PICKLED[key])


def stamp(file: Path) -> Hashable:
    """Which file, and which state of it; None for one of the user's, which may change faster than its stamp."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return (str(file), found.st_ino, found.st_size, found.st_mtime_ns) if file.is_relative_to(CONF) else None


@contextlib.contextmanager
def merged_once() -> Iterator[None]:
    """While it lasts, a market is merged once, and so are the same choices of menus; what a scenario sets beside them comes after that."""
    holder = MERGE.holder() and SINGLE.holder()
    theirs = None if holder is None else getattr(holder, MERGE.name)

    def merged(loader: Any, defaults: Sequence[Any], repo: Any) -> Any:
        from omegaconf import flag_override
        from omegaconf.errors import OmegaConfBaseException

        assert theirs is not None
        first = max((number for number, each in enumerate(defaults, 1) if each.config_path.startswith(MARKET)), default=0)
        begun = _stamps(defaults[:first], repo) if first else None
        if begun is None or not all(repo.load_config(each.config_path).path.startswith("file://") for each in defaults[first:]):
            return theirs(loader, defaults, repo)
        composed = _remembered(begun, lambda: theirs(loader, defaults[:first], repo))
        try:
            with flag_override(composed, "no_deepcopy_set_nodes", True):
                for each in defaults[first:]:
                    composed.merge_with(getattr(loader, SINGLE.name)(each, repo).config)
        except OmegaConfBaseException:
            return theirs(loader, defaults, repo)  # says where
        return composed

    def ours(loader: Any, defaults: Sequence[Any], repo: Any) -> Any:
        return _remembered(_stamps(defaults, repo), lambda: merged(loader, defaults, repo))

    with _replaced(MERGE, ours) if theirs else contextlib.nullcontext():
        yield


def _stamps(defaults: Sequence[Any], repo: Any) -> Hashable:
    """What is merged, in which order and where; None where some of it neither ships with this package nor is Hydra's own."""
    stamps: list[Hashable] = []
    for default in defaults:
        found = repo.load_config(default.config_path)
        if found.path.startswith("file://"):
            state = stamp(Path(found.path.removeprefix("file://"), f"{default.config_path}.yaml"))
        else:
            state = found.path if found.provider.startswith("hydra") or default.config_path == SCHEMA else None
        if state is None:
            return None
        stamps.append((repr(default), found.provider, state))
    return tuple(stamps)


def without(composed: Any, names: Collection[str]) -> Any:
    """A configuration, with these parts taken out of it."""
    for name in names:
        composed._content.pop(name, None)
    return composed


@contextlib.contextmanager
def launched(launch: Callable[..., Any]) -> Iterator[None]:
    """While it lasts, `launch` begins jobs of a sweep in this process: given who would, their words, the first's number, Hydra's way."""
    holder = LAUNCH.holder()
    theirs = None if holder is None else getattr(holder, LAUNCH.name)
    ours = lambda launcher, job_overrides, initial_job_idx: launch(launcher, job_overrides, initial_job_idx, theirs)  # noqa: E731
    with _replaced(LAUNCH, ours):
        yield


def apply(overrides: Sequence[Any], composed: Any) -> None:
    """Set values as Hydra does, errors included. Raises `AttributeError` where the installed Hydra cannot be asked for it."""
    getattr(APPLY.holder(), APPLY.name)(list(overrides), composed)


@contextlib.contextmanager
def replaced_whole(key: str, words: Collection[str]) -> Iterator[None]:
    """While it lasts, a mapping with one of these words under `key` takes the place of one that has the key too: it is not merged."""
    from omegaconf import DictConfig, flag_override

    holder = MAPPINGS.holder()
    theirs = None if holder is None else getattr(holder, MAPPINGS.name)

    def ours(old: Any, new: Any, *given: Any, **named: Any) -> Any:
        assert theirs is not None
        both = all(isinstance(each, DictConfig) and isinstance(each._content, dict) and key in each for each in (old, new))
        if both and new[key] in words:
            with flag_override(old, ["struct", "readonly"], False):
                for left in set(old) - set(new):
                    old.pop(left)
        return theirs(old, new, *given, **named)

    with _replaced(MAPPINGS, staticmethod(ours)):
        yield


@contextlib.contextmanager
def resolvers_kept() -> Iterator[None]:
    """Afterwards every resolver that was there before is what it was; new ones stay."""
    holder = RESOLVERS.holder()
    before = {} if holder is None else dict(getattr(holder, RESOLVERS.name))
    try:
        yield
    finally:
        if holder is not None:
            getattr(holder, RESOLVERS.name).update(before)


@contextlib.contextmanager
def _replaced(private: Private, ours: Any) -> Iterator[None]:
    """A method of Hydra's exchanged for ours; nothing where there is no such method."""
    holder = private.holder()
    if holder is None:
        yield
        return
    own = private.name in vars(holder)
    theirs = vars(holder).get(private.name)
    setattr(holder, private.name, ours)
    try:
        yield
    finally:
        if own:
            setattr(holder, private.name, theirs)
        else:
            delattr(holder, private.name)


def _validate_each_value_once(known: Callable[[Any, Sequence[str]], object]) -> Callable[[Any, Sequence[Sequence[str]]], None]:
    """Compose as few scenarios as hold every value of every axis: they tell a mistake just as early as all of them."""

    def ours(sweeper: Any, batch: Sequence[Sequence[str]]) -> None:
        from hydra.plugins.sweeper import Sweeper

        tried: set[str] = set()
        for job in batch:
            if not tried.issuperset(job):
                tried.update(job)
                if known(sweeper, job) is None:
                    Sweeper.validate_batch_is_legal(sweeper, [job])

    return ours
