"""What a feature needs and touches, declared where it is defined. What declares nothing is taken to touch everything.

Whoever wants to go faster than the clock asks here and nowhere else (`sim.scenario.coupling`): lookahead, shards, expected values,
forecasts. So a new setting, policy or workflow is right from its first day, only slower: it runs step by step, in one part.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NamedTuple


class Traits(NamedTuple):
    """The defaults are the cautious side."""

    random_numbers: bool = True
    """A policy: each of its choices takes draws."""
    remembers: bool = True
    """What it does depends on what has been done before, by any task, in the order of the clock."""
    looks: bool = True
    """It looks at what others do at the moment: how many are served, what they have left in a cache, what they have spent."""
    waits: bool = True
    """A call may have to wait for others because of it, or is turned away."""
    learns: bool = True
    """A policy: it is told what each task has cost and brought."""
    forecasts: bool = True
    """A policy: it weighs what a task is expected to cost, so that must be known of the workflow."""
    unsolved: str = "{key}: nobody has said what to expect of it"
    """Why theory has no expected values with it; empty where it has them."""
    undealt: str = "nobody has said what {key} shares between tasks"
    """Why tasks cannot be dealt to shards with it; empty where they can."""
    twin: bool = False
    """The compiled twin has it too (`sim.engine.compiled`), so that a run with it need not take the clock."""

    @property
    def alone(self) -> bool:
        """Whether a call's life is the same whatever others do: then it can be worked off ahead of the clock."""
        return not (self.remembers or self.looks or self.waits or self.learns)


CAUTIOUS = Traits()
"""Of whatever has not been declared."""
ALONE = Traits(False, False, False, False, False, False, "", "")
"""Concerns one agent, one call or one backend's list by itself."""
TWIN = ALONE._replace(twin=True)
"""The same, and the compiled twin has it."""
Declared = Traits | Callable[[Any], Traits]
"""Traits, or a function of the group of settings in which the feature stands."""


class Feature(enum.Enum):
    """A choice among kinds, each declared with its traits: `fixed = "fixed", ALONE`."""

    _value_: str
    declared: Declared

    def __new__(cls, value: str, declared: Declared = CAUTIOUS) -> Feature:
        member = object.__new__(cls)
        member._value_ = value
        member.declared = declared
        return member

    def traits(self, group: Any) -> Traits:
        """Its traits, where it is chosen in this group of settings."""
        return known(self.declared, group)


def known(declared: Declared, group: Any) -> Traits:
    """The traits of a feature that is set in this group of settings."""
    return declared if isinstance(declared, Traits) else declared(group)
