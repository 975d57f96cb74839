"""A call: one request to a model, from the moment an agent wants it until its answer is there."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Any, Protocol

from simpy import Environment, Event

from sim.task import Task


class Status(enum.IntEnum):
    """How an attempt ended."""

    ok = 0
    error = 1
    rate_limited = 2
    timeout = 3
    cancelled = 4
    too_long = 5
    """The prompt did not fit the context window."""


class Role(enum.IntEnum):
    """What the caller is to its task; a compaction is told apart from its agent's other calls."""

    chat = 0
    agent = 1
    lead = 2
    worker = 3
    compaction = 4
    verifier = 5


_NOWHERE: dict[int, tuple[int, float]] = {}
Kept = tuple[int, int, float, dict[int, tuple[int, float]]]
"""Of a prompt, as on a call: `cached_on`, `cached_tokens`, `cached_until`, `cached_elsewhere`."""


class _Everywhere(dict[int, tuple[int, float]]):
    """What any backend keeps, whichever it will be; by itself, what those keep that the agent was on."""

    def __init__(self, tokens: int, known: dict[int, tuple[int, float]]) -> None:
        super().__init__(known)
        self._entry = tokens, math.inf

    def get(self, key: int, default: Any = None) -> Any:
        return self._entry


STANDARD, BATCH = "standard", "batch"
"""Tiers of service that prices are known of."""


class AsBilled(Protocol):
    """What is recorded of a call's bill; below 0: it is not."""

    @property
    def model(self) -> str:
        """As the log names it; empty: it names none."""

    @property
    def read_tokens(self) -> int:
        """Of the prompt, read from the cache."""

    @property
    def write_tokens(self) -> int:
        """Of the prompt, written to it."""

    @property
    def write_1h_tokens(self) -> int:
        """Of those, the ones kept for an hour."""

    @property
    def web_searches(self) -> int:
        """Made by the backend."""

    @property
    def tier(self) -> str:
        """Of service: `STANDARD`, `BATCH`, or another."""


def _nobody(event: Any) -> None:
    """Resumes no agent."""


class Server(Protocol):
    """A backend, as far as those know it who call it."""

    index: int
    window: int
    """Longest prompt, in tokens."""
    quality: float | None
    turn_multiplier: float
    verbosity: float
    reasoning_share: float | None

    def admit(self, call: Call, /) -> None:
        """Take a call in."""

    def release(self, call: Call, /) -> None:
        """An attempt is over, and answered."""

    def failed(self, call: Call, /) -> None:
        """An attempt is over that was served and came to nothing."""

    def left(self, call: Call, /) -> None:
        """An attempt is over that never had a slot, though it was let in."""


class Client(Protocol):
    """Who sends calls, and so is told of attempts that came to nothing."""

    def attempt_failed(self, call: Call, /) -> None:
        """An attempt broke while it was served."""

    def attempt_refused(self, call: Call, retry_after_s: float, /) -> None:
        """An attempt never had a slot; another before `retry_after_s` would be refused too (inf: whenever it comes)."""

    def patience_s(self, call: Call, /) -> float:
        """Seconds that an attempt waits in line from now on before it is withdrawn."""

    def deadline_s(self, call: Call, /) -> float:
        """The second at which an attempt is withdrawn wherever it is; inf: never."""


