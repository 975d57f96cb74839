"""How often a task is tried, as it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.settings.bounds import alone, twin
from sim.settings.profile import LoopSettings
from sim.settings.traits import ALONE, TWIN, Feature, Traits


def _once(tries: TriesSettings) -> Traits:
    """The twin begins a task once."""
    once = tries.most == 1 and tries.verifier is None and not tries.backends and not tries.stop_when_lost
    return TWIN if once else ALONE


class Pick(Feature):
    """Which of several answers is taken."""

    accepted = "accepted", _once
    """One that was accepted, any of them; where none was, any of the rest."""
    majority = "majority", _once
    """The answer of more than half of the tries; wrong answers are taken to agree, so this is the cautious end."""


@dataclass
class TriesSettings:
    """How often a task is tried, who checks the answers, and which one is taken."""

    most: int = alone(1, low=1, high=1000)
    """Tries at a task, at most."""
    parallel: bool = twin(False)
    """All tries at once (best of n), instead of one after another until an answer is accepted."""
    pick: Pick = Pick.accepted
    true_positive: float = twin(1.0, low=0, high=1)
    """Probability that a right answer is accepted; with `false_positive` 0 a perfect check."""
    false_positive: float = twin(0.0, low=0, high=1)
    """Probability that a wrong answer is accepted."""
    verifier: LoopSettings | None = None
    """Who reads each answer and judges it, an agent with calls of its own; null: a check that costs nothing (tests)."""
    keep_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens that each failed try leaves in the contexts of the tries after it (reflexion)."""
    backends: list[str] = alone([])
    """A cascade: the first try on the first of them, the next on the next, all others on the last; empty: the router's choice."""
    stop_when_lost: bool = alone(False)
    """A try ends at the turn in which it goes wrong, instead of working on (needs `outcome.length_exponent` above 0)."""
