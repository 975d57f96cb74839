"""What reserved units may not be set together with, in one line each."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind
from tests.worlds import agent, backend, scenario

UNITS = ReservedSettings(units=15, tokens_per_min=3400.0, least=15, step=5)


@pytest.mark.parametrize(
    ("served", "world", "said"),
    [
        ({"reserved": ReservedSettings(units=3)}, {}, r"reserved\.units=3: needs .*tokens_per_min"),
        ({"reserved": ReservedSettings(units=10, tokens_per_min=1.0, least=15, step=5)}, {}, r"units=10: from 15 on in steps of 5"),
        ({"reserved": ReservedSettings(units=16, tokens_per_min=1.0, least=15, step=5)}, {}, r"units=16: from 15 on in steps of 5"),
        ({"reserved": UNITS, "kind": BackendKind.self_hosted}, {}, r"reserved: units are a provider's"),
        ({"reserved": UNITS}, {"batch": True}, r"batch=true: reserved units of one take no batch calls"),
        ({"reserved": UNITS}, {"shards": 2, "tasks": 4}, r"shards=2: .*units take the calls of all tasks together; use shards=1"),
    ],
)
def test_what_does_not_go_together_is_refused(served: dict[str, Any], world: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(agent(), backend(**served), **world)


def test_units_and_seats_that_cover_the_same_calls_are_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"reserved\.units=15: its calls are covered by plan\.name=max_20x"):
        sim.load(
            "plan=max_20x", "workload=users", "agent=solo", "market.models.claude_opus_4_6.reserved.units=15",
            "market.models.claude_opus_4_6.reserved.tokens_per_min=1000",
        )  # fmt: skip
