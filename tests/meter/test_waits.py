"""Waits of calls: by hand over the attempts of a few, and recomputed from the rows of a crowded world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sim
from sim.call import Role, Status
from sim.columns import CALLS, row_type
from sim.meter.waits import Wait, Waits, WaitsOfCalls
from sim.settings.run import RetrySettings
from tests.worlds import agent, backend, run, scenario

PARTS = ("wait_line_s", "wait_rate_limit_s", "wait_backoff_s", "wait_patience_s", "wait_broken_s")


def rows(*attempts: tuple[int, int, int, Status, float, float, float]) -> np.ndarray:
    """Rows of (task, turn, attempt, status, asked, started, ended)."""
    out = np.zeros(len(attempts), row_type(CALLS))
    for row, (task, turn, attempt, status, asked, started, ended) in zip(out, attempts, strict=True):
        row["task"], row["turn"], row["attempt"], row["status"] = task, turn, attempt, status
        row["t_request_s"], row["t_start_s"], row["t_end_s"] = asked, started, ended
    return out


EVERYTHING = (
    (1, 0, 0, Status.rate_limited, 0.0, 0.0, 0.0),
    (1, 0, 1, Status.timeout, 7.0, 10.0, 10.0),  # 7 s told to stay away, 3 s in line in vain
    (1, 0, 2, Status.error, 12.0, 13.0, 17.0),  # 2 s of back-off, 1 s in line, 4 s of an answer that broke
    (1, 0, 3, Status.ok, 22.0, 24.0, 30.0),  # 5 s of back-off, 2 s in line
)


@pytest.mark.parametrize("cuts", [(), (1,), (2,), (1, 2, 3)])
def test_a_call_waits_from_its_first_request_to_the_attempt_that_answers_however_its_rows_come(cuts: tuple[int, ...]) -> None:
    """24 s in all; each part for its reason."""
    sums = Waits()
    follow = WaitsOfCalls(sums)
    for part in np.split(rows(*EVERYTHING), cuts):
        follow.add_calls(part)
    assert (sums.calls, sums.refused, sums.each.counts.sum()) == (1, 1, 1)
    found = dict(zip(Wait, sums.seconds.tolist(), strict=True))
    assert found == {Wait.line: 3.0, Wait.rate_limit: 7.0, Wait.backoff: 7.0, Wait.patience: 3.0, Wait.broken: 4.0}
    assert sums.each.percentile(0.5) == pytest.approx(24, rel=0.005)


def test_a_call_without_an_answer_has_waited_when_its_task_ends() -> None:
    """Until then it may be between two attempts; one that is asked for again under the same number was given up before."""
    sums = Waits()
    follow = WaitsOfCalls(sums)
    follow.add_calls(rows((1, 0, 0, Status.rate_limited, 5.0, 5.0, 5.0), (1, 0, 1, Status.rate_limited, 11.0, 11.0, 11.0)))
    assert sums.calls == 0
    follow.add_calls(rows((1, 0, 0, Status.timeout, 20.0, 24.0, 24.0)))
    assert (sums.calls, sums.seconds.tolist()) == (1, [0, 6, 0, 0, 0])
    follow.add_tasks(np.array([2]))
    assert sums.calls == 1
    follow.add_tasks(np.array([1]))
    assert (sums.calls, sums.refused, sums.seconds.tolist()) == (2, 1, [0, 6, 0, 4, 0])


def test_attempts_of_a_call_that_was_asked_for_before_the_count_are_left_out() -> None:
    sums = Waits()
    WaitsOfCalls(sums).add_calls(rows(*EVERYTHING)[2:])
    assert sums.calls == 0


def test_a_compaction_and_the_turn_that_follows_it_are_two_calls() -> None:
    sums = Waits()
    both = rows((1, 3, 0, Status.rate_limited, 0, 0, 0), (1, 3, 1, Status.ok, 4, 4, 5), (1, 3, 0, Status.ok, 5, 6, 8))
    both["role"] = [Role.compaction, Role.compaction, Role.agent]
    WaitsOfCalls(sums).add_calls(both)
    assert (sums.calls, sums.seconds.tolist()) == (2, [1, 4, 0, 0, 0])


def crowded() -> sim.Result:
    """A short line, a limit, little patience, errors."""
    served = backend(slots=2, queue_limit=3, requests_per_min=50, error_rate=0.1)
    retry = RetrySettings(attempts=3, patience_s={"dist": "exponential", "mean": 2.0})
    return run(agent(turns=4, tool_time_s=1.0), served, tasks=60, every_s={"dist": "exponential", "mean": 3}, retry=retry, replications=2)


def test_waits_of_a_run_are_those_of_its_rows() -> None:
    """By call: from the first request to the start of the answer, or to the end of the last attempt; the parts add up to it."""
    result = crowded()
    calls = result.calls.sort_values("attempt")
    assert set(calls["status"]) == {"ok", "error", "rate_limited", "timeout"}
    waits, refused, answered = [], 0, 0
    for _, attempts in calls.groupby(["replication", "task", "agent", "turn"]):
        first, last = attempts.iloc[0], attempts.iloc[-1]
        waits.append((last["t_start_s"] if last["status"] == "ok" else last["t_end_s"]) - first["t_request_s"])
        refused += bool((attempts["status"] == "rate_limited").any())
        answered += last["status"] == "ok"
    assert result.mean("mean_wait_s") == pytest.approx(np.mean(waits), rel=1e-12)
    assert sum(result.mean(part) for part in PARTS) == pytest.approx(np.mean(waits), rel=1e-12)
    assert all(result.mean(part) > 0 for part in PARTS)
    assert result.mean("backoff_wait_s") == pytest.approx(result.mean("wait_rate_limit_s") + result.mean("wait_backoff_s"), rel=1e-12)
    assert result.mean("refused_share") == refused / len(waits)
    assert result.mean("given_up_share") == 1 - answered / len(waits)
    assert result.mean("wait_p95_s") == pytest.approx(np.quantile(waits, 0.95), rel=0.02)


def test_tasks_without_an_answer_are_lost_and_have_times_of_their_own() -> None:
    result = crowded()
    tasks = result.tasks
    gave_up = result.calls.sort_values("attempt").groupby(["replication", "task", "turn"]).last()["status"].ne("ok")
    lost = gave_up.groupby(["replication", "task"]).any()
    by_task = tasks.set_index(["replication", "task"])["finished"]
    pd.testing.assert_series_equal(~by_task.sort_index(), lost.sort_index(), check_names=False)
    busy = tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"]
    assert 0 < result.mean("tasks_lost") == (~tasks["finished"]).sum() / 2
    assert result.mean("lost_share") == (~tasks["finished"]).mean()
    assert result.mean("cost_per_finished_task_usd") == pytest.approx(tasks["cost_usd"].sum() / tasks["finished"].sum())
    assert result.mean("lost_usd") == pytest.approx(tasks["cost_usd"][~tasks["finished"]].sum() / 2)
    assert result.mean("task_latency_mean_s") == pytest.approx(busy[tasks["finished"]].mean())
    assert result.mean("lost_latency_p50_s") == pytest.approx(np.quantile(busy[~tasks["finished"]], 0.5), rel=0.05)


def test_half_of_the_attempts_turned_away_is_a_wait() -> None:
    """One request every 10 s passes; two arrive at once: the second is told to come again 10 s later. It was no wait at all."""
    result = sim.simulate(scenario(agent(turns=1), backend(requests_per_min=6, limit_burst_s=1), tasks=2))
    assert result.mean("rate_limited_share") == 1 / 3
    assert result.mean("mean_line_wait_s") == 0
    assert result.mean("mean_wait_s") == result.mean("wait_rate_limit_s") == pytest.approx(5.0)
