"""A scenario's backends, each composed of its parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import simpy

from sim.backends.admission import DoorBackend, SharedDoorBackend
from sim.backends.service import Backend
from sim.backends.sharing import SharedBackend
from sim.scenario.coupling import needs_door
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard, dealt


def backends_of(scenario: Scenario, env: simpy.Environment, shard: Shard) -> list[Backend]:
    start = scenario.start_time()
    door = scenario.retry.patience_s is not None or scenario.workload.urgent_share > 0
    made: list[Backend] = []
    for index, (name, model) in enumerate(scenario.chosen().items()):
        settings = dealt(dataclasses.replace(model, fee=max(model.fee, scenario.router.fee)), shard)
        if scenario.batch:
            made.append(Backend(env, index, name, settings, start, batch=True))
        else:
            made.append(_KINDS[door or needs_door(settings), settings.decode_slowdown > 0](env, index, name, settings, start))
    return made


_KINDS: dict[tuple[bool, bool], Callable[..., Backend]] = {
    (False, False): Backend,
    (False, True): SharedBackend,
    (True, False): DoorBackend,
    (True, True): SharedDoorBackend,
}
"""By (has a door, decoding is shared); the batch queue has neither."""
