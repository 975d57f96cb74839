"""What users add in Python: a policy or a workflow, named in a setting as `my_module:my_function`."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sim.errors import ConfigError

_IMPORTING = threading.RLock()
"""`sys.path` belongs to the process: one at a time lengthens it."""


def imported(name: str, key: str) -> Callable[..., Any]:
    """The function that a setting names; modules of the working directory are found too. Raises `ConfigError`.

    What such a module imports at its top is found there as well. `sys.path` is afterwards what it was.
    """
    module, _, function = name.partition(":")
    if not module or not function:
        raise ConfigError(f"{key}={name}: name a function as module:function")
    try:
        found = getattr(_module(module), function)
    except ImportError as error:
        raise ConfigError(f"{key}={name}: {error}") from None
    except AttributeError:
        raise ConfigError(f"{key}={name}: {module} has no '{function}'") from None
    if not callable(found):
        raise ConfigError(f"{key}={name}: must be a function")
    called: Callable[..., Any] = found
    return called


def _module(name: str) -> Any:
    """A module that is imported already, or is found now."""
    if name in sys.modules:
        return importlib.import_module(name)  # waits where another thread is still at it
    with _IMPORTING, working_directory_importable():
        return importlib.import_module(name)


@contextlib.contextmanager
def working_directory_importable() -> Iterator[None]:
    """While it lasts, modules of the working directory can be imported; those that are found elsewhere come first."""
    folder = os.getcwd()
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added and folder in sys.path:
            sys.path.remove(folder)
