"""Whether all models are given the same work, or each does what bills say that it does: the group `work`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from sim.settings.bounds import twin
from sim.settings.market import BackendSettings, WorkSettings
from sim.settings.traits import TWIN, Feature

MANY_WORDS = 2.0
"""Times the profile's words, or one of so many parts, beyond which a bill's lump is no likely habit of speech (an assumption)."""


HARNESS_NAMES = {"mini_v2": "mini-SWE-agent 2", "openhands": "OpenHands"}
"""Harnesses whose bills there are, as people call them."""


def unlikely(verbosity: float) -> bool:
    """Whether nobody has counted these words: a bill is met by them, seconds and output tokens are not measured."""
    return not 1 / MANY_WORDS <= verbosity <= MANY_WORDS


class Work(Feature):
    """How much of what bills say of a model is taken over (`market.models.<id>.works`)."""

    same = "same", TWIN
    """Nothing: every model takes the turns and words of the profile, and the whole of its cache discount."""
    own_turns = "own_turns", TWIN
    """Its turns; words of the profile, the whole of its cache discount."""
    measured = "measured", TWIN
    """All of it: turns, words, the share of its cache discount that shows."""


@dataclass
class WorkChoice:
    """Work that depends on the model; `agent=chat` is no such work, and stays the same for all.

    Chats among agents' work (`workload.chat_share`) have one turn a message too, but take the words and the discount of their backend."""

    kind: Work = Work.measured
    harness: str = twin("mini_v2")
    """Whose bills: harnesses disagree by a factor of about two, and are never averaged. A model without bills there takes another's."""

    def found(self, backend: BackendSettings) -> tuple[str, WorkSettings] | None:
        """The harness whose bills are taken of a model, and what they say; None: it has none."""
        works = backend.works
        name = self.harness if self.harness in works else min(works, default="")
        return (name, works[name]) if works else None

    def done_by(self, backend: BackendSettings) -> BackendSettings:
        """The backend with its work as its own settings; its `works` are spent, so doing it twice changes nothing more."""
        if not backend.works:
            return backend
        found = self.found(backend)
        if self.kind is Work.same or found is None:
            return dataclasses.replace(backend, works={})
        work = found[1]
        turns: dict[str, Any] = {"works": {}, "turn_multiplier": backend.turn_multiplier * work.turn_multiplier}
        if self.kind is Work.own_turns:
            return dataclasses.replace(backend, **turns)
        realised = backend.cache_discount_realised * work.cache_discount_realised
        return dataclasses.replace(backend, **turns, verbosity=backend.verbosity * work.verbosity, cache_discount_realised=realised)

    def uncounted(self, backend: BackendSettings) -> float | None:
        """How many times the profile's words a model's bill is met by, where that is no likely habit of speech; None elsewhere."""
        found = self.found(backend) if self.kind is Work.measured else None
        return found[1].verbosity if found is not None and unlikely(found[1].verbosity) else None
