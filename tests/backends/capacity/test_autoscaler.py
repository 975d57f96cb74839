"""Replicas that come and go, by hand: when they are ordered, when they serve, when they stop, and what that costs."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.backends.capacity.autoscaler import Autoscaler
from sim.settings.capacity.servers import AutoscaleSettings, BackendKind, ServerSettings
from sim.settings.market import BackendSettings
from tests.worlds import agent, backend, run, with_

ONCE: dict[str, Any] = {"turns": 1, "system_tokens": 0, "prompt_tokens": 1000, "output_tokens": 3000}
HOUR_S = 3600


def looks(loads: list[int], **changes: Any) -> list[int]:
    """What it says at one look after another."""
    scaler = Autoscaler(AutoscaleSettings(**{"most": 5, "target_calls": 10.0, "every_s": 15.0, "keep_s": 60.0} | changes))
    return [scaler.look(load) for load in loads]


def test_more_at_once_and_fewer_only_when_fewer_have_been_enough_for_a_while() -> None:
    assert looks([0, 1, 10, 11, 1000]) == [1, 1, 1, 2, 5]
    assert looks([45, 25, 25, 25, 25, 25, 5]) == [5, 5, 5, 5, 5, 3, 3]
    assert looks([0, 1, 0, 0], least=0, keep_s=15.0) == [0, 1, 1, 0]


@pytest.mark.parametrize("gap", [1, 2, 5, 400])
def test_looks_that_would_find_the_same_are_left_out(gap: int) -> None:
    """After a steady time of any length it says what one says that has looked at every turn."""
    each, other = (Autoscaler(AutoscaleSettings(most=5, target_calls=10.0, keep_s=60.0)) for _ in range(2))
    for scaler in (each, other):
        scaler.look(30)
    for _ in range(gap):
        each.look(30)
    other.skip((gap + 1) * 15.0 + 7.0)
    while other.next_s < each.next_s:
        other.look(30)
    assert other.next_s == each.next_s
    assert [each.look(load) for load in (10, 10, 10, 10, 10, 10)] == [other.look(load) for load in (10, 10, 10, 10, 10, 10)]


def own(auto: AutoscaleSettings, **changes: Any) -> BackendSettings:
    """$3.60 an hour; one call at a time, which takes 1 s to read and 30 to decode."""
    servers = ServerSettings(batch=1, usd_per_h=3.6, autoscale=auto, **changes)
    speed = {"prefill_tokens_per_s": 1000.0, "decode_tokens_per_s": 100.0, "ttft_s": 0.0, "cache": "none"}
    return backend(**speed | {"kind": BackendKind.self_hosted, "servers": servers})


def starts(result: sim.Result) -> list[float]:
    return list(result.calls.sort_values("task")["t_start_s"].round(9))


def test_a_server_is_ordered_at_a_look_takes_calls_when_it_is_up_and_is_paid_from_its_order() -> None:
    """Three calls at 0 on one server. At 10 s three are needed, so two are ordered, and both are up at 14."""
    auto = AutoscaleSettings(most=3, target_calls=1.0, every_s=10.0, start_s=4.0)
    result = run(agent(**ONCE), own(auto), tasks=3)
    assert starts(result) == [0.0, 14.0, 14.0]
    assert result.tasks["t_end_s"].max() == 45.0
    assert result.mean("servers_h.one") == pytest.approx((45 + 2 * 35) / HOUR_S)
    assert result.mean("servers_idle_share.one") == pytest.approx((14 + 2 * 4) / 115)
    assert result.mean("cost_servers_usd") == pytest.approx(0.115)


def test_a_server_that_is_not_needed_stops_and_one_that_has_a_call_ends_it_first() -> None:
    """Two calls at 0 on two servers, until 31. At 30 s two are needed, at 40 one, and from 60 on no more than one for 20 s: one goes then.

    Where one is enough for two calls, one is sent off at 10, and stops at 31."""
    auto = AutoscaleSettings(most=2, target_calls=1.0, every_s=10.0, start_s=4.0, keep_s=20.0)
    result = run(agent(**ONCE), own(auto, replicas=2), tasks=2, horizon_s=100.0)
    assert result.mean("servers_h.one") == pytest.approx((60 + 100) / HOUR_S)
    result = run(agent(**ONCE), own(with_(auto, target_calls=2.0, keep_s=0.0), replicas=2), tasks=2, horizon_s=100.0)
    assert starts(result) == [0.0, 0.0]
    assert result.mean("servers_h.one") == pytest.approx((31 + 100) / HOUR_S)


def test_from_no_server_at_all_the_first_call_waits_for_one() -> None:
    """It comes at 5, one is ordered at 10, and is up at 14."""
    auto = AutoscaleSettings(most=1, least=0, target_calls=4.0, every_s=10.0, start_s=4.0)
    result = run(agent(**ONCE), own(auto, replicas=0), tasks=1, every_s=5.0)
    assert starts(result) == [14.0]
    assert result.mean("servers_h.one") == pytest.approx(35 / HOUR_S)


def test_a_look_that_nobody_waits_for_does_not_make_a_run_longer() -> None:
    """The second call waits until 2 s, and is over at 4: the look at 40 that was to come for its sake is struck off the clock."""
    auto = AutoscaleSettings(most=2, target_calls=100.0, every_s=40.0)
    result = run(agent(**ONCE | {"output_tokens": 100}), own(auto), tasks=2)
    assert result.tasks["t_end_s"].max() == 4.0
    assert result.mean("servers_h.one") == pytest.approx(4 / HOUR_S)
