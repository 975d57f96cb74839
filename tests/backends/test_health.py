"""Outages and brownouts, by hand: who is refused, what breaks off and what of it is billed, who is slower."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.scenario.coupling import may_look_ahead
from sim.settings.events.event import EventSettings
from sim.settings.market import Billed
from sim.settings.router import RouterSettings
from sim.settings.run import RetrySettings
from tests.worlds import agent, backend, run, scenario

ONCE = RetrySettings(attempts=1)
SPEED: dict[str, Any] = {"network_rtt_s": 0.5, "ttft_s": 1.0, "decode_tokens_per_s": 30.0}
"""Of 300 tokens of output: first token after 1.5 s, the last 10 s later."""


def out(at: float, seconds: float, name: str = "one", **changes: Any) -> EventSettings:
    return EventSettings(**({"kind": "outage", "at": at, "backend": name, "length_h": seconds / 3600} | changes))  # type: ignore[arg-type]


def attempts(*events: EventSettings, served: Any, tasks: int, every_s: float, **changes: Any) -> Any:
    return run(agent(turns=1), served, tasks=tasks, every_s=every_s, events=list(events), **changes).calls.sort_values("t_request_s")


def test_attempts_within_an_outage_are_refused_after_a_round_trip_for_nothing() -> None:
    """Calls at 20, 40, ... 100 s; out from 40 to 80: the one at 80 is served."""
    calls = attempts(out(40, 40), served=backend(**SPEED), tasks=5, every_s=20.0, retry=ONCE)
    assert calls["status"].tolist() == ["ok", "error", "error", "ok", "ok"]
    assert (calls["t_end_s"] - calls["t_request_s"]).round(9).tolist() == [11.5, 0.5, 0.5, 11.5, 11.5]
    assert (calls["cost_usd"] > 0).tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(("billed", "output"), [(Billed.nothing, 0), (Billed.input, 0), (Billed.everything, 105)])
def test_an_answer_that_breaks_off_is_billed_as_far_as_it_had_come(billed: Billed, output: int) -> None:
    """Asked for at 20 s, first token at 21.5; out at 25: 3.5 of 10 s are 105 of 300 tokens."""
    served = backend(error_billed=billed, reasoning_share=0.5, **SPEED)
    [broken] = attempts(out(25, 10), served=served, tasks=1, every_s=20.0, retry=ONCE).itertuples()
    assert (broken.status, broken.t_end_s, broken.output_tokens) == ("error", 25.0, output)
    assert broken.reasoning_tokens == min(150, output), "half of an answer is reasoning, which comes first"
    assert broken.input_tokens == (0 if billed is Billed.nothing else 2000)
    assert broken.cost_usd == pytest.approx((broken.input_tokens + output) * 1e-6)


def test_an_answer_that_is_there_when_the_outage_begins_stands() -> None:
    assert attempts(out(31.5, 10), served=backend(**SPEED), tasks=1, every_s=20.0)["status"].tolist() == ["ok"]


def test_a_client_tries_again_until_it_is_over_or_it_gives_up() -> None:
    """Steps of 1, 2, 4, 8 s without jitter would last 15 s; with it they last less, so only an outage of seconds is lived through."""
    short = attempts(out(19, 2), served=backend(), tasks=1, every_s=20.0, retry=RetrySettings(attempts=8, backoff_cap_s=1.0))
    assert short["status"].iloc[-1] == "ok"
    assert set(short["status"].iloc[:-1]) == {"error"}
    long = run(agent(turns=1), backend(), tasks=1, every_s=20.0, events=[out(19, 1200)])
    assert long.mean("lost_share") == 1


def test_who_has_another_backend_goes_there() -> None:
    router = RouterSettings(fallback=["two"], fallback_retries=1)
    calls = attempts(out(0, 3600), served={"one": backend(), "two": backend()}, tasks=3, every_s=20.0, router=router)
    assert set(calls.loc[calls["status"] == "ok", "backend"]) == {"two"}


def test_a_brownout_slows_the_server_and_not_the_network() -> None:
    brown = EventSettings(kind="brownout", at=15, backend="one", length_h=10 / 3600, slower=3.0)  # type: ignore[arg-type]
    calls = attempts(brown, served=backend(**SPEED), tasks=2, every_s=20.0)
    assert (calls["t_end_s"] - calls["t_request_s"]).round(9).tolist() == [0.5 + 3 * 11, 11.5]


def test_a_brownout_fails_as_often_as_it_says() -> None:
    brown = EventSettings(kind="brownout", at=0, backend="one", length_h=1000, error_rate=0.3)  # type: ignore[arg-type]
    calls = attempts(brown, served=backend(error_rate=0.1), tasks=4000, every_s=1.0, retry=ONCE)
    assert (calls["status"] == "error").mean() == pytest.approx(0.3, abs=3 * np.sqrt(0.21 / 4000))


def test_events_that_overlap_leave_the_worse_of_each() -> None:
    brown = EventSettings(kind="brownout", at=0, backend="one", length_h=100 / 3600, slower=2.0)  # type: ignore[arg-type]
    slower = EventSettings(kind="brownout", at=10, backend="one", length_h=100 / 3600, slower=5.0)  # type: ignore[arg-type]
    calls = attempts(brown, slower, out(45, 10), served=backend(), tasks=4, every_s=20.0, retry=ONCE)
    assert calls["status"].tolist() == ["ok", "ok", "ok", "ok"]
    assert (calls["t_end_s"] - calls["t_request_s"]).tolist() == [5.0, 5.0, 5.0, 5.0]
    calls = attempts(brown, out(35, 10), served=backend(), tasks=2, every_s=20.0, retry=ONCE)
    assert calls["status"].tolist() == ["ok", "error"]


def test_such_worlds_go_step_by_step_and_in_shards_the_same() -> None:
    world = scenario(agent(turns=3), backend(**SPEED), tasks=20, every_s=7.0, events=[out(30, 30)])
    assert not may_look_ahead(world)
    one, parts = sim.simulate(world), sim.simulate(sim.replaced(world, {"shards": 4}))
    for metric in ("cost_usd", "failed_attempts", "lost_share"):
        assert parts.mean(metric) == pytest.approx(one.mean(metric), rel=1e-12)
    assert any("outage" in why for why in sim.theory.expect(world).unsolved)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"length_h": None}, "kind=outage needs length_h, the hours until it is over"),
        ({"kind": "brownout"}, "kind=brownout needs slower above 1 or an error_rate"),
        ({"slower": 2.0}, "slower, error_rate: takes neither, kind=outage; use kind=brownout"),
        ({"factor": 2.0}, "kind=outage takes neither prices nor a factor"),
    ],
)
def test_what_cannot_be_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(agent(turns=1), backend(), events=[out(5, 5, **changes)])


def test_shared_decoding_is_refused_with_them() -> None:
    with pytest.raises(sim.ConfigError, match="with decode_slowdown are not simulated"):
        scenario(agent(turns=1), backend(decode_slowdown=0.1), events=[out(5, 5)])
