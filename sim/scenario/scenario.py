"""A scenario: everything that a run needs to know, checked before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.scenario.consistency import check_consistency
from sim.settings.bounds import check
from sim.settings.run import GoalSettings, SensitivitySettings, ShardsOn
from sim.settings.scenario import ScenarioSettings


@dataclass
class Scenario(ScenarioSettings):
    """The settings of a run. Errors are `ConfigError`s that name the key, the value and what is allowed."""

    def check(self) -> Scenario:
        """Raise `ConfigError` for the first thing that cannot be; returns the scenario itself."""
        check(self)
        self.start_time()
        check_consistency(self)
        return self

    def __repr__(self) -> str:
        from sim.scenario.told.headline import ON, headline

        return f"{headline(self)}\n{ON}"

    def _repr_html_(self) -> str:
        from sim.scenario.told.headline import html

        return html(self)

    def as_text(self) -> str:
        """Every setting with its value, in one line: the same for equal scenarios alone."""
        return ScenarioSettings.__repr__(self)


NO_MATTER: dict[str, Any] = {
    "name": "", "processes": None, "shards_on": ShardsOn.local, "yes": False, "baseline": {},
    "sensitivity": SensitivitySettings(), "goal": GoalSettings(),
}  # fmt: skip
"""Settings that do not move the results of a run."""
