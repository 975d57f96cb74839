"""Lines and shared servers against the textbook's recursions, on the simulator's own arrivals and service times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.settings.run import Log
from tests.worlds import agent, backend, run

EXPONENTIAL = {"dist": "exponential", "mean": 100}


def calls_of(slots: int | None, load: float, **changes: Any) -> pd.DataFrame:
    """One-call tasks on a backend of so many slots, in the order of their arrival; a call takes about 2 s."""
    served = backend(slots=slots, ttft_s=1.0, decode_tokens_per_s=100, noise_sigma=0.8, **changes)
    mean_s = 2.0 * np.exp(0.8**2 / 2)
    every_s = {"dist": "exponential", "mean": mean_s / (load * (slots or 1))}
    result = run(agent(turns=1, output_tokens=EXPONENTIAL), served, tasks=20_000, every_s=every_s)
    return result.calls.sort_values("task")


def test_one_slot_waits_as_lindley_says() -> None:
    calls = calls_of(1, 0.9)
    arrivals, service = calls["t_request_s"].to_numpy(), (calls["t_end_s"] - calls["t_start_s"]).to_numpy()
    waits = [0.0]
    for i in range(1, len(arrivals)):
        waits.append(max(0.0, waits[-1] + service[i - 1] - (arrivals[i] - arrivals[i - 1])))
    assert max(waits) > 10
    np.testing.assert_allclose(calls["t_start_s"] - arrivals, waits, rtol=0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("slots", [2, 10, 64])
def test_many_slots_wait_as_kiefer_and_wolfowitz_say(slots: int) -> None:
    calls = calls_of(slots, 0.95)
    arrivals, service = calls["t_request_s"].to_numpy(), (calls["t_end_s"] - calls["t_start_s"]).to_numpy()
    work, waits, before = np.zeros(slots), [], 0.0
    for arrival, takes in zip(arrivals, service, strict=True):
        work = np.sort(np.maximum(work - (arrival - before), 0.0))
        waits.append(work[0])
        work[0] += takes
        before = arrival
    assert max(waits) > 1
    np.testing.assert_allclose(calls["t_start_s"] - arrivals, waits, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_without_a_limit_nobody_waits() -> None:
    calls = calls_of(None, 50)
    assert (calls["t_start_s"] == calls["t_request_s"]).all()


def shared_ends(arrivals: np.ndarray, work: np.ndarray, slowdown: float) -> np.ndarray:
    """When each job ends if n at a time each run at 1 / (1 + slowdown (n - 1)); written out step by step."""
    ends, now, nxt = np.zeros(len(work)), 0.0, 0
    left: dict[int, float] = {}
    while nxt < len(work) or left:
        speed = 1 / (1 + slowdown * (len(left) - 1)) if left else 1.0
        first = min(left, key=lambda job: left[job]) if left else None
        done = now + left[first] / speed if first is not None else np.inf
        if nxt < len(work) and arrivals[nxt] <= done:
            left = {job: rest - (arrivals[nxt] - now) * speed for job, rest in left.items()}
            now = arrivals[nxt]
            left[nxt] = work[nxt]
            nxt += 1
        else:
            assert first is not None
            left = {job: rest - (done - now) * speed for job, rest in left.items() if job != first}
            now = ends[first] = done
    return ends


@pytest.mark.parametrize("slowdown", [1.0, 0.3, 2.0])
def test_a_shared_decoder_ends_every_call_when_it_should(slowdown: float) -> None:
    served = backend(ttft_s=0.0, decode_tokens_per_s=100, decode_slowdown=slowdown)
    calls = run(agent(turns=1, output_tokens=EXPONENTIAL), served, tasks=2000, every_s={"dist": "exponential", "mean": 1.6}).calls
    calls = calls.sort_values("task")
    ends = shared_ends(calls["t_first_token_s"].to_numpy(), calls["output_tokens"].to_numpy() / 100, slowdown)
    np.testing.assert_allclose(calls["t_end_s"], ends, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("work", [{"dist": "exponential", "mean": 1000}, 1000], ids=["exponential", "constant"])
def test_processor_sharing_meets_its_exact_mean(work: Any) -> None:
    """S / (1 - rho), whatever the distribution of the work; margin 3 %, 90 % interval inside it."""
    load, seconds = 0.6, 10.0
    served = backend(ttft_s=0.0, decode_tokens_per_s=100, decode_slowdown=1.0)
    result = run(
        agent(turns=1, output_tokens=work), served,
        tasks=12_000, every_s={"dist": "exponential", "mean": seconds / load}, replications=20, processes=None, log=Log.none,
    )  # fmt: skip
    means = [tally.busy_s.sum() / tally.calls for tally in result.tallies]
    half = stats.t.ppf(0.95, len(means) - 1) * stats.sem(means)
    expected = seconds / (1 - load)
    assert 0.97 * expected < np.mean(means) - half
    assert np.mean(means) + half < 1.03 * expected


@pytest.mark.slow
def test_littles_law_holds_on_the_calls_themselves() -> None:
    """Calls in the system, integrated over time, are the sum of their stays."""
    calls = calls_of(2, 0.9)
    moments = np.concatenate([calls["t_request_s"], calls["t_end_s"]])
    steps = np.concatenate([np.ones(len(calls)), -np.ones(len(calls))])[np.argsort(moments, kind="stable")]
    present = np.cumsum(steps)[:-1] @ np.diff(np.sort(moments))
    assert present == pytest.approx((calls["t_end_s"] - calls["t_request_s"]).sum(), rel=1e-9)


def test_waits_and_busy_time_of_the_summary_are_those_of_the_calls() -> None:
    result = run(agent(tool_time_s=0.5), backend(slots=2), tasks=50, every_s={"dist": "exponential", "mean": 6})
    calls = result.calls
    assert result.mean("mean_wait_s") == pytest.approx((calls["t_start_s"] - calls["t_request_s"]).mean(), rel=1e-12)
    assert result.tallies[0].busy_s.sum() == pytest.approx((calls["t_end_s"] - calls["t_start_s"]).sum(), rel=1e-12)
