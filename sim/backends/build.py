"""A scenario's backends, each composed of its parts: gates, queue, slots, service. A new part is wired here."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from simpy import Environment

from sim.backends.admission import Breaker, Gate, QueueLimit, RateLimit, ReservingLimit
from sim.backends.backend import Backend
from sim.backends.cache import PromptCache, RecordedCache
from sim.backends.capacity.fleet import Fleet
from sim.backends.capacity.self_hosted import FullHouse, SelfHosted
from sim.backends.health import Health
from sim.backends.limits import Limits
from sim.backends.pricing import DatedPrice, Price, RecordedPrice, ReplayedPrice
from sim.backends.queue import ImpatientLine, Line, Queue
from sim.backends.service import Recorder, Service
from sim.backends.sharing import SharedService
from sim.backends.slots import Slots
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard, dealt, limited
from sim.settings.capacity.servers import BackendKind
from sim.settings.events.event import EventSettings, limits_over_time, lists_over_time, presence
from sim.settings.market import BackendSettings
from sim.settings.population.plan import covered_until


class Blueprint(NamedTuple):
    """What is known of a backend before there is a clock."""

    number: int
    name: str
    settings: BackendSettings
    """The shard's part of it, with the router's fee."""
    price: Price
    slots: float
    """inf: no limit."""


def blueprints(scenario: Scenario, shard: Shard, *, some_batch: bool = False) -> list[Blueprint]:
    """Of the scenario's backends, in their order. `some_batch`: of recorded calls some went through a batch queue, at its prices."""
    made = []
    make = RecordedPrice if scenario.as_billed else ReplayedPrice if some_batch else Price
    for index, (name, model) in enumerate(scenario.chosen().items()):
        settings = dealt(with_router_fee(model, scenario), shard)
        slots = math.inf if settings.slots is None or scenario.batch else settings.slots
        price = price_of(scenario, name, with_router_fee, make)
        made.append(Blueprint(index, name, settings, price, slots))
    return made


def price_of(
    scenario: Scenario, name: str, adapt: Callable[[BackendSettings, Scenario], BackendSettings], make: type[Price] = Price
) -> Price:
    """What a backend of a scenario charges, events included; `adapt` changes its settings beforehand."""
    start = scenario.start_time()
    lists = [
        (from_s, make(adapt(scenario.used(model), scenario), start, batch=scenario.batch))
        for from_s, model in lists_over_time(scenario.market.models[name], scenario.events_of(name), start)
    ]
    return lists[0][1] if len(lists) == 1 else DatedPrice(lists)


def price_over_time(model: BackendSettings, events: Sequence[EventSettings], start: datetime, *, batch: bool) -> Price:
    """What a backend charges as it stands, its own events included."""
    lists = [(from_s, Price(each, start, batch=batch)) for from_s, each in lists_over_time(model, events, start)]
    return lists[0][1] if len(lists) == 1 else DatedPrice(lists)


def with_router_fee(model: BackendSettings, scenario: Scenario) -> BackendSettings:
    """The greater of the backend's own and the router's."""
    return dataclasses.replace(model, fee=max(model.fee, scenario.router.fee))


def backends_of(
    scenario: Scenario, plans: Sequence[Blueprint], env: Environment, recorder: Recorder, *, unlimited: bool = False
) -> list[Backend]:
    """The backends themselves. `unlimited`: slots are taken on trust, since the meter looks (`sim.engine.lookahead`)."""
    return [_backend(scenario, plan._replace(slots=math.inf) if unlimited else plan, env, recorder) for plan in plans]