class Call(Event):
    """What an agent waits for.

    An agent has one call under way at a time, so it owns one `Call`, armed anew for each turn. It passes through the
    clock twice: when it is asked for, after the agent's tools have run, and when its answer (or its final failure,
    see `failed`) is there: then its backend is released and its agent resumed.
    """

    __slots__ = (
        "agent",
        "agent_role",
        "as_billed",
        "attempt",
        "backend",
        "branch",
        "cached_elsewhere",
        "cached_on",
        "cached_tokens",
        "cached_until",
        "client",
        "cold",
        "connected_to",
        "connected_until",
        "failed",
        "home",
        "input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "resume",
        "role",
        "since",
        "system_id",
        "system_tokens",
        "t_request",
        "task",
        "then",
        "turn",
        "u_error",
        "u_noise",
    )  # fmt: skip

    turn: int
    attempt: int
    since: int
    """The first of its attempts at the backend where it is (`sim.router.fallback`)."""
    input_tokens: int
    """What the agent asks for (so are the outputs), not what an attempt is billed."""
    output_tokens: int
    reasoning_tokens: int
    u_noise: float
    """The random number of the attempt's latency."""
    u_error: float
    """The random number of whether the attempt fails."""
    t_request: float
    as_billed: AsBilled
    """Of a recorded call."""

    def __init__(self, env: Environment, task: Task, branch: int, role: int, agent: bytes, client: Client) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        self.task = task
        self.turn = 0
        self.agent = agent
        """Head of its rows (`Meter.enroll`)."""
        self.branch = branch
        self.client = client
        self.agent_role = self.role = role
        self.failed = False
        """The last attempt has failed too, or the prompt was too long: there is no answer."""
        self.backend: Server | None = None
        self.home: Server | None = None
        """The backend that was chosen; a fallback may have the call instead."""
        self.cached_on = -1
        self.cached_tokens = 0
        self.cached_until = 0.0
        """Which backend keeps how much of this agent's last prompt, and until when."""
        self.connected_to: Server | None = None
        self.connected_until = 0.0
        """The backend to which a connection is open, and until when, if it is not used."""
        self.cold: tuple[int, float] | None = None
        """Tokens that its last move found cold, and USD (`sim.router.fallback`)."""
        self.cached_elsewhere: dict[int, tuple[int, float]] = _NOWHERE
        """The same for backends it was on before: (tokens, until)."""
        self.system_tokens = self.system_id = 0
        """Head of the prompt that is the same for all agents of its kind, and which kind that is."""
        self.resume: Callable[[Any], Any] = _nobody
        """Goes on with the agent: the `send` of its life."""
        self.then: list[Callable[[Any], Any]] = []

    def release_agent(self) -> None:
        """Its agent has ended: let go of it, so that both can be freed without a garbage collector."""
        self.resume = _nobody
        self.then = []

    def keep_prefix(self, tokens: int) -> None:
        """Only the first `tokens` of the last prompt stand in the next one too: no cache can give more."""
        self.cached_tokens = min(self.cached_tokens, tokens)
        if self.cached_elsewhere:
            self.cached_elsewhere = {on: (min(kept, tokens), until) for on, (kept, until) in self.cached_elsewhere.items()}

    def move_cache(self, backend: int) -> None:
        """The next call goes to another backend than the last: look at what is kept there."""
        there = self.cached_elsewhere.get(backend, (0, 0.0))
        if self.cached_on >= 0:
            self.cached_elsewhere = {**self.cached_elsewhere, self.cached_on: (self.cached_tokens, self.cached_until)}
        self.cached_tokens, self.cached_until = there
        self.cached_on = backend

    @property
    def kept(self) -> Kept:
        """What is kept of this agent's prompt, to come back to after another one."""
        return self.cached_on, self.cached_tokens, self.cached_until, self.cached_elsewhere

    def come_back(self, kept: Kept | None) -> None:
        """Go on from another prompt than the last; None: from one that nobody keeps."""
        on, tokens, until, elsewhere = kept or (self.cached_on, 0, 0.0, _NOWHERE)
        self.cached_elsewhere = elsewhere
        self.cached_tokens, self.cached_until = tokens, until
        if on != self.cached_on:
            here, self.cached_on = self.cached_on, on
            if here >= 0:
                self.move_cache(here)

    def warm(self, tokens: int) -> None:
        """So much of the next prompt is kept, wherever it goes: others had it."""
        self.cached_tokens, self.cached_until = tokens, math.inf
        self.cached_elsewhere = _Everywhere(tokens, self.cached_elsewhere)

    def cool(self) -> None:
        """It has gone: elsewhere is kept what was."""
        self.cached_elsewhere = {**self.cached_elsewhere}

    def kept_on(self, backend: int) -> int:
        """How much of the next prompt a backend could read if it came now."""
        here = backend == self.cached_on
        tokens, until = (self.cached_tokens, self.cached_until) if here else self.cached_elsewhere.get(backend, (0, 0.0))
        return min(tokens, self.input_tokens) if self.env.now <= until else 0

    def most_kept(self) -> int:
        """How much of the next prompt the backend could read that keeps most of it."""
        return max([self.kept_on(on) for on in (self.cached_on, *self.cached_elsewhere)])

    def copy_cache(self, other: Call) -> None:
        """Start with what is kept of another agent's prompt."""
        self.cached_on, self.cached_tokens, self.cached_until = other.cached_on, other.cached_tokens, other.cached_until
        self.cached_elsewhere = other.cached_elsewhere
