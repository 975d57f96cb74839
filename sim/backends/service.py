"""A backend at work: a line, slots, and how long a call takes.

Time of an attempt = wait in line + network round trip + (constant + prefill of uncached input + context
+ decoding) x noise. A slot is held from the grant to the last byte: limits count open requests.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime
from heapq import heappush
from math import exp
from typing import Protocol

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.backends.cache import PromptCache
from sim.backends.pricing import Price
from sim.call import Call, Status
from sim.clock import happening
from sim.sampling.distributions import distribution, normal_quantile
from sim.settings.market import BackendSettings, Billed

OK, ERROR = int(Status.ok), int(Status.error)
Failed = Callable[[Call], None]
Record = Callable[["Call", "Backend", int, float, float, float, int, int, int, int], None]
"""(call, backend, status, start, first token, end, then billed input, cache read, cache write and output tokens)."""


class Waiting(Protocol):
    """Calls in line: a `deque`, or what stands behind a door (`sim.backends.admission`)."""

    def __len__(self) -> int: ...

    def append(self, call: Call, /) -> None:
        """Join."""

    def popleft(self) -> Call:
        """The next to be served."""


class Backend:
    """Slots with a first-come, first-served line; every call decodes at its own full speed."""

    shared = False

    def __init__(self, env: Environment, index: int, name: str, settings: BackendSettings, start: datetime, *, batch: bool = False) -> None:
        self.env = env
        self.index = index
        self.name = name
        self.settings = settings
        self.price = Price(settings, start, batch=batch)
        self.cache = PromptCache(settings)
        self.window = settings.context_window_tokens
        self.quality = settings.quality
        self.turn_multiplier = settings.turn_multiplier
        self.verbosity = settings.verbosity
        self.reasoning_share = settings.reasoning_share
        self.slots = math.inf if settings.slots is None or batch else settings.slots
        self.busy = 0
        self.line: Waiting = deque()
        self.record: Record = _unheard
        self.on_failure: Failed = _unheard
        self.on_refusal: Callable[[Call, float], None] = _unheard
        """Told of an attempt that never had a slot, and how long to wait before the next."""
        self._queue, self._eid = env._queue, env._eid
        self._rtt_s = settings.network_rtt_s
        self._constant_s = settings.ttft_s
        self._s_per_fresh = 1 / settings.prefill_tokens_per_s if settings.prefill_tokens_per_s else 0.0
        self._s_per_context = settings.context_s_per_100k_tokens / 1e5
        self._s_per_output = 1 / settings.decode_tokens_per_s if settings.decode_tokens_per_s else 0.0
        self._sigma = settings.noise_sigma
        self.error_rate = settings.error_rate
        self._billed = settings.error_billed
        self._forgets = self._billed is Billed.nothing
        """Of a failed attempt that is not billed nothing stays in the cache either."""
        self._batch_latency_s = distribution(settings.batch_latency_s).quantile() if batch else None

    def admit(self, call: Call) -> None:
        """Take a call in: serve it now, or put it at the end of the line."""
        if self.busy < self.slots:
            self.busy += 1
            self.serve(call, self.env.now)
        else:
            self.line.append(call)

    def release(self, call: Call) -> None:
        """An attempt is over: its slot goes straight to the head of the line."""
        if self.line:
            self.serve(self.line.popleft(), self.env.now)
        else:
            self.busy -= 1

    def serve(self, call: Call, now: float) -> None:
        """A slot is granted: the end of the attempt is scheduled."""
        end = self.answer(call, now)
        if end >= 0:
            heappush(self._queue, (end, NORMAL, next(self._eid), call))

    def answer(self, call: Call, now: float) -> float:
        """All that will happen to an attempt that is served from now on is known, so it is recorded.

        Returns when its answer is there; -1 where it fails, or that is not known yet: then somebody else ends it.
        """
        prompt, output = call.input_tokens, call.output_tokens
        cache, fails = self.cache, call.u_error < self.error_rate
        read, write = cache.split(call, prompt, now)
        server_s = self._constant_s + (prompt - read) * self._s_per_fresh + prompt * self._s_per_context
        decode_s = output * self._s_per_output
        if self._sigma:
            noise = exp(normal_quantile(call.u_noise, 0.0, self._sigma))
            server_s *= noise
            decode_s *= noise
        if self._batch_latency_s is not None:
            server_s, decode_s = self._batch_latency_s(call.u_noise), 0.0
        server_s += self._rtt_s
        first_token = now + server_s
        if prompt >= cache.minimum and not (fails and self._forgets):
            call.cached_tokens = prompt
            call.cached_until = first_token + cache.ttl_s
            if cache.share:
                cache.keep_shared(call, now, first_token)
        if fails:
            self._fail(call, now, server_s, decode_s, read, write)
            return -1.0
        if self.shared:
            self._decode(call, now, server_s, decode_s, read, write)
            return -1.0
        end = first_token + decode_s
        self.record(call, self, OK, now, first_token, end, prompt, read, write, output)
        return end

    def _decode(self, call: Call, now: float, server_s: float, decode_s: float, read: int, write: int) -> None:
        """Where decoding is shared its end is not known yet (`sim.backends.sharing`)."""
        raise NotImplementedError

    def _fail(self, call: Call, now: float, server_s: float, decode_s: float, read: int, write: int) -> None:
        """The attempt breaks: at the first token, or at the last one where everything is billed."""
        prompt, output, first_token = call.input_tokens, call.output_tokens, now + server_s
        if self._forgets:
            prompt = read = write = 0
        if self._billed is not Billed.everything:
            output, decode_s = 0, 0.0
        end = first_token + decode_s
        self.record(call, self, ERROR, now, first_token, end, prompt, read, write, output)
        broken = happening(self.env, None, lambda event: self.on_failure(call))
        heappush(self._queue, (end, NORMAL, next(self._eid), broken))


def after(env: Environment, delay_s: float, callback: Callable[[Event], None]) -> Event:
    """Schedule `callback` in `delay_s` seconds, without a process to wait for it."""
    event = happening(env, None, callback)
    env.schedule(event, NORMAL, delay_s)
    return event


def _unheard(*told: object) -> None:
    raise NotImplementedError("a backend needs a dispatch to tell of its attempts")
