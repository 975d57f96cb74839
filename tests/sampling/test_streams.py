"""Random numbers: a draw depends on who decides what, and on nothing else."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sim
from sim.sampling import decisions
from sim.sampling.decisions import Purpose
from sim.sampling.streams import COLUMNS, ROWS, Streams, child
from sim.settings.agent import Split
from sim.settings.run import RetrySettings
from tests.worlds import agent, backend, loop, run, scenario, team

VARIED = {
    "output_tokens": {"dist": "lognormal", "median": 300, "sigma": 1},
    "tool_result_tokens": {"dist": "exponential", "mean": 700},
    "turns": {"dist": "geometric", "mean": 6},
    "tool_time_s": {"dist": "exponential", "mean": 20},
}


def asked(result: sim.Result, agents: str) -> pd.DataFrame:
    """What the agents whose path fits asked for, turn by turn."""
    calls = result.calls[result.calls["agent"].str.fullmatch(agents)]
    return calls.sort_values(["task", "agent", "turn"])[["task", "agent", "turn", "input_tokens", "output_tokens"]].reset_index(drop=True)


def test_a_page_is_the_same_whatever_was_drawn_before() -> None:
    fresh, used = Streams(1, 0), Streams(1, 0)
    for task in range(50):
        used.page(Purpose.TURN, task, task, 3)
        used.draws(decisions.RETRY, task)
    assert used.page(Purpose.TURN, 7, 1, 2) == fresh.page(Purpose.TURN, 7, 1, 2)


def test_a_longer_page_begins_as_a_shorter_one() -> None:
    luck = Streams(1, 0)
    assert luck.draws(decisions.TURNS, 5, count=4) == luck.draws(decisions.TURNS, 5, count=ROWS * COLUMNS)[:4]


def test_every_coordinate_matters_and_pages_do_not_overlap() -> None:
    places = [(1, 0, 0, 0), (3, 0, 0, 0), (3, 1, 0, 0), (3, 0, 1, 0), (3, 0, 0, 1)]
    drawn = [
        u
        for seed, replication in itertools.product((1, 2), (0, 1))
        for purpose, task, branch, page in places
        for u in struct.unpack("60d", Streams(seed, replication).page(purpose, task, branch, page, 60))
    ]
    assert len(set(drawn)) == len(drawn)


def test_draws_are_uniform_and_columns_independent() -> None:
    luck = Streams(1, 0)
    table = np.array([luck.draws(decisions.TURNS, task, count=COLUMNS) for task in range(20_000)])
    assert all(stats.kstest(column, "uniform").pvalue > 1e-4 for column in table.T)
    off_diagonal = np.corrcoef(table.T) - np.eye(COLUMNS)
    assert np.abs(off_diagonal).max() < 0.03


def test_siblings_of_many_generations_have_branches_of_their_own() -> None:
    generation, seen = [0], {0}
    for _ in range(4):
        generation = [child(branch, index) for branch in generation for index in range(16)]
        seen.update(generation)
    assert len(seen) == sum(16**level for level in range(5))


@pytest.mark.parametrize("depth", [1, 2])
def test_more_workers_leave_the_first_ones_as_they_were(depth: int) -> None:
    few, many = (run(team(3, loop(**VARIED), fanout=fanout, depth=depth), tasks=20) for fanout in (2, 5))
    mine = r"0\.[01]" if depth == 1 else r"0\.[01]\.[01]"
    pd.testing.assert_frame_equal(asked(few, mine), asked(many, mine))


def test_a_divided_job_is_the_same_job_for_any_number_of_workers() -> None:
    totals = set()
    for fanout in (2, 3, 8):
        calls = run(team(2, loop(**VARIED), fanout=fanout, split=Split.divide), tasks=40).calls
        turns = calls.query("role == 'worker'").groupby("task").size()
        totals.add(tuple(turns[turns > 8]))
    assert len(totals) == 1


def test_another_backend_does_not_change_the_work() -> None:
    slow = backend(ttft_s=30.0, slots=2, error_rate=0.2, noise_sigma=0.5, input_usd_per_mtok=9.0)
    one, other = (run(agent(**VARIED), served, tasks=30, retry=RetrySettings(attempts=50)) for served in (backend(), slow))
    good = other.calls[other.calls["status"] == "ok"]
    both = asked(one, ".*").merge(good, on=["task", "agent", "turn"], suffixes=("", "_there"))
    assert len(both) == len(asked(one, ".*"))
    assert (both["output_tokens"] == both["output_tokens_there"]).all()
    assert (both["input_tokens"] == both["input_tokens_there"]).all()


def test_an_unused_backend_changes_no_bit() -> None:
    alone = scenario(agent(**VARIED), {"one": backend(noise_sigma=0.3)}, tasks=30)
    beside = scenario(agent(**VARIED), {"one": backend(noise_sigma=0.3), "two": backend(error_rate=0.5)}, tasks=30)
    assert sim.simulate(alone).digest == sim.simulate(beside).digest


def test_replications_are_independent() -> None:
    result = run(agent(**VARIED), tasks=200, replications=2)
    first, second = (result.calls[result.calls["replication"] == n].groupby("task")["output_tokens"].sum() for n in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.25
