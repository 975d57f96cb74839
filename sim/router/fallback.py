"""Where a call goes when its backend fails, as gateways do it: again, then to the next one, and back as soon as the first has cooled down.

Each call begins at the backend that the policy chose, so a switch holds for one call only. After `fallback_retries` failed retries the call
goes on to the next of the list, at once. A backend that more than `allowed_fails` calls had to leave within a minute is passed over for
`cooldown_s`. The defaults are LiteLLM's (2, 3, 5 s; docs.litellm.ai, router, 2026-11). LiteLLM counts failed attempts, by which a busy
backend with few errors would cool down all the time; here a call counts once its retries are used up (assumption).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

from sim.backends.backend import Backend
from sim.clock import MINUTE_S
from sim.meter.switches import Switches
from sim.settings.market import CacheKind
from sim.settings.router import RouterSettings


class Fallback:
    """What all calls of a run know of their backends' failures."""

    def __init__(self, settings: RouterSettings, then: Sequence[Backend]) -> None:
        self.switches = Switches()
        self._then = list(then)
        self._retries = settings.fallback_retries
        self._allowed = settings.allowed_fails
        self._cooldown_s = settings.cooldown_s
        self._left: dict[int, deque[float]] = {}
        """By backend: the moments of the last minute at which a call had to leave it."""
        self._cool_until: dict[int, float] = {}

    def first(self, call: Any, now: float) -> Backend:
        """Where a call is to begin: its own backend, or the next that has not to cool down."""
        home: Backend = call.home
        call.since, call.cold = 0, None
        found = self._next(call, self._after(home), now) if self._cools(home, now) else home
        if found is not home:
            self.switches.calls += 1
        return found

    def again(self, call: Any, now: float, retry_after_s: float) -> Backend:
        """Where it goes after an attempt that failed; with a `retry_after_s` of inf no retry helps."""
        here: Backend = call.backend
        if call.attempt - call.since < self._retries and retry_after_s < math.inf and not here.broken:
            return here
        rest = self._after(here)
        found = self._next(call, rest, now) if rest else here
        if found is not here:
            self._take_back(call)
            self._leave(here, now)
            call.since = call.attempt + 1
            self.switches.calls += here is call.home
        return found

    def moves(self, call: Any, to: Backend, now: float) -> None:
        """Count what a move finds cold, which would have been read where most of the prompt is kept; `again` takes it back where the
        backend fails in turn.
        """
        cold = call.most_kept() - call.kept_on(to.index)
        if cold > 0:
            rates = to.price.rates(call.input_tokens, now)
            fresh = rates.cache_write if to.settings.cache is CacheKind.explicit else rates.fresh
            call.cold = cold, cold * max(0.0, fresh - rates.cache_read)
            self.switches.add(*call.cold)

    def _take_back(self, call: Any) -> None:
        """A backend that has not answered has not been paid for what it found cold."""
        if call.cold is not None:
            self.switches.take(*call.cold)
            call.cold = None

    def _after(self, backend: Backend) -> list[Backend]:
        """The rest of the list, behind the backend if it stands there."""
        place = self._then.index(backend) + 1 if backend in self._then else 0
        return self._then[place:]

    def _next(self, call: Any, rest: Sequence[Backend], now: float) -> Backend:
        """The first of them that takes such a prompt and need not cool down, else the first that takes it, else where the call is."""
        fit = [backend for backend in rest if call.input_tokens <= backend.window]
        warm = [backend for backend in fit if not self._cools(backend, now)]
        found: Backend = next(iter(warm or fit), call.backend)
        return found

    def _cools(self, backend: Backend, now: float) -> bool:
        return now < self._cool_until.get(backend.index, -math.inf)

    def _leave(self, backend: Backend, now: float) -> None:
        left = self._left.setdefault(backend.index, deque())
        left.append(now)
        while left[0] <= now - MINUTE_S:
            left.popleft()
        if len(left) > self._allowed:
            self._cool_until[backend.index] = now + self._cooldown_s
            left.clear()
