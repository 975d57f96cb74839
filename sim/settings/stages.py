"""A pipeline's stages, as they are set: how many agents work in each, what they find, what they read; and what each comes to on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sim.sampling.distributions import distribution
from sim.settings.bounds import alone
from sim.settings.profile import LoopSettings
from sim.settings.traits import ALONE, Feature


class StageRole(Feature):
    """What a stage's agents are to their task: a router may send each role elsewhere (`router=by_role`)."""

    lead = "lead", ALONE
    worker = "worker", ALONE
    verifier = "verifier", ALONE


class AtCap(Feature):
    """What a pipeline does that comes to `max_agents` or `max_tokens`."""

    stop = "stop", ALONE
    """The task ends, unfinished, when the agents at work have ended."""
    skip = "skip", ALONE
    """The stage does without the agents that are too many, later stages with what there is; each stage still has one agent."""


@dataclass
class StageSettings(LoopSettings):
    """One stage: agents of one kind, each in a context of its own, that begin together when all of the stage before have ended."""

    role: StageRole = StageRole.worker
    each: str | None = alone(None)
    """An earlier stage, for every item of which there are `width` agents; null: there are `width` agents in all."""
    width: Any = alone(1, low=1, quantity=True)
    """Agents, in all or for each item; at least 1."""
    items: Any = alone(None, low=0, quantity=True)
    """Items that each agent finds. null: 1; with `each` they judge together the item that they were given, and hand it on."""
    passes: float = alone(1.0, low=0, high=1)
    """Share of the items, found or judged, that later stages get to see."""
    report_tokens: Any = alone(0, low=0, quantity=True)
    """Tokens of the report on an item that was found, or of each agent's on an item that was judged."""
    reads: list[str] = alone([])
    """Earlier stages whose reports, of all items, are in the prompt of each agent. What `each` says of an agent's own item always is."""

    @property
    def judges(self) -> bool:
        """Whether its agents hand on the item that they were given."""
        return self.each is not None and self.items is None


class Staff(NamedTuple):
    """What a stage comes to on average where no agent fails and nothing is cut off (a Galton-Watson mean)."""

    agents: float
    items: float
    told_tokens: float
    """Of all its reports."""
    read_tokens: float
    """Of the reports in each agent's prompt, as if how many agents there are said nothing of how much there is to read."""


def staff(order: Sequence[str], stages: Mapping[str, StageSettings]) -> dict[str, Staff]:
    """Of each stage, in its order; quantities by their means, not rounded."""
    found: dict[str, Staff] = {}
    for name in order:
        stage = stages[name]
        given = None if stage.each is None else found[stage.each]
        teams = 1.0 if given is None else given.items
        agents = teams * distribution(stage.width).mean
        many = 1.0 if stage.items is None else distribution(stage.items).mean
        items = stage.passes * (teams if stage.judges else agents * many)
        told = (stage.passes * agents if stage.judges else items) * distribution(stage.report_tokens).mean
        own = given.told_tokens / given.items if given is not None and given.items else 0.0
        found[name] = Staff(agents, items, told, own + sum(found[read].told_tokens for read in stage.reads))
    return found
