"""Lookahead: an agent that nobody else can touch runs ahead of the clock.

Where no call waits for another (no line, no limits, no shared decoding or prefixes, no budget) the answer to a call is known when it is
sent. Then its two events need not pass through the clock: the agent takes `now` with it, call after call, and lets the clock catch up
before it meets anybody (a team, a debate, a user, its own end). Every attempt is recorded as it would have been, bit for bit, only
earlier than others that start before it. Failures and prompts that do not fit go the usual way.

Slots are taken on trust: all calls are served at once, and the meter looks whether more were under way at any moment than there are
slots (`sim.meter.meter.LineFormedError`). Then the run has to start again with the clock in charge.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

from simpy.events import NORMAL

from sim.backends.service import Recorder
from sim.call import Call
from sim.clock import Clock
from sim.engine.dispatch import Dispatch
from sim.router.router import Router
from sim.sampling.streams import Streams
from sim.settings.run import RetrySettings


class Lookahead(Dispatch):
    """A dispatch that knows the answer at once."""

    def __init__(self, clock: Clock, streams: Streams, router: Router, retry: RetrySettings, recorder: Recorder, horizon_s: float) -> None:
        super().__init__(clock, streams, router, retry, recorder)
        self._clock = clock
        self._horizon_s = horizon_s

    def send(
        self, call: Call, turn: int, input_tokens: int, output_tokens: int, reasoning_tokens: int, u_noise: float, u_error: float,
        wait_s: float = 0.0,
    ) -> Call | None:  # fmt: skip
        """The call's whole life at once, for whose end its agent need not wait; as ever where it fails or the run ends first."""
        clock = self._clock
        backend: Any = call.backend
        call.turn = turn
        call.attempt = 0
        call.input_tokens = input_tokens
        call.output_tokens = output_tokens
        call.reasoning_tokens = reasoning_tokens
        call.u_noise = u_noise
        call.u_error = u_error
        clock._now = now = clock._now + wait_s
        if now >= self._horizon_s:
            return call
        if backend is None or self._per_call or (self._come_and_go and not backend.there):
            backend = self.choose(call)
        if u_error < backend.error_rate or input_tokens > backend.window:
            call.callbacks = self._when_asked
            heappush(self._queue, (now, NORMAL, next(self._eid), call))
            return call
        self.requested += 1
        call.t_request = now
        clock._now = end = backend.answer(call, now)
        if end < self._horizon_s:
            return None
        backend.slots.taken += 1
        return call
