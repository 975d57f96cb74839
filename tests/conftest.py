"""How many examples generated tests try: some, always the same; with `HYPOTHESIS_PROFILE=quick` fewer, with `long` many new ones."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

_ANY: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", derandomize=True, max_examples=8, **_ANY)
settings.register_profile("usual", derandomize=True, max_examples=40, **_ANY)
settings.register_profile("long", print_blob=True, max_examples=1000, **_ANY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))
