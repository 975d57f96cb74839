"""Who sends which task when: open arrivals, users with sessions, or a recorded trace."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

from simpy import Event

from sim.agents.agent import Agent, Life, Office
from sim.agents.chat import chat
from sim.agents.debate import debate
from sim.agents.orchestrator import orchestrate
from sim.agents.react import react
from sim.agents.replay import replay
from sim.agents.tries import Tries, solved
from sim.backends.service import after
from sim.call import Role
from sim.clock import Clock
from sim.engine.dispatch import Dispatch
from sim.logs.trace import Session
from sim.meter.meter import Meter
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import Purpose, child
from sim.scenario.custom import imported
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind
from sim.settings.budget import At, Then
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.task import Task

Sender = Generator[Event, Any, None]
KINDS = ("chat", "react", "orchestrator", "replay", "debate", "custom")
"""Names behind the `kind` column of tasks."""
_WORKFLOWS: dict[AgentKind, tuple[Callable[[Agent], Life], int]] = {
    AgentKind.chat: (chat, int(Role.chat)),
    AgentKind.react: (react, int(Role.agent)),
    AgentKind.orchestrator: (orchestrate, int(Role.lead)),
    AgentKind.debate: (debate, int(Role.agent)),
}
_GAPS_PER_PAGE = 64
_SIZES = 2
"""Branch of the luck of batch sizes (0: gaps, 1: gaps of users)."""


class Workload:
    """Starts tasks, and closes their books."""

    def __init__(
        self,
        settings: WorkloadSettings,
        office: Office,
        meter: Meter,
        dispatch: Dispatch,
        clock: Clock,
        shard: Shard,
        sessions: Sequence[Session] = (),
        horizon_s: float = math.inf,
    ) -> None:
        self.settings = settings
        self.office = office
        self.meter = meter
        self.clock = clock
        self.shard = shard
        self.horizon_s = horizon_s
        self.ledger, self.downgrade, self.learn = dispatch.ledger, dispatch.downgrade, dispatch.router.learn
        self.sessions = sessions
        agent = office.settings
        custom = agent.kind is AgentKind.custom
        self.kind = KINDS.index("replay" if settings.kind is WorkloadKind.trace else agent.kind.value)
        self.workflow = (imported(agent.workflow, "agent.workflow"), int(Role.agent)) if custom else _WORKFLOWS[agent.kind]

    def start(self) -> None:
        """Set the senders of this kind of workload going."""
        process = self.clock.process
        if self.settings.kind is WorkloadKind.open:
            process(self._arrivals())
        elif self.settings.kind is WorkloadKind.users:
            for user in range(self.settings.users):
                if self.shard.has(user):
                    process(self._user(user))
        else:
            process(self._recorded())

    def _arrivals(self) -> Sender:
        """Tasks of nobody in particular, one gap after another."""
        gap_s = distribution(self.settings.interarrival_s).quantile()
        size_of = whole(distribution(self.settings.batch_size), 1)
        number, last, moment, draws = 0, self.settings.tasks or sys.maxsize, 0.0, self.office.streams.draws
        shard, shards = self.shard
        for number in range(shard, self.settings.backlog, shards):
            self._work(number, 0)
        number = self.settings.backlog
        for page in itertools.count():
            gaps = draws(Purpose.ARRIVAL, 0, 0, page, _GAPS_PER_PAGE)
            sizes = draws(Purpose.ARRIVAL, 0, _SIZES, page, _GAPS_PER_PAGE)
            for u_gap, u_size in zip(gaps, sizes, strict=True):
                if number == last:
                    return
                moment += gap_s(u_gap)
                following = min(number + size_of(u_size), last)
                mine = number + (shard - number) % shards
                if mine < following:
                    yield self.clock.at(moment)
                    for task in range(mine, following, shards):
                        self._work(task, 0)
                number = following

    def _user(self, user: int) -> Sender:
        """One person: a gap, a session, a gap, a session."""
        gap_s = distribution(self.settings.session_gap_s).quantile()
        session, last = 0, self.settings.tasks_per_user or math.inf
        while session < last:
            luck = self.office.streams.draws(Purpose.ARRIVAL, user, 1, session, 1)
            yield self.clock.timeout(gap_s(luck[0]))
            yield self._work(session * self.settings.users + user, user)
            session += 1

    def _recorded(self) -> Sender:
        """Recorded sessions, begun one after another."""
        moment = 0.0
        for number, session in enumerate(self.sessions):
            if self.shard.has(number):
                yield self.clock.at(moment)
                self._replay(number, session)
            moment += self.settings.trace_gap_s

    def _work(self, number: int, user: int) -> Event:
        """Set an agent on a task; the event comes when the task has ended."""
        task, over = self._task(number, user), self.clock.event()
        workflow, role = self.workflow

        def end(right: bool) -> None:
            self._end(task, right, over)

        self._admit(task, partial(self._chat, task, end) if task.chats else Tries(self.office, task, workflow, role, end).begin, end)
        return over

    def _chat(self, task: Task, end: Callable[[bool], None]) -> None:
        """The matched chat in the place of the agent's work."""
        task.tries = 1
        root = Agent(self.office, task, self.office.chat, int(Role.chat))
        root.start(chat(root), lambda agent, completed: end(self._solved(agent, completed)))

    def _solved(self, root: Agent, completed: bool) -> bool:
        luck = self.office.streams.draws(Purpose.TRY, root.task.id, 0, 0, 1)
        return solved(root, completed, self.office.outcome.score(root.task.u_difficulty, luck[0]))

    def _admit(self, task: Task, begin: Callable[[], None], end: Callable[[bool], None]) -> None:
        """Begin a task, unless there is no money for it."""
        ledger, now = self.ledger, self.clock.now
        spent = ledger.empty(task, now, At.task) if ledger is not None else None
        if spent is None:
            self._begin(begin)
        elif spent.settings.then is Then.wait:
            after(self.clock, spent.wait_s(now), lambda event: self._admit(task, begin, end))
        elif spent.settings.then is Then.downgrade:
            self.downgrade(task, spent.settings.downgrade_to)
            self._begin(begin)
        else:
            self.meter.blocked += 1
            end(False)

    def _begin(self, begin: Callable[[], None]) -> None:
        """Let its agents begin: here, or on a clock of their own, which then runs until the task is over."""
        if self.office.env is self.clock:
            begin()
        else:
            self.office.env.run_apart(begin, self.clock.now, self.horizon_s)

    def _replay(self, number: int, session: Session) -> None:
        """Set all recorded agents of a session going; it ends when the last of them has."""
        task, left, failed = self._task(number, 0), len(session.agents), False
        root: Agent | None = None
        task.tries = 1

        def end(agent: Agent, completed: bool) -> None:
            nonlocal left, failed
            left, failed = left - 1, failed or not completed
            if not left and root is not None:
                self._end(task, self._solved(root, not failed))

        def begin() -> None:
            nonlocal root
            for index, recording in enumerate(session.agents):
                role, path, branch = (int(Role.worker), f"0.{index - 1}", child(0, index - 1)) if index else (int(Role.agent), "0", 0)
                agent = Agent(self.office, task, self.office.lead, role, path, branch, min(index, 1))
                root = root or agent
                agent.start(replay(agent, recording), end)

        self._begin(begin)

    def _task(self, number: int, user: int) -> Task:
        u_difficulty, u_urgent, u_chat = self.office.streams.draws(Purpose.TASK, number, 0, 0, 3)
        task = Task(number, user, self.kind, self.clock.now)
        if u_chat < self.settings.chat_share:
            task.chats, task.kind = True, KINDS.index("chat")
        self.meter.task_begun(task)
        task.u_difficulty = u_difficulty
        task.urgent = u_urgent < self.settings.urgent_share
        task.effort = self.office.outcome.effort(task.u_difficulty)
        return task

    def _end(self, task: Task, right: bool, over: Event | None = None) -> None:
        """Close a task's books, when the clock has come there, and tell who waits for its end."""
        moment = self.office.env.now
        if moment > self.clock.now:
            self.clock.at(moment).callbacks.append(lambda event: self._close(task, right, over))
        else:
            self._close(task, right, over)

    def _close(self, task: Task, right: bool, over: Event | None) -> None:
        task.t_end = self.clock.now
        task.success = right and self.office.outcome.in_time(task.t_end - task.t_arrive - task.thinking_s)
        self.meter.task_ended(task)
        if self.ledger is not None:
            usd = self.ledger.close(task)
            if self.learn is not None and task.backend is not None:
                self.learn(task.backend, usd, task.t_end - task.t_arrive - task.thinking_s, task.success)
        if over is not None:
            over.succeed()
