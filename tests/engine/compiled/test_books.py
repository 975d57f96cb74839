"""The sums that the twin makes of its rows are the meter's, and where it cannot make them the meter does."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.engine.compiled.library import Library
from sim.engine.world import World
from sim.scenario.shards import Shard
from sim.settings.market import BackendSettings, Billed, CacheKind, PriceTier, PriceWindow
from sim.settings.run import Log, RetrySettings
from sim.settings.workload import TeamSettings, WorkloadKind, WorkloadSettings
from tests.engine.compiled.held import assert_held
from tests.worlds import agent, backend, loop, scenario, team, with_

DEAR = backend(
    input_usd_per_mtok=3.0, output_usd_per_mtok=15.1, cache_read_usd_per_mtok=0.3, cache_write_usd_per_mtok=3.75,
    cache_write_1h_usd_per_mtok=6.0, cache=CacheKind.explicit, cache_min_tokens=100, cache_1h_tokens=900, request_usd=0.003, fee=0.055,
    tiers=[PriceTier(above_tokens=2000, input_usd_per_mtok=6.0), PriceTier(above_tokens=4000, output_usd_per_mtok=22.5)],
    error_rate=0.2, error_billed=Billed.everything,
)  # fmt: skip
"""Everything that a bill depends on."""


def priced(model: BackendSettings = DEAR, **changes: Any) -> sim.Scenario:
    return scenario(agent(turns=8, tool_result_tokens=700), model, log=Log.none, **({"tasks": 9} | changes))


def has_books(world: sim.Scenario, library: Library) -> bool:
    return World(world, 0, Shard(), lookahead=True, twin=library).meter.books is not None


def test_tiers_fees_heads_and_failures_are_billed_to_the_bit(library: Library) -> None:
    assert has_books(priced(), library)
    tally = assert_held(priced(), library).tally
    assert tally.cost_units > tally.failed_units > 0
    assert tally.waits.units.any()


def test_what_was_given_up_counts_as_a_wait_once_its_task_has_ended(library: Library) -> None:
    """Teams that are cut off by the horizon, and workers that gave up before it."""
    cut_off = scenario(team(5, loop(turns=4), fanout=3), DEAR, tasks=9, retry=RetrySettings(attempts=1), horizon_s=6.0)
    tally = assert_held(cut_off, library).tally
    assert tally.given_up > tally.waits.calls - int(tally.attempts[:, 0].sum())


WINDOWED = with_(DEAR, windows=[PriceWindow(until_h=0.02, multiplier=0.5)])
USERS = WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=2, teams={"a": TeamSettings(users=1), "b": TeamSettings(users=2)})


@pytest.mark.parametrize("world", [priced(WINDOWED), priced(workload=USERS)])
def test_what_is_told_apart_is_added_up_by_the_meter(world: sim.Scenario, library: Library) -> None:
    """Prices by the hour, and teams of users."""
    assert not has_books(world, library)
    assert_held(world, library)
