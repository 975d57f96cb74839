"""A backend: one model as served by one provider, composed of admission, queue, slots and service (`sim.backends.build`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappush
from math import inf
from typing import Protocol

from simpy import Environment
from simpy.events import NORMAL

from sim.backends.admission import Breaker, Counting, Gate, Gateway, RateLimit
from sim.backends.pricing import Price
from sim.backends.queue import Queue
from sim.backends.service import Recorder
from sim.backends.slots import Slots
from sim.call import Call
from sim.settings.market import BackendSettings
from sim.usage import Paid


class Answers(Protocol):
    """A service, or several as one."""

    def answer(self, call: Call, now: float, /) -> float:
        """All that happens to an attempt that is served from now on (`Service.answer`)."""


class Backend:
    """Takes calls in, lets them wait, serves them. What it is made of is given at birth and never exchanged."""

    def __init__(
        self, env: Environment, index: int, name: str, settings: BackendSettings, *,
        price: Price, slots: Slots, queue: Queue, service: Answers, gates: Sequence[Gate], recorder: Recorder,
        held_back: RateLimit | None = None, deadlines: bool = False, breaker: Breaker | None = None,
        presence: tuple[float, float] = (-inf, inf), covered_until_s: float = -inf,
    ) -> None:  # fmt: skip
        self.env = env
        self.index = index
        self.name = name
        self.settings = settings
        self.price = price
        self.slots = slots
        self.queue = queue
        self.answer = service.answer
        """All that happens to an attempt that is served from now on (`Service.answer`)."""
        self.error_rate = settings.error_rate
        self.window = settings.context_window_tokens
        self.quality = settings.quality
        self.launched_s, self.retired_s = presence
        """Simulated seconds from which it may be chosen, and until which."""
        self.covered_until_s = covered_until_s
        self.turn_multiplier = settings.turn_multiplier
        self.verbosity = settings.verbosity
        self.reasoning_share = settings.reasoning_share
        self._gates = gates
        self._counting = [gate for gate in gates if isinstance(gate, Counting)]
        if self._counting and (len(self._counting) > 1 or gates[-1] is not self._counting[0]):
            raise ValueError("a gate that counts who is in stands last, and alone: nobody tells it of calls that a later one turns away")
        if isinstance(held_back, Counting):
            self._counting.append(held_back)
        if self._counting:
            self.release = self._release_and_count  # type: ignore[method-assign]  # the rest of the world pays nothing for it
        self._breaker = breaker
        if breaker is not None:
            self._over: Callable[[Call], None] = self.release
            self.release = self._answered  # type: ignore[method-assign]  # the same
        most = inf if settings.limit_gateway_most is None else settings.limit_gateway_most
        self._gateway = Gateway(env, held_back, self._take, self._turn_out, most=most, deadlines=deadlines) if held_back else None
        """Of a limit that holds calls back instead of turning them away."""
        self._refused = recorder.refused
        self._events, self._eid = env._queue, env._eid

    @property
    def there(self) -> bool:
        """Whether it may be chosen now: launched, and not retired."""
        return self.launched_s <= self.env.now < self.retired_s

    @property
    def covered(self) -> bool:
        """Whether its user's subscription covers it now."""
        return self.env.now < self.covered_until_s

    @property
    def always_there(self) -> bool:
        """Whether no event launches or retires it."""
        return self.launched_s == -inf and self.retired_s == inf

    def admit(self, call: Call) -> None:
        """Take a call in: serve it now, put it at the end of the line, or turn it away."""
        now = self.env.now
        for gate in self._gates:
            retry_after_s = gate.refuses(call, now)
            if retry_after_s is not None:
                self._turn_away(call, gate.status, retry_after_s)
                return
        if self._gateway is None or not self._gateway.holds(call, now):
            self._take(call)

    def paid(self, until_s: float) -> Paid:
        """What it has come to by then beside its calls: nothing, where it is paid by the token."""
        return Paid()

    @property
    def most_at_once(self) -> tuple[int, float]:
        """Calls and tokens that one server of one's own has had (`sim.backends.capacity`)."""
        return 0, 0.0

    @property
    def in_line(self) -> int:
        """Calls that wait, for a slot or at the gateway."""
        return len(self.queue) + (len(self._gateway.held) if self._gateway is not None else 0)

    def _turn_away(self, call: Call, status: int, retry_after_s: float) -> None:
        self._refused(call, status, self.env.now)
        call.client.attempt_refused(call, retry_after_s)

    def _turn_out(self, call: Call, status: int, retry_after_s: float) -> None:
        """One that had passed the gates, and was held back behind them."""
        self.left(call)
        self._turn_away(call, status, retry_after_s)

    def _take(self, call: Call) -> None:
        """Serve it now, or put it at the end of the line."""
        slots = self.slots
        if slots.taken < slots.most:
            slots.taken += 1
            self._serve(call, self.env.now)
        else:
            self.queue.append(call)

    def release(self, call: Call) -> None:
        """An attempt is over: its slot goes straight to the head of the line."""
        if self.queue:
            self._serve(self.queue.popleft(), self.env.now)
        else:
            self.slots.taken -= 1

    def failed(self, call: Call) -> None:
        """An attempt is over that was served and came to nothing."""
        if self._breaker is None:
            self.release(call)
            return
        self._breaker.failed(call, self.env.now)
        self._over(call)

    def _answered(self, call: Call) -> None:
        self._breaker.answered(call)  # type: ignore[union-attr]
        self._over(call)

    @property
    def broken(self) -> bool:
        """Whether a circuit breaker lets nobody through now."""
        return self._breaker is not None and self._breaker.opens_s(self.env.now) > 0

    def left(self, call: Call) -> None:
        """An attempt that was let in is over: those who count are told, and then others may pass."""
        for gate in self._counting:
            gate.left(call)
        if self._gateway is not None:
            self._gateway.look()

    def _release_and_count(self, call: Call) -> None:
        type(self).release(self, call)
        self.left(call)

    def _serve(self, call: Call, now: float) -> None:
        """A slot is granted: the end of the attempt is scheduled."""
        end = self.answer(call, now)
        if end >= 0:
            heappush(self._events, (end, NORMAL, next(self._eid), call))
