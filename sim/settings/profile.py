"""One agent's conversation with a model, as it is set; and the stages of a pipeline, whose agents have one each.

A *quantity* takes a number (constant) or a mapping (`sim.sampling.distributions`). Defaults are placeholders of
a small, valid scenario; the values with a source live in `conf/`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sim.sampling.distributions import distribution
from sim.settings.bounds import twin
from sim.settings.traits import TWIN, Feature


@dataclass
class LoopSettings:
    """One agent's conversation with a model: what is sent, what grows, what waits."""

    system_tokens: int = twin(1000, low=0)
    """System prompt and tool schemas, at the head of every prompt."""
    prompt_tokens: Any = twin(200, low=0, quantity=True)
    """The first message: the task, or the brief a worker gets."""
    requests: Any = twin(1, low=1, quantity=True)
    """Messages from the user in one session (chat: exchanges)."""
    request_tokens: Any = twin(100, low=0, quantity=True)
    """Tokens of each later message from the user."""
    think_time_s: Any = twin(0.0, low=0, quantity=True)
    """Seconds the user takes before each later message."""
    turns: Any = twin(1, low=1, quantity=True)
    """Model calls for each message, of a new session of one message: `turns_exponent` and `resumed_turns` make fewer of them."""
    turns_scale: Any = twin(1.0, low=0, quantity=True)
    """One factor a session on all its turns: some sessions work longer on everything."""
    turns_exponent: float = twin(0.0, low=0, high=3)
    """A session of m messages takes m^-exponent as many turns for each: who asks often asks for little at a time."""
    output_tokens: Any = twin(300, low=1, quantity=True)
    """Billed output of a call, reasoning included."""
    output_scale: Any = twin(1.0, low=0, quantity=True)
    """One factor an agent on all its outputs: some sessions are wordier than others."""
    reasoning_share: float = twin(0.0, low=0, high=1)
    """Share of output that is reasoning: billed, and dropped from the context unless kept."""
    keep_reasoning: float = twin(0.0, low=0, high=1)
    """Share of the reasoning that stays in the context."""
    tool_result_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens a tool call puts into the context, between two turns of one message."""
    opening_turns: int = twin(0, low=0)
    """In its first turns an agent looks around, and its tool results are longer:"""
    opening_result_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens of a tool result in those turns."""
    result_scale: Any = twin(1.0, low=0, quantity=True)
    """One factor an agent on all its tool results: some code bases have longer files than others."""
    tool_time_s: Any = twin(0.0, low=0, quantity=True)
    """Seconds the tools take between two turns."""
    prior_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens already in the context at the start: a session that is resumed, and whose opening turns are over."""
    resumed_turns: float = twin(1.0, above=0, high=1)
    """What is left of the turns of a session that is resumed (`prior_tokens` above 0)."""
    rewrite_rate: float = twin(0.0, low=0, high=1)
    """Share of turns before which the agent changes the head of its context (tools, instructions): nothing cached fits any more."""
    compact_at_tokens: Any = twin(None, above=0, quantity=True)
    """A prompt longer than this is summarised first; null: at no length of its own."""
    window_tokens: Any = twin(None, above=0, quantity=True)
    """The window in which the harness works, the backend's own at most (1e9: all of it): a prompt longer than `compact_at_share` of
    it is summarised first; null: no such window. What a resumed session brings with it needs more: then it works in the backend's
    whole window, and what is too long for that has been summarised on the way (the remainder is left)."""
    compact_at_share: float = twin(0.8, above=0, high=1)
    """Where `compact_at_tokens` or `window_tokens` is set: compact at this share of the window at the latest."""
    summary_tokens: Any = twin(1000, low=1, quantity=True)
    """Output of a compaction call, which stays as the new history."""
    restore_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens put back after a compaction: files read again."""


class StageRole(Feature):
    """What a stage's agents are to their task: a router may send each role elsewhere (`router=by_role`)."""

    lead = "lead", TWIN
    worker = "worker", TWIN
    verifier = "verifier", TWIN


class AtCap(Feature):
    """What a pipeline does that comes to `max_agents` or `max_tokens`."""

    stop = "stop", TWIN
    """The task ends, unfinished, when the agents at work have ended."""
    skip = "skip", TWIN
    """The stage does without the agents that are too many, later stages with what there is; each stage still has one agent."""


@dataclass
class StageSettings(LoopSettings):
    """One stage: agents of one kind, each in a context of its own, that begin together when all of the stage before have ended."""

    role: StageRole = StageRole.worker
    each: str | None = twin(None)
    """An earlier stage, for every item of which there are `width` agents; null: there are `width` agents in all."""
    width: Any = twin(1, low=1, quantity=True)
    """Agents, in all or for each item; at least 1."""
    items: Any = twin(None, low=0, quantity=True)
    """Items that each agent finds. null: 1; with `each` they judge together the item that they were given, and hand it on."""
    passes: float = twin(1.0, low=0, high=1)
    """Share of the items, found or judged, that later stages get to see."""
    report_tokens: Any = twin(0, low=0, quantity=True)
    """Tokens of the report on an item that was found, or of each agent's on an item that was judged."""
    reads: list[str] = twin([])
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
    most_agents: float
    most_items: float


def staff(order: Sequence[str], stages: Mapping[str, StageSettings]) -> dict[str, Staff]:
    """Of each stage, in its order; quantities by their means, not rounded (and by the most they can be)."""
    found: dict[str, Staff] = {}
    for name in order:
        stage = stages[name]
        given = None if stage.each is None else found[stage.each]
        teams = 1.0 if given is None else given.items
        width, many = distribution(stage.width), distribution(1 if stage.items is None else stage.items)
        most_teams = 1.0 if given is None else given.most_items
        agents, most = teams * width.mean, _product(most_teams, width.support()[1])
        items = stage.passes * (teams if stage.judges else agents * many.mean)
        most_items = _product(stage.passes > 0, most_teams if stage.judges else _product(most, many.support()[1]))
        told = (stage.passes * agents if stage.judges else items) * distribution(stage.report_tokens).mean
        own = given.told_tokens / given.items if given is not None and given.items else 0.0
        read = own + sum(found[other].told_tokens for other in stage.reads)
        found[name] = Staff(agents, items, told, read, most, most_items)
    return found


def _product(many: float, most: float) -> float:
    """Of whole numbers, one of which may have no end."""
    most = round(most) if math.isfinite(most) else most
    return many * most if many and most else 0.0
