"""One server that runs a model: it reads prompts one after another, and in between decodes a token for each of its calls at a time.

Reading goes first, so what a call waits until its prompt has been read is known when it comes in; while the device reads, the virtual
clock of those that decode (`sim.backends.sharing`) stands still.
"""

from __future__ import annotations

import math

from simpy import Environment

from sim.backends.cache import PromptCache
from sim.backends.service import Recorder
from sim.backends.sharing import SharedService
from sim.settings.market import BackendSettings

_AT_ONCE_S = 1e-9
"""Work of less is rounding."""


class Replica(SharedService):
    """A device with a batch and a memory; whoever gives it calls asks first whether there is room."""

    def __init__(
        self,
        env: Environment,
        settings: BackendSettings,
        cache: PromptCache,
        recorder: Recorder,
        ordered_s: float = 0.0,
        ready_s: float = 0.0,
    ) -> None:
        """Paid from `ordered_s` on, it takes calls from `ready_s` on."""
        super().__init__(env, settings, cache, recorder)
        self.ordered_s, self.ready_s = ordered_s, ready_s
        self.leaving = False
        """It takes no more calls, and stops when it has none."""
        servers = settings.servers
        self.batch = servers.batch
        self.memory_tokens = math.inf if servers.memory_tokens is None else servers.memory_tokens
        self.calls = 0
        self.held_tokens = 0.0
        self.most_calls = 0
        self.most_tokens = 0.0
        self._idle_s = 0.0
        self._idle_since = ordered_s
        self._reads_until = 0.0

    def room(self, tokens: float) -> bool:
        """Whether a call of so many tokens, prompt and answer, may run now."""
        there = self.ready_s <= self._env.now and not self.leaving
        return there and self.calls < self.batch and self.held_tokens + self.needs(tokens) <= self.memory_tokens

    def needs(self, tokens: float) -> float:
        """Memory that it holds: all there is, if that is less."""
        return min(tokens, self.memory_tokens)

    def take(self, tokens: float) -> None:
        """It runs from now on."""
        if not self.calls:
            self._idle_s += self._env.now - self._idle_since
        self.calls += 1
        self.held_tokens += self.needs(tokens)
        self.most_calls, self.most_tokens = max(self.most_calls, self.calls), max(self.most_tokens, self.held_tokens)

    def give_back(self, tokens: float) -> None:
        """It is over."""
        self.calls -= 1
        self.held_tokens -= self.needs(tokens)
        if not self.calls:
            self._idle_since = self._env.now

    def idle_until(self, now: float) -> float:
        """Seconds without a call, up to now."""
        return self._idle_s if self.calls else self._idle_s + now - self._idle_since

    def _held_up_s(self, device_s: float, now: float) -> float:
        """Behind the prompts that came before; its own takes the device for so long."""
        if device_s <= 0 and self._reads_until <= now:
            return 0.0
        self._advance(now)
        wait_s = max(0.0, self._reads_until - now)
        self._reads_until = now + wait_s + max(0.0, device_s)
        self._set_timer()
        return wait_s

    def _decoded_since(self, now: float) -> float:
        return now - max(self._virtual_at, min(now, self._reads_until))

    def _pause_s(self, left_s: float) -> float:
        """None for who is done: of two that end at once the second does not wait for the prompt that the first has made room for."""
        return max(0.0, self._reads_until - self._env.now) if left_s > _AT_ONCE_S else 0.0
