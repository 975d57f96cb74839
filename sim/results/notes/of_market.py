"""Settings of a market, of a place and of how refusals are met that change nothing: nothing uses them, or they never hold."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from sim.calendar import Calendar, days_of
from sim.results.notes.of_backends import idle_limits, limited
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF, market_with
from sim.scenario.text import read_settings
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.market import Billed, TimeWindow
from sim.settings.run import RetrySettings


def lines(scenario: Scenario) -> bool:
    """Whether a call can wait at a backend; the batch queue takes all."""
    return not scenario.batch and any(model.slots is not None and model.queue_limit != 0 for model in scenario.chosen().values())


NO_LINE = "retry.patience_s (needs a line: with queue_limit=0 nobody waits in one)"


def without_slots(scenario: Scenario) -> bool:
    """Whether no backend in use has any."""
    return scenario.batch or all(model.slots is None for model in scenario.chosen().values())


def backends(scenario: Scenario) -> Iterator[str]:
    """What was set of backends, limits and refusals and is not asked for."""
    for name, model in scenario.chosen().items():
        key = f"market.models.{name}"
        if model.queue_limit is not None and model.slots is None:
            yield f"{key}.queue_limit (needs slots: without, nobody waits in line)"
        if model.limit_gateway_most is not None and not model.limit_gateway:
            yield f"{key}.limit_gateway_most (needs limit_gateway)"
        switches = [each for each in ("limits_count_cache_reads", "limits_reserve_output_tokens", "limit_gateway") if getattr(model, each)]
        if switches and not limited(model):
            yield f"{key}.{', '.join(switches)} (there is no limit)"
        for quota, limit in model.quotas.items():
            if all(each is None for each in (limit.requests, limit.input_tokens, limit.output_tokens, limit.tokens)):
                yield f"{key}.quotas.{quota} (limits nothing: set its requests or tokens)"
            if limit.window_h is not None and limit.zone != QuotaSettings.zone:
                yield f"{key}.quotas.{quota}.zone (with window_h it is the last hours, whenever they began, and no day)"
    used = {*scenario.backends, *(scenario.router.fallback or ())}
    own = [name for name in scenario.market.models if name not in used and _is_own(name)] if _ships(scenario.market.name) else []
    yield from (f"market.models.{name} (nothing uses it: backends=[...])" for name in own)
    yield from idle_limits(scenario)
    if scenario.retry.patience_s is not None and not lines(scenario):
        yield "retry.patience_s (needs slots of a backend: without, nobody waits in line)" if without_slots(scenario) else NO_LINE
    if scenario.retry.timeout_s is not None and scenario.batch:
        yield "retry.timeout_s (nobody gives up what the batch queue has)"
    if not scenario.retry.heeds_retry_after and not any(limited(model) for model in scenario.chosen().values()):
        yield "retry.heeds_retry_after (there is no limit)"
    if scenario.retry.breaker_open_s != RetrySettings.breaker_open_s and scenario.retry.breaker_failures is None:
        yield "retry.breaker_open_s (needs retry.breaker_failures)"
    billed = [name for name, model in scenario.chosen().items() if model.timeout_billed is not Billed.everything]
    if billed and scenario.retry.timeout_s is None:
        yield f"{', '.join(f'market.models.{name}.timeout_billed' for name in billed)} (needs retry.timeout_s)"


def windows(scenario: Scenario) -> Iterator[str]:
    """Windows of prices and of demand that never hold: over before the run begins, or behind one that always does."""
    work = scenario.workload
    every: dict[str, list[tuple[TimeWindow, str]]] = {"workload.hours": [(each, work.zone) for each in work.hours]}
    for name, model in scenario.chosen().items():
        every[f"market.models.{name}.windows"] = [(each, each.zone) for each in model.windows]
    for key, those in every.items():
        always = False
        for place, (window, zone) in enumerate(those):
            today, _ = Calendar(scenario.start_time(), zone).at(0.0)
            if always:
                yield f"{key}[{place}] (one before it always holds, and the first that holds counts)"
            elif max(last for _, last in days_of(window.dates)) < today - 1:  # hours past midnight belong to the day before
                yield f"{key} of dates {', '.join(window.dates)} (over before start={scenario.start})"
            always |= not window.dates and not window.weekdays and (window.from_h, window.until_h) == (0, 24)


def places(scenario: Scenario) -> Iterator[str]:
    """Electricity of places in which no backend of the market is served, nor may have its requests stay."""
    models = scenario.market.models.values()
    known = {model.served_in for model in models}.union(*(model.regional_surcharges for model in models))
    if scenario.provider.name and (others := sorted(scenario.provider.usd_per_kwh.keys() - known)):
        yield f"provider.usd_per_kwh.{', '.join(others)} (no backend of the market is served there; known: {', '.join(sorted(known))})"
    asked = {model.served_in for model in scenario.chosen().values()}
    if "" in asked and scenario.place.round_trips_s:
        where = [f"market.models.{name}.serving" for name, model in scenario.chosen().items() if not model.served_in]
        yield f"place.round_trips_s (of what says no {', '.join(where)}: its own network_rtt_s counts)"
    if idle := sorted(place for place, s in scenario.place.round_trips_s.items() if place not in asked and (place, s) not in _shipped()):
        yield f"place.round_trips_s.{', '.join(idle)} (no backend in use is served there)"


def _ships(market: str) -> bool:
    return (CONF / "market" / f"{market}.yaml").is_file()


def _is_own(backend: str) -> bool:
    """Whether a backend is the user's: not of a market that ships, nor the servers of one."""
    return not market_with(backend) and not market_with(backend.removesuffix("_own"))


@functools.cache
def _shipped() -> frozenset[tuple[str, float]]:
    """Round trips by place, as the choices of `place=` have them: nobody has asked for those."""
    menu = [read_settings(file).get("round_trips_s") or {} for file in (CONF / "place").glob("*.yaml")]
    return frozenset((place, float(seconds)) for each in menu for place, seconds in each.items())
