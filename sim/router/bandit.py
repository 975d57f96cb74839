"""Policies that know nothing but their own history: what tasks on each backend have cost and brought.

The reward of a task is value x success - bill - wage x time. Thompson draws each backend's mean reward from what is likely and takes
the best; UCB takes the one that could be best. Old rewards fade with `memory_tasks`, so that a change of price is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, log, sqrt

from sim.backends.backend import Backend
from sim.call import Call
from sim.sampling.shapes import normal_quantile

_ENOUGH = 2
"""Rewards of a backend before its mean is judged."""


class Bandit:
    """One learner for the run; `optimism` says how highly a backend may be thought of, from its mean, spread, count and a draw."""

    def __init__(
        self,
        backends: Sequence[Backend],
        worth_usd: float,
        wage_usd_per_h: float,
        memory_tasks: float | None,
        optimism: Callable[[float, float, float, float, float], float],
    ) -> None:
        self.backends = list(backends)
        self._worth_usd = worth_usd
        self._wage_usd_per_h = wage_usd_per_h
        self._fade = 1 - 1 / memory_tasks if memory_tasks else 1.0
        self._optimism = optimism
        self._sums = {backend.index: [0.0, 0.0, 0.0] for backend in backends}
        """By backend: how many rewards, their sum, the sum of their squares."""
        self._asked = dict.fromkeys(self._sums, 0)

    def __call__(self, call: Call, draws: Sequence[float]) -> Backend:
        """The backend of a task: whichever was tried too little, else the one thought of most highly."""
        present = [backend for backend in self.backends if backend.there]
        rare = min(present, key=lambda backend: self._asked[backend.index])
        best = rare if self._asked[rare.index] < _ENOUGH else max(present, key=lambda b: self._score(b, draws[b.index]))
        self._asked[best.index] += 1
        return best

    def learn(self, backend: Backend, usd: float, seconds: float, success: bool) -> None:
        """A task has ended."""
        reward = self._worth_usd * success - usd - self._wage_usd_per_h * seconds / 3600
        for sums in self._sums.values():
            sums[:] = [part * self._fade for part in sums]
        sums = self._sums[backend.index]
        sums[:] = [sums[0] + 1, sums[1] + reward, sums[2] + reward * reward]

    def _score(self, backend: Backend, u: float) -> float:
        count, total, squares = self._sums[backend.index]
        if count < 1e-9:
            return inf
        mean = total / count
        everything = sum(sums[0] for sums in self._sums.values())
        spread = sqrt(max(squares / count - mean * mean, 0.0)) or 1e-9
        return self._optimism(mean, spread, count, everything, u)


def thompson(mean: float, spread: float, count: float, everything: float, u: float) -> float:
    """A draw from what the mean may be."""
    return normal_quantile(min(max(u, 1e-12), 1 - 1e-12), mean, spread / sqrt(count))


def ucb(mean: float, spread: float, count: float, everything: float, u: float) -> float:
    """The mean and a bound on how far it may be off (UCB1, scaled to the spread)."""
    return mean + spread * sqrt(2 * log(max(everything, 2.0)) / count)
