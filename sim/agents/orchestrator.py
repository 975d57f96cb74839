"""`orchestrator`: a lead works as an agent does, hands out work to k others in parallel, once or in waves, and reads their reports.

Every worker is a full agent; above the last level it leads a team itself, so d levels of k make k^d workers. What a lead hands over
of its own turns (`delegated_share`) it does not do itself.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from simpy import Event

from sim.agents.agent import Agent, Life
from sim.agents.handover import deal, filled, handed_over, wave_turns
from sim.agents.react import message_turns, react
from sim.call import Role
from sim.sampling.decisions import JOB, TEAM, WAVE
from sim.sampling.streams import child
from sim.settings.agent import OnFailure, Split

_LEAD, _WORKER = int(Role.lead), int(Role.worker)
_SUBSTITUTE = 1 << 21
"""Branch of a worker's substitute, beyond those of any team."""
_LATER_WAVES = 1 << 22
"""Branches of later waves, beyond those."""


class Wave(NamedTuple):
    """A team that is to start."""

    number: int = 0
    job: int | None = None
    """divide: turns that it shares out; None: the whole job, of which nothing has been dealt out yet."""
    unit: float = 0.0
    """delegated: what model and difficulty have multiplied these turns by."""
    crew: dict[int, Agent] | None = None
    """Who had which place in the waves before and has finished; None where nobody goes on."""


def orchestrate(agent: Agent, job: int | None = None) -> Life:
    """A lead's life, at any level of the tree; `job`: turns that its sub-agents share out, where its own lead has fixed that."""
    settings = agent.office.settings
    if settings.waves == 1 and not settings.delegated_share:
        agent.pauses.setdefault(settings.spawn_after_turn, functools.partial(_team, wave=Wave(job=job)))
        return react(agent)
    return react(agent, functools.partial(_plan, job=job))


def _plan(lead: Agent, job: int | None) -> Sequence[int]:
    """Put the waves between the lead's turns; returns how many turns of each message others do. The lead has settled."""
    office, settings = lead.office, lead.office.settings
    turns, after = message_turns(lead), settings.spawn_after_turn
    unit = lead.call.backend.turn_multiplier * lead.task.effort  # type: ignore[union-attr]
    by = settings.turns_per_wave and settings.turns_per_wave * unit
    less = handed_over(turns, settings.delegated_share, after, by) if settings.delegated_share else [0] * len(turns)
    if by is None:
        u_waves, _ = office.streams.draws(TEAM, lead.task.id, lead.branch)
        waves = office.waves(u_waves)
    else:
        waves = filled(sum(less), by)
    places = wave_turns(sum(turns) - sum(less), after, waves)
    if settings.split is Split.divide and places:
        parts: list[int] | list[None] = deal(sum(less) if settings.delegated_share else _job(lead) if job is None else job, len(places))
    else:
        parts = [None] * len(places)
    crew: dict[int, Agent] | None = {} if settings.resumed_share else None
    for number, (place, part) in enumerate(zip(places, parts, strict=True)):
        lead.pauses.setdefault(place, functools.partial(_team, wave=Wave(number, part, unit, crew)))
    return less


def _job(lead: Agent) -> int:
    """Turns of the job that the workers of a task divide, the same for all its tries, where the lead hands over none of its own."""
    [u_turns] = lead.office.streams.draws(JOB, lead.task.id, 0, 1)
    return max(1, round(lead.office.worker.turns(u_turns)))


def _team(lead: Agent, wave: Wave) -> Life:
    """Start the workers, wait for the last of them, put their reports into the context.

    A worker that failed leaves no report; whether the lead goes on without it is a setting.
    """
    if lead.ahead:
        yield lead.catch_up()
    team = Team(lead, wave)
    yield lead.wait_for(team.all_ended)
    lead.context += team.report_tokens
    return not team.failed or lead.office.settings.on_worker_failure is not OnFailure.fail


