"""An agent: who works on a task, with its context, its random numbers and its one call at a time."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from simpy import Event

from sim.agents.profile import Profile, StageProfile
from sim.call import Call, Client, Role
from sim.clock import Clock
from sim.sampling import decisions
from sim.sampling.decisions import Purpose
from sim.sampling.streams import COLUMNS, ROWS, Streams
from sim.settings.agent import AgentSettings
from sim.success import SuccessModel
from sim.task import Task

FIRST_MESSAGE = 8 * decisions.FIRST_MESSAGE.first_column
"""Where in an agent's first page its first message's row begins, behind two rows of its own; a number has 8 bytes."""
FIRST_TURN = 8 * decisions.FIRST_TURNS.first_column
"""Where the rows of its first turns begin."""
_TURN = int(Purpose.TURN)
decisions.AGENT.in_order("requests", "first_message", "prior", "output_scale", "result_scale", "turns_scale", "compact_at", "report")
_OWN = struct.Struct("8d")
_FIRST_PAGE = (3 + ROWS) * COLUMNS
Life = Generator[Event, Any, bool]
"""What an agent does, as a generator of the events it waits for; returns whether it ended without a failed call."""
Pause = Callable[["Agent"], Life]
"""What an agent does between two turns; returns whether it goes on."""


class Office(NamedTuple):
    """What every agent of a run works with."""

    env: Clock
    streams: Streams
    send: Callable[..., Any]
    """`Dispatch.send`."""
    choose: Callable[[Call], Any]
    """`Dispatch.choose`."""
    assign: Callable[[Task, str], None]
    """`Dispatch.assign`."""
    client: Client
    """The dispatch itself, which backends tell of failed attempts."""
    enroll: Callable[[Task, str, int], bytes]
    """`Meter.enroll`: counts an agent."""
    heard: Callable[[int], None]
    """`Meter.heard`: counts the messages of a task's user."""
    settings: AgentSettings
    fanout: Callable[[float], int]
    waves: Callable[[float], int]
    report_tokens: Callable[[float], int]
    lead: Profile
    worker: Profile
    verifier: Profile
    chat: Profile
    """The matched chat's."""
    outcome: SuccessModel
    stages: tuple[StageProfile, ...] = ()
    """A pipeline's."""


