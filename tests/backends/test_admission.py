"""Doors of backends: full lines, rate limits, patience, urgent tasks; and tasks that arrive together."""

from __future__ import annotations

import gc
import heapq
import math
from collections import deque
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.backends.admission import Breaker
from sim.backends.queue import Line, Patience
from sim.call import Call
from sim.clock import Clock
from sim.sampling.distributions import distribution
from sim.settings.agent import OnFailure
from sim.settings.events.event import EventSettings
from sim.settings.router import RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadSettings
from sim.task import Task
from tests.worlds import agent, backend, loop, run, team, urgent_tasks

EXPONENTIAL = {"dist": "exponential", "mean": 200}
ONCE = RetrySettings(attempts=1)


def calls_of(
    load: float, slots: int = 1, retry: RetrySettings = ONCE, urgent_share: float = 0.0, tasks: int = 6000, **changes: Any
) -> pd.DataFrame:
    """One-call tasks of 2 s on average, Poisson, in order of arrival."""
    served = backend(slots=slots, ttft_s=0.0, decode_tokens_per_s=100, **changes)
    work = WorkloadSettings(tasks=tasks, interarrival_s={"dist": "exponential", "mean": 2 / (load * slots)}, urgent_share=urgent_share)
    return run(agent(turns=1, output_tokens=EXPONENTIAL), served, workload=work, retry=retry).calls.sort_values(["task", "attempt"])


def service_of(calls: pd.DataFrame, load: float) -> np.ndarray:
    """What each call takes, or would have taken: the same luck without a limit."""
    free = calls_of(load, tasks=len(calls))
    return np.asarray(free["t_end_s"] - free["t_start_s"])


@pytest.mark.slow
@pytest.mark.parametrize(("slots", "room"), [(1, 4), (1, 0), (3, 2)])
def test_a_full_line_turns_calls_away_as_a_recursion_says(slots: int, room: int) -> None:
    """Kiefer and Wolfowitz, but nobody joins who finds `room` others waiting."""
    calls = calls_of(1.3, slots, queue_limit=room)
    service, arrivals = service_of(calls, 1.3), calls["t_request_s"].to_numpy()
    free_at, starts, statuses, began = [0.0] * slots, [], [], deque()  # type: ignore[var-annotated]
    for arrival, takes in zip(arrivals, service, strict=True):
        while began and began[0] <= arrival:
            began.popleft()
        if free_at[0] > arrival and len(began) >= room:
            starts.append(arrival)
            statuses.append("rate_limited")
            continue
        start = max(arrival, free_at[0])
        heapq.heapreplace(free_at, start + takes)
        began.append(start)
        starts.append(start)
        statuses.append("ok")
    assert calls["status"].tolist() == statuses
    assert 0.1 < np.mean(np.array(statuses) == "rate_limited") < 0.7
    np.testing.assert_allclose(calls["t_start_s"], starts, rtol=0, atol=1e-6)


def test_who_has_waited_enough_leaves_the_line_as_a_recursion_says() -> None:
    """One slot, constant patience: a call joins the work ahead of it, unless that is more than it can bear."""
    patience_s = 5.0
    calls = calls_of(1.2, retry=RetrySettings(attempts=1, patience_s=patience_s))
    free_at, ends, statuses = 0.0, [], []
    for arrival, takes in zip(calls["t_request_s"], service_of(calls, 1.2), strict=True):
        if free_at - arrival < patience_s:
            free_at = max(arrival, free_at) + takes
            ends.append(free_at)
            statuses.append("ok")
        else:
            ends.append(arrival + patience_s)
            statuses.append("timeout")
    assert calls["status"].tolist() == statuses
    assert 0.05 < np.mean(np.array(statuses) == "timeout") < 0.5
    np.testing.assert_allclose(calls["t_end_s"], ends, rtol=0, atol=1e-6)
    assert calls.query("status == 'timeout'")[["cost_usd", "input_tokens", "output_tokens"]].to_numpy().sum() == 0


class Nobody:
    """A client that is never told of anything."""

    def attempt_failed(self, call: Call) -> None: ...

    def attempt_refused(self, call: Call, retry_after_s: float) -> None: ...

    def patience_s(self, call: Call) -> float:
        return 0.0

    def deadline_s(self, call: Call) -> float:
        return math.inf


@pytest.mark.parametrize("shape", [{"dist": "exponential", "mean": 1e6}, 1e6])
def test_nothing_is_kept_of_calls_that_were_served_long_before_their_patience_is_over(shape: Any) -> None:
    clock, line, left = Clock(), Line(), []
    patience, patience_s = Patience(clock, line, lambda call: left.append((clock.now, call))), distribution(shape).quantile()
    calls = [Call(clock, Task(number, 0, 0, 0.0), 0, 0, b"", Nobody()) for number in range(20_000)]
    for call, u in zip(calls, np.random.default_rng(1).random(len(calls)), strict=True):
        line.append(call)
        patience.begin(call, patience_s(u))
        line.popleft()
    assert clock.due < len(calls) / 10
    assert len(gc.get_referrers(*calls[::100])) < 10  # looked for, each takes a walk through all objects
    line.append(calls[0])
    patience.begin(calls[0], 0.75)
    line.append(calls[1])
    patience.begin(calls[1], 0.5)
    clock.run(until=1e9)
    assert left == [(0.5, calls[1]), (0.75, calls[0])]