class Team:
    """The workers of one wave of one lead, as many at a time as may run; `all_ended` comes when the last has."""

    def __init__(self, lead: Agent, wave: Wave) -> None:
        office, settings = lead.office, lead.office.settings
        self.all_ended: Event = office.env.event()
        self.report_tokens = 0
        self.failed = 0
        self._lead = lead
        self._wave = wave
        self._size = self._left = office.fanout(*office.streams.draws(WAVE, lead.task.id, lead.branch, 1 + wave.number))
        self._shares = self._dealt() if settings.split is Split.divide else None
        self._room = settings.max_parallel or self._size
        self._next = 0
        self._go_on()

    def _dealt(self) -> list[int]:
        """The job's turns, dealt out over the workers of all teams below as evenly as they go."""
        lead, settings = self._lead, self._lead.office.settings
        levels = settings.depth - lead.depth - 1
        return deal(_job(lead) if self._wave.job is None else self._wave.job, self._size, round(settings.led) ** levels if levels else 1)

    def _go_on(self) -> None:
        """Send out workers as long as more may run; one without a share of the job has ended before the next is sent out."""
        self._sending = True
        while self._room and self._next < self._size:
            index = self._next
            worker = self._worker(index)
            self._next += 1
            self._room -= 1
            self._send_out(index, worker)
        self._sending = False
        if not self._left:
            self.all_ended.succeed()

    def _worker(self, index: int) -> Agent:
        """A fresh sub-agent, or one that goes on where the last in its place has ended."""
        lead, (number, _, _, crew) = self._lead, self._wave
        path, branch = _place(lead.path, lead.branch, number, index)
        before = crew.get(index) if crew else None
        if before is not None:
            _, u_resumed = lead.office.streams.draws(TEAM, lead.task.id, branch)
            if u_resumed < lead.office.settings.resumed_share:
                return _sub_agent(lead, path, branch, before)
        return _sub_agent(lead, path, branch)

    def _send_out(self, index: int, worker: Agent) -> None:
        worker.start(self._life(index, worker), functools.partial(self._ended, index))

    def _life(self, index: int, worker: Agent) -> Life:
        """A worker's loop, or that of a lead one level below: with its own job, or its share of the one that is divided."""
        settings, leaf = worker.office.settings, worker.depth == worker.office.settings.depth
        delegated = bool(settings.delegated_share)
        share = None if self._shares is None else self._shares[index]
        if share is None or not (leaf or delegated):
            return react(worker) if leaf else orchestrate(worker, share)
        warmup = 0 if worker.resumed else settings.warmup_turns
        worker.turns = share + warmup
        if not worker.turns:
            return _idle()
        if delegated:
            unit = self._wave.unit
            worker.requests, worker.turns, worker.turns_scale = 1, share + warmup * unit, 1 / unit
        return react(worker) if leaf else orchestrate(worker)

    def _ended(self, index: int, worker: Agent, completed: bool) -> None:
        if worker.turns == 0:
            pass  # no share of the job, nothing to report
        elif completed:
            self.report_tokens += worker.office.report_tokens(worker.u_report)
            if worker.office.outcome.settings.success_exponent:
                self._lead.helped_by(worker)
            if self._wave.crew is not None:
                self._wave.crew[index] = worker
        elif worker.office.settings.on_worker_failure is OnFailure.retry and not worker.path.endswith("r"):
            self._send_out(index, _substitute(self._lead, worker))
            return
        else:
            self.failed += 1
        self._room += 1
        self._left -= 1
        if not self._sending:
            self._go_on()


@functools.lru_cache(maxsize=1 << 16)
def _place(path: str, branch: int, wave: int, index: int) -> tuple[str, int]:
    """Path and branch of a lead's worker, the same in every task."""
    if wave:
        return f"{path}.{index}w{wave}", child(child(branch, _LATER_WAVES + wave), index)
    return f"{path}.{index}", child(branch, index)


def _substitute(lead: Agent, failed: Agent) -> Agent:
    """Another worker for one that failed, with random numbers of its own."""
    return _sub_agent(lead, f"{failed.path}r", child(failed.branch, _SUBSTITUTE))


def _sub_agent(lead: Agent, path: str, branch: int, before: Agent | None = None) -> Agent:
    office, depth = lead.office, lead.depth + 1
    leaf = depth == office.settings.depth
    profile, role = (office.worker, _WORKER) if leaf else (office.lead, _LEAD)
    worker = Agent(office, lead.task, profile, role, path, branch, depth)
    if before is not None:
        worker.resume(before)
    elif office.settings.inherit_context:
        worker.inherit(lead)
    return worker


def _idle() -> Life:
    yield from ()
    return True
