"""What one try at a task is expected to spend: an agent alone, a tree of them (F6), a divided job (F6c), a debate (F9)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from sim.sampling.distributions import Constant, distribution
from sim.sampling.shapes import Exponential
from sim.settings.agent import AgentKind, AgentSettings, OnFailure, Split
from sim.settings.market import CacheKind
from sim.settings.profile import LoopSettings
from sim.theory.arguments import bounded
from sim.theory.expected.expiry import expiry
from sim.theory.expected.handed import SURE, Handed, handed, shares, sizes_of
from sim.theory.expected.loop import solve
from sim.theory.expected.moments import Nodes, nodes, survival
from sim.theory.expected.pipeline import solve_pipeline
from sim.theory.expected.sizes import Sizes, constant, whole
from sim.theory.expected.spent import NOTHING, Pause, Site, Solved, Spent, Work

_FEWER = "reports: a short session hands over less than one turn a worker, so fewer report"
Place = Callable[[str], Site]
"""Role of an agent -> where its calls go."""


def one_try(agent: AgentSettings, place: Place, work: Work) -> Solved:
    """One try, with all its agents; `ends` and `reaches` are its root's."""
    if agent.kind is AgentKind.orchestrator:
        return _Tree(agent, place).lead(0, work)
    if agent.kind is AgentKind.debate:
        return _debate(agent, place("agent"), work)
    if agent.kind is AgentKind.pipeline:
        return solve_pipeline(agent, place, work)
    if agent.kind in (AgentKind.chat, AgentKind.react):
        return solve(agent, place("chat" if agent.kind is AgentKind.chat else "agent"), work)
    return Solved(NOTHING, why={f"workflow {agent.kind.value}: what it spends"})


