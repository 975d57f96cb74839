"""What a pipeline is expected to spend: how many agents work in each stage is a Galton-Watson process, and each is a loop.

Agents and tokens come out exactly, for any quantities and failures, as long as no threshold of a prompt is near, and nobody whose number
is random reads what hangs on the same luck. Variances are there to tell how near thresholds are.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

from sim.sampling.distributions import distribution
from sim.settings.agent import AgentSettings
from sim.settings.profile import StageSettings, staff
from sim.theory.expected.loop import solve
from sim.theory.expected.moments import nodes
from sim.theory.expected.sizes import whole
from sim.theory.expected.spent import NOTHING, Site, Solved, Spent, Work

NEVER = 1e-9
"""Probability of what is taken never to happen."""


class Count(NamedTuple):
    """A random whole number of at least 0: how many agents, items or tokens."""

    mean: float
    variance: float
    least: float
    most: float

    def sum_of(self, one: Count) -> Count:
        """The sum of so many independent ones (Wald)."""
        variance = self.mean * one.variance + self.variance * one.mean**2
        return Count(self.mean * one.mean, variance, self.least * one.least, self.most * one.most if self.most and one.most else 0.0)

    @property
    def fixed(self) -> bool:
        """Whether it cannot vary."""
        return self.least == self.most


ONE, NOBODY = Count(1.0, 0.0, 1.0, 1.0), Count(0.0, 0.0, 0.0, 0.0)


def counted(setting: object, low: int) -> Count:
    """A quantity rounded to a whole number of at least `low`."""
    least, most = (max(low, round(end)) if math.isfinite(end) else end for end in distribution(setting).support())
    return Count(whole(setting, low), nodes(setting).rounded(low).variance, max(low, least), most)


def chance(share: float) -> Count:
    """1 with this probability, else 0."""
    return Count(share, share * (1 - share), float(share == 1), float(share != 0))


class Handed(NamedTuple):
    """What a stage hands on."""

    items: Count
    told: Count
    """Tokens of all its reports."""
    each: Count
    """Tokens of the reports on an item."""


def at_once(agent: AgentSettings) -> float:
    """Most agents that can be at work at a time."""
    most = max(stage.most_agents for stage in staff(agent.order, agent.stages).values())
    return min(most, agent.max_parallel or math.inf)


def solve_pipeline(agent: AgentSettings, place: Callable[[str], Site], work: Work) -> Solved:
    """One try; `ends`, `reaches` and `prompts` are its root's, `parts` its stages'."""
    found = _Stages(agent, place, work)
    for name in agent.order:
        found.add(name)
    return found.solved()


class _Stages:
    def __init__(self, agent: AgentSettings, place: Callable[[str], Site], work: Work) -> None:
        self.agent, self.place, self.work = agent, place, work
        self.handed: dict[str, Handed] = {}
        self.parts: dict[str, Spent] = {}
        self.why: set[str] = set()
        self.seconds, self.steady = 0.0, True
        self.surely = True
        """Whether all agents end well."""
        self.root: Solved | None = None

    def add(self, name: str) -> None:
        """The next stage."""
        stage = self.agent.stages[name]
        agents, read = _agents(stage, self.handed), self._read(stage)
        site = self.place(stage.role.value)
        work = Work(effort=self.work.effort, before_tokens=read.mean, before_variance=read.variance, inherits=True)
        others = first = solve(stage, site, work)
        spent = others.spent.times(agents.mean)
        if self.root is None:
            first = self.root = solve(stage, site, self.work)
            spent = first.spent.plus(others.spent.times(agents.mean - 1))
        if self._entangled(stage, agents):
            self.why.add(f"stage {name}: how many agents there are, and how much each reads, hang on the same luck")
            spent, self.seconds = NOTHING, math.nan
        ends_well = _ends_well(first, stage, site)
        if agents.mean:
            self.why |= first.why | others.why
            self.surely &= ends_well == 1
        self.parts[name] = spent
        self.handed[name] = _handed(stage, self.handed, agents, ends_well)
        self._take(name, agents, first, others, read)

    def _entangled(self, stage: StageSettings, agents: Count) -> bool:
        """Whether the expected product of how many agents there are and what each reads is not that of their means."""
        return bool(stage.each and not agents.fixed and any(not self.handed[other].told.fixed for other in stage.reads))

    def _read(self, stage: StageSettings) -> Count:
        """Tokens of reports in an agent's prompt; of sums the largest spread they may have."""
        parts = [self.handed[name].told for name in stage.reads] + ([self.handed[stage.each].each] if stage.each else [])
        spread = sum(math.sqrt(part.variance) for part in parts)
        return Count(sum(part.mean for part in parts), spread**2, sum(part.least for part in parts), sum(part.most for part in parts))

    def _take(self, name: str, agents: Count, first: Solved, others: Solved, read: Count) -> None:
        """Expected time from the stage's start to the end of its last agent."""
        if not agents.most:
            return
        together = min(self.agent.max_parallel or math.inf, agents.most)
        alike = first.steady and others.steady and not read.variance and first.seconds == others.seconds
        if agents.most == 1 or together == 1:
            takes = first.seconds + (agents.mean - 1) * others.seconds
        elif alike and (agents.fixed or (together == agents.most and agents.least)):
            takes = first.seconds * (1 if together == agents.most else math.ceil(agents.most / together))
        else:
            takes = math.nan
            self.why.add(f"makespan of stage {name}: the longest of several random times, or of a random number of agents")
        self.seconds += takes
        self.steady &= alike and agents.fixed

    def solved(self) -> Solved:
        """All stages together."""
        assert self.root is not None
        ends = self.root.ends
        if not self.surely:
            ends = []
            self.why.add("success of pipelines: whether some agent of each stage has ended well")
        spent = Spent()
        for part in self.parts.values():
            spent = spent.plus(part)
        return dataclasses.replace(
            self.root, spent=spent, seconds=self.seconds, at_most_s=math.inf, steady=self.steady, ends=ends, why=self.why, parts=self.parts
        )


