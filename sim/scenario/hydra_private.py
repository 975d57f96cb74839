"""Every private name of Hydra and OmegaConf that this package leans on. No other file touches one.

| name | why | without it |
|---|---|---|
| `Hydra.get_mode` | Hydra 1.3 composes all only to ask for `hydra.mode`, which `-m` decides: 0.2 s a start | it composes once more |
| `BasicSweeper.validate_batch_is_legal` | Hydra 1.3 composes every scenario of a sweep twice: 0.2 s each | it composes each twice |
| `get_args_parser` | Hydra's flags, to refuse an unknown one in one line | Hydra refuses it in several lines |
| `ConfigLoaderImpl.load_configuration` | whatever is composed is looked at before anything it names runs | `--config-dir` is refused |
| `FileConfigSource.load_config` | files are looked at first; experiments and backends need no `# @package` | they are read as YAML 1.1 |
| `BaseContainer._resolvers` | Hydra registers resolvers (`now`, ...) over those of a host program | they stay as Hydra left them |
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple


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
OWN_PARTS = ("hydra._internal.core_plugins.", "hydra_plugins.hydra_", "optuna.samplers.")
"""What Hydra may call for settings: its sweepers and launchers, those of its plugins, and what chooses Optuna's next trial."""
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
def composing_less() -> Iterator[None]:
    """Spare Hydra 1.3 composing what it does not need, while the context lasts."""
    with contextlib.ExitStack() as stack:
        if asks_for_version_base():
            stack.enter_context(_replaced(MODE, lambda *_, **__: None))
            stack.enter_context(_replaced(VALIDATE, _validate_each_value_once))
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
        found = theirs(source, config_path)
        group, _, name = config_path.rpartition("/")
        if group in _MEANT and found.header.get("package") is None:
            found.header["package"] = _MEANT[group].format(name.removesuffix(".yaml"))
        return found

    with _replaced(FILE, ours):
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
    theirs = getattr(holder, private.name)
    setattr(holder, private.name, ours)
    try:
        yield
    finally:
        if own:
            setattr(holder, private.name, theirs)
        else:
            delattr(holder, private.name)


def _validate_each_value_once(sweeper: Any, batch: Sequence[Sequence[str]]) -> None:
    """Compose as few scenarios as hold every value of every axis: they tell a mistake just as early as all of them."""
    from hydra.plugins.sweeper import Sweeper

    tried: set[str] = set()
    for job in batch:
        if not tried.issuperset(job):
            tried.update(job)
            Sweeper.validate_batch_is_legal(sweeper, [job])
