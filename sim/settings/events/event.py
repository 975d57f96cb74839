"""One event: at which moment, for how long, which backend it meets, and what changes. A new kind is a member, its traits and a check.

All of these are a matter of the call's own moment, so nothing has to happen on the clock: prices are those of the moment at which a call is
asked for, and who is there can be told of any moment beforehand.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.settings.bounds import LARGEST, alone
from sim.settings.market import BackendSettings
from sim.settings.traits import ALONE, Feature, Traits

HOUR_S = 3600.0
MOST_TOLD = 8
"""Events in words, one by one; the rest are counted."""
PRICES = (*(field.name for field in dataclasses.fields(BackendSettings) if "_usd_per_" in field.name), "request_usd")
"""Fields of a backend that are prices."""


_DISTURBS = ALONE._replace(looks=True, unsolved="events: calls that meet an outage or a brownout")


class EventKind(Feature):
    """What happens."""

    price = "price", ALONE._replace(unsolved="events: dollars where a price changes at a date")
    """A list price changes: to `prices`, or by `factor`; for `length_h`, or for good."""
    free = "free", ALONE._replace(unsolved="events: dollars where a backend is free for a while")
    """A promotion: nothing is charged for `length_h` hours, then the list holds again at once (the cliff).

    In log utility (router.policy=logit_log) a free backend takes everybody: where that is not meant, set a factor above 0."""
    launch = "launch", ALONE._replace(unsolved="events: who chooses what before and after a launch")
    """The backend is there from this moment on; before it no router may pick it."""
    retirement = "retirement", ALONE._replace(unsolved="events: who chooses what before and after a retirement")
    """The backend is gone from this moment on: what it serves or holds in line it still ends, but no call is asked for there any more, and
    an agent that worked with it chooses anew, without its cache."""

    route_closed = "route_closed", ALONE._replace(unsolved="events: what a plan no longer covers")
    """Its vendor closes the OAuth route: from this moment on a plan no longer covers third-party agents (`plan.third_party`), on any
    backend of that vendor."""

    outage = "outage", _DISTURBS
    """For `length_h` hours every attempt is refused after a round trip, for nothing, and what is being answered when it begins breaks off:
    of that is billed what `error_billed` says, of output what had come by then. Not so the batch queue."""
    brownout = "brownout", _DISTURBS
    """For `length_h` hours attempts that begin take `slower` times as long (but for the network), and fail at `error_rate` at least."""

    limit = "limit", ALONE._replace(looks=True, waits=True, unsolved="events: calls that are turned away where a limit changes")
    """Its limits on requests and tokens a minute change by `factor`, for `length_h`, or for good; factors of events that overlap multiply.
    Buckets begin full (assumption). Quotas over hours and days stay."""


_WORDS = ("unsolved", "undealt")
PRICED, PRESENCE = (EventKind.price, EventKind.free), (EventKind.launch, EventKind.retirement)
FOR_GOOD = (*PRESENCE, EventKind.route_closed)
DISTURBING = (EventKind.outage, EventKind.brownout)
FOR_A_WHILE = (EventKind.free, *DISTURBING)


@dataclass(kw_only=True)
class EventSettings:
    """Something that happens at a moment to one backend."""

    kind: EventKind
    at: Any = alone()
    """A date and time with its zone (2026-02-12T00:00:00Z, or +08:00), or seconds from the start of the run."""
    backend: str = alone()
    """Id of the market: whom it meets."""
    length_h: float | None = alone(None, above=0)
    """Hours that it lasts; null: for good (never for kind=free)."""
    factor: float | None = alone(None, low=0, high=1000)
    """kind=price: on every price of the list that is in force, tiers and fees a request too. kind=limit: on every limit a minute."""
    prices: dict[str, float] = alone({}, low=0)
    """kind=price: new values by field, e.g. {input_usd_per_mtok: 2.5}. The same price in a tier changes in the same ratio."""

    slower: float = alone(1.0, low=1, high=1000)
    """kind=brownout: times the server's seconds."""
    error_rate: float = alone(0.0, low=0, high=1)
    """kind=brownout: share of attempts that fail."""

    def begins_s(self, start: datetime, key: str = "events") -> float:
        """The simulated second at which it happens; below 0: before the run. Raises `ConfigError` for what is no moment."""
        if isinstance(self.at, (int, float)) and not isinstance(self.at, bool):
            if not 0 <= self.at <= LARGEST:
                raise ConfigError(f"{key}.at={self.at:g}: seconds from the start must be from 0 to {LARGEST:g}")
            return float(self.at)
        try:
            moment = datetime.fromisoformat(str(self.at))
        except ValueError:
            raise ConfigError(f"{key}.at={self.at!r}: must be a date and time such as 2026-02-12T00:00:00Z, or seconds") from None
        if moment.tzinfo is None:
            raise ConfigError(f"{key}.at={self.at!r}: says no zone; add one, e.g. 2026-02-12T00:00:00Z or 2026-02-12T00:00:00+08:00")
        return (moment.astimezone(UTC) - start).total_seconds()

    def ends_s(self, start: datetime) -> float:
        """When it is over; inf: never."""
        return math.inf if self.length_h is None else self.begins_s(start) + self.length_h * HOUR_S

    def on(self, model: BackendSettings) -> BackendSettings:
        """The backend while a change of prices is in force."""
        if self.kind is EventKind.free:
            return _times(model, 0.0)
        changed = model if self.factor is None else _times(model, self.factor)
        for name, value in self.prices.items():
            changed = _with_price(changed, name, float(value))
        return changed

    def told(self, start: datetime, model: BackendSettings) -> str:
        """In words: when, who, what."""
        name, begins_s = model.label or self.backend, self.begins_s(start)
        hours = "" if self.length_h is None else f" for {self.length_h:g} h"
        new = [f"{price} {value:g}" for price, value in self.prices.items()]
        if self.factor is not None:
            new.insert(0, f"every price x {self.factor:g}")
        what = {
            EventKind.price: f"{', '.join(new)}{hours}",
            EventKind.free: f"free{hours}, then at the list again",
            EventKind.launch: "launched",
            EventKind.retirement: "retired",
            EventKind.route_closed: "its vendor's plans no longer cover third-party agents",
            EventKind.outage: f"out{hours}",
            EventKind.limit: f"limits a minute x {self.factor or 1:g}{hours}",
            EventKind.brownout: f"{self.slower:g} times as slow, errors {self.error_rate:.0%}{hours}",
        }
        return f"{_when(start.timestamp() + begins_s)} {name}: {what[self.kind]}{' (before the run)' if begins_s < 0 else ''}"

    @property
    def short(self) -> str:
        """In a word or two, for figures."""
        words = {EventKind.price: "new price", EventKind.free: "free", EventKind.launch: "launch", EventKind.retirement: "gone"}
        words |= {
            EventKind.route_closed: "route closed",
            EventKind.outage: "outage",
            EventKind.brownout: "brownout",
            EventKind.limit: "new limit",
        }
        return words[self.kind]


