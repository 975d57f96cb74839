"""A gateway that holds calls back in order where a limit would turn them away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.results.capacity.bucket import waits
from tests.worlds import agent, backend, run, scenario

LIMIT: dict[str, Any] = {"input_tokens_per_min": 60_000, "limit_burst_s": 10.0, "limit_gateway": True}


def calls(every_s: Any, tasks: int, prompt: Any = 4000, **served: Any) -> Any:
    one = agent(turns=1, system_tokens=0, prompt_tokens=prompt)
    return run(one, backend(cache_min_tokens=10**9, **served), tasks=tasks, every_s=every_s).calls.sort_values("t_request_s")


def test_calls_over_a_limit_wait_their_turn_instead_of_being_turned_away() -> None:
    """Five of 4,000 tokens at once, a bucket of 10,000 that fills by 1,000 a second: they start at 0, 0, 2, 6 and 10 s."""
    found = calls(0.0, 5, **LIMIT)
    assert (found["t_start_s"]).round(9).tolist() == [0, 0, 2, 6, 10]
    assert set(found["status"]) == {"ok"}


def test_it_is_the_queue_that_a_token_bucket_is() -> None:
    """Calls of random size at random moments: each starts when Lindley's recursion says."""
    found = calls(
        {"dist": "exponential", "mean": 5.0}, 300, {"dist": "uniform", "low": 1, "high": 9000}, **LIMIT
    )  # fmt: skip
    t_s = found["t_request_s"].to_numpy()
    expected = waits(t_s, found["input_tokens"].to_numpy(float), 60_000, 10.0)
    np.testing.assert_allclose(found["t_start_s"].to_numpy() - t_s, expected, atol=1e-6)
    assert (expected > 0).mean() > 0.2


def test_a_prompt_larger_than_the_bucket_is_turned_away_also_behind_others() -> None:
    sizes = {"dist": "mixture", "weights": [0.9, 0.1], "parts": [4000, 20_000]}
    free, held = calls(1.0, 40, sizes), calls(1.0, 40, sizes, **LIMIT)
    large = set(free.loc[free["input_tokens"] > 10_000, "task"])
    refused = held[held["status"] == "rate_limited"]
    assert set(refused["task"]) == large
    assert (refused["t_end_s"] > refused["t_request_s"]).all(), "when their turn comes"


def test_a_prompt_goes_cold_while_it_is_held_back() -> None:
    """Two agents of two turns: at its turn each second prompt finds its entry of 5 s expired, so takes as long as the first."""
    served = backend(cache_ttl_s=5.0, input_tokens_per_min=60_000, limit_burst_s=10.0, limit_gateway=True)
    turns = agent(turns=2, system_tokens=0, prompt_tokens=9000, tool_result_tokens=0, output_tokens=1, tool_time_s=1.0)
    found = run(turns, served, tasks=4, every_s=0.0).calls
    assert (found.loc[found["turn"] == 1, "cache_read_tokens"] == 0).all()
    alone = run(turns, served, tasks=1, every_s=0.0).calls
    assert alone["cache_read_tokens"].tolist()[1] > 0


def test_laws_hold_when_a_run_ends_while_calls_are_held_back() -> None:
    one = agent(turns=1, system_tokens=0, prompt_tokens=4000)
    found = sim.simulate(scenario(one, backend(cache_min_tokens=10**9, **LIMIT), tasks=50, every_s=0.0, horizon_s=30.0))
    assert found.mean("calls") == pytest.approx(9), "two at once, one each 4 s, to the 29th second"


def test_it_changes_nothing_without_a_limit() -> None:
    worlds = [scenario(agent(turns=4), backend(slots=1, limit_gateway=gateway), tasks=5, every_s=1.0) for gateway in (False, True)]
    assert len({sim.simulate(world).digest for world in worlds}) == 1
