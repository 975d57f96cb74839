"""A backend's door: who is turned away, who waits in which order, and who has waited enough.

Only backends that need one have it (`needs_door`); at the others a call waits for a slot, and that is all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from simpy import Environment

from sim.backends.limits import Limits
from sim.backends.queue import Line, Patience
from sim.backends.service import Backend
from sim.backends.sharing import SharedBackend
from sim.call import Call, Status
from sim.settings.market import BackendSettings

RATE_LIMITED, TIMEOUT = int(Status.rate_limited), int(Status.timeout)


class DoorBackend(Backend):
    """Turns calls away where the line is full or a rate limit is reached; lets impatient ones go."""

    line: Line

    def __init__(self, env: Environment, index: int, name: str, settings: BackendSettings, start: datetime) -> None:
        super().__init__(env, index, name, settings, start)
        self.line = Line()
        self.patience_s: Callable[[Call], float] | None = None
        """The client's: how long a call waits in line."""
        self._patience = Patience(env, self.line, self._withdraw)
        self._limits = Limits(settings)
        self._room = settings.queue_limit

    def admit(self, call: Call) -> None:
        """Take a call in, or turn it away: no place in line, or too much in a minute."""
        now, waits = self.env.now, self.busy >= self.slots
        if waits and self._room is not None and len(self.line) >= self._room:
            self._end(call, now, RATE_LIMITED, 0.0)
        elif self._limits and (wait_s := self._over_limit_s(call, now)):
            self._end(call, now, RATE_LIMITED, wait_s)
        elif waits:
            self._wait(call)
        else:
            self.busy += 1
            self.serve(call, now)

    def _over_limit_s(self, call: Call, now: float) -> float:
        """Output counts as it will be: clients who reserve more than they need (`max_tokens`) are not modelled."""
        prompt = call.input_tokens
        counted = prompt if self._limits.reads_count else prompt - self.cache.split(call, prompt, now)[0]
        return self._limits.retry_after_s(counted, call.output_tokens, now)

    def _wait(self, call: Call) -> None:
        self.line.append(call)
        if self.patience_s is not None:
            self._patience.begin(call, self.patience_s(call))

    def _withdraw(self, call: Call) -> None:
        """Its patience is over."""
        self.line.leave(call)
        self._end(call, self.env.now, TIMEOUT, 0.0)

    def _end(self, call: Call, now: float, status: int, retry_after_s: float) -> None:
        """An attempt that never had a slot: nothing is billed."""
        self.record(call, self, status, now, now, now, 0, 0, 0, 0)
        self.on_refusal(call, retry_after_s)


class SharedDoorBackend(DoorBackend, SharedBackend):
    """A door before decoding that slows down."""
