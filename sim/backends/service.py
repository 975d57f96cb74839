"""How long a call takes, and what becomes of it: the life of one attempt from its slot to its last byte.

Time of an attempt = wait in line + network round trip (and handshakes of a new connection) + (constant + prefill of uncached input
+ context + decoding) x noise.
"""

from __future__ import annotations

import math
from heapq import heappush
from math import exp
from typing import Protocol

from simpy import Environment
from simpy.events import NORMAL

from sim.backends.cache import PromptCache
from sim.backends.health import Health
from sim.call import Call, Status
from sim.clock import happening
from sim.sampling.distributions import distribution, normal_quantile
from sim.settings.market import BackendSettings, Billed
from sim.usage import Usage

NO_TOKENS = Usage(0, 0, 0, 0)
ERROR, TIMEOUT = int(Status.error), int(Status.timeout)


class Recorder(Protocol):
    """Who is told of every attempt, once its end is certain: the meter, or the ledger before it. Times are seconds on the clock."""

    def answered(self, call: Call, start_s: float, first_token_s: float, end_s: float, read_tokens: int, write_tokens: int, /) -> None:
        """It has succeeded; `read_tokens` and `write_tokens` of its prompt are read from the cache and written to it."""

    def broke(self, call: Call, start_s: float, first_token_s: float, end_s: float, billed: Usage, /, *, status: int = ERROR) -> None:
        """It was served and failed, or was given up (`sim.call.Status` says which)."""

    def refused(self, call: Call, status: int, now: float, /) -> None:
        """It never had a slot (`sim.call.Status` says why), so nothing is billed."""

    def gave_up(self, call: Call, /) -> None:
        """Its client asks no more: the last attempt has failed, or no backend would ever take it."""


