"""The sums of a run, by hand: what each row adds, how shards and replications are put together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.backends.pricing import Price
from sim.call import Role, Status
from sim.columns import CALLS, TASKS, row_type
from sim.meter.histogram import Sketch
from sim.meter.sums import UNITS, close, grouped, where
from sim.meter.tally import Tally
from tests.worlds import backend

ROW = {"role": Role.agent, "status": Status.ok}


def calls(*rows: dict[str, Any]) -> np.ndarray:
    """Rows of calls, answers to an agent unless they say otherwise."""
    return _rows(CALLS, [ROW | row for row in rows])


def tasks(*rows: dict[str, Any]) -> np.ndarray:
    return _rows(TASKS, list(rows))


def _rows(columns: Any, rows: list[dict[str, Any]]) -> np.ndarray:
    out = np.zeros(len(rows), row_type(columns))
    for row, values in zip(out, rows, strict=True):
        for name, value in values.items():
            row[name] = value
    return out


PRICES = [
    Price(backend(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0, cache_read_usd_per_mtok=0.5, cache_write_usd_per_mtok=4.0)),
    Price(backend(input_usd_per_mtok=10.0, output_usd_per_mtok=20.0, request_usd=0.25)),
]
FIRST = {
    "input_tokens": 1000, "cache_read_tokens": 600, "cache_write_tokens": 300, "output_tokens": 50, "reasoning_tokens": 20,
    "t_request_s": 1.0, "t_start_s": 3.0, "t_first_token_s": 4.0, "t_end_s": 8.0,
}  # fmt: skip
"""100 fresh, 600 read, 300 written, 50 out: 0.0001 + 0.0003 + 0.0012 + 0.0001 dollars on the first backend."""


def tally_of(*rows: dict[str, Any], priced: bool = False) -> tuple[Tally, np.ndarray]:
    tally, made = Tally.empty(2), calls(*rows)
    tally.add_calls(made, PRICES, priced=priced)
    return tally, made


def test_a_call_adds_its_tokens_dollars_and_times_to_its_backend() -> None:
    tally, rows = tally_of(FIRST)
    assert tally.tokens.tolist() == [[1000, 600, 300, 50, 20], [0] * 5]
    assert tally.dollars[0] == pytest.approx([1e-4, 3e-4, 12e-4, 1e-4, 0.0])
    assert tally.dollars[1].tolist() == [0.0] * 5
    assert rows["cost_usd"].tolist() == pytest.approx([17e-4]), "its bill is written into its row"
    assert tally.cost_units / UNITS == pytest.approx(17e-4)
    assert (tally.busy_s.tolist(), tally.waited_s.tolist()) == ([5.0, 0.0], [2.0, 0.0])
    assert tally.attempts.tolist() == [[1, 0, 0, 0, 0, 0], [0] * 6]
    assert tally.latency.counts.sum() == 1
    assert tally.latency.percentile(1.0) == pytest.approx(7.0, rel=0.005), "from the request to the last token"
    assert tally.calls == 1


def test_rows_that_come_priced_keep_their_price() -> None:
    """As a ledger has charged them."""
    tally, rows = tally_of(FIRST | {"cost_usd": 0.75}, priced=True)
    assert rows["cost_usd"].tolist() == [0.75]
    assert tally.cost_units == 0.75 * UNITS
    assert tally.dollars.sum() == pytest.approx(17e-4), "by kind it is still that of the list"


def test_each_backend_has_its_own_rows_prices_and_fees() -> None:
    other = {"backend": 1, "input_tokens": 1000, "output_tokens": 100, "t_request_s": 0.0, "t_start_s": 0.5, "t_end_s": 2.0}
    tally, rows = tally_of(other, FIRST, other)
    assert rows["cost_usd"].tolist() == pytest.approx([0.262, 17e-4, 0.262])
    assert tally.tokens[:, 0].tolist() == [1000, 2000]
    assert tally.dollars[1] == pytest.approx([0.02, 0.0, 0.0, 0.004, 0.5])
    assert (tally.busy_s.tolist(), tally.waited_s.tolist()) == ([5.0, 3.0], [2.0, 1.0])


def test_a_second_chunk_adds_to_the_first() -> None:
    tally, _ = tally_of(FIRST)
    tally.add_calls(calls(FIRST, FIRST), PRICES, priced=False)
    assert tally.tokens[0].tolist() == [3000, 1800, 900, 150, 60]
    assert tally.dollars[0] == pytest.approx([3e-4, 9e-4, 36e-4, 3e-4, 0.0])
    assert tally.cost_units / UNITS == pytest.approx(51e-4)
    assert (tally.busy_s[0], tally.waited_s[0], tally.calls) == (15.0, 6.0, 3)
    assert tally.answers[Role.agent].tolist() == [3, 3150]
    assert tally.latency.counts.sum() == 3


def test_what_failed_has_no_answer_and_no_latency_but_its_attempt_tokens_and_bill() -> None:
    broken = {"status": Status.error, "input_tokens": 1000, "t_end_s": 9.0, "role": Role.compaction}
    refused = {"status": Status.rate_limited}
    tally, rows = tally_of(broken, FIRST, refused, refused)
    assert tally.attempts[0].tolist() == [1, 1, 2, 0, 0, 0]
    assert tally.calls == 4
    assert rows["cost_usd"].tolist() == pytest.approx([0.001, 17e-4, 0.0, 0.0])
    assert tally.failed_units / UNITS == pytest.approx(0.001)
    assert [tally.role_units[role] / UNITS for role in (Role.compaction, Role.agent, Role.lead)] == pytest.approx([0.001, 17e-4, 0.0])
    assert tally.answers.sum(axis=0).tolist() == [1, 1050]
    assert tally.latency.counts.sum() == 1
    assert tally.compactions == 0, "it came to nothing"


def test_answers_are_counted_by_role_with_their_tokens_and_compactions_by_themselves() -> None:
    tally, _ = tally_of(*[FIRST | {"role": role} for role in (Role.lead, Role.worker, Role.worker, Role.compaction, Role.verifier)])
    assert tally.answers.tolist() == [[0, 0], [0, 0], [1, 1050], [2, 2100], [1, 1050], [1, 1050]]
    assert tally.compactions == 1
    tally.add_calls(calls(FIRST | {"role": Role.compaction}), PRICES, priced=False)
    assert tally.compactions == 2


def test_a_minute_has_the_calls_that_ended_in_it() -> None:
    """At 59.999 s it is the first one, at 60 s the second; by backend; a second chunk adds to the same minute."""
    tally, _ = tally_of(FIRST | {"t_end_s": 59.999}, FIRST | {"t_end_s": 60.0}, FIRST | {"backend": 1, "t_end_s": 60.0})
    tally.add_calls(calls(FIRST | {"t_end_s": 119.0}), PRICES, priced=False)
    assert sorted(tally.minutes) == [(0, 0), (1, 0), (1, 1)]
    assert tally.minutes[0, 0][:5].tolist() == [1, 1000, 600, 300, 50]
    assert tally.minutes[1, 0][:5].tolist() == [2, 2000, 1200, 600, 100]
    assert close(tally.minutes[0, 0][5:]) == pytest.approx(17e-4)
    assert close(tally.minutes[1, 0][5:]) == pytest.approx(34e-4)


def test_the_peak_is_the_input_and_output_of_the_fullest_minute_of_all_backends_after_the_cut() -> None:
    """1,050 tokens in minute 0, twice as many in minute 1 (on two backends), three times in minute 2."""
    rows = [FIRST | {"backend": place % 2, "t_end_s": 60.0 * minute} for minute in range(3) for place in range(minute + 1)]
    tally, _ = tally_of(*rows)
    closed = tally.closed(ended_s=130.0, digest="ab", given_up=3, requested=9)
    assert (closed.peaks, closed.ended_s, closed.digests) == ([3150], 130.0, ["ab"])
    assert (closed.given_up, closed.requested, closed.calls_in_flight) == (3, 9, 0)
    first, _ = tally_of(*rows[:1], *rows[:1], *rows[:1], *rows[1:3])
    first.cut_s = 0.0
    assert first.closed(ended_s=1.0, digest="").peaks == [3150]
    first.cut_s = 60.0
    assert first.closed(ended_s=1.0, digest="").peaks == [2100], "the minute that begins at the cut counts, none before it"
    first.cut_s = 60.5
    assert first.closed(ended_s=1.0, digest="").peaks == [0]


def test_calls_in_flight_are_those_neither_answered_nor_given_up() -> None:
    tally, _ = tally_of(FIRST, FIRST | {"status": Status.error})
    tally.requested, tally.given_up = 7, 2
    assert tally.calls_in_flight == 4


def test_an_agent_of_a_stage_begins_with_the_first_attempt_of_its_first_turn() -> None:
    """Tokens and bills are of all its rows; a compaction before its first turn begins nothing; rows without a stage are left out."""
    tally = Tally.empty(1, 2)
    row = {"input_tokens": 1000, "output_tokens": 50, "cost_usd": 0.5}
    rows = calls(
        row, row | {"turn": 1}, row | {"attempt": 1}, row | {"role": Role.compaction}, row | {"input_tokens": 7}, row, row | {"turn": 2}
    )
    tally.add_stages(rows, np.array([0, 0, 0, 0, 1, -1, 1]))
    assert tally.stage_counts.tolist() == [[1, 4200], [1, 57 + 1050]]
    assert [units / UNITS for units in tally.stage_cost_units] == [2.0, 1.0]
    tally.add_stages(rows[:1], np.array([1]))
    assert tally.stage_counts.tolist() == [[1, 4200], [2, 57 + 2100]]
    assert [units / UNITS for units in tally.stage_cost_units] == [2.0, 1.5]


SOLVED = {
    "t_arrive_s": 10.0, "t_end_s": 40.0, "thinking_s": 5.0, "success": True, "finished": True, "calls": 4, "tries": 1, "agents": 2,
    "input_tokens": 1000, "cache_read_tokens": 600, "cache_write_tokens": 300, "output_tokens": 50, "reasoning_tokens": 20, "cost_usd": 0.5,
}  # fmt: skip
WRONG = SOLVED | {
    "success": False,
    "t_arrive_s": 20.0,
    "t_end_s": 30.0,
    "thinking_s": 0.0,
    "tries": 3,
    "cost_usd": 0.25,
    "output_tokens": 70,
}
LOST = WRONG | {"finished": False, "t_arrive_s": 0.0, "t_end_s": 2.0, "cost_usd": 0.125, "input_tokens": 1}


def test_tasks_that_ended_add_up() -> None:
    tally = Tally.empty(1)
    for chunk in (tasks(SOLVED, WRONG), tasks(LOST, SOLVED)):
        tally.add_tasks(chunk)
    assert (tally.tasks, tally.successes, tally.finished, tally.lost, tally.tries) == (4, 2, 3, 1, 8)
    assert tally.task_busy_s == 25 + 10 + 2 + 25, "the user's thinking is not work"
    assert tally.task_stay_units == (30 + 10 + 2 + 30) * UNITS
    assert tally.task_arrival_units == (10 + 20 + 0 + 10) * UNITS
    assert tally.task_cost_usd == 0.5 + 0.25 + 0.125 + 0.5
    assert (tally.lost_busy_units, tally.lost_cost_units) == (2 * UNITS, 0.125 * UNITS)
    assert tally.task_tokens == 1050 + 1070 + 71 + 1050
    assert tally.task_calls == 16
    assert tally.task_sums.tolist() == [16, 3001, 2400, 1200, 240, 80]


def test_what_is_wasted_is_the_input_and_the_output_and_the_bill_of_tasks_that_failed() -> None:
    """Lost ones have failed too."""
    tally = Tally.empty(1)
    for chunk in (tasks(SOLVED, WRONG), tasks(LOST, WRONG), tasks(SOLVED)):
        tally.add_tasks(chunk)
    assert tally.wasted_tokens == (1000 + 70) + (1 + 70) + (1000 + 70)
    assert tally.wasted_units == (0.25 + 0.125 + 0.25) * UNITS


def test_times_of_tasks_with_and_without_an_answer_are_apart_and_bills_are_in_cents() -> None:
    tally = Tally.empty(1)
    tally.add_tasks(tasks(SOLVED, LOST, SOLVED | {"thinking_s": 30.5}))
    assert tally.task_latency.counts.sum() == 2
    assert tally.task_latency.counts[0] == 1, "rounding makes no time less than none"
    assert tally.task_latency.percentile(1.0) == pytest.approx(25.0, rel=0.005)
    assert tally.lost_latency.counts.sum() == 1
    assert tally.lost_latency.percentile(0.5) == pytest.approx(2.0, rel=0.005)
    assert tally.task_cents.counts.sum() == 3
    assert tally.task_cents.percentile(1.0) == pytest.approx(50.0, rel=0.005)
    tally.add_tasks(tasks(LOST | {"thinking_s": 3.0}))
    assert tally.lost_latency.counts[0] == 1


def test_what_was_lost_adds_up_over_chunks() -> None:
    tally = Tally.empty(1)
    for chunk in (tasks(LOST, SOLVED), tasks(SOLVED), tasks(LOST, LOST)):
        tally.add_tasks(chunk)
    assert (tally.lost, tally.lost_busy_units, tally.lost_cost_units) == (3, 6 * UNITS, 0.375 * UNITS)


def test_counts_are_whole_numbers_from_the_start_and_there_are_no_stages_unless_it_is_said() -> None:
    tally = Tally.empty(2, 3)
    for counts, shape in ((tally.tokens, (2, 5)), (tally.attempts, (2, 6)), (tally.answers, (6, 2)), (tally.stage_counts, (3, 2))):
        assert (counts.dtype.kind, counts.shape, counts.sum()) == ("i", shape, 0)
    assert Tally.empty(2).stage_counts.shape == (0, 2)


def part(ended_s: float, digest: str, ended_at: float = 5.0, **changes: Any) -> Tally:
    """A tally of one call and one task."""
    tally, _ = tally_of(FIRST | {"t_end_s": ended_at})
    tally.add_tasks(tasks(WRONG))
    return tally.closed(ended_s=ended_s, digest=digest, **({"started_tasks": 1, "requested": 1} | changes))


def test_replications_add_up_and_each_keeps_its_end_peak_and_digest() -> None:
    one, two = part(100.0, "0a", agents=2), part(40.0, "0b", agents=5)
    one.cut_s = two.cut_s = 3.0
    both = one.plus(two)
    assert both.replications == 2
    assert both.ended_s == 140.0, "seconds simulated in all"
    assert both.digests == ["0a", "0b"]
    assert both.peaks == [1050, 1050]
    assert (both.tasks, both.agents, both.wasted_tokens, both.calls) == (2, 7, 2140, 2)
    assert both.tokens[0].tolist() == [2000, 1200, 600, 100, 40]
    assert both.cost_units == 2 * one.cost_units
    assert both.task_sums.tolist() == (2 * one.task_sums).tolist()
    for name in ("latency", "task_latency", "task_cents"):
        sketch: Sketch = getattr(both, name)
        assert sketch.counts.sum() == 2
    assert not both.minutes, "the timeline stays with the first"
    assert both.cut_s == 3.0, "all have the same"


@pytest.mark.parametrize(("one_s", "other_s"), [(100.0, 40.0), (40.0, 100.0)])
def test_shards_are_parts_of_one_run_that_ends_with_the_last_of_them(one_s: float, other_s: float) -> None:
    """They run side by side: the run is as long as the longer one, not as both, whichever it is."""
    one, two = part(one_s, "0a"), part(other_s, "ffffffffffffffff", ended_at=65.0)
    both = one.beside(two)
    assert both.ended_s == 100.0
    assert both.replications == 1
    assert both.digests == ["0000000000000009"], "added up modulo 2^64"
    assert (both.tasks, both.calls) == (2, 2)
    assert sorted(both.minutes) == [(0, 0), (1, 0)]
    assert [both.minutes[key][:5].tolist() for key in both.minutes] == [[1, 1000, 600, 300, 50]] * 2
    more = both.beside(part(1.0, "11", ended_at=50.0))
    assert more.minutes[0, 0][:5].tolist() == [2, 2000, 1200, 600, 100]
    assert more.minutes[1, 0][:5].tolist() == [1, 1000, 600, 300, 50]
    assert more.digests == ["000000000000001a"]
    assert more.beside(part(1.0, "01")).digests == ["000000000000001b"]
    assert more.standing_for(1).peaks == [2100], "the peak is of all shards together"


def test_some_shards_stand_for_all() -> None:
    """A quarter of the shards was run: each call stands for four, and sums are of a quarter of a replication."""
    quarter = part(100.0, "0a").standing_for(4)
    assert quarter.replications == 0.25
    assert quarter.minutes[0, 0][:5].tolist() == [4, 4000, 2400, 1200, 200]
    assert quarter.peaks == [1050], "of what was run"
    half = part(100.0, "0a").standing_for(2)
    assert (half.replications, half.minutes[0, 0][1]) == (0.5, 2000)
    whole = part(100.0, "0a").standing_for(1)
    assert whole.replications == 1
    assert whole.minutes[0, 0][:5].tolist() == [1, 1000, 600, 300, 50]


@pytest.mark.parametrize("numbers", [[], [5], [5, 5, 7, 5], [9, 0, 9, 3], [10**9, 0, 10**9], [-3, 4, -3], [0, 12, 0], [0, 13, 0]])
def test_groups_are_those_of_numpy(numbers: list[int]) -> None:
    """Whichever way they are found: close together, or far apart."""
    values, places = grouped(np.array(numbers, float))
    expected, inverse = np.unique(np.array(numbers, np.int64), return_inverse=True)
    assert (values.tolist(), places.tolist()) == (expected.tolist(), inverse.tolist())
    assert values.dtype.kind == places.dtype.kind == "i"


def test_a_mask_that_picks_all_is_no_copy() -> None:
    rows = np.arange(3)
    assert np.shares_memory(rows[where(rows >= 0)], rows)
    assert rows[where(rows > 0)].tolist() == [1, 2]
    assert math.prod(rows[where(rows > 9)].shape) == 0
