"""All replicas of a model: who runs which call, and for how many hours they are paid."""

from __future__ import annotations

import math

from simpy import Environment

from sim.backends.cache import PromptCache
from sim.backends.capacity.replica import Replica
from sim.backends.service import Recorder
from sim.calendar import HOUR_S
from sim.call import Call
from sim.settings.market import BackendSettings
from sim.usage import Paid


class Fleet:
    """Takes the place of a backend's service: a call that has a seat is answered by its replica."""

    def __init__(self, env: Environment, settings: BackendSettings, cache: PromptCache, recorder: Recorder) -> None:
        self._env = env
        self._usd_per_h = settings.servers.usd_per_h
        self.replicas = [Replica(env, settings, cache, recorder) for _ in range(settings.servers.replicas)]
        self._seats: dict[Call, tuple[Replica, int]] = {}
        """Where each call runs, and its tokens."""

    def has_room(self, call: Call) -> bool:
        """Whether a call need not wait."""
        return self._emptiest(call.input_tokens + call.output_tokens) is not None

    def seat(self, call: Call) -> bool:
        """Whether the emptiest replica with room takes a call; the first of several."""
        tokens = call.input_tokens + call.output_tokens
        replica = self._emptiest(tokens)
        if replica is None:
            return False
        replica.take(tokens)
        self._seats[call] = replica, tokens
        return True

    def _emptiest(self, tokens: int) -> Replica | None:
        return min((each for each in self.replicas if each.room(tokens)), key=lambda each: each.calls, default=None)

    def answer(self, call: Call, now: float) -> float:
        """As `sim.backends.service.Service.answer`: its end is not known yet."""
        return self._seats[call][0].answer(call, now)

    def leave(self, call: Call) -> None:
        """A call is over."""
        replica, tokens = self._seats.pop(call)
        replica.give_back(tokens)

    def paid(self, until_s: float) -> Paid:
        """What all replicas have come to by then."""
        seconds = until_s * len(self.replicas)
        return Paid(seconds / HOUR_S * self._usd_per_h, seconds, math.fsum(each.idle_until(until_s) for each in self.replicas))