def _backend(scenario: Scenario, plan: Blueprint, env: Environment, recorder: Recorder) -> Backend:
    settings, slots = plan.settings, Slots(plan.slots)
    cache = (RecordedCache if scenario.as_billed else PromptCache)(settings)
    breaker = _breaker(scenario)
    held_back: RateLimit | None = None
    if scenario.batch:
        queue: Queue = deque()
        service: Service = Service(env, settings, cache, recorder, batch=True)
        gates: list[Gate] = []
    elif settings.kind is BackendKind.self_hosted:
        return _self_hosted(scenario, plan, env, recorder, cache, breaker)
    else:
        queue = _queue(scenario, env, recorder)
        health = Health(scenario.events_of(plan.name), scenario.start_time()) or None
        shares = bool(settings.decode_slowdown)
        timeout_s = math.inf if scenario.retry.timeout_s is None else scenario.retry.timeout_s
        alone = partial(Service, health=health, timeout_s=timeout_s)
        service = SharedService(env, settings, cache, recorder) if shares else alone(env, settings, cache, recorder)
        gates = _gates(settings, slots, queue, breaker)
        held_back = _limited(scenario, plan, cache, env, gates)
    return Backend(
        env, plan.number, plan.name, settings,
        price=plan.price, slots=slots, queue=queue, service=service, gates=gates, held_back=held_back, recorder=recorder,
        deadlines=scenario.retry.timeout_s is not None, breaker=breaker,
        presence=presence(scenario.events_of(plan.name), scenario.start_time()),
        covered_until_s=covered_until(scenario.plan, settings, scenario.market.models, scenario.events, scenario.start_time()),
    )  # fmt: skip


def _limited(scenario: Scenario, plan: Blueprint, cache: PromptCache, env: Environment, gates: list[Gate]) -> RateLimit | None:
    """Limits a minute and quotas: the last gate, or who holds calls back."""
    settings, start, teams = plan.settings, scenario.start_time(), scenario.workload.teams.values()
    changes = limits_over_time(scenario.events_of(plan.name), start)
    shared = Limits(settings, start, changes)
    if not shared:
        return None
    limits: Limits | list[Limits] = shared
    if any(team.limit_share is not None for team in teams):
        own = [shared if (share := team.limit_share) is None else Limits(limited(settings, share), start, changes) for team in teams]
        limits = [own[place] for place in scenario.workload.team_of]
    reserve = settings.limits_reserve_output_tokens
    limit = RateLimit(limits, cache) if reserve is None else ReservingLimit(limits, cache, env, reserve)
    if settings.limit_gateway:
        return limit
    gates.append(limit)
    return None


def _self_hosted(
    scenario: Scenario, plan: Blueprint, env: Environment, recorder: Recorder, cache: PromptCache, breaker: Breaker | None
) -> SelfHosted:
    """Replicas take the place of slots and service."""
    settings = plan.settings
    fleet = Fleet(env, settings, cache, recorder)
    line = Line() if scenario.retry.patience_s is None else ImpatientLine(env, recorder)
    gates: list[Gate] = [] if breaker is None else [breaker]
    if settings.queue_limit is not None:
        gates.append(FullHouse(settings.queue_limit, fleet, line))
    held_back = _limited(scenario, plan, cache, env, gates)
    return SelfHosted(
        env, plan.number, plan.name, settings,
        price=plan.price, slots=Slots(math.inf), queue=line, fleet=fleet, gates=gates, held_back=held_back, recorder=recorder,
        breaker=breaker,
    )  # fmt: skip


def _queue(scenario: Scenario, env: Environment, recorder: Recorder) -> Queue:
    """First come, first served, unless some calls are urgent or lose patience."""
    if scenario.retry.patience_s is not None or scenario.retry.timeout_s is not None:
        return ImpatientLine(env, recorder)
    return Line() if scenario.workload.urgent_share else deque()


def _breaker(scenario: Scenario) -> Breaker | None:
    """That of the clients, before all gates of a backend; the batch queue has none."""
    failures = scenario.retry.breaker_failures
    return None if failures is None or scenario.batch else Breaker(failures, scenario.retry.breaker_open_s)


def _gates(settings: BackendSettings, slots: Slots, queue: Queue, breaker: Breaker | None) -> list[Gate]:
    """Those before the rate limits: whoever finds the line full does not count against them."""
    gates: list[Gate] = [] if breaker is None else [breaker]
    if settings.queue_limit is not None:
        gates.append(QueueLimit(settings.queue_limit, slots, queue))
    return gates