def _when(since_1970_s: float) -> str:
    return f"{datetime.fromtimestamp(since_1970_s, UTC):%Y-%m-%d %H:%M} UTC"


def _times(model: BackendSettings, factor: float) -> BackendSettings:
    def of(group: Any) -> dict[str, Any]:
        prices = {name: getattr(group, name, None) for name in PRICES}
        return {name: price * factor for name, price in prices.items() if price is not None}

    return dataclasses.replace(model, **of(model), tiers=[dataclasses.replace(tier, **of(tier)) for tier in model.tiers])


def _with_price(model: BackendSettings, name: str, value: float) -> BackendSettings:
    """A tier follows in the ratio of the base price; where that was nothing, the tier stays."""
    old, tiers = getattr(model, name), model.tiers
    if old:
        tiers = [
            dataclasses.replace(tier, **{name: getattr(tier, name) * value / old}) if getattr(tier, name, None) is not None else tier
            for tier in tiers
        ]
    changes: dict[str, Any] = {name: value, "tiers": tiers}
    return dataclasses.replace(model, **changes)


def traits_of_events(scenario: Any) -> Traits:
    """What the events of a scenario touch, together."""
    every = [event.kind.traits(event) for event in scenario.events]
    said = {name: dict.fromkeys(each._asdict()[name] for each in every) for name in _WORDS}
    words: dict[str, Any] = {name: "; ".join(filter(None, texts)) for name, texts in said.items()}
    flags: dict[str, Any] = {name: any(each._asdict()[name] for each in every) for name in Traits._fields if name not in _WORDS}
    return Traits(**words, **flags)


def told(events: Sequence[EventSettings], used: Mapping[str, BackendSettings], start: datetime, ended_s: float) -> str:
    """All in words, those counted that meet none of the backends in use, or come too late for a run of that end."""
    said = [event.told(start, used[event.backend]) for event in events if event.backend in used and event.begins_s(start) < ended_s]
    never = len(events) - len(said)
    more = f"; and {len(said) - MOST_TOLD} more" if len(said) > MOST_TOLD else ""
    happened = f"Events: {'; '.join(said[:MOST_TOLD])}{more}." if said else ""
    without = f"Events without effect: {never}, of other backends or after the end of the run (second {ended_s:,.6g})." if never else ""
    return f"{happened} {without}".strip()


def marks(scenario: Any, names: Mapping[str, str]) -> list[tuple[float, str]]:
    """Events of a scenario that meet its backends, and the ends of those that end: seconds, and whom they meet in a word or two."""
    start, events = scenario.start_time(), [event for event in scenario.events if event.backend in scenario.backends]
    begin = [(event.begins_s(start), f"{names.get(event.backend, event.backend)}: {event.short}") for event in events]
    end = [(event.ends_s(start), f"{names.get(event.backend, event.backend)}: over") for event in events if event.length_h]
    return sorted(begin + end)


