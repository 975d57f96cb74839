"""`pipeline`: stages one after another, each of agents in contexts of their own that begin together when all before have ended.

An agent finds items; a later stage may have agents for each of them. The root is the first agent of the first stage; the others are
called `0.find.1`, those that work on an item `0.verify.4.2v` (the third agent on the fifth item; a verifier). A failed agent finds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from simpy import Event

from sim.agents.agent import Agent, Life
from sim.agents.profile import StageProfile
from sim.agents.react import react
from sim.sampling.decisions import FOUND, GROUP, ITEM
from sim.sampling.streams import child
from sim.settings.profile import AtCap

_FIRST_TEAM = 1 << 22
"""Branches of teams lie beyond those of their agents, and of tries."""
_ITEMS, _FIRST_PAGE = int(ITEM.purpose), ITEM.from_page
ITEM.in_order("passes", "report")


class Item(NamedTuple):
    """Something that was found, for later stages."""

    branch: int
    """Whence the random numbers of those come who work on it: they stay the same whatever else is found."""
    told_tokens: int


class Team(NamedTuple):
    """Those who work together in a stage: on one item, or all of them."""

    path: str
    branch: int
    size: int
    u_passes: float
    read_tokens: int


def pipeline(root: Agent) -> Life:
    """The root's life: it works in the first stage, and waits until the last is over."""
    run = Pipeline(root)
    if root.call.backend is None:
        root.call.input_tokens = root.context
        root.office.choose(root.call)  # before the others of its stage do
    completed = True
    for place in range(len(run.stages)):
        shift = Shift(run, place)
        if not place:
            shift.begin_with(root)
            worked = yield from react(root)
            if root.ahead:
                yield root.catch_up()
            shift.ended(0, root, worked)
            gave_in = not worked and not root.call.failed
        else:
            shift.go_on()
        if shift.at_work:
            yield root.wait_for(shift.over)
        if run.stopped or gave_in:
            return False
        completed &= shift.somebody_did
        run.items.append(shift.items())
    return completed


class Pipeline:
    """One try: what has been found in it, and how far it is from its caps."""

    def __init__(self, root: Agent) -> None:
        settings = root.office.settings
        self.root = root
        self.stages = root.office.stages
        self.items: list[list[Item]] = []
        """By stage."""
        self.started = 0
        self.stopped = False
        self.spent_tokens = 0
        """By agents that have ended; counted where there is a cap on it."""
        self.max_parallel = settings.max_parallel
        self.counts_tokens = settings.max_tokens is not None
        self._most_agents = settings.max_agents or math.inf
        self._most_tokens = settings.max_tokens or math.inf
        self._stops = settings.at_cap is AtCap.stop

    def teams(self, place: int) -> list[Team]:
        """Who is to work in a stage."""
        root, stage = self.root, self.stages[place]
        read = sum(item.told_tokens for other in stage.reads for item in self.items[other])
        path, most = f"{root.path}.{stage.name}", _FIRST_TEAM + place
        if stage.each is None:
            return [self._team(path, child(root.branch, most), stage, read)]
        given = self.items[stage.each]
        return [
            self._team(f"{path}.{number}", child(item.branch, most), stage, read + item.told_tokens) for number, item in enumerate(given)
        ]

    def _team(self, path: str, branch: int, stage: StageProfile, read_tokens: int) -> Team:
        u_width, u_passes = self.root.office.streams.draws(GROUP, self.root.task.id, branch)
        return Team(path, branch, stage.width(u_width), u_passes, read_tokens)

    def allowed(self, place: int, agents: int) -> int:
        """How many of them may start in a stage: those who skip keep one back for each stage to come."""
        kept = 0 if self._stops else len(self.stages) - 1 - place
        room = self._most_agents - self.started - kept
        if agents > room:
            self._come_to_cap()
            agents = int(room)
        return agents

    def may_start(self, first: bool) -> bool:
        """Whether there are tokens left for one more; those who skip start the first of a stage all the same."""
        if self.spent_tokens < self._most_tokens:
            return True
        self._come_to_cap()
        return first and not self._stops

    def _come_to_cap(self) -> None:
        self.root.task.capped = True
        self.stopped = self._stops