class _Tree:
    def __init__(self, agent: AgentSettings, place: Place) -> None:
        self.agent = agent
        self.lead_at, self.worker_at = place("lead"), place("worker")
        self.fanout = sizes_of(agent.fanout)

    def lead(self, level: int, work: Work) -> Solved:
        """A lead at one level, with all below it: a wave starts if the lead answers the turn before it at all."""
        agent, plan = self.agent, handed(self.agent, self.lead_at, work)
        if plan.why:
            return Solved(NOTHING, why={plan.why})
        work = dataclasses.replace(work, alive=plan.alive if work.alive is None else work.alive)
        lead, found = solve(agent, self.lead_at, work), []
        why: set[str] = set()
        for number, after in enumerate(plan.places):
            if len(lead.reaches) < after:
                break
            below = self._below(level + 1, self._handed_down(lead, work, after), plan, number)
            why |= lead.why | below.why
            completes = math.fsum(below.ends)
            if completes < 1 - SURE and (plan.varies or agent.on_worker_failure is not OnFailure.go_on):
                why.add(_FEWER if plan.varies else "workers that fail, and what their leads do then")
                return Solved(NOTHING, why=why)
            pause = self._reports(completes)
            if agent.inherit_context and number + 1 < len(plan.places) and pause.variance:
                why.add("contexts of later waves, which vary with what earlier ones reported")
                return Solved(NOTHING, why=why)
            span_s, longest_s = self._makespan(below, why)
            pause = pause._replace(miss=self._expires(span_s, longest_s, self._sure(below), why))
            found.append((after, below, span_s, longest_s))
            work = dataclasses.replace(work, pauses={**work.pauses, after: pause})
            lead = solve(agent, self.lead_at, work)
        for after, below, span_s, longest_s in found:
            spawned = lead.reaches[after - 1]
            lead = dataclasses.replace(
                lead,
                spent=lead.spent.plus(below.spent.times(self.fanout.mean * spawned)),
                seconds=lead.seconds + spawned * span_s,
                at_most_s=lead.at_most_s + longest_s,
                steady=lead.steady and self._sure(below),
            )
        return dataclasses.replace(lead, why=lead.why | why)

    def _reports(self, completes: float) -> Pause:
        """What a team puts into its lead's context: so many reports, each of a random length."""
        size, each = self.fanout, nodes(self.agent.report_tokens).rounded(0)
        mean = whole(self.agent.report_tokens)
        count = size.mean * completes * (1 - completes) + size.variance * completes**2
        return Pause(size.mean * completes * mean, size.mean * completes * each.variance + count * mean**2)

    def _handed_down(self, lead: Solved, work: Work, after: int) -> Work:
        """What a child starts with: nothing, or a copy of its parent's context and of what is cached of it."""
        if not self.agent.inherit_context:
            return Work(effort=work.effort)
        sizes = Sizes(self.agent, self.lead_at.backend)
        prompt = lead.prompts[after - 1]
        goes_on = lead.reaches[after] / lead.reaches[after - 1] if len(lead.reaches) > after else 0.0
        result = sizes.result if after > self.agent.opening_turns else sizes.opening
        kept = 1 - expiry(self.lead_at, sizes)
        same = self.lead_at.backend == self.worker_at.backend
        cached = prompt * kept if same and prompt >= self.lead_at.backend.cache_min_tokens else 0.0
        return Work(effort=work.effort, before_tokens=prompt + sizes.kept + goes_on * result, inherited_read=cached, inherits=True)

    def _below(self, level: int, work: Work, plan: Handed, number: int) -> Solved:
        agent = self.agent
        if (
            agent.split is Split.divide
            and agent.depth > 1
            and (agent.delegated_share or len(self.fanout.values) > 1 or len(plan.places) > 1)
        ):
            return Solved(NOTHING, why={"a divided job that teams of teams hand on"})
        if level < agent.depth:
            return self.lead(level, work)
        if plan.jobs:
            delegated = bool(agent.delegated_share)
            ratio = self.worker_at.backend.turn_multiplier / self.lead_at.backend.turn_multiplier if delegated else 1.0
            alive = shares(agent, plan.jobs[number], self.fanout, plan.unit if delegated else 1.0, ratio)
            work = dataclasses.replace(work, alive=alive)
        loop = dataclasses.replace(agent.worker, requests=1) if plan.jobs and agent.delegated_share else agent.worker
        return solve(loop, self.worker_at, work)

    def _sure(self, below: Solved) -> bool:
        """Whether a team always takes the same time."""
        return below.steady and (len(self.fanout.values) == 1 or not self.agent.max_parallel)

    def _makespan(self, below: Solved, why: set[str]) -> tuple[float, float]:
        """Expected and greatest seconds until the last worker of a team has ended, over its sizes."""
        each = [self._makespan_of(int(size), below, why) for size in self.fanout.values]
        return float(self.fanout.weights @ [span_s for span_s, _ in each]), max(longest_s for _, longest_s in each)

    def _makespan_of(self, size: int, below: Solved, why: set[str]) -> tuple[float, float]:
        agent = self.agent
        together = min(agent.max_parallel or size, size)
        rounds = -(-size // together)
        longest = below.at_most_s * rounds
        if below.steady or together == 1:
            return below.seconds * rounds, longest
        gamma = self._exponential_stages() if together == size and agent.depth == 1 else None
        if gamma is not None:
            stages, mean = gamma
            return below.seconds + longest_gamma(size, stages, mean) - stages * mean, longest
        why.add("makespan: the longest of several random times that are not exponential")
        return math.nan, longest

    def _exponential_stages(self) -> tuple[int, float] | None:
        """(how many, mean) of the exponential tool times that alone make a worker's time random."""
        worker, backend = self.agent.worker, self.worker_at.backend
        law, turns = distribution(worker.tool_time_s), distribution(worker.turns)
        still = not backend.noise_sigma and not backend.error_rate and (constant(worker.output_tokens) or not backend.decode_tokens_per_s)
        plain = isinstance(turns, Constant) and all(map(constant, (worker.requests, worker.turns_scale, worker.output_scale)))
        if not (isinstance(law, Exponential) and still and plain and Sizes(worker, backend).certain):
            return None
        stages = round(turns.mean * backend.turn_multiplier) - 1
        return (stages, law.mean) if distribution(worker.requests).mean == 1 and self.agent.split is Split.replicate else None

    def _expires(self, span_s: float, longest_s: float, steady: bool, why: set[str]) -> float:
        """Probability that the lead's cache entry has expired when its workers have reported."""
        sizes, tools = Sizes(self.agent, self.lead_at.backend), nodes(self.agent.tool_time_s)
        if self.lead_at.backend.cache is CacheKind.none:
            return 0.0
        if not self.lead_at.alone:
            return math.nan
        if steady:
            return expiry(self.lead_at, sizes, tools, Nodes(np.array([span_s]), np.ones(1)))
        if math.isfinite(longest_s) and expiry(self.lead_at, sizes, tools, Nodes(np.array([longest_s]), np.ones(1))) < SURE:
            return 0.0
        why.add("cache misses of leads: the time of their teams, against the lifetime of cache entries")
        return math.nan


@bounded()
def longest_gamma(many: int, stages: int, mean: float) -> float:
    """F15: expected longest of so many times, each of so many exponential stages: the integral of 1 - F^k."""
    from scipy.integrate import quad
    from scipy.special import gammainc

    if not stages:
        return 0.0
    end = stages + 40 + 10 * math.log(many + 1)
    return mean * float(quad(lambda t: 1 - gammainc(stages, t) ** many, 0, end, limit=500, epsabs=1e-10)[0])


def _debate(agent: AgentSettings, site: Site, work: Work) -> Solved:
    """F9, over the sizes that a debate may have: its input grows with their square."""
    sizes = sizes_of(agent.fanout)
    each = [_debate_of(int(size), agent, site, work) for size in sizes.values]
    spent, seconds = Spent(), 0.0
    for chance, one in zip(sizes.weights.tolist(), each, strict=True):
        spent, seconds = spent.plus(one.spent.times(chance)), seconds + chance * one.seconds
    return dataclasses.replace(each[0], spent=spent, seconds=seconds, why=set().union(*(one.why for one in each)))


def _debate_of(size: int, agent: AgentSettings, site: Site, work: Work) -> Solved:
    """F9: each of m debaters reads the whole board every round; none has tools, and a model's habit of more turns counts for nothing."""
    sizes = Sizes(agent, site.backend)
    one = dataclasses.replace(agent, requests=1, tool_time_s=0.0, compact_at_tokens=None, window_tokens=None, rewrite_rate=0.0)
    rounds = survival(nodes(agent.turns).rounded(1))
    loop_work = dataclasses.replace(work, alive=rounds, board_tokens=size * sizes.kept)
    first = solve(_once(one), site, loop_work)
    if site.backend.cache is not CacheKind.none and len(rounds) > 1:
        longest = Nodes(np.array([first.at_most_s]), np.ones(1))
        sure = site.alone and math.isfinite(first.at_most_s) and expiry(site, sizes, longest) < SURE
        loop_work.board_miss = 0.0 if sure else math.nan
    found = solve(one, site, loop_work)
    if site.backend.error_rate**site.retry.attempts > SURE:
        return Solved(NOTHING, why={"debaters that fall silent"})
    why = set(found.why)
    if math.isnan(loop_work.board_miss):
        why.add("cache misses: the slowest debater, against the lifetime of cache entries")
    seconds = found.seconds if found.steady else math.nan
    return dataclasses.replace(found, spent=found.spent.times(size), seconds=seconds, why=why)


def _once(loop: LoopSettings) -> LoopSettings:
    return dataclasses.replace(loop, turns=1)
