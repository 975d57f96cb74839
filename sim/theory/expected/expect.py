"""A scenario's expected values, without a clock: what it comes to, as far as closed forms and integration can say.

What is here is exact, or within the error of a numerical integral (`sim.theory.expected.moments`); waits are those of the steady
state. What cannot be solved is left out, and said in words.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sim.backends.pricing import Price
from sim.errors import of_kind
from sim.scenario.coupling import unsolved
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, Split
from sim.settings.market import BackendSettings
from sim.settings.router import Policy
from sim.settings.tries import Pick
from sim.settings.workload import WorkloadKind
from sim.success import SuccessModel
from sim.theory.expected.handed import SURE
from sim.theory.expected.loop import MOST_TURNS, solve
from sim.theory.expected.moments import nodes
from sim.theory.expected.pipeline import at_once
from sim.theory.expected.sizes import whole
from sim.theory.expected.spent import Site, Solved, Spent, Work
from sim.theory.expected.teams import one_try
from sim.theory.expected.waits import one_call_each, wait_s
from sim.theory.success import best_of, cost_per_hour, given_difficulty, majority

_normal = NormalDist()
_SHARES_KNOWN = (Policy.fixed, Policy.by_role, Policy.weighted)
"""Policies of which it is known here which share of tasks goes where, whatever the traits of others say."""


@dataclass(frozen=True)
class Expected:
    """What theory says of a scenario: metrics by name (of one replication, as in `Result.summary`), and what it cannot say."""

    values: dict[str, float]
    unsolved: tuple[str, ...]
    """In words: what, and why."""

    def __str__(self) -> str:
        lines = [f"{name:24} {value:,.6g}" for name, value in self.values.items()]
        return "\n".join([*lines, *(f"not solved: {reason}" for reason in self.unsolved)])


def expect(scenario: Scenario) -> Expected:
    """What a scenario is expected to come to; nothing is drawn, nothing runs."""
    of_kind(scenario, Scenario, "expect takes a scenario, as sim.load returns it")
    reasons = list(_out_of_reach(scenario))
    if reasons:
        return Expected({}, tuple(reasons))
    return _Expectation(scenario).expected()


def _out_of_reach(scenario: Scenario) -> Iterator[str]:
    """What each feature says of itself, then what they cannot do together."""
    said = list(dict.fromkeys(unsolved(scenario)))
    yield from said
    router, agent = scenario.router, scenario.agent
    if not said and router.policy not in _SHARES_KNOWN and len(scenario.backends) > 1:
        yield f"router {router.policy.value}: which backend it takes"
    if agent.tries.stop_when_lost and agent.kind is not AgentKind.react:
        yield "teams that stop when they are lost"
    if scenario.outcome.success_exponent and agent.kind is not AgentKind.chat and agent.kind is not AgentKind.react:
        yield "sub-agents that make up for what their lead gets wrong"
    if agent.kind is AgentKind.debate and router.policy is Policy.by_role:
        yield "a debate by role"
    if agent.kind is AgentKind.orchestrator and agent.split is Split.divide and not agent.delegated_share and _scaled(scenario):
        yield "a divided job of which some sessions or models take more turns"
    if router.fallback and len(scenario.backends) > 1:
        yield "fallback: which backend answers"


def _scaled(scenario: Scenario) -> bool:
    """Whether turns are multiplied by something: the model, the task's difficulty, the session."""
    models = any(backend.turn_multiplier != 1 for backend in scenario.chosen().values())
    return models or bool(scenario.outcome.effort) or scenario.agent.worker.turns_scale != 1


