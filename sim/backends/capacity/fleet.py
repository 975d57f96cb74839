"""All replicas of a model: how many there are over time, who runs which call, and for how many hours they are paid."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simpy import Environment

from sim.backends.cache import PromptCache
from sim.backends.capacity.autoscaler import Autoscaler
from sim.backends.capacity.replica import Replica
from sim.backends.service import Recorder
from sim.calendar import HOUR_S
from sim.call import Call
from sim.settings.market import BackendSettings
from sim.usage import Paid


class Fleet:
    """Takes the place of a backend's service: a call that has a seat is answered by its replica.

    What an autoscaler does between two changes of the load is worked out when it is asked for (`advance`), so it puts nothing on the clock.
    """

    def __init__(self, env: Environment, settings: BackendSettings, cache: PromptCache, recorder: Recorder) -> None:
        servers = settings.servers
        self._env = env
        self._usd_per_h = servers.usd_per_h
        self._start_s = servers.autoscale.start_s
        self._parts = settings, cache, recorder
        self.replicas = [Replica(env, *self._parts) for _ in range(servers.replicas)]
        self._gone: list[tuple[float, float]] = []
        """Seconds that those were paid for that have stopped, and idle."""
        self.most_calls, self.most_tokens = 0, 0.0
        self._seats: dict[Call, tuple[Replica, int]] = {}
        """Where each call runs, and its tokens."""
        self._autoscaler = Autoscaler(servers.autoscale) if servers.autoscale.most is not None else None
        self.load = 0
        """Calls that run or wait, since the last change."""

    def advance(self, now: float) -> None:
        """Do what the autoscaler has done by now, the load being what it was last told to be."""
        scaler = self._autoscaler
        while scaler is not None and scaler.next_s <= now:
            moment = scaler.next_s
            there = [each for each in self.replicas if not each.leaving]
            wanted = scaler.look(self.load)
            if wanted > len(there):
                up_s = moment + self._start_s
                self.replicas += [Replica(self._env, *self._parts, ordered_s=moment, ready_s=up_s) for _ in range(wanted - len(there))]
            elif wanted < len(there):
                for each in sorted(there, key=lambda one: (one.ready_s <= moment, one.calls, -one.ordered_s))[: len(there) - wanted]:
                    self._send_off(each, moment)
            else:
                scaler.skip(now)

    def next_s(self, now: float) -> float:
        """When a replica may come to be that takes calls; inf: never."""
        if self._autoscaler is None:
            return math.inf
        return min([self._autoscaler.next_s, *(each.ready_s for each in self.replicas if each.ready_s > now)])

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
        if replica.leaving and not replica.calls:
            self._stop(replica, self._env.now)

    def _send_off(self, replica: Replica, moment: float) -> None:
        replica.leaving = True
        if not replica.calls:
            self._stop(replica, moment)

    def _stop(self, replica: Replica, moment: float) -> None:
        self.replicas.remove(replica)
        self._gone.append((moment - replica.ordered_s, replica.idle_until(moment)))
        self.most_calls, self.most_tokens = max(self.most_calls, replica.most_calls), max(self.most_tokens, replica.most_tokens)

    def most(self) -> tuple[int, float]:
        """The most calls that one replica has run at once, and the most tokens that one has held."""
        return (
            max([self.most_calls, *(each.most_calls for each in self.replicas)]),
            max([self.most_tokens, *(each.most_tokens for each in self.replicas)]),
        )

    def paid(self, until_s: float) -> Paid:
        """What all replicas have come to by then."""
        self.advance(until_s)
        spans = [*self._gone, *self._running(until_s)]
        seconds = math.fsum(span for span, _ in spans)
        return Paid(seconds / HOUR_S * self._usd_per_h, seconds, math.fsum(idle for _, idle in spans))

    def _running(self, until_s: float) -> Iterator[tuple[float, float]]:
        return ((until_s - each.ordered_s, each.idle_until(until_s)) for each in self.replicas)