def lists_over_time(model: BackendSettings, events: Sequence[EventSettings], start: datetime) -> list[tuple[float, BackendSettings]]:
    """A backend's price lists, each with the simulated second from which it holds, the first from ever; `events` are its own, in order."""
    lists = [(-math.inf, model)]
    listed = model
    for event in events:
        if event.kind in PRICED:
            changed = event.on(listed)
            lists.append((event.begins_s(start), changed))
            if event.length_h is None:
                listed = changed
            else:
                lists.append((event.ends_s(start), listed))
    return [each for each, after in pairwise([*lists, (math.inf, model)]) if each[0] < after[0]]


def presence(events: Sequence[EventSettings], start: datetime) -> tuple[float, float]:
    """From which simulated second a backend is there, and until when; `events` are its own."""
    launch = [event.begins_s(start) for event in events if event.kind is EventKind.launch]
    retirement = [event.begins_s(start) for event in events if event.kind is EventKind.retirement]
    return (launch or [-math.inf])[0], (retirement or [math.inf])[0]


def limits_over_time(events: Sequence[EventSettings], start: datetime) -> list[tuple[float, float]]:
    """(simulated second, times its limits a minute that a backend has from then on), in order; `events` are its own."""
    spans = [(event.begins_s(start), event.ends_s(start), event.factor or 1.0) for event in events if event.kind is EventKind.limit]
    moments = sorted({moment for begins_s, ends_s, _ in spans for moment in (begins_s, ends_s) if moment < math.inf})
    return [(at, math.prod(factor for begins_s, ends_s, factor in spans if begins_s <= at < ends_s)) for at in moments]


def check_event(event: EventSettings, key: str, models: dict[str, BackendSettings]) -> None:
    """Raise `ConfigError` where one event contradicts itself or names what there is not."""
    if event.backend not in models:
        raise ConfigError(f"{key}.backend={event.backend}: not in the market; {did_you_mean(event.backend, models)}")
    for name in event.prices:
        if name not in PRICES:
            raise ConfigError(f"{key}.prices.{name}: not a price; {did_you_mean(name, PRICES)}")
    changes = bool(event.prices) or event.factor is not None
    if event.kind is EventKind.price and not changes:
        raise ConfigError(f"{key}: kind=price needs prices, e.g. {{input_usd_per_mtok: 2.5}}, or a factor")
    if event.kind is EventKind.limit and (event.prices or not event.factor):
        raise ConfigError(f"{key}: kind=limit needs a factor above 0, and no prices")
    if event.kind not in (EventKind.price, EventKind.limit) and changes:
        raise ConfigError(f"{key}: kind={event.kind.value} takes neither prices nor a factor; use kind=price")
    if event.kind in FOR_A_WHILE and event.length_h is None:
        raise ConfigError(f"{key}: kind={event.kind.value} needs length_h, the hours until it is over")
    disturbs = event.slower != 1 or event.error_rate != 0
    if disturbs != (event.kind is EventKind.brownout):
        need = "needs slower above 1 or an error_rate" if not disturbs else f"takes neither, kind={event.kind.value}; use kind=brownout"
        raise ConfigError(f"{key}: slower, error_rate: {need}" if disturbs else f"{key}: kind=brownout {need}")
    if event.kind in FOR_GOOD and event.length_h is not None:
        raise ConfigError(f"{key}.length_h={event.length_h:g}: a {event.kind.value} is for good, so must be null")


def check_one_backend(events: Sequence[tuple[str, EventSettings]], start: datetime) -> None:
    """Raise `ConfigError` where events of one backend (with their keys, in order) contradict one another."""
    _check_overlaps([each for each in events if each[1].kind in PRICED], start)
    for kind in PRESENCE:
        same = [key for key, event in events if event.kind is kind]
        if len(same) > 1:
            raise ConfigError(f"{same[1]}: {events[0][1].backend} has a {kind.value} already ({same[0]})")
    there_s, gone_s = presence([event for _, event in events], start)
    if gone_s <= there_s:
        raise ConfigError(f"{events[0][0]}: {events[0][1].backend} would be gone before it is launched; turn the two dates round")


def _check_overlaps(events: Sequence[tuple[str, EventSettings]], start: datetime) -> None:
    """What is for good gives way to what comes after; what ends on a day does not."""
    for (key, event), (after_key, after) in pairwise(events):
        ends_s = event.ends_s(start) if event.length_h is not None else event.begins_s(start)
        if after.begins_s(start) < ends_s or after.begins_s(start) == event.begins_s(start):
            raise ConfigError(f"{after_key}: begins before {key} is over, and both are prices of {event.backend}; shorten one or join them")