def test_the_urgent_are_served_first_and_in_order() -> None:
    """Whenever a call starts, no urgent one has been waiting for longer, and no other of its own class."""
    result_calls = calls_of(0.95, slots=2, urgent_share=0.3)
    plain = calls_of(0.95, slots=2)
    assert (result_calls["t_request_s"].to_numpy() == plain["t_request_s"].to_numpy()).all()
    waits = (result_calls["t_start_s"] - result_calls["t_request_s"]).to_numpy()
    urgent = result_calls["task"].isin(urgent_tasks(0.3, 6000)).to_numpy()
    assert waits[urgent].mean() < 0.3 * waits[~urgent].mean()
    for mine in (urgent, ~urgent):
        assert (np.diff(result_calls["t_start_s"].to_numpy()[mine]) >= 0).all()
    starts, asked = result_calls["t_start_s"].to_numpy(), result_calls["t_request_s"].to_numpy()
    for start, request in zip(starts[~urgent][:1500], asked[~urgent][:1500], strict=True):
        ahead = urgent & (asked < start) & (starts > start)
        assert start == request or not ahead.any()


def test_a_client_waits_as_long_as_it_is_told() -> None:
    """Two calls a minute, one at a time: the third is told to come back, and then passes."""
    served = backend(requests_per_min=2, limit_burst_s=60.0)
    calls = run(agent(turns=4), served, retry=RetrySettings(attempts=3, backoff_base_s=0.001)).calls
    assert calls["status"].tolist() == ["ok", "ok", "rate_limited", "ok", "rate_limited", "ok"]
    assert calls.query("status == 'ok'")["t_request_s"].tolist() == pytest.approx([0, 1, 30, 60], abs=0.01)
    assert calls.query("status == 'rate_limited'")["cost_usd"].sum() == 0


def test_cache_reads_count_only_where_that_is_said() -> None:
    """Ten prompts of 2,000 to 11,000 tokens, all but the new part read: 65,000 in all, 11,000 of them not from the cache."""
    limited = {"input_tokens_per_min": 12_000, "limit_burst_s": 60.0}
    free, strict = (run(agent(), backend(limits_count_cache_reads=count, **limited)) for count in (False, True))
    assert free.mean("rate_limited_share") == 0
    assert strict.mean("rate_limited_share") > 0.2
    assert free.mean("input_tokens") == strict.mean("input_tokens") == 65_000


def test_a_prompt_that_no_bucket_holds_is_given_up_at_once_or_taken_elsewhere() -> None:
    tight = backend(input_tokens_per_min=1000)
    alone = run(agent(turns=1), tight)
    assert alone.calls["status"].tolist() == ["rate_limited"]
    assert alone.mean("calls_given_up") == 1
    helped = run(agent(turns=1), {"tight": tight, "wide": backend()}, router=RouterSettings(fallback=["wide"])).calls
    assert helped[["status", "backend"]].to_numpy().tolist() == [["rate_limited", "tight"], ["ok", "wide"]]


def test_everything_ends_in_one_way_with_all_doors_at_once() -> None:
    """Calls that fail, wait, are refused, withdrawn, moved and cut off by the horizon: all are there once."""
    doors = {
        "small": backend(slots=2, queue_limit=3, error_rate=0.1, requests_per_min=50, limit_burst_s=5.0),
        "shared": backend(slots=3, queue_limit=2, decode_slowdown=0.2, decode_tokens_per_s=100, output_tokens_per_min=9000),
    }
    retry = RetrySettings(attempts=3, backoff_base_s=2.0, patience_s={"dist": "exponential", "mean": 2.0})
    work = WorkloadSettings(tasks=150, interarrival_s={"dist": "exponential", "mean": 6.0}, batch_size=3, urgent_share=0.2)
    crew = team(3, loop(turns=4, tool_time_s=1.0), fanout=3, on_worker_failure=OnFailure.retry)
    whole = run(crew, doors, workload=work, retry=retry, router=RouterSettings(fallback=["shared"]))
    cut = run(crew, doors, workload=work, retry=retry, router=RouterSettings(fallback=["shared"]), horizon_s=200.0)
    assert set(whole.calls["status"]) == {"ok", "error", "rate_limited", "timeout"}
    assert whole.mean("calls_in_flight") == whole.mean("tasks_in_flight") == 0
    assert whole.mean("tasks") == 150
    last = whole.calls.sort_values("attempt").groupby(["task", "agent", "role", "turn"]).tail(1)
    assert whole.mean("calls_given_up") == (last["status"] != "ok").sum()
    assert cut.mean("calls_in_flight") > 0
    assert cut.calls.sort_values(["task", "agent", "turn", "attempt"])["cost_usd"].sum() == pytest.approx(cut.mean("cost_usd"))


