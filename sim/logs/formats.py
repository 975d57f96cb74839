"""Which reader a file goes to: found by what is in it. A format is a file under `sim.logs.readers`, and its name that file's."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from sim.errors import DataError, did_you_mean
from sim.logs import readers
from sim.logs.files import FEW, MANY, File
from sim.logs.reader import LogReader


@cache
def formats() -> dict[str, type[LogReader]]:
    """Readers by the names of their formats."""
    found = [each.name for each in pkgutil.walk_packages(readers.__path__, f"{readers.__name__}.") if not each.ispkg]
    names = sorted((module.rpartition(".")[2].replace("_", "-"), module) for module in found)
    return {name: importlib.import_module(module).Reader for name, module in names}


def named(name: str) -> str:
    """A format that somebody asks for. Raises `DataError` for one that there is not."""
    if name not in formats():
        raise DataError(f"format '{name}' is not known; {did_you_mean(name, formats())}")
    return name


def recognised(file: File) -> str:
    """The format of a file; empty if it has none. Raises `DataError` where it could be of several."""
    for many in (FEW, MANY):
        sample = file.sample(many)
        found = [name for name, reader in formats().items() if reader.looks(sample)]
        if len(found) > 1:
            raise DataError(f"{file.name}: could be {' or '.join(found)}; say which: --format {found[0]}")
        if found or len(sample.entries) < many:
            return found[0] if found else ""
    return ""
