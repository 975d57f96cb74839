"""What success depends on, and what it is worth: the settings of `sim.success`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sim.settings.bounds import twin
from sim.settings.market import BackendSettings
from sim.settings.traits import TWIN, Feature


class QualitySource(Feature):
    """Who measured how much of SWE-bench Verified each model solves (`market.models.<id>.qualities`)."""

    openhands = "openhands", TWIN
    """The OpenHands index: one harness for all, though not one version of it."""
    mini_v2 = "mini_v2", TWIN
    """mini-SWE-agent 2.0.0: one version for all, few of them published."""
    vendor = "vendor", TWIN
    """What each vendor says of its own model, in a harness of its own."""


@dataclass
class OutcomeSettings:
    """What success depends on, and what it is worth."""

    quality_source: QualitySource = QualitySource.openhands
    """Whose measurement of a backend is taken, unless its `quality` is set by hand; one that has none there is unknown."""
    correlation: float = twin(0.0, low=0, high=1)
    """r: of the latent scores of two tries at one task; 0 = independent, 1 = a second try changes nothing."""
    length_exponent: float = twin(0.0, low=0, high=3)
    """k: 0 = long work fails no more often than short, 1 = each turn may fail, between = ever fewer of those left."""
    reference_turns: float = twin(50.0, above=0)
    """n0: turns of the root agent at which a backend's `quality` holds."""
    effort: float = twin(0.0, low=0, high=3)
    """Turns grow by exp(effort x theta): hard tasks take longer; the mean stays as it is."""
    value_usd: float = twin(0.0, low=0)
    """Worth of a solved task."""
    value_exponent: float = twin(0.0, low=0, high=3)
    """A task of k sub-agents is worth k^exponent as much."""
    success_exponent: float = twin(0.0, low=0, high=1)
    """s: how far sub-agents that report make up for what their lead gets wrong; 0 = not at all, 1 = as so many independent tries."""
    wage_usd_per_h: float = twin(0.0, low=0)
    """What an hour costs in which somebody waits for the task."""
    deadline_s: float | None = twin(None, above=0)
    """A task that is worked on for longer has failed; null: there is time."""

    def judged(self, backend: BackendSettings) -> BackendSettings:
        """The backend with the quality that this source measured as its own; its `qualities` are spent, so twice changes nothing more."""
        if not backend.qualities:
            return backend
        found = backend.qualities.get(self.quality_source.value)
        quality = found.solved if backend.quality is None and found is not None else backend.quality
        return dataclasses.replace(backend, qualities={}, quality=quality)

    def worth_usd(self, helpers: float) -> float:
        """What a task of so many sub-agents is worth, if it is solved."""
        return float(self.value_usd * helpers**self.value_exponent)
