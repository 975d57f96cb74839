"""What capacity by the hour does not go together with."""

from __future__ import annotations

from typing import Any

from sim.errors import ConfigError
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings, check_servers


def check_hourly(model: Any, key: str) -> None:
    """Raise `ConfigError` where a backend's servers or units contradict its other settings."""
    hosted, reserved = model.kind is BackendKind.self_hosted, model.reserved
    if not hosted and model.servers != ServerSettings():
        raise ConfigError(f"{key}.servers: needs {key}.kind=self_hosted, or nobody runs them")
    if hosted:
        check_servers(model.servers, f"{key}.servers")
        if model.slots is not None:
            raise ConfigError(
                f"{key}.slots={model.slots}: what runs at once on servers of one's own is {key}.servers.batch; leave slots null"
            )
        if reserved != ReservedSettings():
            raise ConfigError(f"{key}.reserved: units are a provider's, and {key}.kind=self_hosted has none")
    if reserved.units:
        if reserved.tokens_per_min is None:
            raise ConfigError(f"{key}.reserved.units={reserved.units}: needs {key}.reserved.tokens_per_min, what one of them takes")
        if reserved.units < reserved.least or reserved.units % reserved.step:
            raise ConfigError(f"{key}.reserved.units={reserved.units}: from {reserved.least} on in steps of {reserved.step}")


def check_capacity(scenario: Any) -> None:
    """Raise `ConfigError` where a scenario sends calls by another way than what is paid by the hour has."""
    for name, model in scenario.chosen().items():
        if scenario.batch and model.kind is BackendKind.self_hosted:
            raise ConfigError(f"batch=true: {name} is self_hosted, and has no batch queue; leave one of the two")
        if scenario.batch and model.reserved.units:
            raise ConfigError(f"batch=true: reserved units of {name} take no batch calls; leave one of the two")
        if model.reserved.units and scenario.plan.name and model.vendor in scenario.plan.vendors:
            raise ConfigError(
                f"market.models.{name}.reserved.units={model.reserved.units}: its calls are covered by plan.name={scenario.plan.name}"
            )