def _ends_well(one: Solved, stage: StageSettings, site: Site) -> float:
    """P(an agent ends well); nan where its prompts may outgrow the window, or calls fail of which nobody knows how many there are."""
    if one.ends:
        found = min(1.0, math.fsum(one.ends))
        return 1.0 if found > 1 - NEVER else found
    compacts = stage.compact_at_tokens is not None or stage.window_tokens is not None
    return 1.0 if compacts and site.backend.error_rate**site.retry.attempts < NEVER else math.nan


def _agents(stage: StageSettings, handed: dict[str, Handed]) -> Count:
    teams = handed[stage.each].items if stage.each else ONE
    return teams.sum_of(counted(stage.width, 1))


def _handed(stage: StageSettings, handed: dict[str, Handed], agents: Count, ends_well: float) -> Handed:
    report = counted(stage.report_tokens, 0)
    if stage.judges:
        return _judged(stage, handed[stage.each].items, report, ends_well)  # type: ignore[index]
    many = counted(1 if stage.items is None else stage.items, 0)
    items = agents.sum_of(chance(ends_well).sum_of(many.sum_of(chance(stage.passes))))
    return Handed(items, items.sum_of(report), report)


def _judged(stage: StageSettings, given: Count, report: Count, ends_well: float) -> Handed:
    """An item is handed on if it passes and an agent has ended well; there is a report from each that has."""
    width = nodes(stage.width).rounded(1)
    somebody = 1 - float(width.weights @ (1 - ends_well) ** width.values)
    passes = chance(stage.passes * somebody)
    if not passes.mean:
        return Handed(NOBODY, NOBODY, NOBODY)
    told = counted(stage.width, 1).sum_of(chance(ends_well)).sum_of(report)
    square = told.variance + told.mean**2
    mean, before = stage.passes * told.mean, stage.passes * square
    mixed = Count(mean, max(0.0, before - mean**2), told.least * passes.least, told.most)
    own = mean / passes.mean
    each = Count(own, max(0.0, before / passes.mean - own**2), told.least, told.most)
    return Handed(given.sum_of(passes), given.sum_of(mixed), each)
