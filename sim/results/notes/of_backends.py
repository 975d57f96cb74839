"""Settings of a backend that somebody has set anew and that change nothing: what they need is not there."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

from sim.calendar import HOUR_S
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF, market_with
from sim.scenario.text import plain, read_settings
from sim.settings.capacity.servers import BackendKind
from sim.settings.events.event import DISTURBING, EventKind
from sim.settings.market import BackendSettings, CacheKind
from sim.settings.work import WorkChoice
from sim.statistics import digits

_PARTS = ("servers", "reserved", "qualities", "works")
"""Groups of settings of a backend: each setting in them is one by itself."""

Asked = Callable[[Scenario, BackendSettings], bool]

_Rows = tuple[tuple[str, Asked, str], ...]

_OF_THE_RUN: _Rows = (
    ("web_search_usd_per_1k", lambda scenario, _: scenario.web_searches_per_call > 0, "needs web_searches_per_call"),
    ("batch_discount batch_discounts batch_latency_s", lambda scenario, _: scenario.batch, "needs batch=true"),
    (
        "ttft_s prefill_tokens_per_s context_s_per_100k_tokens decode_tokens_per_s noise_sigma",
        lambda scenario, _: not scenario.batch,
        "through the batch queue a call takes batch_latency_s",
    ),
    (
        "slots decode_slowdown requests_per_min input_tokens_per_min output_tokens_per_min tokens_per_min quotas limit_burst_s",
        lambda scenario, _: not scenario.batch,
        "the batch queue has neither slots nor limits",
    ),
    (
        "network_rtt_s",
        lambda scenario, model: model.served_in not in scenario.place.round_trips_s,
        "with place.round_trips_s it is as place says",
    ),
    (
        "connection_idle_s handshake_s",
        lambda scenario, _: not scenario.place.handshake_round_trips,
        "with place.handshake_round_trips it is as place says",
    ),
)
"""Asked for by what else a run sets."""

_OF_ITSELF: _Rows = (
    (
        "cache_read_usd_per_mtok cache_write_usd_per_mtok cache_write_1h_usd_per_mtok cache_ttl_s cache_1h_tokens cache_min_tokens "
        "share_system cache_discount_realised",
        lambda _, model: model.cache is not CacheKind.none,
        "that backend keeps no prompts: cache=none",
    ),
    (
        "cache_write_usd_per_mtok cache_write_1h_usd_per_mtok",
        lambda _, model: model.cache is not CacheKind.automatic,
        "with cache=automatic what is not read is fresh input",
    ),
    (
        "cache_write_usd_per_mtok",
        lambda _, model: model.cache_ttl_s < HOUR_S or model.cache_write_1h_usd_per_mtok is None,
        "with cache_ttl_s of an hour it is cache_write_1h_usd_per_mtok",
    ),
    (
        "cache_write_1h_usd_per_mtok",
        lambda _, model: model.cache_ttl_s >= HOUR_S or model.long_lived_tokens > 0,
        "needs cache_ttl_s of an hour, or cache_1h_tokens",
    ),
    (
        "cache_1h_tokens",
        lambda _, model: model.long_lived_tokens > 0 or not model.cache_1h_tokens,
        "is below cache_min_tokens, so too short to be kept by itself",
    ),
    ("limit_burst_s", lambda _, model: limited(model), "there is no limit"),
    ("regional_surcharges", lambda _, model: bool(model.region), "needs its region, where requests stay"),
    ("connection_idle_s", lambda _, model: model.handshake_s > 0, "needs handshake_s"),
    ("servers", lambda _, model: model.kind is BackendKind.self_hosted, "needs kind=self_hosted"),
    ("reserved", lambda _, model: model.reserved.units > 0, "needs reserved.units"),
)
"""Asked for by what the backend is: so also of one that does not ship."""


def limited(model: BackendSettings) -> bool:
    """Whether a backend has a limit of requests or tokens."""
    names = ("requests_per_min", "input_tokens_per_min", "output_tokens_per_min", "tokens_per_min")
    return bool(model.quotas) or any(getattr(model, name) is not None for name in names)


def idle_limits(scenario: Scenario) -> Iterator[str]:
    """What changes or shares limits that are not there; and what disturbs, where the batch queue is not."""
    chosen = scenario.chosen()
    met = {event.kind.value for event in scenario.events if event.backend in chosen and event.kind in (*DISTURBING, EventKind.limit)}
    if scenario.batch and met:
        yield f"events of kind={', '.join(sorted(met))} (calls through the batch queue meet none)"
    changed = [
        event.backend for event in scenario.events if event.kind is EventKind.limit and event.backend in chosen and not scenario.batch
    ]
    for name in sorted({name for name in changed if not limited(chosen[name])}):
        yield f"events of kind=limit ({name} has no limit)"
    shares = [name for name, team in scenario.workload.teams.items() if team.limit_share is not None]
    if shares and not any(map(limited, chosen.values())):
        yield f"{', '.join(f'workload.teams.{name}.limit_share' for name in shares)} (there is no limit)"


def unasked(scenario: Scenario) -> Iterator[str]:
    """What was set otherwise than a backend ships with, and is not asked for: with what it needs."""
    for name, used in scenario.chosen().items():
        changed, told = changed_of(scenario, name), set[str]()
        own = _shipped(scenario.market.name, name) is None
        if own and not market_with(name.removesuffix("_own")):
            changed = _set_of(used)
        for names, asked, why in _OF_ITSELF if own else (*_OF_THE_RUN, *_OF_ITSELF):
            if asked(scenario, used):
                continue
            fits = [key for key in changed if key.partition(".")[0] in names.split() and key not in told]
            told |= set(fits)
            if fits and len({key.partition(".")[0] for key in fits}) < len(fits):
                fits = [fits[0].partition(".")[0]]
            if fits:
                yield f"market.models.{name}.{', '.join(fits)} ({why})"
        for part, source, key in (
            ("qualities", scenario.outcome.quality_source.value, "outcome.quality_source"),
            ("works", scenario.work.harness, "work.harness"),
        ):
            if others := [each for each in changed if each.startswith(f"{part}.") and each.split(".")[1] != source]:
                yield f"market.models.{name}.{', '.join(others)} ({key}={source} is what counts)"
        if scenario.batch and not used.batch_discount and not any(used.batch_discounts.values()):
            yield f"batch{_on(scenario, name)} (of its prices, since market.models.{name}.batch_discount=0)"
        if scenario.web_searches_per_call and not used.web_search_usd_per_1k:
            yield f"web_searches_per_call{_on(scenario, name)} (market.models.{name}.web_search_usd_per_1k=0)"


def _on(scenario: Scenario, name: str) -> str:
    """Where there are several backends, of which this is said."""
    return f" on {name}" if len(scenario.backends) > 1 else ""


def changed_of(scenario: Scenario, name: str) -> list[str]:
    """Settings of a backend that are otherwise than it ships with, by dotted name; none of one that does not ship."""
    shipped = _shipped(scenario.market.name, name)
    model = scenario.market.models[name]
    if shipped is None:
        return []
    found = []
    for field in dataclasses.fields(model):
        now = plain(getattr(model, field.name))
        before = shipped.get(field.name, _default(field))
        if field.name in _PARTS:
            found += list(_differing(field.name, before or {}, now or {}, field.name in ("servers", "reserved")))
        elif now != before:
            found.append(field.name)
    return found


def _set_of(model: BackendSettings) -> list[str]:
    """Settings of a backend that does not ship which are not as they are by default."""
    return [field.name for field in dataclasses.fields(model) if plain(getattr(model, field.name)) != _default(field)]


def _differing(path: str, before: Any, now: Any, whole: bool) -> Iterator[str]:
    """Dotted names of what differs; `whole`: what a shipped file does not set is as it is by default, and told apart from that."""
    if not isinstance(now, dict):
        if now != before:
            yield path
        return
    for key, value in now.items():
        there = before if isinstance(before, dict) else {}
        if key in there or not whole:
            yield from _differing(f"{path}.{key}", there.get(key), value, whole) if key in there else ()
        elif value != _DEFAULTS[path.split(".", maxsplit=1)[0]].get(key):
            yield f"{path}.{key}"


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return plain(field.default)
    return plain(field.default_factory()) if field.default_factory is not dataclasses.MISSING else None


_DEFAULTS = {field.name: _default(field) for field in dataclasses.fields(BackendSettings) if field.name in ("servers", "reserved")}


@functools.cache
def _shipped(market: str, name: str) -> dict[str, Any] | None:
    """A backend as its file in a market has it; None of one that does not ship."""
    file = CONF / "backend" / market / f"{name}.yaml"
    return read_settings(file) if file.is_file() else None


def kept_prices(scenario: Scenario) -> str:
    """Where the price of fresh input was set, and those of cached input, of which most prompts are made, were not."""
    said = []
    for name in scenario.backends:
        changed, model = changed_of(scenario, name), scenario.market.models[name]
        cached = {key: getattr(model, key) for key in _cached(model)}
        if "input_usd_per_mtok" in changed:
            kept = {key: price for key, price in cached.items() if price is not None and key not in changed}
            said.append(_kept(f"market.models.{name}", model.input_usd_per_mtok, kept))
        for place, tier in enumerate(model.tiers if "tiers" in changed else ()):
            kept = {key: price for key, price in cached.items() if price is not None and getattr(tier, key) is None}
            if tier.input_usd_per_mtok is not None:
                said.append(_kept(f"market.models.{name}.tiers[{place}]", tier.input_usd_per_mtok, kept))
    return " ".join(filter(None, said))


def _cached(model: BackendSettings) -> tuple[str, ...]:
    """Prices of input that is not fresh."""
    kinds = {CacheKind.none: "", CacheKind.explicit: "read write"}.get(model.cache, "read")
    return tuple(f"cache_{kind}_usd_per_mtok" for kind in kinds.split())


def _kept(key: str, input_usd_per_mtok: float, kept: dict[str, float]) -> str:
    if not kept:
        return ""
    prices = " and ".join(f"{name}={digits(price, 4)}" for name, price in kept.items())
    return (
        f"{key}.input_usd_per_mtok={digits(input_usd_per_mtok, 4)} is the price of fresh input alone: "
        f"{prices} stay{'s' * (len(kept) == 1)}, and agents send most of their input at {'those' if len(kept) > 1 else 'that'}."
    )


def same_work(scenario: Scenario) -> str:
    """Where `work` was chosen, and the backends in use do the same by each choice."""
    models = [scenario.market.models[name] for name in scenario.backends]
    if scenario.work == WorkChoice() or any(scenario.work_taken.done_by(model) != WorkChoice().done_by(model) for model in models):
        return ""
    called = f"work.kind={scenario.work.kind.value}, work.harness={scenario.work.harness}"
    return (
        f"{called} changes nothing of {', '.join(model.label or 'the backend' for model in models)}: "
        "bills tell what other models do over what Claude Opus 4.6 does."
    )
