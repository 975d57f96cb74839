"""What servers of one's own may not be set together with, in one line each."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.capacity.servers import AutoscaleSettings, BackendKind, ServerSettings
from sim.settings.events.event import EventKind, EventSettings
from tests.worlds import agent, backend, scenario

OWN: dict[str, Any] = {"kind": BackendKind.self_hosted}


@pytest.mark.parametrize(
    ("served", "world", "said"),
    [
        ({"servers": ServerSettings(replicas=2)}, {}, r"market\.models\.one\.servers: needs .*kind=self_hosted"),
        (OWN | {"slots": 4}, {}, r"slots=4: .*servers\.batch"),
        (OWN | {"servers": ServerSettings(replicas=0)}, {}, r"replicas=0: must be at least 1"),
        (OWN | {"servers": ServerSettings(autoscale=AutoscaleSettings(least=2))}, {}, r"needs .*autoscale\.most"),
        (OWN | {"servers": ServerSettings(replicas=3, autoscale=AutoscaleSettings(most=2))}, {}, r"replicas=3: must be from"),
        (OWN, {"batch": True}, r"batch=true: one is self_hosted"),
        (OWN, {"shards": 2, "tasks": 4}, r"shards=2: .*take the calls of all tasks together; use shards=1"),
        (OWN, {"events": [EventSettings(kind=EventKind.outage, at=5, backend="one", length_h=0.1)]}, r"outages of servers of one's own"),
    ],
)
def test_what_does_not_go_together_is_refused(served: dict[str, Any], world: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(agent(), backend(**served), **world)


def test_theory_says_in_words_that_it_has_no_expected_values() -> None:
    expected = sim.simulate(scenario(agent(turns=1), backend(**OWN))).theory
    assert not expected.values
    assert expected.unsolved == ("market.models.one.kind=self_hosted: batches, lines and hours of servers of one's own",)
