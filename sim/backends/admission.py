"""Whom a backend turns away: each rule is a gate that a call has to pass before it may wait or be served."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from simpy import Environment

from sim.backends.cache import PromptCache
from sim.backends.limits import Limits
from sim.backends.queue import TIMEOUT, Line, Patience, Queue
from sim.backends.slots import Slots
from sim.call import Call, Status
from sim.clock import after

RATE_LIMITED = int(Status.rate_limited)
_LATE_S = 1e-9
"""Who comes when told must not be turned away for a rounding error."""


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
    """Requests and tokens a minute (`sim.backends.limits`); output counts as it will be."""

    status = RATE_LIMITED

    def __init__(self, limits: Limits | Sequence[Limits], cache: PromptCache) -> None:
        """`limits`: of all clients together, or by user, where teams have their own."""
        self._limits = limits
        self._cache = cache

    def refuses(self, call: Call, now: float) -> float | None:
        """None where it passes all limits, and then it counts against all."""
        return self._refuses(call, call.output_tokens, now)

    def _refuses(self, call: Call, output_tokens: int, now: float) -> float | None:
        prompt, limits = call.input_tokens, self._of(call)
        counted = prompt if limits.reads_count else prompt - self._cache.split(call, prompt, now)[0]
        return limits.retry_after_s(counted, output_tokens, now) or None

    def changes_in_s(self, call: Call, now: float) -> float:
        """Seconds until its limits change; inf: never."""
        return self._of(call).changes_in_s(now)

    def _of(self, call: Call) -> Limits:
        limits = self._limits
        return limits if isinstance(limits, Limits) else limits[call.task.user]


class ReservingLimit(RateLimit):
    """The same, where output counts as its client's `max_tokens` until the attempt has ended, and then as it was.

    An attempt that comes to nothing counts as its answer would have (assumption: OpenAI's documents count unsuccessful requests).
    """

    def __init__(self, limits: Limits | Sequence[Limits], cache: PromptCache, env: Environment, reserve: int) -> None:
        super().__init__(limits, cache)
        self._env = env
        self._reserve = reserve
        self._open: dict[Call, tuple[float, int]] = {}
        """By attempt under way: when it was let through, and what it is to give back."""

    def refuses(self, call: Call, now: float) -> float | None:
        """None where it passes."""
        reserved = max(self._reserve, call.output_tokens)
        refused_s = self._refuses(call, reserved, now)
        if refused_s is None:
            self._open[call] = now, reserved - call.output_tokens
        return refused_s

    def left(self, call: Call) -> None:
        """An attempt is over."""
        taken_s, unused = self._open.pop(call, (0.0, 0))
        if unused:
            self._of(call).give_back(unused, taken_s, self._env.now)


class Breaker:
    """A circuit breaker, closed, open or half open: clients spare a backend that fails, and themselves the wait.

    Closed it counts attempts in a row that were served and came to nothing. Open it turns away; after each `open_s` it is half open: one
    attempt is let through, whose answer closes it.
    """

    status = RATE_LIMITED

    def __init__(self, failures: int, open_s: float) -> None:
        self._most, self._open_s = failures, open_s
        self._failures = 0
        self._probe: Call | None = None
        self._opens_s = -math.inf
        """Where it is open: when it is half open next; -inf: it is closed."""

    def opens_s(self, now: float) -> float:
        """Seconds until an attempt may pass."""
        return max(0.0, self._opens_s - now)

    def refuses(self, call: Call, now: float) -> float | None:
        """None where it passes."""
        if self._opens_s == -math.inf:
            return None
        if now + _LATE_S < self._opens_s:
            return self._opens_s - now
        self._opens_s, self._probe = now + self._open_s, call
        return None

    def answered(self, call: Call) -> None:
        """An attempt was answered."""
        if self._opens_s == -math.inf or self._probe is call:
            self._failures, self._opens_s, self._probe = 0, -math.inf, None

    def failed(self, call: Call, now: float) -> None:
        """An attempt was served and came to nothing."""
        self._failures += 1
        if self._probe is call or (self._opens_s == -math.inf and self._failures >= self._most):
            self._opens_s, self._probe = now + self._open_s, None


class Gateway:
    """Holds calls back that a limit would turn away, first come first served. What a prompt finds cached is seen when its turn comes."""

    def __init__(
        self, env: Environment, limit: RateLimit, let_in: Callable[[Call], None], turn_away: Callable[[Call, int, float], None], *,
        most: float = math.inf, deadlines: bool,
    ) -> None:  # fmt: skip
        """`most` are held, further ones shed. `let_in` takes each call whose turn has come; `turn_away` ends the attempt of one that would
        never pass, or is shed, or whose client has given it up: that may happen with `deadlines`.
        """
        self._env = env
        self._limit = limit
        self._let_in, self._turn_away = let_in, turn_away
        self._most = most
        self.held = Line(urgent_first=False)
        self._patience = Patience(env, self.held, self._withdraw) if deadlines else None
        self._looked = 0
        """How often it was looked whether the first may pass: a timer that was set before is void."""

    def holds(self, call: Call, now: float) -> bool:
        """Whether the call has to wait, or has been turned away, and so does not pass at once."""
        wait_s = 0.0
        if not self.held:
            refused_s = self._limit.refuses(call, now)
            if refused_s is None:
                return False
            if refused_s == math.inf:
                self._turn_away(call, self._limit.status, refused_s)
                return True
            wait_s = refused_s
        if len(self.held) >= self._most:
            self._turn_away(call, self._limit.status, wait_s)
            return True
        self.held.append(call)
        if self._patience is not None:
            self._patience.begin(call, call.client.deadline_s(call) - now)
        if len(self.held) == 1:
            self._look_after(wait_s)
        return True

    def look(self) -> None:
        """Let in whoever may pass now, in order."""
        while self.held:
            wait_s = self._limit.refuses(self.held.head, self._env.now)
            if wait_s is not None and wait_s < math.inf:
                self._look_after(wait_s)
                return
            call = self.held.popleft()
            if wait_s is None:
                self._let_in(call)
            else:
                self._turn_away(call, self._limit.status, wait_s)

    def _look_after(self, wait_s: float) -> None:
        wait_s = min(wait_s, self._limit.changes_in_s(self.held.head, self._env.now))
        self._looked += 1
        timer = self._looked
        after(self._env, wait_s, lambda event: self.look() if timer == self._looked else None)

    def _withdraw(self, call: Call) -> None:
        self.held.leave(call)
        self._turn_away(call, TIMEOUT, 0.0)
