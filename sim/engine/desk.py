"""One task's life: it is admitted, its agents begin, its answer is judged, its books are closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from simpy import Event

from sim.agents.agent import Agent, Office
from sim.agents.chat import chat
from sim.agents.replay import replay
from sim.agents.tries import Tries, solved
from sim.agents.workflows import CHAT, KINDS, workflow
from sim.backends.backend import Backend
from sim.call import Role
from sim.clock import Clock
from sim.engine.dispatch import Dispatch
from sim.logs.session import Session
from sim.meter.meter import Meter
from sim.sampling.decisions import TASK, TRY
from sim.sampling.streams import child
from sim.settings.budget import At, Then
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.task import Task


class Desk:
    """Takes tasks in and sees them to their end."""

    def __init__(
        self, settings: WorkloadSettings, office: Office, meter: Meter, dispatch: Dispatch, clock: Clock, horizon_s: float
    ) -> None:
        self._settings = settings
        self._office = office
        self._meter = meter
        self._clock = clock
        self._horizon_s = horizon_s
        self._ledger, self._downgrade, self._learn = dispatch.ledger, dispatch.downgrade, dispatch.router.learn
        self._kind = KINDS.index("replay" if settings.kind is WorkloadKind.trace else office.settings.kind.value)
        self._workflow, self._role = workflow(office.settings)

    def work(self, number: int, user: int) -> Event:
        """Set an agent on a task; the event comes when the task has ended."""
        task, over = self._task(number, user), self._clock.event()

        def end(right: bool) -> None:
            self._end(task, right, over)

        begin = partial(self._chat, task, end) if task.chats else Tries(self._office, task, self._workflow, self._role, end).begin
        self._admit(task, begin, end)
        return over

    def replay(self, number: int, session: Session) -> None:
        """Set all recorded agents of a session going; it ends when the last of them has."""
        task, left, failed = self._task(number, 0), len(session.agents), False
        root: Agent | None = None
        task.tries = 1

        def end(agent: Agent, completed: bool) -> None:
            nonlocal left, failed
            left, failed = left - 1, failed or not completed
            if not left and root is not None:
                task.finished = not failed
                self._end(task, self._solved(root, not failed))

        def begin() -> None:
            nonlocal root
            self._office.heard(max(1, sum(call.by_user for call in session.agents[0].calls)))
            for index, recording in enumerate(session.agents):
                role, path, branch = (int(Role.worker), f"0.{index - 1}", child(0, index - 1)) if index else (int(Role.agent), "0", 0)
                agent = Agent(self._office, task, self._office.lead, role, path, branch, min(index, 1))
                if recording.system_tokens >= 0:
                    agent.call.system_tokens = recording.system_tokens
                agent.call.system_id = agent.depth
                root = root or agent
                agent.start(replay(agent, recording), end)

        self._begin(begin)

    def close(self) -> None:
        """The clock has come to its end: nothing is left to be added up."""

    def in_line(self, backends: Sequence[Backend]) -> list[int]:
        """Calls that wait, for a slot or at the gateway, by backend."""
        return [backend.in_line for backend in backends]

    def _chat(self, task: Task, end: Callable[[bool], None]) -> None:
        """The matched chat in the place of the agent's work."""
        task.tries = 1
        root = Agent(self._office, task, self._office.chat, int(Role.chat))
        self._office.heard(root.requests)

        def over(agent: Agent, completed: bool) -> None:
            task.finished = completed
            end(self._solved(agent, completed))

        root.start(chat(root), over)

    def _solved(self, root: Agent, completed: bool) -> bool:
        return solved(root, completed, self._score(root.task))

    def _score(self, task: Task) -> float:
        """Of the one try that there is."""
        u_score, _, _ = self._office.streams.draws(TRY, task.id)
        return self._office.outcome.score(task.u_difficulty, u_score)

    def _admit(self, task: Task, begin: Callable[[], None], end: Callable[[bool], None]) -> None:
        """Begin a task, unless there is no money for it."""
        ledger, now = self._ledger, self._clock.now
        spent = ledger.empty(task, now, At.task) if ledger is not None else None
        if spent is None:
            self._begin(begin)
        elif spent.settings.then is Then.wait:
            until = spent.free_at(task, now)
            task.wait_for_money(now, until)
            self._clock.at(until).callbacks.append(lambda event: self._admit(task, begin, end))
        elif spent.settings.then is Then.downgrade:
            self._downgrade(task, spent.settings.downgrade_to)
            self._begin(begin)
        else:
            self._meter.task_blocked(task)
            end(False)

    def _begin(self, begin: Callable[[], None]) -> None:
        """Let its agents begin: here, or on a clock of their own, which then runs until the task is over."""
        if self._office.env is self._clock:
            begin()
        else:
            self._office.env.run_apart(begin, self._clock.now, self._horizon_s)

    def _task(self, number: int, user: int) -> Task:
        u_difficulty, u_urgent, u_chat = self._office.streams.draws(TASK, number)
        task = Task(number, user, self._kind, self._clock.now)
        if u_chat < self._settings.chat_share:
            task.chats, task.kind = True, CHAT
        self._meter.task_begun(task)
        task.u_difficulty = u_difficulty
        task.urgent = u_urgent < self._settings.urgent_share
        task.effort = self._office.outcome.effort(task.u_difficulty)
        return task

    def _end(self, task: Task, right: bool, over: Event | None = None) -> None:
        """Close a task's books, when the clock has come there, and tell who waits for its end."""
        self._end_at(self._office.env.now, task, right, over)

    def _end_at(self, moment: float, task: Task, right: bool, over: Event | None) -> None:
        if moment > self._clock.now:
            self._clock.at(moment).callbacks.append(lambda event: self._close(task, right, over))
        else:
            self._close(task, right, over)

    def _close(self, task: Task, right: bool, over: Event | None) -> None:
        task.t_end = self._clock.now
        task.success = right and self._office.outcome.in_time(task.t_end - task.t_arrive - task.thinking_s)
        self._meter.task_ended(task)
        if self._ledger is not None:
            usd = self._ledger.close(task)
            if self._learn is not None and task.backend is not None:
                self._learn(task.backend, usd, task.t_end - task.t_arrive - task.thinking_s, task.success)
        if over is not None:
            over.succeed()
