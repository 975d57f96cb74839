"""What serving takes and costs, as it is set. Every quantity is a pair, [low, high]: nobody publishes these of the models that are sold."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.settings.bounds import twin


@dataclass(kw_only=True)
class FleetSettings:
    """The machines behind a backend; an empty pair: as `provider.fleet` has it."""

    prefill_wh_per_mtok: list[float] = twin([], low=0)
    """Watt-hours that the machines draw for a million tokens of prompts that no cache had; what cooling adds is `pue`."""
    cached_wh_per_mtok: list[float] = twin([], low=0)
    """Watt-hours for a million tokens of prompts that a cache had."""
    decode_wh_per_mtok: list[float] = twin([], low=0)
    """Watt-hours for a million tokens of output."""
    pue: list[float] = twin([], low=1, high=10)
    """Energy of the whole site over that of its machines (power usage effectiveness)."""
    gpu_kw: list[float] = twin([], above=0)
    """Power of a GPU with its part of the machine around it, while it works: energy over power is how long it works."""
    gpu_usd_per_h: list[float] = twin([], low=0)
    """Rent of a GPU for an hour, power included."""


@dataclass
class ProviderSettings:
    """What a run says of those who serve it. Nothing of a simulation depends on it."""

    name: str = twin("")
    """What it is called; empty: nothing is said."""
    fleet: FleetSettings = field(default_factory=FleetSettings)
    """Of every backend that `fleets` does not name."""
    fleets: dict[str, FleetSettings] = twin({})
    """By a backend's id: what is otherwise there."""
    usd_per_kwh: dict[str, list[float]] = twin({}, low=0)
    """Price of electricity by where a backend is served (`serving`, or the `region` where requests stay)."""

    def fleet_of(self, backend: str) -> FleetSettings:
        """All of a backend's machines."""
        own = self.fleets.get(backend, FleetSettings())
        given = {each.name: getattr(own, each.name) for each in dataclasses.fields(own)}
        return dataclasses.replace(self.fleet, **{name: pair for name, pair in given.items() if pair})


def check_provider(scenario: Any) -> None:
    """Raise `ConfigError` where what is set of providers cannot be, or is not enough."""
    provider: ProviderSettings = scenario.provider
    for name in provider.fleets:
        if name not in scenario.market.models:
            raise ConfigError(f"provider.fleets.{name}: not in the market; {did_you_mean(name, scenario.market.models)}")
    if not provider.name:
        return
    for name in scenario.backends:
        fleet = provider.fleet_of(name)
        where = f"provider.fleets.{name}" if name in provider.fleets else "provider.fleet"
        for each in dataclasses.fields(fleet):
            _check_pair(getattr(fleet, each.name), f"{where}.{each.name}")
        place = scenario.market.models[name].served_in
        if place not in provider.usd_per_kwh:
            known = ", ".join(provider.usd_per_kwh) or "none"
            raise ConfigError(f"provider.usd_per_kwh: has no price for {place or 'nowhere'}, where {name} is served (it has {known})")
        _check_pair(provider.usd_per_kwh[place], f"provider.usd_per_kwh.{place}")


def _check_pair(pair: list[float], key: str) -> None:
    if len(pair) != 2 or pair[0] > pair[1]:
        raise ConfigError(f"{key}={list(pair)}: must be [low, high]")
