"""The twin held to the model: the same digest, sums, rows and tasks, on any scenario that it covers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

import sim
from sim.engine.compiled.library import Library
from sim.engine.replicate import replicate
from sim.engine.replication import Replication
from sim.engine.world import World
from sim.scenario.coupling import uncompiled
from sim.scenario.shards import Shard
from sim.settings.run import Engine
from tests.worlds import with_


def by_twin(scenario: sim.Scenario, library: Library, number: int = 0) -> Replication:
    """One replication."""
    assert not uncompiled(scenario)
    return World(scenario, number, Shard(), lookahead=True, twin=library).run()


def on_its_clock(scenario: sim.Scenario, library: Library, number: int = 0) -> Replication:
    """One replication whose calls meet on the twin's own clock, whether or not a line forms."""
    assert not uncompiled(scenario)
    return World(scenario, number, Shard(), twin=library).run()


def by_model(scenario: sim.Scenario, number: int = 0) -> Replication:
    """The same by Python alone."""
    return replicate(with_(scenario, engine=Engine.simpy), number)


def plain(value: Any) -> Any:
    """Sums as values that compare by what is in them."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def by_path(run: Replication) -> list[tuple[Any, ...]]:
    """Rows of calls, each with its agent's path in the place of a number, in one order."""
    return sorted((row[0], run.paths[row[1]], *row[2:]) for row in run.calls.tolist())


def assert_same(one: Replication, other: Replication) -> None:
    """To the bit."""
    assert one.tally.digests == other.tally.digests
    assert plain(one.tally) == plain(other.tally)
    assert by_path(one) == by_path(other)
    assert sorted(one.tasks.tolist()) == sorted(other.tasks.tolist())


def assert_held(scenario: sim.Scenario, library: Library, number: int = 0) -> Replication:
    """The twin lives the scenario as the model does; returns what it leaves."""
    found = by_twin(scenario, library, number)
    assert_same(found, by_model(scenario, number))
    return found
