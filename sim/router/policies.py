"""How each policy chooses a backend (`sim.settings.router` says what each of them knows)."""

from __future__ import annotations

import functools
import inspect
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp, log
from typing import Any

from sim.backends.backend import Backend
from sim.backends.models import backends_of
from sim.call import Call, Role
from sim.errors import ConfigError, shown
from sim.router.bandit import Bandit, thompson, ucb
from sim.router.knowledge import Choose, Knowledge, quality_of
from sim.scenario.custom import check_call, imported
from sim.settings.router import ChoosePer, Policy, Tastes

INPUT_PER_OUTPUT = 294.0
"""Input tokens by output token of coding agents, with which `cheapest` weighs a price list (TraceLab, 4,265 sessions)."""


def _by_list(make: Callable[[Knowledge], Choose]) -> Callable[[Knowledge], Choose]:
    """The policy, made anew at each choice where a price list changes with time: what it knows is the list of the moment."""

    def made(known: Knowledge) -> Choose:
        if not any(backend.price.changes or backend.covered_until_s > 0 for backend in known.backends):
            return make(known)

        def choose(call: Call, draws: Sequence[float]) -> Backend:
            return make(known)(call, draws)

        return choose

    return made


def _fixed(known: Knowledge) -> Choose:
    only = named(known.settings.backend, known.backends)
    return lambda call, draws: only


def named(name: str | None, backends: Sequence[Backend]) -> Backend:
    """The backend of that id (the scenario has checked that there is one); the first where none is named."""
    return backends[0] if name is None else next(backend for backend in backends if backend.name == name)


def _list_price(backend: Backend, prompt: int, cached: int = 0) -> float:
    """Of a prompt of which so much is read from the cache, with the output usual for it; USD, nothing where a seat covers it."""
    if backend.covered:
        return 0.0
    rates = backend.price.rates(prompt, backend.env.now)
    tokens = rates.fresh * (prompt - cached) + rates.cache_read * cached + rates.output * prompt / INPUT_PER_OUTPUT
    return tokens + backend.price.fee(backend.env.now)


def _cheapest(known: Knowledge) -> Choose:
    knows_cache = known.settings.knows_cache

    def choose(call: Call, draws: Sequence[float]) -> Backend:
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
    return lambda call, draws: backends[bisect_right(edges, draws[0])]


def _price_weighted(known: Knowledge) -> Choose:
    prices = [_list_price(backend, 1) for backend in known.backends]
    free = [price == 0 for price in prices]
    return _by_share(known.backends, free if any(free) else [price**-2 for price in prices])


def _by_role(known: Knowledge) -> Choose:
    settings = known.settings
    table = {int(role): named(settings.roles.get(role.name, settings.backend), known.backends) for role in Role}
    return lambda call, draws: table[call.agent_role]


def _meets_floor(known: Knowledge) -> Choose:
    best = max(quality_of(backend) for backend in known.backends)
    able = [backend for backend in known.backends if quality_of(backend) >= min(known.settings.quality_floor, best)]
    return _always(min(able, key=lambda backend: known.forecast(backend).usd))


def _cost_per_success(known: Knowledge) -> Choose:
    able = [backend for backend in known.backends if quality_of(backend) > 0] or known.backends
    return _always(min(able, key=lambda backend: known.forecast(backend).usd / max(known.chance(backend), 1e-12)))


def _most_value(known: Knowledge) -> Choose:
    return _always(max(known.backends, key=known.value_usd))


def _logit(known: Knowledge) -> Choose:
    return _tasteful(known, [known.value_usd(backend) / known.settings.scale_usd for backend in known.backends])


def _logit_log(known: Knowledge) -> Choose:
    settings = known.settings
    bills = [max(known.forecast(backend).usd, 1e-12) for backend in known.backends]
    gains = [known.worth_usd * known.chance(backend) / settings.scale_usd for backend in known.backends]
    return _tasteful(known, [gain - settings.elasticity * log(bill) for gain, bill in zip(gains, bills, strict=True)])


def _tasteful(known: Knowledge, utilities: Sequence[float]) -> Choose:
    """Shares exp(utility): by a draw a task, or by a liking (Gumbel) that a user has for each backend and keeps when prices change."""
    backends, most = known.backends, max(utilities)
    if known.settings.tastes is Tastes.task:
        return _by_share(backends, [exp(utility - most) for utility in utilities])
    useful = list(zip(backends, utilities, strict=True))
    return lambda call, draws: max(useful, key=lambda one: one[1] - log(-log(max(draws[one[0].index], 1e-300))))[0]


def _always(backend: Backend) -> Choose:
    return lambda call, draws: backend


