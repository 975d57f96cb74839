"""Clients that give an attempt up: when, what of it is billed, what its cache keeps, and who goes on in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.scenario.coupling import may_look_ahead
from sim.settings.events.event import EventSettings
from sim.settings.market import Billed
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, run, scenario

SPEED: dict[str, Any] = {"network_rtt_s": 0.5, "ttft_s": 1.0, "decode_tokens_per_s": 30.0}
"""Of 300 tokens of output: first token after 1.5 s, the last 10 s later."""


def attempts(timeout_s: float, served: Any, tasks: int = 1, every_s: float = 20.0, tries: int = 1, **changes: Any) -> Any:
    retry = RetrySettings(attempts=tries, backoff_base_s=0.0, timeout_s=timeout_s)
    return run(agent(turns=1), served, tasks=tasks, every_s=every_s, retry=retry, **changes).calls.sort_values("t_request_s")


@pytest.mark.parametrize(
    ("timeout_s", "billed", "tokens"),
    [
        (5.0, Billed.nothing, (0, 0)),
        (5.0, Billed.input, (2000, 0)),
        (5.0, Billed.everything, (2000, 105)),
        (1.0, Billed.everything, (2000, 0)),
        (11.499, Billed.everything, (2000, 299)),
    ],
)
def test_what_had_come_by_then_is_billed(timeout_s: float, billed: Billed, tokens: tuple[int, int]) -> None:
    """Asked for at 20 s, first token at 21.5, given up: 3.5 of 10 s of decoding are 105 of 300 tokens."""
    [row] = attempts(timeout_s, backend(timeout_billed=billed, **SPEED)).itertuples()
    assert (row.status, row.t_end_s) == ("timeout", pytest.approx(20 + timeout_s))
    assert (row.input_tokens, row.output_tokens) == tokens
    assert row.cost_usd == pytest.approx(sum(tokens) * 1e-6)
    assert row.t_first_token_s == pytest.approx(min(21.5, 20 + timeout_s))


def test_what_comes_to_nothing_is_a_part_of_the_bill() -> None:
    """Half of the answers take too long, and are billed as far as they had come."""
    sizes: Any = {"dist": "empirical", "values": [100, 3000]}
    found = run(agent(turns=2, output_tokens=sizes), backend(**SPEED), tasks=20, every_s=30.0, retry=RetrySettings(timeout_s=60.0))
    calls = found.calls
    wasted = calls.loc[calls["status"] != "ok", "cost_usd"].sum()
    assert found.mean("failed_attempts_usd") == pytest.approx(wasted)
    assert 0.1 < wasted / calls["cost_usd"].sum() < 1


def test_an_answer_that_is_there_in_time_stands() -> None:
    assert attempts(11.5, backend(**SPEED))["status"].tolist() == ["ok"]


def test_time_in_line_counts() -> None:
    """One slot, answers of 11.5 s, two calls at once, 15 s: the second waits 11.5 s, is served for 3.5 s of which 2 make 60 tokens."""
    first, second = attempts(15.0, backend(slots=1, **SPEED), tasks=2, every_s=0.0).itertuples()
    assert (first.status, second.status) == ("ok", "timeout")
    assert (second.t_start_s, second.t_end_s, second.output_tokens) == (11.5, 15.0, 60)
    third = attempts(10.0, backend(slots=1, **SPEED), tasks=2, every_s=0.0).iloc[1]
    assert (third["status"], third["t_start_s"], third["t_end_s"], third["input_tokens"]) == ("timeout", 10.0, 10.0, 0), "still in line"


def test_who_is_overtaken_in_line_leaves_it_at_the_deadline() -> None:
    """Urgent calls go first, so others are still in line when their 25 s are over: they leave it then, for nothing, and no slot is free."""
    work = WorkloadSettings(tasks=40, interarrival_s=8.0, urgent_share=0.6)
    retry = RetrySettings(attempts=1, timeout_s=25.0)
    calls = run(agent(turns=1), backend(slots=1, **SPEED), workload=work, retry=retry).calls
    late = calls[calls["status"] == "timeout"]
    assert ((late["t_end_s"] - late["t_request_s"]).round(9) == 25).all()
    served = calls[calls["t_end_s"] > calls["t_start_s"]]
    in_line = late[late["t_end_s"] == late["t_start_s"]]
    busy = [((served["t_start_s"] < moment) & (moment < served["t_end_s"])).any() for moment in in_line["t_end_s"]]
    assert sum(busy) > 2
    assert in_line["cost_usd"].sum() == 0


def test_a_slot_is_free_from_the_moment_on() -> None:
    """Given up after 5 s each: whoever is next in line begins then."""
    calls = attempts(8.0, backend(slots=1, **SPEED), tasks=1, every_s=0.0, tries=3)
    assert calls["t_start_s"].tolist() == [0, 8, 16]
    waiting = run(
        agent(turns=1), backend(slots=1, **SPEED), tasks=3, every_s=2.0, retry=RetrySettings(attempts=1, timeout_s=8.0)
    ).calls.sort_values("t_request_s")
    assert waiting["t_start_s"].tolist() == [2, 10, 12], "asked for at 2, 4 and 6"
    assert waiting["t_end_s"].tolist() == [10, 12, 14]


def test_a_prompt_that_was_read_stays_in_the_cache_unless_nothing_is_billed() -> None:
    """The second attempt reads what the first has written, if its first token had come."""
    for timeout_s, billed, read in ((5.0, Billed.everything, 2000), (1.0, Billed.everything, 0), (5.0, Billed.nothing, 0)):
        calls = attempts(timeout_s, backend(timeout_billed=billed, error_billed=Billed.everything, **SPEED), tries=2)
        assert calls["cache_read_tokens"].iloc[1] == (read if billed is not Billed.nothing else 0)
    kept = attempts(5.0, backend(timeout_billed=Billed.nothing, **SPEED), tries=2)
    assert kept["cost_usd"].tolist() == [0, 0]


def test_the_earlier_of_an_outage_and_a_deadline_ends_an_attempt() -> None:
    for out_at, status, end in ((24.0, "error", 24.0), (27.0, "timeout", 26.0)):
        out = EventSettings(kind="outage", at=out_at, backend="one", length_h=1.0)  # type: ignore[arg-type]
        [row] = attempts(6.0, backend(**SPEED), events=[out]).itertuples()
        assert (row.status, row.t_end_s) == (status, end)


def test_a_gateway_lets_go_of_a_call_that_is_given_up_and_looks_at_the_next() -> None:
    """A bucket of 10,000 tokens that fills by 100 a second, calls of 9,000 and of 1,000: in order, none later than its deadline, never more
    than the bucket and its rate let through; and somebody passes at the very moment at which the one before is given up."""
    sizes = {"dist": "empirical", "values": [9000, 1000]}
    served = backend(input_tokens_per_min=6000, limit_burst_s=100.0, limit_gateway=True, cache="none")
    one = agent(turns=1, system_tokens=0, prompt_tokens=sizes)
    calls = run(one, served, tasks=40, every_s=1.0, retry=RetrySettings(attempts=1, timeout_s=12.0)).calls
    late = calls[calls["status"] == "timeout"]
    assert ((late["t_end_s"] - late["t_request_s"]).round(9) == 12).all()
    passed = calls[calls["status"] == "ok"].sort_values(["t_request_s"])
    start_s = passed["t_start_s"].to_numpy()
    assert (np.diff(start_s) >= 0).all()
    assert (start_s - passed["t_request_s"] < 12).all()
    assert (np.cumsum(passed["input_tokens"]) <= 10_000 + 100 * (start_s - start_s[0]) + 1e-6).all()
    assert set(late["t_end_s"].round(9)) & set(start_s.round(9)), "at that moment"


def test_such_worlds_go_step_by_step_and_theory_says_so() -> None:
    world = scenario(agent(turns=3), backend(**SPEED), tasks=20, every_s=7.0, retry=RetrySettings(timeout_s=11.0))
    assert not may_look_ahead(world)
    one, parts = sim.simulate(world), sim.simulate(sim.replaced(world, {"shards": 4}))
    assert one.mean("timeout_share") == parts.mean("timeout_share") > 0.2
    assert "calls that their client gives up" in sim.theory.expect(world).unsolved


@pytest.mark.parametrize("changes", [{"decode_slowdown": 0.1}, {"kind": "self_hosted"}])
def test_where_ends_are_not_known_beforehand_it_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(sim.ConfigError, match=r"retry\.timeout_s=5: not simulated with market\.models\.one\."):
        scenario(agent(turns=1), backend(**changes), retry=RetrySettings(timeout_s=5.0))
