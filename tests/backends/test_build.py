"""Backends as they are composed: each has the parts that its settings ask for, and these parts know one another."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sim.backends.build import blueprints
from sim.engine.world import World
from sim.scenario.shards import Shard
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.market import BackendSettings, PriceWindow
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, run, scenario, urgent_tasks, with_

ONCE = RetrySettings(attempts=1)


def test_who_finds_the_line_full_does_not_count_against_the_rate_limits() -> None:
    """A call of 9 s every 5 s on one slot with no place to wait; two requests a minute, and a third only 30 s after the first.

    The one that comes in between is turned away at the line, and so takes no request from the third.
    """
    served = backend(slots=1, queue_limit=0, ttft_s=9.0, requests_per_min=2, limit_burst_s=60.0)
    calls = run(agent(turns=1), served, tasks=4, every_s=5.0, retry=ONCE).calls.sort_values("task")
    assert calls["status"].tolist() == ["ok", "rate_limited", "ok", "rate_limited"]


def test_rate_limits_see_what_the_backends_own_cache_will_read() -> None:
    """2,000 tokens, of which the second task reads 1,500 from the first one's: 2,500 in all count, and 2,600 may pass."""
    served = backend(share_system=True, input_tokens_per_min=2600, limit_burst_s=60.0)
    calls = run(agent(turns=1), served, tasks=2, every_s=2.0, retry=ONCE).calls.sort_values("task")
    assert calls["status"].tolist() == ["ok", "ok"]
    assert calls["cache_read_tokens"].tolist() == [0, 1500]


def test_backends_have_caches_of_their_own() -> None:
    """The first task on each backend finds nothing there, whatever another backend keeps."""
    pair = {"one": backend(share_system=True), "two": backend(share_system=True)}
    router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task)
    calls = run(agent(turns=1), pair, tasks=12, every_s=5.0, router=router).calls.sort_values("task")
    assert calls["backend"].nunique() == 2
    for _, mine in calls.groupby("backend"):
        assert mine["cache_read_tokens"].tolist() == [0] + [1500] * (len(mine) - 1)


NOON = [PriceWindow(from_h=12, until_h=13, multiplier=3.0)]


@pytest.mark.parametrize(("start", "factor"), [("2026-02-16T00:00:00", 1), ("2026-02-16T12:30:00", 3), ("2026-02-16T13:30:00+01:00", 3)])
def test_the_hour_of_a_price_is_counted_from_the_start_of_the_run(start: str, factor: int) -> None:
    assert run(agent(turns=1), backend(windows=NOON), start=start).mean("cost_usd") == pytest.approx(2300e-6 * factor)


def test_a_shard_has_its_share_of_what_is_shared() -> None:
    """Seven slots and nine places in line for three shards: 3 + 2 + 2 and 3 + 3 + 3; a third of each rate; n decode as 3 n do."""
    whole = backend(slots=7, queue_limit=9, requests_per_min=60, input_tokens_per_min=900, output_tokens_per_min=30, decode_slowdown=0.1)
    whole = with_(whole, tokens_per_min=930, quotas={"week": QuotaSettings(window_h=168, requests=6, tokens=93)})
    world = scenario(agent(), whole, shards=1)
    parts = [blueprints(world, Shard(number, 3))[0] for number in range(3)]
    assert [part.slots for part in parts] == [part.settings.slots for part in parts] == [3, 2, 2]
    assert [part.settings.queue_limit for part in parts] == [3, 3, 3]
    for name, share in (
        ("requests_per_min", 20),
        ("input_tokens_per_min", 300),
        ("output_tokens_per_min", 10),
        ("tokens_per_min", 310),
        ("decode_slowdown", 0.3),
    ):
        assert [getattr(part.settings, name) for part in parts] == pytest.approx([share] * 3)
    assert [part.settings.quotas for part in parts] == [{"week": QuotaSettings(window_h=168, requests=2, tokens=31)}] * 3
    [served] = World(world, 0, Shard(1, 3)).backends
    assert (served.slots.most, served.settings.slots) == (2, 2)


@pytest.mark.parametrize(
    "doors",
    [{"slots": 1}, {"queue_limit": 0, "slots": 1}, {"requests_per_min": 1, "limit_burst_s": 1.0}, {"decode_slowdown": 5.0}],
    ids=str,
)
def test_the_batch_queue_has_no_doors(doors: dict[str, Any]) -> None:
    """Everybody is taken, and answered after an hour at half the price."""
    served = backend(decode_tokens_per_s=100, batch_latency_s=3600.0, batch_discount=0.5, **doors)
    result = run(agent(turns=1), served, tasks=5, batch=True, retry=ONCE)
    assert result.calls["status"].tolist() == ["ok"] * 5
    assert (result.calls["t_end_s"] - result.calls["t_request_s"]).tolist() == [3600.0] * 5
    assert result.mean("cost_usd") == pytest.approx(5 * 1150e-6)
    assert World(result.scenario, 0, Shard()).backends[0].slots.most == math.inf


@pytest.mark.parametrize(
    ("served", "statuses", "ends"),
    [
        (backend(), ["ok"] * 3, [1.0, 1.0, 1.0]),
        (backend(slots=1), ["ok"] * 3, [1.0, 2.0, 3.0]),
        (backend(slots=1, queue_limit=1), ["ok", "ok", "rate_limited"], [1.0, 2.0, 0.0]),
        (backend(requests_per_min=1), ["ok", "rate_limited", "rate_limited"], [1.0, 0.0, 0.0]),
        (backend(input_tokens_per_min=5000), ["ok", "ok", "rate_limited"], [1.0, 1.0, 0.0]),
        (backend(output_tokens_per_min=700), ["ok", "ok", "rate_limited"], [1.0, 1.0, 0.0]),
        (backend(decode_tokens_per_s=100), ["ok"] * 3, [4.0, 4.0, 4.0]),
        (backend(decode_tokens_per_s=100, decode_slowdown=1.0), ["ok"] * 3, [10.0, 10.0, 10.0]),
    ],
    ids=["plain", "slots", "a full line", "requests", "input", "output", "decoding", "shared decoding"],
)
def test_each_part_does_its_work_by_itself(served: BackendSettings, statuses: list[str], ends: list[float]) -> None:
    """Three calls at once, of 2,000 and 300 tokens and a second before the first of them."""
    calls = run(agent(turns=1), served, tasks=3, retry=ONCE).calls.sort_values("task")
    assert calls["status"].tolist() == statuses
    assert calls["t_end_s"].tolist() == pytest.approx(ends)


def test_impatience_and_urgency_are_parts_of_the_line() -> None:
    """One slot, calls of ten seconds: who has waited for four asks again, twice; urgent tasks are served before those that came first."""
    long = backend(slots=1, ttft_s=10.0)
    retry = RetrySettings(attempts=3, patience_s=4.0, backoff_base_s=0.0)
    calls = run(agent(turns=1), long, tasks=2, retry=retry).calls.sort_values("t_end_s")
    assert calls["status"].tolist() == ["timeout", "timeout", "ok", "ok"]
    assert calls["t_end_s"].tolist() == [4.0, 8.0, 10.0, 20.0]
    urgent = urgent_tasks(0.4, 12)
    work = WorkloadSettings(tasks=12, interarrival_s=0.0, urgent_share=0.4)
    served = run(agent(turns=1), long, workload=work).calls.sort_values("t_start_s")["task"].tolist()
    assert 0 < len(urgent) < 11
    assert served == [0, *(task for task in urgent if task), *(task for task in range(1, 12) if task not in urgent)]