class Agent:
    """One conversation with a model. `context` is how many tokens its next prompt has."""

    __slots__ = (
        "_u_compact", "branch", "call", "compactions", "context", "depth", "dropped_share", "first_tokens", "helpers", "office",
        "opening_turns", "output_scale", "page", "path", "pauses", "profile", "reasoning_share", "requests", "result_scale", "resumed",
        "settled", "task", "turns", "turns_scale", "u_report",
    )  # fmt: skip

    def __init__(self, office: Office, task: Task, profile: Profile, role: int, path: str = "0", branch: int = 0, depth: int = 0) -> None:
        self.office = office
        self.task = task
        self.profile = profile
        self.path = path
        self.branch = branch
        self.depth = depth
        task.agents += 1
        self.call = call = Call(office.env, task, branch, role, office.enroll(task, path, depth), office.client)
        self.page = page = office.streams.page(_TURN, task.id, branch, 0, _FIRST_PAGE)
        """The first page of its random numbers: its own, its first message's, its first turns'."""
        u_requests, u_first, u_prior, u_output, u_result, u_turns, self._u_compact, self.u_report = _OWN.unpack_from(page)
        self.requests = profile.requests(u_requests)
        self.first_tokens = profile.system_tokens + profile.prompt_tokens(u_first)
        prior = profile.prior_tokens(u_prior)
        self.context = self.first_tokens + prior
        self.opening_turns = 0 if prior else profile.opening_turns
        self.output_scale = profile.output_scale(u_output)
        self.reasoning_share = self.dropped_share = 0.0
        """Of its model's output, once it has settled."""
        self.result_scale = profile.result_scale(u_result)
        self.turns_scale = profile.turns_scale(u_turns)
        if profile.turns_exponent:
            self.turns_scale *= self.requests**-profile.turns_exponent
        if prior:
            self.turns_scale *= profile.resumed_turns
        self.turns: float | None = None
        """Turns a message takes, before `turns_scale`, where whoever sent the work has fixed that."""
        self.pauses: dict[int, Pause] = {}
        """What it does after some of its turns (from 1), besides its tools."""
        self.compactions = 0
        self.resumed = False
        """Whether it goes on with another that has finished."""
        self.settled = False
        """It has met its backend: turns and words are its model's."""
        self.helpers: list[float] | None = None
        """Qualities of the sub-agents that have reported to it, where they count (`outcome.success_exponent`)."""
        call.system_tokens = profile.system_tokens
        call.system_id = profile.id

    def start(self, life: Life, then: Callable[[Agent, bool], None]) -> None:
        """Begin to live; `then` is told at the end, with what the life returned."""
        living, clock = self._live(life, then), self.office.env
        self.call.resume, now = living.send, clock.now
        next(living)
        clock.back_to(now)

    def _live(self, life: Life, then: Callable[[Agent, bool], None]) -> Generator[Event, Any, None]:
        """The life and what comes after it. The clock itself resumes it (`Call.resume`), so it must never run out."""
        completed = yield from life
        self.call.release_agent()
        self.page = b""
        if self.ahead:
            self._at_its_moment(lambda event: then(self, completed))
        else:
            then(self, completed)
        yield self.call

    @property
    def ahead(self) -> bool:
        """Whether it has got further than the clock (`sim.engine.lookahead`)."""
        clock = self.office.env
        return clock.now > clock.reached

    def catch_up(self) -> Event:
        """To be yielded before others are met: the clock comes to where the agent has got to."""
        return self._at_its_moment(self.call.resume)

    def _at_its_moment(self, callback: Callable[[Any], Any]) -> Event:
        call = self.call
        call.callbacks = [callback]
        call.env.schedule(call)
        return call

    def wait_for(self, event: Event) -> Event:
        """To be yielded: any other event than the agent's own call has to be told whom to resume."""
        event.callbacks.append(self.call.resume)
        return event

    def inherit(self, parent: Agent) -> None:
        """Start from the parent's context, and from what of it is cached."""
        self.first_tokens += parent.context
        self.context += parent.context
        self.call.system_tokens = parent.call.system_tokens
        self.call.system_id = parent.call.system_id
        self.call.copy_cache(parent.call)

    def resume(self, finished: Agent) -> None:
        """Go on with an agent that has finished: its context, a new brief, and what of it is still cached."""
        self.context = finished.context + self.first_tokens - self.profile.system_tokens
        self.opening_turns = 0
        self.resumed = True
        self.call.copy_cache(finished.call)

    def turns_of(self, u_turns: float) -> int:
        """Turns of a message, once it has settled."""
        return round((self.profile.turns(u_turns) if self.turns is None else self.turns) * self.turns_scale) or 1

    @property
    def quality(self) -> float:
        """Of its backend; 1 where that is not known."""
        quality = self.call.backend.quality if self.call.backend else None
        return 1.0 if quality is None else quality

    def helped_by(self, other: Agent) -> None:
        """A sub-agent has reported: it counts, or those who have reported to it."""
        if self.helpers is None:
            self.helpers = []
        self.helpers += other.helpers or [other.quality]

    def settle(self) -> float:
        """Meet the backend: its model may take more turns or words for the same work, and a hard task takes more turns of any.

        A chat has one turn a message, whatever the model. Returns the longest prompt that is sent before a compaction, which also keeps
        clear of the backend's context window.
        """
        if self.settled:
            raise ValueError("an agent settles once, or its turns are multiplied twice; start a second Agent for a second loop")
        self.settled = True
        call, profile = self.call, self.profile
        call.input_tokens = self.context
        backend = call.backend or self.office.choose(call)
        turns = 1.0 if call.role == Role.chat else backend.turn_multiplier
        self.turns_scale *= turns * self.task.effort
        self.output_scale *= backend.verbosity
        share = backend.reasoning_share
        self.reasoning_share = profile.reasoning_share if share is None else share
        self.dropped_share = self.reasoning_share * (1 - profile.keep_reasoning)
        at = profile.compact_at_tokens
        limit = math.inf if at is None else min(at(self._u_compact), profile.compact_at_share * backend.window)
        return limit if profile.window_tokens is None else min(limit, self._fit(backend.window))

    def _fit(self, window: int) -> float:
        """Start within the window that the harness works in; returns the share of it at which a compaction is due."""
        profile, prior = self.profile, self.context - self.first_tokens
        limit = profile.compact_at_share * min(profile.window_tokens(self._u_compact), window)  # type: ignore[misc]
        if prior and self.context > limit:
            limit = profile.compact_at_share * window
            room = int(limit) - self.first_tokens
            if prior > room > 0:
                self.context = self.call.input_tokens = self.first_tokens + prior % room
        return limit
