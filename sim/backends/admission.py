"""Whom a backend turns away: each rule is a gate that a call has to pass before it may wait or be served."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sim.backends.cache import PromptCache
from sim.backends.limits import Limits
from sim.backends.queue import Queue
from sim.backends.slots import Slots
from sim.call import Call, Status

RATE_LIMITED = int(Status.rate_limited)


class Gate(Protocol):
    """One rule of admission."""

    status: int
    """How an attempt ends that it turns away (`sim.call.Status`)."""

    def refuses(self, call: Call, now: float, /) -> float | None:
        """None where a call passes; else the Retry-After in seconds (0: at once; inf: it would never pass)."""


@runtime_checkable
class Counting(Gate, Protocol):
    """A gate that counts who is in, so has to be told who is out again. It stands last: whoever passes it has passed them all."""

    def left(self, call: Call, /) -> None:
        """An attempt that it let pass is over: answered, broken, or withdrawn from the line."""


class QueueLimit:
    """No more than so many calls wait in line."""

    status = RATE_LIMITED

    def __init__(self, most: int, slots: Slots, queue: Queue) -> None:
        self._most = most
        self._slots = slots
        self._queue = queue

    def refuses(self, call: Call, now: float) -> float | None:
        """A call that finds the line full is turned away."""
        return 0.0 if self._slots.full and len(self._queue) >= self._most else None


class RateLimit:
    """Requests and tokens a minute (`sim.backends.limits`)."""

    status = RATE_LIMITED

    def __init__(self, limits: Limits, cache: PromptCache) -> None:
        self._limits = limits
        self._cache = cache

    def refuses(self, call: Call, now: float) -> float | None:
        """Output counts as it will be: clients who reserve more than they need (`max_tokens`) are not modelled."""
        prompt = call.input_tokens
        counted = prompt if self._limits.reads_count else prompt - self._cache.split(call, prompt, now)[0]
        return self._limits.retry_after_s(counted, call.output_tokens, now) or None
