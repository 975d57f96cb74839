"""What users add in Python: a policy or a workflow, named in a setting as `my_module:my_function`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from sim.errors import ConfigError


def imported(name: str, key: str) -> Callable[..., Any]:
    """The function that a setting names; modules of the working directory are found too."""
    module, _, function = name.partition(":")
    if not module or not function:
        raise ConfigError(f"{key}={name}: name a function as module:function")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = getattr(importlib.import_module(module), function)
    except ImportError as error:
        raise ConfigError(f"{key}={name}: {error}") from None
    except AttributeError:
        raise ConfigError(f"{key}={name}: {module} has no '{function}'") from None
    if not callable(found):
        raise ConfigError(f"{key}={name}: must be a function")
    called: Callable[..., Any] = found
    return called