def test_tasks_that_arrive_together() -> None:
    tasks = run(
        agent(turns=1), workload=WorkloadSettings(tasks=1000, interarrival_s=10.0, batch_size={"dist": "geometric", "mean": 4})
    ).tasks
    sizes = tasks.groupby("t_arrive_s").size()
    assert sizes.iloc[:-1].mean() == pytest.approx(4, rel=0.15)
    assert sizes.sum() == 1000
    assert (np.diff(sizes.index) == 10.0).all()


def test_a_door_that_never_closes_changes_no_bit() -> None:
    world = {"tasks": 200, "every_s": {"dist": "exponential", "mean": 2.0}}
    plain = run(agent(tool_time_s=0.5), backend(slots=2, error_rate=0.1), **world)
    wide = backend(slots=2, error_rate=0.1, queue_limit=10**6, requests_per_min=1e9, limit_burst_s=1e6)
    assert run(agent(tool_time_s=0.5), wide, retry=RetrySettings(patience_s=1e9), **world).digest == plain.digest


def test_bounds_of_doors_are_said() -> None:
    with pytest.raises(sim.ConfigError, match="queue_limit"):
        run(agent(), backend(queue_limit=-1))
    with pytest.raises(sim.ConfigError, match="patience_s"):
        run(agent(), retry=RetrySettings(patience_s=0))


def outage(at: float, seconds: float, name: str = "one") -> EventSettings:
    return EventSettings(kind="outage", at=at, backend=name, length_h=seconds / 3600)  # type: ignore[arg-type]


def test_a_breaker_opens_tries_once_in_a_while_and_closes_again() -> None:
    """A call a second, each tried once; out from 3.5 to 30 s. Calls at 4, 5 and 6 s fail after a round trip of 0.25 s: at 6.25 it opens
    for 10 s. The call at 17 s is let through and fails at 17.25, that at 28 fails too; that at 39 is answered, and so are the others."""
    retry = RetrySettings(attempts=1, breaker_failures=3, breaker_open_s=10.0)
    served = backend(network_rtt_s=0.25, ttft_s=0.0)
    calls = run(agent(turns=1), served, tasks=45, every_s=1.0, retry=retry, events=[outage(3.5, 26.5)]).calls.sort_values("t_request_s")
    by_status = {status: mine["t_request_s"].tolist() for status, mine in calls.groupby("status")}
    assert by_status["error"] == [4, 5, 6, 17, 28]
    assert by_status["rate_limited"] == [second for second in range(7, 39) if second not in (17, 28)]
    assert by_status["ok"] == [1, 2, 3, *range(39, 46)]


def test_failures_that_are_not_in_a_row_leave_it_closed() -> None:
    breaker = Breaker(failures=2, open_s=10.0)
    one, other = (Call(Clock(), Task(number, 0, 0, 0.0), 0, 0, b"", Nobody()) for number in (0, 1))
    for call in (one, other):
        breaker.failed(call, 1.0)
        breaker.answered(call)
    assert breaker.refuses(one, 2.0) is None
    breaker.failed(one, 3.0)
    breaker.failed(other, 4.0)
    assert [breaker.refuses(one, now) for now in (4.0, 13.0)] == [10.0, 1.0]
    assert breaker.refuses(one, 14.0) is None, "half open: one is let through"
    assert breaker.refuses(other, 14.0) == 10.0
    breaker.answered(other)
    assert breaker.refuses(other, 15.0) == 9.0, "an answer from before does not close it"
    breaker.failed(one, 16.0)
    assert breaker.refuses(other, 25.0) == 1.0, "a probe that fails opens it anew"
    assert breaker.refuses(other, 26.0) is None
    breaker.answered(other)
    assert breaker.refuses(one, 26.5) is None


def test_who_has_a_fallback_goes_there_at_once_where_the_breaker_is_open() -> None:
    """Without a breaker each call is tried twice more where it fails; with one only the first, and those that probe."""
    two = {"one": backend(network_rtt_s=0.25), "two": backend()}
    router = RouterSettings(fallback=["two"], fallback_retries=2, allowed_fails=10**6)
    found = {
        failures: run(
            agent(turns=1), two, tasks=20, every_s=20.0, router=router, events=[outage(0, 10**6)],
            retry=RetrySettings(breaker_failures=failures, breaker_open_s=90.0, backoff_base_s=0.1),
        ).calls
        for failures in (None, 3)
    }  # fmt: skip
    assert (found[None]["status"] == "error").sum() == 60
    assert (found[3]["status"] == "error").sum() <= 3 + 400 / 90
    for calls in found.values():
        assert (calls[calls["status"] == "ok"]["backend"] == "two").all()
        assert (calls["status"] == "ok").sum() == 20


def test_a_gateway_sheds_what_it_does_not_hold() -> None:
    """Five at once, one passes a minute, two are held: the other two are turned away for nothing."""
    served = backend(requests_per_min=1.0, limit_burst_s=1.0, limit_gateway=True, limit_gateway_most=2)
    calls = run(agent(turns=1), served, tasks=5, every_s=0.0, retry=RetrySettings(attempts=1)).calls
    assert calls.loc[calls["status"] == "ok", "t_start_s"].tolist() == [0, 60, 120]
    assert (calls["status"] == "rate_limited").sum() == 2
