"""One file a format that is written. Its name is that of the format, its class `Writer` a `sim.logs.writer.LogWriter`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from sim.errors import DataError, did_you_mean
from sim.logs.writer import LogWriter

FORMATS = tuple(sorted(each.name.replace("_", "-") for each in pkgutil.iter_modules(__path__)))


@cache
def writer_of(format: str) -> type[LogWriter]:
    """Who writes a format. Raises `DataError` for one that there is not."""
    if format not in FORMATS:
        raise DataError(f"format '{format}' is not written; {did_you_mean(format, FORMATS)}")
    found: type[LogWriter] = importlib.import_module(f"{__name__}.{format.replace('-', '_')}").Writer
    return found
