"""One call's life: choose a backend, be admitted, be served, be recorded; on failure wait and try again."""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappush
from typing import Any

from simpy import Environment
from simpy.events import NORMAL

from sim.backends.backend import Backend
from sim.backends.service import Recorder
from sim.call import Call, Role, Status
from sim.clock import after
from sim.engine.ledger import Ledger
from sim.router.router import Router
from sim.sampling.decisions import RETRY, ROUTE, TASTE
from sim.sampling.distributions import distribution
from sim.sampling.streams import Streams
from sim.settings.budget import At, Then
from sim.settings.run import Backoff, RetrySettings
from sim.task import Task

TOO_LONG, CANCELLED = int(Status.too_long), int(Status.cancelled)


class Dispatch:
    """Where agents and backends meet."""

    def __init__(
        self, env: Environment, streams: Streams, router: Router, retry: RetrySettings, recorder: Recorder, ledger: Ledger | None = None
    ) -> None:
        self.env = env
        self.streams = streams
        self.router = router
        self._refused, self._gave_up = recorder.refused, recorder.gave_up
        self._attempts = retry.attempts
        self._backoff_s = _backoff(retry)
        self._heeds = retry.heeds_retry_after
        self._per_call = router.per_call
        self._per_task = router.per_task
        self._choose, self._draws = router.choose, router.draws or router.by_user
        self._fallback = router.fallback
        self._come_and_go = router.come_and_go
        self._by_name = {backend.name: backend for backend in router.backends}
        self._queue, self._eid = env._queue, env._eid
        self.ledger = ledger
        self.requested = 0
        """Calls that have been asked for, each once whatever its attempts."""
        self.trying_again = 0
        """Calls between two attempts."""
        within = ledger is not None and ledger.limits(At.call)
        self._asked: Callable[[Any], None] = self._ask_within if within else self._ask
        self._when_asked: list[Callable[[Any], None]] = [self._asked]
        self._patience_s = None if retry.patience_s is None else distribution(retry.patience_s).quantile()
        self._timeout_s = math.inf if retry.timeout_s is None else retry.timeout_s

    def send(
        self, call: Call, turn: int, input_tokens: int, output_tokens: int, reasoning_tokens: int, u_noise: float, u_error: float,
        wait_s: float = 0.0,
    ) -> Call | None:  # fmt: skip
        """Start a call, in `wait_s` seconds. The agent yields the call that comes back and then looks whether it `failed`.

        None comes back where it need not wait, since the answer is there already (`sim.engine.lookahead`).
        """
        call.turn = turn
        call.attempt = 0
        call.input_tokens = input_tokens
        call.output_tokens = output_tokens
        call.reasoning_tokens = reasoning_tokens
        call.u_noise = u_noise
        call.u_error = u_error
        if wait_s:
            call.callbacks = self._when_asked
            heappush(self._queue, (self.env._now + wait_s, NORMAL, next(self._eid), call))
        else:
            self._asked(call)
        return call

    def choose(self, call: Call) -> Backend:
        """Ask the router, unless one backend has the whole task; random numbers are the turn's for a choice by call, else the agent's."""
        task = call.task
        backend: Backend | None = task.backend
        if backend is None or not backend.there:
            backend = self._choose(call, self._likings(call) if self._draws else ())
            if self._per_task and task.backend is None:
                task.backend = backend
        call.home = backend
        self._move(call, backend)
        return backend

    def _likings(self, call: Call) -> tuple[float, ...]:
        """The turn's for a choice by call, the user's for likings that last, else the agent's; the task's where its backend is gone."""
        task, count = call.task, len(self.router.backends)
        if self.router.by_user:
            return self.streams.draws(TASTE, task.user, 0, 0, count)
        branch = call.branch if task.backend is None else 0
        return self.streams.draws(ROUTE, task.id, branch, call.turn + 1 if self._per_call else 0, count)

    def _move(self, call: Call, backend: Backend) -> None:
        call.backend = backend
        call.then = [backend.release, call.resume]
        if call.cached_on != backend.index:
            call.move_cache(backend.index)

    def _move_on(self, call: Call, backend: Backend) -> None:
        """Because of a failure, or back after one."""
        if backend is not call.backend:
            self._fallback.moves(call, backend, self.env._now)  # type: ignore[union-attr]
            self._move(call, backend)

    def assign(self, task: Task, name: str) -> None:
        """From here on one backend serves all agents of a task that start."""
        task.backend = self._by_name[name]

    def downgrade(self, task: Task, named: str | None) -> Backend:
        """The rest of a task goes to the backend for when money is short: the one named, else the cheapest."""
        backends = self.router.backends
        present = [backend for backend in backends if backend.there]
        cheap = self._by_name[named] if named else min(present, key=lambda backend: backend.settings.input_usd_per_mtok)
        task.backend = cheap
        return cheap

    def _ask_within(self, call: Any) -> None:
        """The same as `_ask`, as long as there is money."""
        ledger, now = self.ledger, self.env.now
        assert ledger is not None
        spent = ledger.empty(call.task, now, At.call)
        if spent is None:
            self._ask_seated(call, now)
        elif spent.settings.then is Then.wait:
            self._wait_for_money(call, now, spent.free_at(call.task, now))
        elif spent.settings.then is Then.downgrade:
            call.home = self.downgrade(call.task, spent.settings.downgrade_to)
            self._move(call, call.home)
            self._ask(call)
        else:
            if call.backend is None:
                self.choose(call)
            call.callbacks, call.t_request = call.then, now
            self.requested += 1
            self._refused(call, CANCELLED, now)
            self._give_up(call)

    def _ask_seated(self, call: Any, now: float) -> None:
        """The same, as long as its user's seat covers it, or need not."""
        seats, backend = self.ledger.seats, call.backend  # type: ignore[union-attr]
        if seats is None or not seats.waits:
            self._ask(call)
            return
        if backend is None or self._per_call or (self._come_and_go and not backend.there):
            backend = self.choose(call)
        until = seats.free_at(call.task, backend, now)
        if until is None:
            self._ask(call)
        else:
            seats.block(call.task, now, until)
            self._wait_for_money(call, now, until)

    def _wait_for_money(self, call: Any, now: float, until: float) -> None:
        """Ask again then."""
        call.callbacks = self._when_asked
        call.task.wait_for_money(now, until)
        heappush(self._queue, (until, NORMAL, next(self._eid), call))

    def _ask(self, call: Any) -> None:
        """The call is asked for: from here on it waits for its answer."""
        backend = call.backend
        if backend is None or self._per_call or (self._come_and_go and not backend.there):
            backend = self.choose(call)
        if self._fallback is not None:
            backend = self._fallback.first(call, self.env._now)
            self._move_on(call, backend)
        call.callbacks = call.then
        call.t_request = self.env._now
        self.requested += 1
        if call.input_tokens > backend.window:
            self._refuse(call)
        else:
            backend.admit(call)

    def attempt_failed(self, call: Call) -> None:
        """An attempt broke: give the slot back first."""
        call.backend.failed(call)  # type: ignore[union-attr]
        self.attempt_refused(call, 0.0)

    def attempt_refused(self, call: Call, retry_after_s: float) -> None:
        """Wait and try again, or give up: after so many attempts, or where the backend would never take it."""
        if call.attempt + 1 == self._attempts:
            self._give_up(call)
            return
        refused_by = call.backend
        u_backoff, u_noise, u_error, _ = self.streams.draws(RETRY, call.task.id, call.branch, _retry_page(call))
        if self._fallback is not None:
            self._move_on(call, self._fallback.again(call, self.env.now, retry_after_s))
        wait_s = 0.0
        if call.backend is refused_by:
            wait_s = self._backoff_s(call.attempt, u_backoff)
            if self._heeds or retry_after_s == math.inf:
                wait_s = max(wait_s, retry_after_s)
        if wait_s < math.inf:
            self.trying_again += 1
            after(self.env, wait_s, lambda event: self._again(call, u_noise, u_error))
        else:
            self._give_up(call)

    def patience_s(self, call: Call) -> float:
        """Seconds an attempt waits in line from now on; its random number stands beside those of what follows it."""
        left_s = self.deadline_s(call) - self.env.now
        if self._patience_s is None:
            return left_s
        *_, u_patience = self.streams.draws(RETRY, call.task.id, call.branch, _retry_page(call))
        return min(self._patience_s(u_patience), left_s)

    def deadline_s(self, call: Call) -> float:
        """The second at which an attempt is withdrawn, wherever it is."""
        return call.t_request + self._timeout_s

    def _again(self, call: Call, u_noise: float, u_error: float) -> None:
        self.trying_again -= 1
        call.attempt += 1
        call.u_noise, call.u_error = u_noise, u_error
        call.t_request = self.env.now
        backend: Any = call.backend
        if self._come_and_go and not backend.there:
            backend = self.choose(call)
            if call.input_tokens > backend.window:
                call.callbacks = call.then
                self._refuse(call)
                return
        call.callbacks = call.then
        backend.admit(call)

    def _refuse(self, call: Call) -> None:
        """The prompt is longer than the context window: an error at once, for which nothing is billed."""
        self._refused(call, TOO_LONG, self.env.now)
        self._give_up(call)

    def _give_up(self, call: Call) -> None:
        self._gave_up(call)
        call.failed = True
        call.callbacks = [call.resume]
        self.env.schedule(call)


def _backoff(retry: RetrySettings) -> Callable[[int, float], float]:
    """(number of the attempt that failed, a random number) -> seconds until the next."""
    base_s, cap_s = retry.backoff_base_s, retry.backoff_cap_s
    if retry.backoff is Backoff.fixed:
        return lambda attempt, u: base_s
    if retry.backoff is Backoff.exponential:
        return lambda attempt, u: min(cap_s, base_s * 2**attempt)
    return lambda attempt, u: u * min(cap_s, base_s * 2**attempt)


def _retry_page(call: Call) -> int:
    """Retries of a compaction are other decisions than those of the turn that follows it."""
    return (call.turn * 2 + (call.role == Role.compaction)) * 64 + call.attempt
