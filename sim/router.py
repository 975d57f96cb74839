"""Which backend takes a call: the policies (`sim.choice` says what each of them knows)."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp, log
from typing import NamedTuple

from sim.backends.service import Backend
from sim.bandit import Bandit, thompson, ucb
from sim.call import Call, Role
from sim.choice import ChoosePer, Policy, RouterSettings
from sim.custom import imported
from sim.forecast import Forecast, forecast
from sim.outcome import OutcomeSettings
from sim.settings import AgentSettings

Choose = Callable[[Call, Sequence[float]], Backend]
"""(call, a uniform for each backend) -> backend. If it has a method `learn(backend, usd, seconds, success)`, tasks' ends are told to it."""

INPUT_PER_OUTPUT = 294.0
"""Input tokens by output token of coding agents, with which `cheapest` weighs a price list (TraceLab, 4,265 sessions)."""


class Knowledge(NamedTuple):
    """What a policy may look at besides the call: how it is set, the backends' lists, forecasts, and what success is worth."""

    settings: RouterSettings
    backends: Sequence[Backend]
    forecast: Callable[[Backend], Forecast]
    outcome: OutcomeSettings

    def value_usd(self, backend: Backend) -> float:
        """What a task is worth on a backend: value x quality - bill - wage x time (unknown quality counts as 1)."""
        ahead = self.forecast(backend)
        return self.outcome.value_usd * _quality(backend) - ahead.usd - self.outcome.wage_usd_per_h * ahead.seconds / 3600


class Router:
    """A policy over the backends of a scenario."""

    def __init__(self, settings: RouterSettings, backends: Sequence[Backend], agent: AgentSettings, outcome: OutcomeSettings) -> None:
        self.backends = list(backends)
        known = functools.cache(lambda backend: forecast(agent, backend.settings, backend.price))
        self.knowledge = Knowledge(settings, self.backends, known, outcome)
        self.choose: Choose = _POLICIES[settings.policy](self.knowledge)
        self.learn: Callable[[Backend, float, float, bool], None] | None = getattr(self.choose, "learn", None)
        if settings.review_tasks is not None:
            self.choose = _inert(self.knowledge, self.choose)
        self.per_call = settings.per is ChoosePer.call
        self.per_task = settings.per is ChoosePer.task
        self.needs_luck = settings.policy not in _WITHOUT_LUCK
        self.fallback = [_named(name, backends) for name in settings.fallback]


def _inert(known: Knowledge, choose: Choose) -> Choose:
    """A user stays where they are, but for a review now and then, and moves only for a gain that is worth the trouble."""
    homes: dict[int, tuple[Backend, int]] = {}
    every, trouble = known.settings.review_tasks or 1, known.settings.switching_cost_usd

    def stay(call: Call, luck: Sequence[float]) -> Backend:
        user = call.task.user
        home, since = homes.get(user, (None, 0))
        if home is None or since + 1 >= every:
            there = choose(call, luck)
            since = -1
            if home is None or known.value_usd(there) - known.value_usd(home) > trouble:
                home = there
        homes[user] = (home, since + 1)
        return home

    return stay


def _fixed(known: Knowledge) -> Choose:
    only = _named(known.settings.backend, known.backends)
    return lambda call, luck: only


def _named(name: str | None, backends: Sequence[Backend]) -> Backend:
    """The backend of that id (the scenario has checked that there is one); the first where none is named."""
    return backends[0] if name is None else next(backend for backend in backends if backend.name == name)


def _list_price(backend: Backend, prompt: int, cached: int = 0) -> float:
    """Of a prompt of which so much is read from the cache, with the output usual for it; USD."""
    rates = backend.price.rates(prompt, backend.env.now)
    return rates.fresh * (prompt - cached) + rates.cache_read * cached + rates.output * prompt / INPUT_PER_OUTPUT


