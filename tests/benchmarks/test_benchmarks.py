"""The benchmarks at tiny sizes: their tables hold together, and what is compared is the same work."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from benchmarks import __main__ as bench
from benchmarks import growth, naive, ours, record
from benchmarks.engines import Found, with_simpy
from benchmarks.engines import __main__ as engines
from sim.engine.replicate import replicate


@pytest.mark.slow
def test_table_of_every_contestant_at_a_tiny_size() -> None:
    table, _ = bench.speed_table(calls=500, rounds=1)
    rows = {line[:31].strip(): [float(word.replace(",", "")) for word in line[31:].split()] for line in table.splitlines()[1:-2]}
    assert list(rows) == ["floor", "stripped", "idiomatic", "naive", *ours.contestants()]
    for speed, us, to_floor, _, _, price in rows.values():
        assert us == pytest.approx(1e6 / speed, rel=0.01, abs=0.01)
        assert to_floor == pytest.approx(speed / rows["floor"][0], rel=0.02, abs=0.001)
        assert price == pytest.approx(us / rows["ours"][1], rel=0.05, abs=0.02)


@pytest.mark.slow
def test_naive_and_ours_use_the_same_tokens() -> None:
    """Total tokens a task within 2 % of one another, over so many tasks that chance moves them by a third of that."""
    tasks = 1200
    written = naive.simulate(tasks).calls
    kernel = replicate(ours.scenario(tasks * ours.CALLS_A_TASK), 0).calls
    for column in ("input_tokens", "cache_read_tokens", "output_tokens"):
        assert int(kernel[column].sum()) == pytest.approx(int(written[column].sum()), rel=0.02)
    assert kernel["cost_usd"].sum() == pytest.approx(written["cost_usd"].sum(), rel=0.02)


def _digests(changes: dict[str, Any], calls: int = 30_000) -> list[str]:
    return replicate(ours.scenario(calls, **changes), 0).tally.digests


@pytest.mark.slow
def test_features_whose_price_alone_is_measured_leave_results_as_they_are() -> None:
    plain = _digests({})
    same = {name for name, changes in ours.FEATURES.items() if _digests(changes) == plain}
    compiled = {"compiled", "compiled, log=none", "compiled, rate limits"}
    assert same == compiled | {"log=none", "no slots", "rate limits (a door)", "budget per task"}


def test_agents_alive_during_a_task() -> None:
    """By which people are counted where so many agents are to be alive."""
    users = ours.users(15_000, 250)
    run = replicate(ours.scenario(15_000, **users), 0)
    calls = pd.DataFrame(run.calls).groupby(["task", "agent"]).agg(born=("t_request_s", "min"), ended=("t_end_s", "max"))
    alive_s, tasks_s = (calls["ended"] - calls["born"]).sum(), (run.tasks["t_end_s"] - run.tasks["t_arrive_s"]).sum()
    assert alive_s / tasks_s == pytest.approx(ours.ALIVE_A_TASK, rel=0.03)
    assert users["workload.users"] * alive_s / tasks_s == pytest.approx(250, rel=0.04)


@pytest.mark.slow
def test_growth_at_a_tiny_size() -> None:
    table, times = growth.live_table(calls=2000, live=(16, 80), rounds=1)
    assert re.search(r"80 +[\d.]+ +[\d.]+", table)
    assert times > 0
    assert growth.peak_mib() > 20
    [_, row] = growth.memory_table((500,)).splitlines()
    quiet, logged = map(float, re.fullmatch(r" +500 +(\d+) MiB +(\d+) MiB", row).groups())  # type: ignore[union-attr]
    assert 20 < quiet < logged < 1000


@pytest.mark.slow
def test_an_engine_that_is_fast_and_wrong_is_found_out() -> None:
    simpy = with_simpy.queue(engines.CHECKED_CALLS)
    engines.check("queue", "simpy", simpy, simpy)
    late = Found([*simpy.visits[:-1], (simpy.visits[-1][0], simpy.visits[-1][1] + 1)])
    with pytest.raises(AssertionError, match="late: queue: its visits"):
        engines.check("queue", "late", late, simpy)
    slow = Found([(came, went + 0.1) for came, went in simpy.visits])
    with pytest.raises(AssertionError, match="slow: queue: mean time"):
        engines.check("queue", "slow", slow, slow)


def test_measured_text_takes_its_place(tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    record.fill("bench", r"new \1", page)
    assert page.read_text() == "before\n<!-- bench -->\n```text\nnew \\1\n```\n<!-- /bench -->\nafter\n"
    with pytest.raises(ValueError, match="no block 'other'"):
        record.fill("other", "", page)
    assert "<!-- bench -->" in record.README.read_text()
    assert "<!-- engines -->" in record.README.read_text()