def _bandit(optimism: Callable[..., float]) -> Callable[[Knowledge], Choose]:
    return lambda known: Bandit(known.backends, known.worth_usd, known.outcome.wage_usd_per_h, known.settings.memory_tasks, optimism)


def _custom(known: Knowledge) -> Choose:
    """The user's, held to what it must give back."""
    name = f"router.custom={known.settings.custom}"
    make = imported(known.settings.custom, "router.custom")
    try:
        made = make(known)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:  # raised in its own lines
            raise
        raise ConfigError(f"{name}: cannot be called: {error}") from None
    if inspect.iscoroutine(made):
        made.close()
    if not callable(made):
        raise ConfigError(f"{name}: returned {shown(made)}, must return a function of a call and its random numbers")
    check_call(made, f"{name}: its choice", "call", "draws")
    backends = tuple(known.backends)

    def choose(call: Call, draws: Sequence[float]) -> Backend:
        asked = _asked(call)
        backend: Backend = made(call, draws)
        if not any(backend is each for each in backends):  # whatever it says that it equals
            raise ConfigError(f"{name}: chose {shown(backend)}, must be one of known.backends")
        if not backend.there:
            raise ConfigError(f"{name}: chose {backend.name} while it is not launched, or retired; ask backend.there")
        if _asked(call) != asked:
            raise ConfigError(f"{name}: changed the call that it was asked about; a policy chooses, and leaves call, task and clock alone")
        return backend

    functools.update_wrapper(choose, made)
    if hasattr(made, "learn"):
        choose.learn = _learning(made.learn, name, known.settings.per)  # type: ignore[attr-defined]
    return choose


_OF_A_CALL = (
    "turn", "attempt", "input_tokens", "output_tokens", "reasoning_tokens", "u_noise", "u_error", "backend", "home", "cached_on",
    "cached_tokens", "cached_until", "system_tokens", "failed", "branch", "agent", "callbacks",
)  # fmt: skip
_OF_A_TASK = ("id", "user", "kind", "t_arrive", "thinking_s", "success", "tries", "agents", "backend", "u_difficulty", "urgent", "effort")


def _asked(call: Call) -> tuple[Any, ...]:
    """What an agent asks for and when, its task, and what is kept of its prompts: no policy's to change."""
    task = call.task
    return call.env.now, task, *[getattr(call, name, None) for name in _OF_A_CALL], *[getattr(task, name) for name in _OF_A_TASK]


def _learning(learn: Any, name: str, per: ChoosePer) -> Callable[[Backend, float, float, bool], None]:
    """A policy's method, held to what it is told. Raises `ConfigError`."""
    if not callable(learn):
        raise ConfigError(f"{name}: its learn is {shown(learn)}, must be a function of backend, usd, seconds, success")
    if inspect.isgeneratorfunction(learn) or inspect.iscoroutinefunction(learn):
        raise ConfigError(f"{name}: its learn {'yields' if inspect.isgeneratorfunction(learn) else 'is async'}, and would never run")
    check_call(learn, f"{name}: its learn", "backend", "usd", "seconds", "success")
    if per is not ChoosePer.task:
        raise ConfigError(f"{name}: its learn is told what a task has brought, so router.per={per.value} must be task")
    told: Callable[[Backend, float, float, bool], None] = learn
    return told


def _recorded(known: Knowledge) -> Choose:
    """What no backend serves has been refused before (`sim.engine.recorded`)."""
    market = {backend.name: backend.settings for backend in known.backends}
    places = {backend.name: backend for backend in known.backends}
    said = {model: name for model, name in known.settings.models.items() if name in places}

    @functools.cache
    def own(model: str) -> Backend:
        found = backends_of([model] if model else [], market, said)
        return places[found[model]] if model in found else known.backends[0]

    return lambda call, draws: own(call.as_billed.model)


CHOOSE_AMONG_ALL = (Policy.thompson, Policy.ucb, Policy.custom)
"""Policies with a memory, which is of all backends: they ask each whether it is there (`Backend.there`)."""
POLICIES: dict[Policy, Callable[[Knowledge], Choose]] = {
    Policy.fixed: _fixed,
    Policy.cheapest: _cheapest,
    Policy.weighted: _weighted,
    Policy.price_weighted: _by_list(_price_weighted),
    Policy.by_role: _by_role,
    Policy.meets_floor: _by_list(_meets_floor),
    Policy.cost_per_success: _by_list(_cost_per_success),
    Policy.most_value: _by_list(_most_value),
    Policy.logit: _by_list(_logit),
    Policy.logit_log: _by_list(_logit_log),
    Policy.thompson: _bandit(thompson),
    Policy.ucb: _bandit(ucb),
    Policy.recorded: _recorded,
    Policy.custom: _custom,
}
