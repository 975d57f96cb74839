"""Where calls come from, and how far it is from there to whoever serves them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim.errors import ConfigError
from sim.settings.bounds import setting, twin
from sim.settings.market import COLD, BackendSettings


@dataclass
class PlaceSettings:
    """What lies between a client and its backends; as it is by default, round trips are those of each backend (`network_rtt_s`)."""

    round_trips_s: dict[str, float] = twin({}, low=0)
    """Seconds there and back by where a backend is served (`serving`, or the `region` where requests stay); empty: as each backend has
    it."""
    gateway_s: float = twin(0.0, low=0)
    """What a gateway on the way adds to every attempt."""
    handshake_round_trips: float = setting(0.0, low=0, high=100, traits=COLD)
    """Of a new connection, before a call can be sent: 1 for TCP and 1 for TLS 1.3. An agent's first call at a backend needs one, and each
    that comes after its connection was dropped. Assumption: agents do not share theirs."""
    connection_idle_s: float = twin(5.0, low=0)
    """Seconds after which a connection that is not used is dropped (httpx, on which SDKs of vendors stand: 5)."""

    def seen(self, model: BackendSettings) -> BackendSettings:
        """A backend as it is from here."""
        there_and_back_s = self.round_trips_s.get(model.served_in, model.network_rtt_s)
        way_s = there_and_back_s + self.gateway_s
        far = model if way_s == model.network_rtt_s else replace(model, network_rtt_s=way_s)
        if not self.handshake_round_trips:
            return far
        return replace(far, handshake_s=self.handshake_round_trips * there_and_back_s, connection_idle_s=self.connection_idle_s)


def check_place(scenario: Any) -> None:
    """Raise `ConfigError` where nobody says how far it is to a backend in use. One that is served nowhere in particular keeps its own."""
    place: PlaceSettings = scenario.place
    for name in scenario.backends if place.round_trips_s else ():
        there = scenario.market.models[name].served_in
        if there and there not in place.round_trips_s:
            known = ", ".join(place.round_trips_s)
            raise ConfigError(f"place.round_trips_s: has no way to {there}, where {name} is served (it has {known})")
