"""What settings say of zones, weekdays, dates and events, looked at before a run: each has to be one, and somebody has to be there."""

from __future__ import annotations

import math
from itertools import pairwise

from sim.calendar import days_of, weekdays_of, zone_of
from sim.errors import ConfigError
from sim.settings.budget import BudgetSettings
from sim.settings.capacity.servers import BackendKind
from sim.settings.events.event import DISTURBING, PRESENCE, check_event, check_one_backend, presence
from sim.settings.market import TimeWindow
from sim.settings.router import Policy
from sim.settings.scenario import ScenarioSettings


def check_dates(scenario: ScenarioSettings) -> None:
    """Raise `ConfigError` for the first zone, weekday or date that there is not, by its key."""
    for name in scenario.backends:
        for number, window in enumerate(scenario.market.models[name].windows):
            key = f"market.models.{name}.windows[{number}]"
            zone_of(window.zone, f"{key}.zone")
            _check_window(window, key)
        for name_, quota in scenario.market.models[name].quotas.items():
            zone_of(quota.zone, f"market.models.{name}.quotas.{name_}.zone")
    zone_of(scenario.workload.zone, "workload.zone")
    for number, hours in enumerate(scenario.workload.hours):
        _check_window(hours, f"workload.hours[{number}]")
    for key, budget in scenario.named_budgets().items():
        zone_of(budget.zone, f"{key}.zone")
    if scenario.events:
        _check_events(scenario)


def _check_events(scenario: ScenarioSettings) -> None:
    """Each for itself, then in their order, then those of one backend together, then who may be chosen when."""
    start, used = scenario.start_time(), scenario.backends
    keyed = [(f"events[{number}]", event) for number, event in enumerate(scenario.events)]
    for key, event in keyed:
        check_event(event, key, scenario.market.models)
        if event.kind in DISTURBING and event.backend in used and scenario.market.models[event.backend].decode_slowdown:
            raise ConfigError(f"{key}: {event.kind.value}s of a backend with decode_slowdown are not simulated; set one of the two")
        if event.kind in DISTURBING + PRESENCE and scenario.market.models[event.backend].kind is BackendKind.self_hosted:
            raise ConfigError(f"{key}: {event.kind.value}s of servers of one's own are not simulated; leave the event out")
        event.begins_s(start, key)
    for (key, event), (after_key, after) in pairwise(keyed):
        if after.begins_s(start) < event.begins_s(start):
            raise ConfigError(f"{after_key}.at={after.at}: before that of {key} ({event.at}); name events in the order of time")
    for name in used:
        if own := [(key, event) for key, event in keyed if event.backend == name]:
            check_one_backend(own, start)
    there = {name: presence(scenario.events_of(name), start) for name in used}
    if any(span != (-math.inf, math.inf) for span in there.values()):
        _check_named(scenario, there)
        _check_somebody(scenario, there)


def _check_named(scenario: ScenarioSettings, there: dict[str, tuple[float, float]]) -> None:
    """Whoever is asked for by name is there all the time."""
    router = scenario.router
    by_role = router.policy is Policy.by_role
    named = {
        **({"router.backend": router.backend} if by_role or router.policy is Policy.fixed else {}),
        **{f"router.roles.{role}": name for role, name in router.roles.items() if by_role},
        **{f"router.fallback[{number}]": name for number, name in enumerate(router.fallback)},
        **{f"agent.tries.backends[{number}]": name for number, name in enumerate(scenario.agent.tries.backends)},
        **{f"{key}.downgrade_to": budget.downgrade_to for key, budget in scenario.named_budgets().items() if budget != BudgetSettings()},
    }
    for key, name in named.items():
        if name is not None and there[name] != (-math.inf, math.inf):
            raise ConfigError(f"{key}={name}: events launch or retire it; name one that is there all the time, or none")
    if router.policy is Policy.recorded:
        raise ConfigError("router.policy=recorded: a log's calls went where they went, so events must not launch or retire a backend")


def _check_somebody(scenario: ScenarioSettings, there: dict[str, tuple[float, float]]) -> None:
    """At each moment of the run some backend can be chosen."""
    router, ends_s = scenario.router, scenario.horizon_s or math.inf
    moments = sorted({0.0, *(moment for span in there.values() for moment in span if 0 < moment < ends_s)})
    for moment in moments:
        present = [name for name, (from_s, until_s) in there.items() if from_s <= moment < until_s]
        if not present:
            raise ConfigError(f"events: no backend is there at second {moment:,.15g}; keep one, or launch another by then")
        if router.policy is Policy.weighted and router.weights and not any(router.weights.get(name) for name in present):
            raise ConfigError(f"router.weights: none above 0 for who is there at second {moment:,.15g} ({', '.join(present)})")
        if router.heard_after_h and set(present) <= set(router.heard_after_h):
            raise ConfigError(f"router.heard_after_h: at second {moment:,.15g} nobody need have heard of who is there; leave one out")


def _check_window(window: TimeWindow, key: str) -> None:
    weekdays_of(window.weekdays, f"{key}.weekdays")
    days_of(window.dates, f"{key}.dates")
    if window.from_h == window.until_h:
        raise ConfigError(f"{key}: from_h and until_h are both {window.from_h:g}, which is no time at all; a whole day is 0 to 24")
