"""What a policy may know, and what it is: a function from a call to a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim.backends.backend import Backend
from sim.call import Call
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import RouterSettings
from sim.success import SuccessModel
from sim.theory.expected.forecast import Forecast

Choose = Callable[[Call, Sequence[float]], Backend]
"""(call, a uniform for each backend) -> backend. If it has a method `learn(backend, usd, seconds, success)`, tasks' ends are told to it."""


class Knowledge(NamedTuple):
    """What a policy may look at besides the call: how it is set, the backends' lists, forecasts, and what success is worth."""

    settings: RouterSettings
    backends: Sequence[Backend]
    forecast: Callable[[Backend], Forecast]
    outcome: OutcomeSettings
    helpers: float = 1
    """Sub-agents of a task, on average."""

    @property
    def worth_usd(self) -> float:
        """Of a task that is solved."""
        return self.outcome.worth_usd(self.helpers)

    def chance(self, backend: Backend) -> float:
        """Of a try of the turns that are forecast, with a team on the same backend (unknown quality counts as 1)."""
        quality = quality_of(backend)
        return SuccessModel(self.outcome).chance(quality, self.forecast(backend).turns, [quality] * round(self.helpers))

    def value_usd(self, backend: Backend) -> float:
        """What a task is worth on a backend: value x chance - bill - wage x time."""
        ahead = self.forecast(backend)
        return self.worth_usd * self.chance(backend) - ahead.usd - self.outcome.wage_usd_per_h * ahead.seconds / 3600


def quality_of(backend: Backend) -> float:
    return 1.0 if backend.quality is None else backend.quality
