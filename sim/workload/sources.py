"""Who sends which task when: open arrivals, users with sessions, or a recorded trace. It begins tasks and knows no agent."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from simpy import Event

from sim.clock import Clock
from sim.logs.session import Session
from sim.sampling.decisions import GAPS, SIZES, USER_GAP
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.workload.demand import Demand

Sender = Generator[Event, Any, None]
Begin = Callable[[int, int], Event]
"""(number of the task, user) -> what comes when the task has ended."""
Replay = Callable[[int, Session], None]
"""(number of the task, recorded session)."""
_GAPS_PER_PAGE = 64


class Source:
    """Begins tasks at their times: those that are dealt to its shard."""

    def __init__(
        self, settings: WorkloadSettings, clock: Clock, streams: Streams, shard: Shard, begin: Begin, replay: Replay,
        sessions: Sequence[Session] = (), start: datetime = datetime(2026, 2, 16, tzinfo=UTC),
    ) -> None:  # fmt: skip
        """`start`: the moment of simulated second 0."""
        self._settings = settings
        self._demand = Demand(settings, start)
        self._times = [team.times for team in settings.teams.values() for _ in range(team.users)]
        self._clock = clock
        self._draws = streams.draws
        self._shard = shard
        self._begin = begin
        self._replay = replay
        self._sessions = sessions

    def start(self) -> None:
        """Set the senders of this kind of workload going."""
        process = self._clock.process
        if self._settings.kind is WorkloadKind.open:
            process(self._arrivals())
        elif self._settings.kind is WorkloadKind.users:
            for user in range(self._settings.users):
                if self._shard.has(user):
                    process(self._user(user))
        else:
            process(self._recorded())

    def _arrivals(self) -> Sender:
        """Tasks of nobody in particular, one gap after another."""
        shard, shards = self._shard
        for number in range(shard, self._settings.backlog, shards):
            self._begin(number, 0)
        for moment, tasks in self._batches():
            begins_s = self._demand.after(0.0, moment) if self._demand.changes else moment
            if begins_s == math.inf:
                return
            yield self._clock.at(begins_s)
            for task in tasks:
                self._begin(task, 0)

    def _batches(self) -> Iterator[tuple[float, range]]:
        """When which tasks of this shard come, were demand always the same. Other shards' gaps are passed over a page at a time."""
        gap_s, size = distribution(self._settings.interarrival_s).quantile(), distribution(self._settings.batch_size)
        size_of, alone = whole(size, 1), size.support() == (1.0, 1.0)
        number, last, moment, draws = self._settings.backlog, self._settings.tasks or sys.maxsize, 0.0, self._draws
        shard, shards = self._shard
        for page in itertools.count():
            _, *moments = itertools.accumulate(map(gap_s, draws(GAPS, 0, 0, page, _GAPS_PER_PAGE)), initial=moment)
            moment = moments[-1]
            if alone:
                places = range((shard - number) % shards, min(_GAPS_PER_PAGE, last - number), shards)
                yield from ((moments[place], range(number + place, number + place + 1)) for place in places)
                number += _GAPS_PER_PAGE
            else:
                for begins_s, u_size in zip(moments, draws(SIZES, 0, 2, page, _GAPS_PER_PAGE), strict=True):
                    following = min(number + size_of(u_size), last)
                    mine = number + (shard - number) % shards
                    if mine < following:
                        yield begins_s, range(mine, following, shards)
                    number = following
            if number >= last:
                return

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
