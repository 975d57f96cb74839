"""`orchestrator`: a lead works as an agent does, once hands out work to k others in parallel, and reads their reports.

Every worker is a full agent; above the last level it leads a team itself, so d levels of k make k^d workers.
"""

from __future__ import annotations

import functools

from simpy import Event

from sim.agents.agent import Agent, Life
from sim.agents.react import react
from sim.call import Role
from sim.sampling.decisions import JOB
from sim.sampling.streams import child
from sim.settings.agent import OnFailure, Split

_LEAD, _WORKER = int(Role.lead), int(Role.worker)
_SUBSTITUTE = 1 << 21
"""Branch of a worker's substitute, beyond those of any team."""


def orchestrate(agent: Agent) -> Life:
    """A lead's life, at any level of the tree."""
    agent.pauses.setdefault(agent.office.settings.spawn_after_turn, _team)
    return react(agent)


def _team(lead: Agent) -> Life:
    """Start the workers, wait for the last of them, put their reports into the context.

    A worker that failed leaves no report; whether the lead goes on without it is a setting.
    """
    if lead.ahead:
        yield lead.catch_up()
    team = Team(lead)
    yield lead.wait_for(team.all_ended)
    lead.context += team.report_tokens
    return not team.failed or lead.office.settings.on_worker_failure is not OnFailure.fail


class Team:
    """The workers of one lead, as many at a time as may run; `all_ended` comes when the last has."""

    def __init__(self, lead: Agent) -> None:
        settings = lead.office.settings
        self.all_ended: Event = lead.office.env.event()
        self.report_tokens = 0
        self.failed = 0
        self._lead = lead
        self._size = self._left = settings.fanout
        self._room = settings.max_parallel or self._size
        self._next = 0
        self._go_on()

    def _go_on(self) -> None:
        """Send out workers as long as more may run; one without a share of the job has ended before the next is sent out."""
        self._sending = True
        while self._room and self._next < self._size:
            worker = _worker(self._lead, self._next)
            self._next += 1
            self._room -= 1
            self._send_out(worker)
        self._sending = False
        if not self._left:
            self.all_ended.succeed()

    def _send_out(self, worker: Agent) -> None:
        life = _share(worker) if worker.depth == worker.office.settings.depth else orchestrate(worker)
        worker.start(life, self._ended)

    def _ended(self, worker: Agent, completed: bool) -> None:
        if worker.turns == 0:
            pass  # no share of the job, nothing to report
        elif completed:
            self.report_tokens += worker.office.report_tokens(worker.u_report)
            if worker.office.outcome.settings.success_exponent:
                self._lead.helped_by(worker)
        elif worker.office.settings.on_worker_failure is OnFailure.retry and not worker.path.endswith("r"):
            self._send_out(_substitute(self._lead, worker))
            return
        else:
            self.failed += 1
        self._room += 1
        self._left -= 1
        if not self._sending:
            self._go_on()


def _worker(lead: Agent, index: int) -> Agent:
    return _sub_agent(lead, *_place(lead.path, lead.branch, index))


@functools.lru_cache(maxsize=1 << 16)
def _place(path: str, branch: int, index: int) -> tuple[str, int]:
    """Path and branch of a lead's worker, the same in every task."""
    return f"{path}.{index}", child(branch, index)


def _substitute(lead: Agent, failed: Agent) -> Agent:
    """Another worker for one that failed, with random numbers of its own."""
    return _sub_agent(lead, f"{failed.path}r", child(failed.branch, _SUBSTITUTE))


def _sub_agent(lead: Agent, path: str, branch: int) -> Agent:
    office, depth = lead.office, lead.depth + 1
    leaf = depth == office.settings.depth
    profile, role = (office.worker, _WORKER) if leaf else (office.lead, _LEAD)
    worker = Agent(office, lead.task, profile, role, path, branch, depth)
    if office.settings.inherit_context:
        worker.inherit(lead)
    return worker


def _share(worker: Agent) -> Life:
    """A worker's loop: its own job, or its share of the job that all workers of the task divide."""
    settings = worker.office.settings
    if settings.split is Split.divide:
        worker.turns = _share_of_turns(worker)
        if not worker.turns:
            return _idle()
    return react(worker)


def _idle() -> Life:
    yield from ()
    return True


def _share_of_turns(worker: Agent) -> int:
    """Turns of one worker: the job's turns dealt out over all k^d workers as evenly as they go, plus the warm-up."""
    settings = worker.office.settings
    [u_turns] = worker.office.streams.draws(JOB, worker.task.id, 0, 1)
    job: int = max(1, round(worker.profile.turns(u_turns)))
    workers: int = settings.fanout**settings.depth
    place = 0
    for index in worker.path.split(".")[1:]:
        place = place * settings.fanout + int(index.removesuffix("r"))
    return job // workers + (place < job % workers) + settings.warmup_turns
