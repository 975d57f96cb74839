"""How many examples generated tests try: some, always the same; with `HYPOTHESIS_PROFILE=quick` fewer, with `long` many new ones.

And how often Python's collector looks: a process that holds every test and library has a million objects to look through.
"""

from __future__ import annotations

import gc
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_ANY: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", derandomize=True, max_examples=8, **_ANY)
settings.register_profile("usual", derandomize=True, max_examples=24, **_ANY)
settings.register_profile("long", print_blob=True, max_examples=1000, **_ANY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