class Service:
    """Serves every call at its own full speed."""

    shared = False
    """Whether the end of an attempt depends on the others that are served."""

    def __init__(
        self, env: Environment, settings: BackendSettings, cache: PromptCache, recorder: Recorder, *,
        batch: bool = False, health: Health | None = None, timeout_s: float = math.inf,
    ) -> None:  # fmt: skip
        """`batch`: calls go through the batch queue, which takes hours and has no other latency. `health`: what events do to it.
        `timeout_s`: how long clients wait for the last byte of an attempt.
        """
        self._env = env
        self._events, self._eid = env._queue, env._eid
        self._recorder = recorder
        self._answered = self._answered_on_open_line if settings.handshake_s else recorder.answered
        self._cache = cache
        self._rtt_s = settings.network_rtt_s
        self._handshake_s, self._idle_s = settings.handshake_s, settings.connection_idle_s
        self._constant_s = settings.ttft_s
        self._s_per_fresh = 1 / settings.prefill_tokens_per_s if settings.prefill_tokens_per_s else 0.0
        self._s_per_context = settings.context_s_per_100k_tokens / 1e5
        self._s_per_output = 1 / settings.decode_tokens_per_s if settings.decode_tokens_per_s else 0.0
        self._sigma = settings.noise_sigma
        self._error_rate = settings.error_rate
        self._billed = settings.error_billed
        self._forgets = self._billed is Billed.nothing
        """Of a failed attempt that is not billed nothing stays in the cache either."""
        self._health = health
        self._timeout_s, self._timeout_billed = timeout_s, settings.timeout_billed
        self._may_be_cut = health is not None or timeout_s < math.inf
        self._batch_latency_s = distribution(settings.batch_latency_s).quantile() if batch else None

    def answer(self, call: Call, now: float) -> float:
        """All that will happen to an attempt that is served from now on is known, so it is recorded.

        Returns when its answer is there; -1 where it fails, or that is not known yet: then somebody else ends it.
        """
        prompt, output = call.input_tokens, call.output_tokens
        cache, error_rate, slower, noise = self._cache, self._error_rate, 1.0, 1.0
        if self._health is not None:
            out, slower, worse = self._health.at(now)
            if out:
                self._break_off(call, now, math.inf, now + self._rtt_s, NO_TOKENS)
                return -1.0
            error_rate = max(error_rate, worse)
        fails = call.u_error < error_rate
        read, write = cache.split(call, prompt, now)
        server_s = self._constant_s + (prompt - read) * self._s_per_fresh + prompt * self._s_per_context
        decode_s = output * self._s_per_output
        if self._sigma:
            noise = exp(normal_quantile(call.u_noise, 0.0, self._sigma))
            server_s *= noise
            decode_s *= noise
        if self._batch_latency_s is not None:
            server_s, decode_s = self._batch_latency_s(call.u_noise), 0.0
        if slower != 1:
            server_s *= slower
            decode_s *= slower
        if self.shared:
            server_s += self._held_up_s(server_s - self._constant_s * noise, now)
        server_s += self._reach_s(call, now) if self._handshake_s else self._rtt_s
        first_token = now + server_s
        if self._may_be_cut and self._cut(call, now, first_token, decode_s, fails, (read, write)):
            return -1.0
        self._keep(call, now, first_token, fails and self._forgets)
        if fails:
            self._fail(call, now, server_s, decode_s, read, write)
            return -1.0
        if self.shared:
            self._decode(call, now, server_s, decode_s, read, write)
            return -1.0
        end = first_token + decode_s
        self._answered(call, now, first_token, end, read, write)
        return end

    def _reach_s(self, call: Call, now: float) -> float:
        """There and back, and the handshakes of a new connection."""
        connected = call.connected_to is call.backend and now <= call.connected_until
        return self._rtt_s if connected else self._rtt_s + self._handshake_s

    def _stay_connected(self, call: Call, end: float) -> None:
        """An attempt has ended: its connection waits for the next one."""
        call.connected_to, call.connected_until = call.backend, end + self._idle_s

    def _answered_on_open_line(self, call: Call, start: float, first_token: float, end: float, read: int, write: int) -> None:
        self._stay_connected(call, end)
        self._recorder.answered(call, start, first_token, end, read, write)

    def _held_up_s(self, device_s: float, now: float) -> float:
        """How long a prompt waits to be read, where prompts are read one after another; reading it takes `device_s`."""
        return 0.0

    def _keep(self, call: Call, now: float, first_token: float, forgets: bool) -> None:
        """The prompt stays in the cache once it has been read."""
        cache, prompt = self._cache, call.input_tokens
        if prompt >= cache.minimum and not forgets:
            call.cached_tokens = prompt
            call.cached_until = first_token + cache.ttl_s
            if cache.share:
                cache.keep_shared(call, now, first_token)

    def _cut(self, call: Call, now: float, first_token: float, decode_s: float, fails: bool, cached: tuple[int, int]) -> bool:
        """Whether an outage or its client ends the attempt before it ends by itself; then that is seen to."""
        breaks_s = math.inf if self._health is None else self._health.breaks_s(now)
        gives_up_s = call.t_request + self._timeout_s
        cut_s, over_s = min(breaks_s, gives_up_s), first_token + (decode_s if not fails or self._billed is Billed.everything else 0.0)
        if over_s <= cut_s:
            return False
        call.connected_to = None
        come = (cut_s - first_token) / decode_s if decode_s else 0.0
        if breaks_s <= gives_up_s:
            self._break_off(call, now, first_token, cut_s, self._by_then(call, cached, come, self._billed))
            return True
        billed = self._timeout_billed if cut_s > now else Billed.nothing
        if first_token <= cut_s:
            self._keep(call, now, first_token, billed is Billed.nothing)
        self._break_off(call, now, first_token, cut_s, self._by_then(call, cached, come, billed), TIMEOUT)
        return True

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
        self._stay_connected(call, end)
        self._break_off(call, now, first_token, end, Usage(prompt, read, write, output))

    def _by_then(self, call: Call, cached: tuple[int, int], come: float, billed: Billed) -> Usage:
        """What is billed of an answer that is cut off, of whose output a share `come` had come (below 0: no token yet)."""
        if billed is Billed.nothing:
            return NO_TOKENS
        read, write = cached
        return Usage(call.input_tokens, read, write, int(call.output_tokens * max(0.0, come)) if billed is Billed.everything else 0)

    def _break_off(self, call: Call, now: float, first_token: float, end: float, billed: Usage, status: int = ERROR) -> None:
        """The attempt ends there without an answer, and its client is told."""
        self._recorder.broke(call, now, min(first_token, end), end, billed, status=status)
        broken = happening(self._env, None, lambda event: call.client.attempt_failed(call))
        heappush(self._events, (end, NORMAL, next(self._eid), broken))