class _Expectation:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.chosen = scenario.chosen()
        self.outcome = SuccessModel(scenario.outcome)
        self.why: set[str] = set()
        self.tried = functools.cache(self._tried)
        self.one_difficulty = len(self._difficulties()) == 1

    def expected(self) -> Expected:
        """Task by task, then in sum."""
        scenario = self.scenario
        workload = scenario.workload
        tasks = (workload.tasks or 0) if workload.kind is WorkloadKind.open else workload.users * (workload.tasks_per_user or 0)
        spent, seconds, success = Spent(), 0.0, 0.0
        stages: dict[str, Spent] = {}
        for share, name in self._mixture():
            for weight, theta in self._difficulties():
                one, takes, solves, parts = self._task(name, theta)
                _add(stages, parts, share * weight)
                spent = spent.plus(one.times(share * weight))
                seconds += share * weight * takes
                success += share * weight * solves
        values = self._values(tasks, spent, seconds, success) | _by_stage(stages)
        return Expected({name: value for name, value in values.items() if math.isfinite(value)}, tuple(sorted(self.why)))

    def _mixture(self) -> list[tuple[float, str | None]]:
        """Shares of tasks by the backend that has the whole task; None: by role."""
        scenario, router = self.scenario, self.scenario.router
        if len(scenario.backends) == 1:
            return [(1.0, scenario.backends[0])]
        if router.policy is Policy.by_role:
            return [(1.0, None)]
        if router.policy is Policy.fixed:
            return [(1.0, router.backend or scenario.backends[0])]
        weights = [router.weights.get(name, 0.0) if router.weights else 1.0 for name in scenario.backends]
        return [(weight / sum(weights), name) for weight, name in zip(weights, scenario.backends, strict=True) if weight]

    def _difficulties(self) -> list[tuple[float, float]]:
        """(how common, theta) of the tasks' difficulties; one stands for all where they do not matter."""
        outcome = self.scenario.outcome
        if not outcome.effort and (not outcome.correlation or self.scenario.agent.tries.most == 1):
            return [(1.0, 0.0)]
        thetas, weights = given_difficulty(41 if outcome.effort else 201)
        return list(zip(weights.tolist(), thetas.tolist(), strict=True))

    def _task(self, name: str | None, theta: float) -> tuple[Spent, float, float, dict[str, Spent]]:
        """Expected sums, seconds, success and sums by stage of a task of that difficulty, with all its tries (F7, F9, F10, F11)."""
        tries = self.scenario.agent.tries
        effort = math.exp(self.scenario.outcome.effort * theta - self.scenario.outcome.effort**2 / 2)
        spent, seconds, success, reach = Spent(), 0.0, 0.0, 1.0
        rights, parts = [], dict[str, Spent]()
        for number in range(tries.most):
            where = tries.backends[min(number, len(tries.backends) - 1)] if tries.backends else name
            kept = number * self._kept_tokens()
            one, checked = self.tried(where, effort, kept, theta if tries.stop_when_lost else 0.0)
            right = self._right(one, where, theta)
            accepted = right * tries.true_positive + (1 - right) * tries.false_positive
            spent = spent.plus(one.spent.plus(checked.spent).times(reach))
            _add(parts, one.parts, reach)
            takes = one.seconds + checked.seconds
            seconds = max(seconds, takes) if tries.parallel else seconds + reach * takes
            rights.append(right)
            if not tries.parallel and tries.pick is Pick.accepted:
                last = number == tries.most - 1
                success += reach * right * (1.0 if last else tries.true_positive)
                reach *= 1 - accepted
        if tries.parallel or tries.pick is Pick.majority:
            judged = functools.partial(best_of, true_positive=tries.true_positive, false_positive=tries.false_positive)
            many = majority if tries.pick is Pick.majority else judged
            success = math.nan if math.isnan(rights[0]) else many(success=min(rights[0], 1.0), tries=tries.most)
        if tries.parallel and tries.most > 1 and not one.steady:
            seconds = math.nan
            self.why.add("time: the longest of several tries")
        return spent, seconds, success, parts

    def _kept_tokens(self) -> float:
        return whole(self.scenario.agent.tries.keep_tokens)

    def _tried(self, where: str | None, effort: float, kept: float, theta: float) -> tuple[Solved, Solved]:
        """One try and its verifier."""
        agent = self.scenario.agent
        stays = self._stays(where, theta) if agent.tries.stop_when_lost else None
        place = functools.partial(self._site, where)
        one = one_try(agent, place, Work(effort=effort, before_tokens=kept, stays=stays))
        if agent.tries.verifier is None:
            checked = Solved(Spent(), seconds=0.0, steady=True)
        else:
            checked = solve(agent.tries.verifier, place("verifier"), Work(effort=effort))
        self.why |= one.why | checked.why
        return one, checked

    def _site(self, where: str | None, role: str) -> Site:
        scenario, router = self.scenario, self.scenario.router
        name = where or router.roles.get(role) or router.backend or scenario.backends[0]
        model = self.chosen[name]
        turns = 1.0 if role == "chat" else model.turn_multiplier
        backend = dataclasses.replace(model, fee=max(model.fee, router.fee), turn_multiplier=turns)
        alone = scenario.batch or self._at_once() <= (1 if backend.decode_slowdown else backend.slots or math.inf)
        alone = alone or (backend.slots is None and not backend.decode_slowdown)
        return Site(backend, Price(backend, scenario.start_time(), batch=scenario.batch), scenario.retry, scenario.batch, alone)

    def _at_once(self) -> float:
        """Most calls that can be open at a time."""
        agent, workload = self.scenario.agent, self.scenario.workload
        fanout = int(nodes(agent.fanout).rounded(1).values.max())
        team: float = {AgentKind.orchestrator: fanout**agent.depth, AgentKind.debate: fanout}.get(agent.kind, 1)
        team = at_once(agent) if agent.kind is AgentKind.pipeline else team
        tasks = workload.users if workload.kind is WorkloadKind.users else workload.tasks or 0
        return team * tasks * (agent.tries.most if agent.tries.parallel else 1) if tasks else 0

    def _right(self, one: Solved, where: str | None, theta: float) -> float:
        """P(a try is right): it ends, and its root's backend is up to a task of that difficulty and length."""
        quality = self._root(where).quality
        if quality is None or not one.ends:
            return math.fsum(one.ends) if one.ends else math.nan
        return math.fsum(p * self._given(self.outcome.chance(quality, t + 1), theta) for t, p in enumerate(one.ends) if p)

    def _root(self, where: str | None) -> BackendSettings:
        return self._site(where, self._root_role()).backend

    def _root_role(self) -> str:
        agent = self.scenario.agent
        if agent.staged:
            return agent.staged[0].role.name
        return {AgentKind.chat: "chat", AgentKind.orchestrator: "lead"}.get(agent.kind, "agent")

    def _given(self, chance: float, theta: float) -> float:
        """A chance of success, given the difficulty of the task (all of them where one stands for all)."""
        common = self.scenario.outcome.correlation
        if self.one_difficulty or chance in (0.0, 1.0) or not common:
            return chance
        ability = _normal.inv_cdf(chance)
        if common == 1:
            return float(theta < ability)
        return _normal.cdf((ability - math.sqrt(common) * theta) / math.sqrt(1 - common))

    def _stays(self, where: str | None, theta: float) -> np.ndarray:
        """P(a try has not gone wrong before turn t), F12: the law that judges it."""
        quality = self._root(where).quality
        turns = np.arange(MOST_TURNS)
        return np.array([1.0 if quality is None or not t else self._given(self.outcome.chance(quality, t), theta) for t in turns.tolist()])

    def _values(self, tasks: int, spent: Spent, seconds: float, success: float) -> dict[str, float]:
        """Metrics, from a task's expected sums."""
        solved = success if not self.scenario.success_unknown and self.scenario.outcome.deadline_s is None else math.nan
        loses = any(each.error_rate**self.scenario.retry.attempts > SURE for each in self.chosen.values())  # the shorter tasks, mostly
        waited_s = self._wait_s(spent)
        seconds += waited_s * spent.attempts if waited_s else waited_s
        total = spent.input + spent.output
        sums = {
            "calls": spent.attempts,
            "failed_attempts": spent.attempts - spent.answers,
            "agents": spent.agents,
            "compactions": spent.compactions,
            "input_tokens": spent.input,
            "cache_read_tokens": spent.read,
            "cache_write_tokens": spent.write,
            "output_tokens": spent.output,
            "reasoning_tokens": spent.reasoning,
            "total_tokens": total,
            "cost_usd": spent.usd,
            **spent.bill,
        }
        return {
            "tasks": float(tasks),
            **{name: tasks * value for name, value in sums.items()},
            "tokens_per_task": total,
            "cost_per_task_usd": spent.usd,
            "calls_per_task": spent.attempts,
            "success_rate": solved,
            "cost_per_success_usd": _ratio(spent.usd, solved),
            "cost_per_busy_hour_usd": cost_per_hour(usd=spent.usd, seconds=seconds),
            "cache_hit_rate": _ratio(spent.read, spent.input),
            "effective_usd_per_mtok": _ratio(spent.usd * 1e6, total),
            "task_latency_mean_s": math.nan if loses else seconds,
            "mean_wait_s": math.nan if any(each.error_rate for each in self.chosen.values()) else waited_s,
            "mean_line_wait_s": waited_s,
        }

    def _wait_s(self, spent: Spent) -> float:
        """Mean wait in line; 0 where nobody can have to wait, else of the queues that `sim.theory.expected.waits` knows."""
        sites = {name: self._site(name, "agent") for name in self.scenario.backends}
        if all(site.alone or site.backend.slots is None for site in sites.values()):
            return 0.0
        why, total = "tasks of several calls", math.nan
        if one_call_each(self.scenario, spent):
            shares = [(share, self._site(name, self._root_role())) for share, name in self._mixture()]
            found = [(share, *wait_s(self.scenario, site, share)) for share, site in shares]
            total, why = math.fsum(share * mean for share, mean, _ in found), next((reason for *_, reason in found if reason), "")
        if why:
            self.why.add(f"waits in line, and with them times: {why}")
        return total


def _add(sums: dict[str, Spent], more: dict[str, Spent], factor: float) -> None:
    """By stage, so many times more."""
    for name, each in more.items():
        sums[name] = sums.get(name, Spent()).plus(each.times(factor))


def _by_stage(stages: dict[str, Spent]) -> dict[str, float]:
    """Metrics that there are once a stage."""
    agents = {f"agents_per_task.{name}": each.agents for name, each in stages.items()}
    tokens = {f"tokens_per_task.{name}": each.input + each.output for name, each in stages.items()}
    return agents | tokens | {f"cost_per_task_usd.{name}": each.usd for name, each in stages.items()}


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