class Shift:
    """A stage at work, as many agents at a time as may run; `over` comes when the last has ended."""

    def __init__(self, run: Pipeline, place: int) -> None:
        self.stage = run.stages[place]
        self.over: Event = run.root.office.env.event()
        self.at_work = 0
        self._run = run
        self._teams = run.teams(place)
        self._seats = [(team, index) for team in self._teams for index in range(team.size)]
        del self._seats[run.allowed(place, len(self._seats)) :]
        self._room = run.max_parallel or len(self._seats)
        self._next = 0
        self._reports: dict[int, tuple[int, float]] = {}
        """By seat, of those who ended well: their branch, and the random number of their report."""
        self._counted: dict[Agent, Counted] = {}

    @property
    def somebody_did(self) -> bool:
        """Whether an agent ended well, or there was nothing to do."""
        return bool(self._reports) or not self._seats

    def begin_with(self, root: Agent) -> None:
        """The first stage: the root has the first seat."""
        self._take_seat(root)
        self.go_on()

    def go_on(self) -> None:
        """Send out agents as long as more may run."""
        while self._room and self._next < len(self._seats):
            if not self._run.may_start(first=not self._next):
                del self._seats[self._next :]
                break
            seat = self._next
            team, index = self._seats[seat]
            agent = self._agent(team, index)
            self._take_seat(agent)
            agent.start(react(agent), partial(self.ended, seat))

    def _agent(self, team: Team, index: int) -> Agent:
        root, stage = self._run.root, self.stage
        path = f"{team.path}.{index}{stage.mark}"
        agent = Agent(root.office, root.task, stage, stage.role, path, child(team.branch, index), 1)
        agent.first_tokens += team.read_tokens
        agent.context += team.read_tokens
        return agent

    def _take_seat(self, agent: Agent) -> None:
        self._next += 1
        self._room -= 1
        self.at_work += 1
        self._run.started += 1
        if self._run.counts_tokens:
            self._counted[agent] = counted = Counted(agent.office.send)
            agent.office = agent.office._replace(send=counted)

    def ended(self, seat: int, agent: Agent, completed: bool) -> None:
        """An agent of the stage is through; the next may come."""
        if completed:
            self._reports[seat] = agent.branch, agent.u_report
        if self._run.counts_tokens:
            self._run.spent_tokens += self._counted.pop(agent).answered(agent)
        self._room += 1
        self.at_work -= 1
        self.go_on()
        if not self.at_work:
            self.over.succeed()

    def items(self) -> list[Item]:
        """What the stage hands on, in the order of its seats."""
        return list(self._judged() if self.stage.judges else self._found())

    def _judged(self) -> Iterator[Item]:
        """Each team's item, if it passes, with the reports of all who judged it."""
        told: dict[int, list[int]] = {}
        for seat, (_, u_report) in sorted(self._reports.items()):
            told.setdefault(self._seats[seat][0].branch, []).append(self.stage.report_tokens(u_report))
        for team in self._teams:
            if team.branch in told and team.u_passes < self.stage.passes:
                yield Item(team.branch, sum(told[team.branch]))

    def _found(self) -> Iterator[Item]:
        root, stage = self._run.root, self.stage
        for _, (branch, _) in sorted(self._reports.items()):
            [u_items] = root.office.streams.draws(FOUND, root.task.id, branch, 1)
            rows = root.office.streams.rows(_ITEMS, root.task.id, branch, page=_FIRST_PAGE)
            for index in range(stage.items(u_items)):
                u_passes, u_report, *_ = next(rows)
                if u_passes < stage.passes:
                    yield Item(child(branch, index), stage.report_tokens(u_report))


class Counted:
    """An agent's `send`, which adds up what it asks for."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._asked_tokens = 0

    def __call__(self, call: Any, turn: int, input_tokens: int, output_tokens: int, *rest: Any) -> Any:
        self._asked_tokens += input_tokens + output_tokens
        return self._send(call, turn, input_tokens, output_tokens, *rest)

    def answered(self, agent: Agent) -> int:
        """Tokens of its calls that were answered, once it has ended: the last may have failed."""
        last = agent.call.input_tokens + agent.call.output_tokens if agent.call.failed else 0
        return self._asked_tokens - last
