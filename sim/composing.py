"""Hydra spends much of its time on composing settings in PyYAML and in the garbage collector; here it need not."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml


@contextmanager
def quickly() -> Iterator[None]:
    """Have OmegaConf read and write YAML through libyaml, where PyYAML has it, and garbage left lying: settings are few."""
    import omegaconf
    from omegaconf import _utils

    inside: Any = omegaconf.omegaconf
    collected = gc.isenabled()
    before = _utils.get_yaml_loader, inside.get_omega_conf_dumper
    gc.disable()
    try:
        if yaml.__with_libyaml__ and omegaconf.__version__ < "2.4":
            loader, dumper = _loader(), _dumper()
            _utils.get_yaml_loader = lambda: loader
            inside.get_omega_conf_dumper = lambda: dumper
        yield
    finally:
        _utils.get_yaml_loader, inside.get_omega_conf_dumper = before
        if collected:
            gc.enable()


@functools.cache
def _loader() -> type[Any]:
    """OmegaConf's loader, its text parsed by libyaml."""
    from omegaconf._utils import get_yaml_loader

    class Loader(yaml.cyaml.CParser, get_yaml_loader()):  # type: ignore[misc, name-defined]
        def __init__(self, stream: Any) -> None:
            yaml.CSafeLoader.__init__(self, stream)

    return Loader


@functools.cache
def _dumper() -> type[Any]:
    """OmegaConf's dumper, its text written by libyaml."""
    from omegaconf._utils import get_omega_conf_dumper

    class Dumper(yaml.CDumper):
        yaml_representers = get_omega_conf_dumper().yaml_representers

    return Dumper
