"""What is set of those who serve: whole, in pairs, or refused in a line."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

import sim
from sim.settings.provider.fleet import FleetSettings, ProviderSettings
from tests.worlds import agent, backend, scenario

PAIRS: dict[str, list[float]] = {
    "prefill_wh_per_mtok": [10, 20], "cached_wh_per_mtok": [1, 2], "decode_wh_per_mtok": [100, 400], "pue": [1.1, 1.5],
    "gpu_kw": [0.5, 2.0], "gpu_usd_per_h": [1.0, 3.0],
}  # fmt: skip
POWER: dict[str, list[float]] = {"us": [0.05, 0.10], "cn": [0.02, 0.08]}


def provider(**changes: Any) -> ProviderSettings:
    plain: dict[str, Any] = {"name": "ours", "fleet": FleetSettings(**PAIRS), "usd_per_kwh": POWER}
    return ProviderSettings(**(plain | changes))


def test_a_backend_has_what_is_said_of_it_and_else_what_is_said_of_all() -> None:
    ours = provider(fleets={"one": FleetSettings(pue=[1.0, 1.0])})
    assert dataclasses.asdict(ours.fleet_of("one")) == PAIRS | {"pue": [1.0, 1.0]}
    assert dataclasses.asdict(ours.fleet_of("two")) == PAIRS


REFUSED: dict[str, dict[str, Any]] = {
    "provider.fleet.pue=[1.5, 1.1]: must be [low, high]": {"fleet": FleetSettings(**(PAIRS | {"pue": [1.5, 1.1]}))},
    "provider.fleet.pue=[1.2]: must be [low, high]": {"fleet": FleetSettings(**(PAIRS | {"pue": [1.2]}))},
    "provider.fleet.gpu_kw=[]: must be [low, high]": {"fleet": FleetSettings(**(PAIRS | {"gpu_kw": []}))},
    "provider.fleet.pue[0]=0.9: must be at least 1": {"fleet": FleetSettings(**(PAIRS | {"pue": [0.9, 1.1]}))},
    "provider.fleet.gpu_kw[0]=0: must be more than 0": {"fleet": FleetSettings(**(PAIRS | {"gpu_kw": [0, 1]}))},
    "provider.fleets.one.pue=[3, 2]: must be [low, high]": {"fleets": {"one": FleetSettings(pue=[3, 2])}},
    "provider.fleets.oen: not in the market; did you mean 'one'?": {"fleets": {"oen": FleetSettings()}},
    "provider.usd_per_kwh: has no price for us, where one is served (it has cn)": {"usd_per_kwh": {"cn": [0.1, 0.1]}},
    "provider.usd_per_kwh.us=[0.2, 0.1]: must be [low, high]": {"usd_per_kwh": {"us": [0.2, 0.1]}},
}


@pytest.mark.parametrize("said", list(REFUSED))
def test_what_cannot_be_is_refused_in_a_line(said: str) -> None:
    with pytest.raises(sim.ConfigError, match=f"^{re.escape(said)}"):
        scenario(agent(), backend(serving="us"), provider=provider(**REFUSED[said]))


def test_nobody_has_to_say_where_backends_are_served_unless_providers_are_asked_for() -> None:
    assert scenario(agent(), backend()).provider == ProviderSettings()
    with pytest.raises(sim.ConfigError, match=r"no price for nowhere, where one is served"):
        scenario(agent(), backend(), provider=provider())


def test_requests_that_stay_in_a_region_burn_its_power() -> None:
    there = backend(serving="us", region="cn", regional_surcharges={"cn": 0.1})
    assert scenario(agent(), there, provider=provider(usd_per_kwh={"cn": [0.1, 0.1]}))
