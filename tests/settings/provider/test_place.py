"""How far it is, in seconds by hand: round trips by place, a gateway, handshakes of connections that are new or were dropped."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.events.event import EventKind, EventSettings
from sim.settings.market import BackendSettings
from sim.settings.provider.place import PlaceSettings
from sim.settings.router import RouterSettings
from sim.settings.run import RetrySettings
from sim.theory import expect
from tests.recipes.ways import assert_declared_truly, assert_theory_agrees
from tests.worlds import agent, backend, loop, scenario, team

FAR = PlaceSettings(round_trips_s={"us": 0.1, "cn": 0.2}, handshake_round_trips=2.0)
"""A connection to China takes 0.4 s; what waits longer than 5 s for its next call has lost it."""
CHINA: dict[str, Any] = {"serving": "cn", "network_rtt_s": 9.0}


def first_tokens(work: Any, served: Any = None, place: PlaceSettings = FAR, **changes: Any) -> list[float]:
    """Seconds to the first token of each attempt, less the second that the model takes."""
    calls = sim.simulate(scenario(work, served or backend(**CHINA), place=place, **changes)).calls.sort_values("t_request_s")
    waits: list[float] = (calls["t_first_token_s"] - calls["t_request_s"] - 1.0).round(9).tolist()
    return waits


@pytest.mark.parametrize(
    ("gap_s", "waits"), [(2.0, [0.6, 0.2, 0.2]), (5.0, [0.6, 0.2, 0.2]), (5.01, [0.6, 0.6, 0.6]), (0.0, [0.6, 0.2, 0.2])]
)
def test_a_connection_is_made_once_and_lasts_until_it_is_not_used(gap_s: float, waits: list[float]) -> None:
    assert first_tokens(agent(turns=3, tool_time_s=gap_s)) == waits


def test_it_lasts_from_the_end_of_an_answer_and_not_from_its_beginning() -> None:
    slow = backend(**CHINA, decode_tokens_per_s=30.0)
    assert first_tokens(agent(turns=2, tool_time_s=4.0, output_tokens=300), slow) == [0.6, 0.2]
    shared = backend(**CHINA, decode_tokens_per_s=30.0, decode_slowdown=0.5)
    assert first_tokens(agent(turns=2, tool_time_s=4.0, output_tokens=300), shared) == [0.6, 0.2]


def test_every_agent_has_its_own_and_one_to_each_backend() -> None:
    workers = team(1, loop(turns=2), fanout=2)
    assert sorted(first_tokens(workers)) == [0.2, 0.2, 0.6, 0.6, 0.6], "a lead's one call, and two each of two workers"
    two: dict[str, BackendSettings] = {"down": backend(**CHINA, error_rate=1.0), "up": backend(serving="us")}
    there = RouterSettings(backend="down", fallback=["up"], fallback_retries=0)
    waits = first_tokens(agent(turns=1), two, router=there, retry=RetrySettings(backoff_base_s=0.0))
    assert waits == pytest.approx([0.6, 0.3]), "the second is 0.1 s away, and new"


def test_what_fails_keeps_its_connection_but_not_what_an_outage_breaks_off() -> None:
    again = RetrySettings(attempts=3, backoff_base_s=0.0)
    assert first_tokens(agent(turns=1), backend(**CHINA, error_rate=1.0), retry=again) == [0.6, 0.2, 0.2]
    out = [EventSettings(kind=EventKind.outage, at=1.0, backend="one", length_h=0.01 / 3600)]
    broken, refused, after = first_tokens(agent(turns=1), retry=again, events=out)
    assert (broken, refused) == (0.0, -0.8), "one ends there, one after a round trip"
    assert after == 0.6


def test_a_gateway_is_on_the_way_of_every_attempt_and_handshakes_go_without_it() -> None:
    place = PlaceSettings(round_trips_s={"cn": 0.2}, gateway_s=0.05, handshake_round_trips=3.0)
    assert first_tokens(agent(turns=2), place=place) == [0.85, 0.25]
    assert first_tokens(agent(turns=2), place=PlaceSettings(gateway_s=0.5)) == [9.5, 9.5], "as listed"


def test_a_region_moves_the_backend() -> None:
    there = backend(**CHINA, region="us", regional_surcharges={"us": 0.1})
    assert first_tokens(agent(turns=2), there) == [0.3, 0.1]


def test_theory_knows_the_way_and_says_that_it_does_not_know_who_is_connected() -> None:
    near = PlaceSettings(round_trips_s={"cn": 0.2}, gateway_s=0.05)
    assert_theory_agrees(scenario(agent(turns=5, tool_time_s=3.0), backend(**CHINA), place=near))
    said = expect(scenario(agent(turns=5), backend(**CHINA), place=FAR)).unsolved
    assert "place.handshake_round_trips: which calls find their connection dropped" in said


def test_it_is_the_same_whichever_way_it_is_run() -> None:
    gaps = {"dist": "exponential", "mean": 5}
    work = team(4, loop(turns=3, tool_time_s=gaps, output_tokens=gaps), fanout=2, tool_time_s=gaps)
    served = backend(**CHINA, noise_sigma=0.5, error_rate=0.1)
    assert_declared_truly(scenario(work, served, tasks=20, every_s=gaps, place=FAR))


def test_nobody_is_served_at_a_place_that_nobody_can_reach() -> None:
    with pytest.raises(sim.ConfigError, match=r"^place.round_trips_s: has no way to eu, where one is served \(it has us, cn\)$"):
        scenario(agent(), backend(serving="eu"), place=FAR)
    assert scenario(agent(), backend(), place=FAR).chosen()["one"].network_rtt_s == 0.0, "nowhere in particular: as it is listed"


@pytest.mark.parametrize(("place", "seconds"), [("as_listed", 0.18), ("us", 0.18), ("cn", 0.03), ("eu", 0.22)])
def test_minimax_from_each_place(place: str, seconds: float) -> None:
    chosen = sim.load(f"place={place}", "backends=[minimax_m2_5,claude_opus_4_6]").chosen()
    assert chosen["minimax_m2_5"].network_rtt_s == seconds
    assert (chosen["claude_opus_4_6"].handshake_s > 0) is (place != "as_listed")
