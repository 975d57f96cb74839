"""What code of the user's is shown to choose by, and is not its own to change: settings and backends."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sim.backends.backend import Backend
from sim.errors import ConfigError
from sim.scenario.coupling import own_code
from sim.scenario.scenario import Scenario

_PARTS = ("index", "name", "price", "slots", "queue", "settings", "window", "quality", "turn_multiplier", "verbosity", "error_rate", "env")


class Shown:
    """How it was when a world was built."""

    def __init__(self, scenario: Scenario, backends: Sequence[Backend]) -> None:
        self._scenario, self._backends = scenario, tuple(backends)
        self._as_set = copy.deepcopy([backend.settings for backend in backends])
        self._parts = self._now()

    def check(self) -> None:
        """Raise `ConfigError` where it is otherwise by now."""
        if self._now() != self._parts or [backend.settings for backend in self._backends] != self._as_set:
            said = " or ".join(f"{key}={name}" for key, name in own_code(self._scenario))
            raise ConfigError(f"{said}: changed a backend; what a policy or a workflow is shown it may look at, and leaves as it is")

    def _now(self) -> list[list[Any]]:
        return [[getattr(backend, name, None) for name in _PARTS] for backend in self._backends]
