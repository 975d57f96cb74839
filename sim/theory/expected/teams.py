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
from sim.theory.expected.expiry import expiry
from sim.theory.expected.loop import solve
from sim.theory.expected.moments import Nodes, nodes, survival
from sim.theory.expected.pipeline import solve_pipeline
from sim.theory.expected.sizes import Sizes, constant, whole
from sim.theory.expected.spent import NOTHING, Site, Solved, Work

SURE = 1e-6
"""A probability that is taken for none."""
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

    def lead(self, level: int, work: Work) -> Solved:
        """A lead at one level, with all below it: it spawns if it answers its turn `spawn_after_turn` at all."""
        agent, after = self.agent, self.agent.spawn_after_turn
        alone = solve(agent, self.lead_at, work)
        if len(alone.reaches) < after:
            return alone
        below = self._below(level + 1, self._handed_down(alone, work))
        completes = math.fsum(below.ends)
        why = alone.why | below.why
        if completes < 1 - SURE and agent.on_worker_failure is not OnFailure.go_on:
            why.add("workers that fail, and what their leads do then")
            return Solved(NOTHING, why=why)
        span_s, longest_s = self._makespan(below, why)
        reports = agent.fanout * completes * whole(agent.report_tokens)
        missed = self._expires(span_s, longest_s, below.steady, why)
        lead = solve(agent, self.lead_at, dataclasses.replace(work, pause_after=after, pause_tokens=reports, pause_miss=missed))
        spawned = lead.reaches[after - 1]
        return dataclasses.replace(
            lead,
            spent=lead.spent.plus(below.spent.times(agent.fanout * spawned)),
            seconds=lead.seconds + spawned * span_s,
            at_most_s=lead.at_most_s + longest_s,
            steady=lead.steady and below.steady,
            why=why | lead.why,
        )

    def _handed_down(self, lead: Solved, work: Work) -> Work:
        """What a child starts with: nothing, or a copy of its parent's context and of what is cached of it."""
        if not self.agent.inherit_context:
            return Work(effort=work.effort)
        after, sizes = self.agent.spawn_after_turn, Sizes(self.agent, self.lead_at.backend)
        prompt = lead.prompts[after - 1]
        goes_on = lead.reaches[after] / lead.reaches[after - 1] if len(lead.reaches) > after else 0.0
        result = sizes.result if after > self.agent.opening_turns else sizes.opening
        kept = 1 - expiry(self.lead_at, sizes)
        same = self.lead_at.backend == self.worker_at.backend
        cached = prompt * kept if same and prompt >= self.lead_at.backend.cache_min_tokens else 0.0
        return Work(effort=work.effort, before_tokens=prompt + sizes.kept + goes_on * result, inherited_read=cached, inherits=True)

    def _below(self, level: int, work: Work) -> Solved:
        if level < self.agent.depth:
            return self.lead(level, work)
        if self.agent.split is Split.divide:
            work = dataclasses.replace(work, alive=self._shares())
        return solve(self.agent.worker, self.worker_at, work)

    def _shares(self) -> np.ndarray:
        """P(n > t) of a worker's turns, averaged over the workers that divide a job: shares differ by one at most."""
        agent, workers = self.agent, self.agent.fanout**self.agent.depth
        jobs = nodes(agent.worker.turns).rounded(1)
        share, rest = np.divmod(jobs.values, workers)
        each = np.concatenate([share, share + 1]) + agent.warmup_turns
        return survival(Nodes(each, np.concatenate([jobs.weights * (1 - rest / workers), jobs.weights * rest / workers])))

    def _makespan(self, below: Solved, why: set[str]) -> tuple[float, float]:
        """Expected and greatest seconds until the last worker has ended."""
        agent = self.agent
        together = min(agent.max_parallel or agent.fanout, agent.fanout)
        waves = -(-agent.fanout // together)
        longest = below.at_most_s * waves
        if below.steady or together == 1:
            return below.seconds * waves, longest
        gamma = self._exponential_stages() if together == agent.fanout and agent.depth == 1 else None
        if gamma is not None:
            stages, mean = gamma
            return below.seconds + longest_gamma(agent.fanout, stages, mean) - stages * mean, longest
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


def longest_gamma(many: int, stages: int, mean: float) -> float:
    """F15: expected longest of so many times, each of so many exponential stages: the integral of 1 - F^k."""
    from scipy.integrate import quad
    from scipy.special import gammainc

    if not stages:
        return 0.0
    end = stages + 40 + 10 * math.log(many + 1)
    return mean * float(quad(lambda t: 1 - gammainc(stages, t) ** many, 0, end, limit=500, epsabs=1e-10)[0])


def _debate(agent: AgentSettings, site: Site, work: Work) -> Solved:
    """F9: each of m debaters reads the whole board every round; none has tools, and a model's habit of more turns counts for nothing."""
    sizes = Sizes(agent, site.backend)
    one = dataclasses.replace(agent, requests=1, tool_time_s=0.0, compact_at_tokens=None, window_tokens=None, rewrite_rate=0.0)
    rounds = survival(nodes(agent.turns).rounded(1))
    loop_work = dataclasses.replace(work, alive=rounds, board_tokens=agent.fanout * sizes.kept)
    first = solve(_once(one), site, loop_work)
    if site.backend.cache is not CacheKind.none and len(rounds) > 1:
        longest = Nodes(np.array([first.at_most_s]), np.ones(1))
        loop_work.board_miss = 0.0 if site.alone and expiry(site, sizes, longest) < SURE else math.nan
    found = solve(one, site, loop_work)
    if site.backend.error_rate**site.retry.attempts > SURE:
        return Solved(NOTHING, why={"debaters that fall silent"})
    why = set(found.why)
    if math.isnan(loop_work.board_miss):
        why.add("cache misses: the slowest debater, against the lifetime of cache entries")
    seconds = found.seconds if found.steady else math.nan
    return dataclasses.replace(found, spent=found.spent.times(agent.fanout), seconds=seconds, why=why)


def _once(loop: LoopSettings) -> LoopSettings:
    return dataclasses.replace(loop, turns=1)