def _cheapest(known: Knowledge) -> Choose:
    knows_cache = known.settings.knows_cache

    def choose(call: Call, luck: Sequence[float]) -> Backend:
        prompt = call.input_tokens
        fitting = [b for b in known.backends if prompt <= b.window] or known.backends
        return min(fitting, key=lambda backend: _list_price(backend, prompt, call.kept_on(backend.index) if knows_cache else 0))

    return choose


def _weighted(known: Knowledge) -> Choose:
    weights = known.settings.weights
    return _by_share(known.backends, [weights.get(backend.name, 0.0) if weights else 1.0 for backend in known.backends])


def _by_share(backends: Sequence[Backend], weights: Sequence[float]) -> Choose:
    total = sum(weights)
    edges = [edge / total for edge in accumulate(weights)][:-1]
    return lambda call, luck: backends[bisect_right(edges, luck[0])]


def _price_weighted(known: Knowledge) -> Choose:
    prices = [_list_price(backend, 1) for backend in known.backends]
    free = [price == 0 for price in prices]
    return _by_share(known.backends, free if any(free) else [price**-2 for price in prices])


def _by_role(known: Knowledge) -> Choose:
    settings = known.settings
    table = {int(role): _named(settings.roles.get(role.name, settings.backend), known.backends) for role in Role}
    return lambda call, luck: table[call.agent_role]


def _meets_floor(known: Knowledge) -> Choose:
    best = max(_quality(backend) for backend in known.backends)
    able = [backend for backend in known.backends if _quality(backend) >= min(known.settings.quality_floor, best)]
    return _always(min(able, key=lambda backend: known.forecast(backend).usd))


def _cost_per_success(known: Knowledge) -> Choose:
    able = [backend for backend in known.backends if _quality(backend) > 0] or known.backends
    return _always(min(able, key=lambda backend: known.forecast(backend).usd / max(_quality(backend), 1e-12)))


def _most_value(known: Knowledge) -> Choose:
    return _always(max(known.backends, key=known.value_usd))


def _logit(known: Knowledge) -> Choose:
    return _softmax(known.backends, [known.value_usd(backend) / known.settings.scale_usd for backend in known.backends])


def _logit_log(known: Knowledge) -> Choose:
    settings, value = known.settings, known.outcome.value_usd
    bills = [max(known.forecast(backend).usd, 1e-12) for backend in known.backends]
    tastes = [value * _quality(backend) / settings.scale_usd for backend in known.backends]
    return _softmax(known.backends, [taste - settings.elasticity * log(bill) for taste, bill in zip(tastes, bills, strict=True)])


def _softmax(backends: Sequence[Backend], utilities: Sequence[float]) -> Choose:
    most = max(utilities)
    return _by_share(backends, [exp(utility - most) for utility in utilities])


def _always(backend: Backend) -> Choose:
    return lambda call, luck: backend


def _quality(backend: Backend) -> float:
    return 1.0 if backend.settings.quality is None else backend.settings.quality


def _bandit(optimism: Callable[..., float]) -> Callable[[Knowledge], Choose]:
    return lambda known: Bandit(known.backends, known.outcome, known.settings.memory_tasks, optimism)


def _custom(known: Knowledge) -> Choose:
    made: Choose = imported(known.settings.custom, "router.custom")(known)
    return made


_POLICIES: dict[Policy, Callable[[Knowledge], Choose]] = {
    Policy.fixed: _fixed,
    Policy.cheapest: _cheapest,
    Policy.weighted: _weighted,
    Policy.price_weighted: _price_weighted,
    Policy.by_role: _by_role,
    Policy.meets_floor: _meets_floor,
    Policy.cost_per_success: _cost_per_success,
    Policy.most_value: _most_value,
    Policy.logit: _logit,
    Policy.logit_log: _logit_log,
    Policy.thompson: _bandit(thompson),
    Policy.ucb: _bandit(ucb),
    Policy.custom: _custom,
}
_WITHOUT_LUCK = {Policy.fixed, Policy.cheapest, Policy.by_role, Policy.meets_floor, Policy.cost_per_success, Policy.most_value}
