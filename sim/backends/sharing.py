"""Decoding that slows down with the number of calls that decode: exact processor sharing.

All n active calls run at one speed r(n), so a virtual clock of work done per call orders their ends: a call is
over when the clock passes its entry + its own work. One timer is pending; older ones are ignored.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

from simpy import Environment, Event

from sim.backends.cache import PromptCache
from sim.backends.service import Recorder, Service
from sim.call import Call
from sim.clock import after
from sim.settings.market import BackendSettings, Billed
from sim.usage import Usage


class Served(NamedTuple):
    """An attempt whose end is not known yet."""

    call: Call
    failed: bool
    start: float
    first_token: float
    read: int
    write: int


class SharedService(Service):
    """With n calls decoding, each runs at its full speed / (1 + slowdown x (n - 1))."""

    shared = True

    def __init__(self, env: Environment, settings: BackendSettings, cache: PromptCache, recorder: Recorder) -> None:
        super().__init__(env, settings, cache, recorder)
        self._slowdown = settings.decode_slowdown
        self._decoding: list[tuple[float, int, Served]] = []
        """(virtual time of the end, order of joining, attempt)"""
        self._virtual_s = 0.0
        self._virtual_at = 0.0
        self._joined = 0
        self._timer: Event | None = None

    def _decode(self, call: Call, now: float, server_s: float, decode_s: float, read: int, write: int) -> None:
        """Join the others after the prefill; `decode_s` is the work, in seconds of a call that is alone."""
        self._join_after(server_s, decode_s, Served(call, False, now, now + server_s, read, write))

    def _fail(self, call: Call, now: float, server_s: float, decode_s: float, read: int, write: int) -> None:
        if self._billed is not Billed.everything:
            super()._fail(call, now, server_s, decode_s, read, write)
            return
        self._join_after(server_s, decode_s, Served(call, True, now, now + server_s, read, write))

    def _join_after(self, server_s: float, work_s: float, attempt: Served) -> None:
        after(self._env, server_s, lambda event: self._join(work_s, attempt))

    def _join(self, work_s: float, attempt: Served) -> None:
        self._advance(self._env.now)
        self._joined += 1
        heapq.heappush(self._decoding, (self._virtual_s + work_s, self._joined, attempt))
        self._set_timer()

    def _advance(self, now: float) -> None:
        if self._decoding:
            self._virtual_s += self._decoded_since(now) / self._stretch()
        self._virtual_at = now

    def _decoded_since(self, now: float) -> float:
        """Seconds up to now in which those that decode went on."""
        return now - self._virtual_at

    def _pause_s(self, left_s: float) -> float:
        """Seconds for which they stand still from now on, where the first of them has so much work left."""
        return 0.0

    def _stretch(self) -> float:
        """Seconds that a second of work takes now."""
        return 1 + self._slowdown * (len(self._decoding) - 1)

    def _set_timer(self) -> None:
        if self._decoding:
            left = max(0.0, self._decoding[0][0] - self._virtual_s)
            self._timer = after(self._env, self._pause_s(left) + left * self._stretch(), self._ring)
        else:
            self._timer = None

    def _ring(self, timer: Event) -> None:
        """The first in order has its last token: its answer is handed over at once."""
        if timer is not self._timer:
            return
        self._virtual_s, _, attempt = heapq.heappop(self._decoding)
        self._virtual_at = now = self._env.now
        self._set_timer()
        call = attempt.call
        if attempt.failed:
            self._stay_connected(call, now)
            billed = Usage(call.input_tokens, attempt.read, attempt.write, call.output_tokens)
            self._recorder.broke(call, attempt.start, attempt.first_token, now, billed)
            call.client.attempt_failed(call)
            return
        self._answered(call, attempt.start, attempt.first_token, now, attempt.read, attempt.write)
        callbacks, call.callbacks = call.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(call)
