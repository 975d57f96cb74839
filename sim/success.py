"""Whether a try at a task succeeds: a latent difficulty that all tries share, and chance of each try's own.

z = sqrt(r) theta + sqrt(1 - r) e, both standard normal; a try of n turns on a backend of quality q succeeds when
Phi(z) < q^((n / n0)^k). So q is exactly the share of tasks solved at n0 turns, whatever the correlation r of two tries, on one
backend or on two; r = 0 is the independence that calculators assume. k = 1 is a constant hazard a turn (F12).

A team's try succeeds when Phi(z) < 1 - (1 - q_lead) (1 - q_workers)^(m^s - 1), m the workers that have reported: s = 0 is a team that
solves no more than its lead, s = 1 one that misses only what m independent tries would; between, returns diminish.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from sim.sampling.shapes import normal_quantile
from sim.settings.outcome import OutcomeSettings

_below = NormalDist().cdf


class SuccessModel:
    """Draws of a task and of its tries in; chances, effort and the turn that went wrong out."""

    def __init__(self, settings: OutcomeSettings) -> None:
        self.settings = settings
        self.common = math.sqrt(settings.correlation)
        self.own = math.sqrt(1 - settings.correlation)
        """What of a try's score is the task's, and what is its own."""

    def score(self, u_task: float, u_try: float) -> float:
        """Phi(z), uniform on (0, 1): the share of backends' abilities that this try is too hard for."""
        return _below(self.common * normal_quantile(u_task, 0.0, 1.0) + self.own * normal_quantile(u_try, 0.0, 1.0))

    def effort(self, u_task: float) -> float:
        """How many times the turns a task takes, for its difficulty; 1 on average."""
        sigma = self.settings.effort
        return math.exp(sigma * normal_quantile(u_task, 0.0, 1.0) - sigma * sigma / 2) if sigma else 1.0

    def chance(self, quality: float, turns: float, helpers: Sequence[float] = ()) -> float:
        """Probability that a try of so many turns succeeds, with sub-agents of these qualities."""
        exponent = self.settings.length_exponent
        alone = quality ** ((turns / self.settings.reference_turns) ** exponent) if exponent else quality
        if not helpers or not self.settings.success_exponent:
            return alone
        more: float = len(helpers) ** self.settings.success_exponent - 1
        return 1 - float((1 - alone) * (1 - math.fsum(helpers) / len(helpers)) ** more)

    def lost_at(self, score: float, quality: float | None) -> int:
        """The turn in which a try of this score goes wrong, from 1; 0 where length does not matter or nothing can go wrong."""
        exponent = self.settings.length_exponent
        if not exponent or quality is None or quality == 1 or score == 0:
            return 0
        if quality == 0:
            return 1
        turns: float = self.settings.reference_turns * (math.log(score) / math.log(quality)) ** (1 / exponent)
        return math.floor(turns) + 1

    def in_time(self, busy_s: float) -> bool:
        """Whether a task was worked on for no longer than it may."""
        return self.settings.deadline_s is None or busy_s <= self.settings.deadline_s
