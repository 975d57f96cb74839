"""What a shard gets of what is shared, by hand."""

from __future__ import annotations

import pytest

from sim.scenario.shards import Shard, dealt
from sim.settings.capacity.limits import QuotaSettings
from tests.worlds import backend


@pytest.mark.parametrize(
    ("slots", "of", "each"), [(10, 4, [3, 3, 2, 2]), (8, 4, [2, 2, 2, 2]), (7, 3, [3, 2, 2]), (5, 5, [1] * 5), (10, 1, [10])]
)
def test_slots_and_places_are_dealt_out_to_the_last_one(slots: int, of: int, each: list[int]) -> None:
    """What is left over goes to the first shards, one each: none is lost and none is there twice."""
    shares = [dealt(backend(slots=slots, queue_limit=slots), Shard(number, of)) for number in range(of)]
    assert [share.slots for share in shares] == [share.queue_limit for share in shares] == each
    assert sum(each) == slots


def test_rates_and_quotas_are_divided_and_what_is_unlimited_stays_so() -> None:
    limits = {"requests_per_min": 8.0, "input_tokens_per_min": 80.0, "output_tokens_per_min": 40.0, "tokens_per_min": 100.0}
    quota = QuotaSettings(requests=4, input_tokens=40, output_tokens=20, tokens=60, window_h=5)
    shares = [dealt(backend(**limits, quotas={"five": quota}, decode_slowdown=0.1), Shard(number, 4)) for number in range(4)]
    for share in shares:
        assert (share.requests_per_min, share.input_tokens_per_min, share.output_tokens_per_min, share.tokens_per_min) == (2, 20, 10, 25)
        assert share.quotas["five"] == QuotaSettings(requests=1, input_tokens=10, output_tokens=5, tokens=15, window_h=5)
        assert share.decode_slowdown == pytest.approx(0.4), "each of its calls stands for four"
    free = dealt(backend(), Shard(1, 4))
    assert (free.slots, free.queue_limit, free.requests_per_min, free.tokens_per_min, free.quotas) == (None, None, None, None, {})


def test_every_task_is_dealt_to_one_shard() -> None:
    assert [[task for task in range(8) if Shard(number, 3).has(task)] for number in range(3)] == [[0, 3, 6], [1, 4, 7], [2, 5]]
    assert all(Shard().has(task) for task in range(8))
