"""Who sends which task when: open arrivals, users with sessions, or a recorded trace. It begins tasks and knows no agent."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from simpy import Event

from sim.clock import Clock
from sim.logs.session import Session
from sim.sampling.decisions import USER_GAP
from sim.sampling.distributions import distribution
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.workload.arrivals import Arrivals, TakesMany
from sim.workload.demand import Demand

Sender = Generator[Event, Any, None]
Begin = Callable[[int, int], Event]
"""(number of the task, user) -> what comes when the task has ended."""
Replay = Callable[[int, Session], None]
"""(number of the task, recorded session)."""


class TakesUsers(Protocol):
    """Who lives with users from their first gap on."""

    def begin_users(self, numbers: np.ndarray) -> None:
        """Users of these numbers, as `Source._user` has them, were demand always the same."""


class Source:
    """Begins tasks at their times: those that are dealt to its shard."""

    def __init__(
        self, settings: WorkloadSettings, clock: Clock, streams: Streams, shard: Shard, begin: Begin, replay: Replay,
        sessions: Sequence[Session] = (), start: datetime = datetime(2026, 2, 16, tzinfo=UTC), many: TakesMany | None = None,
        people: TakesUsers | None = None,
    ) -> None:  # fmt: skip
        """`start`: the moment of simulated second 0. `many`: takes open arrivals in the place of `begin`,
        `people` users."""
        self._settings = settings
        self._demand = Demand(settings, start)
        self._times = [team.times for team in settings.teams.values() for _ in range(team.users)]
        self._clock = clock
        self._draws = streams.draws
        self._shard = shard
        self._begin = begin
        self._replay = replay
        self._sessions = sessions
        self._many = many
        self._people = people

    def start(self) -> None:
        """Set the senders of this kind of workload going."""
        process = self._clock.process
        if self._settings.kind is WorkloadKind.open:
            process(self._arrivals() if self._many is None else self._arrivals_together(self._many))
        elif self._settings.kind is WorkloadKind.users:
            users = [user for user in range(self._settings.users) if self._shard.has(user)]
            if self._people is not None:
                self._people.begin_users(np.array(users, np.int64))
                return
            for user in users:
                process(self._user(user))
        else:
            process(self._recorded())

    def _arrivals(self) -> Sender:
        """Tasks of nobody in particular, one gap after another."""
        arrivals = Arrivals(self._settings, self._demand, self._draws, self._shard)
        for task in arrivals.there:
            self._begin(task, 0)
        for begins_s, tasks in arrivals:
            yield self._clock.at(begins_s)
            for task in tasks:
                self._begin(task, 0)

    def _arrivals_together(self, many: TakesMany) -> Sender:
        """The same, handed to somebody who need not be told of each: at the moment of the first of them."""
        for numbers, moments in Arrivals(self._settings, self._demand, self._draws, self._shard).together(many.gaps):
            if len(numbers):
                yield self._clock.at(float(moments[0]))
                many.work_all(numbers, moments)

    def _user(self, user: int) -> Sender:
        """One person: a gap, a session, a gap, a session."""
        usual_gap_s, times = distribution(self._settings.session_gap_s).quantile(), self._times[user] if self._times else 1.0
        session, last = 0, self._settings.tasks_per_user or math.inf
        while session < last:
            [u_gap] = self._draws(USER_GAP, user, 1, session)
            if not self._demand.changes:
                yield self._clock.timeout(usual_gap_s(u_gap) / times)
            elif (begins_s := self._demand.after(self._clock.now, usual_gap_s(u_gap) / times)) < math.inf:
                yield self._clock.at(begins_s)
            else:
                return
            yield self._begin(session * self._settings.users + user, user)
            session += 1

    def _recorded(self) -> Sender:
        """Recorded sessions, each at its time since the first; where that is not known, one after another."""
        begins = [session.begins_s for session in self._sessions]
        first = min((each for each in begins if each is not None), default=0.0)
        gap_s = self._settings.trace_gap_s
        moments = [number * gap_s if each is None else each - first for number, each in enumerate(begins)]
        for number in sorted(range(len(moments)), key=moments.__getitem__):
            if self._shard.has(number):
                yield self._clock.at(moments[number])
                self._replay(number, self._sessions[number])
