"""Expected values of pipelines: random sums against their enumeration, and stages against the simulator where agents fail."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import pytest

import sim
from sim.settings.profile import AtCap
from sim.settings.run import Log, RetrySettings
from sim.theory import expect
from sim.theory.expected.pipeline import Count, at_once, chance, counted
from tests.worlds import backend, scenario, stage, stages

COIN = [(0.5, 1), (0.5, 3)]
"""A count of 1 or 3."""


def of(mass: Iterable[tuple[float, float]]) -> Count:
    """A count from what it may be."""
    mass = list(mass)
    mean = sum(p * value for p, value in mass)
    values = [value for _, value in mass]
    return Count(mean, sum(p * value**2 for p, value in mass) - mean**2, min(values), max(values))


def test_a_sum_of_random_many_is_that_of_its_enumeration() -> None:
    sums = [
        (math.prod([p, *(q for q, _ in parts)]), sum(value for _, value in parts))
        for p, many in COIN
        for parts in itertools.product([(0.7, 0.0), (0.3, 2.0)], repeat=int(many))
    ]
    assert of(COIN).sum_of(of([(0.7, 0.0), (0.3, 2.0)])) == pytest.approx(of(sums))


def test_a_quantity_is_counted_in_whole_numbers() -> None:
    assert counted(3, 0) == Count(3, 0, 3, 3)
    spread = counted({"dist": "uniform", "low": 4.5, "high": 7.5}, 0)
    assert spread == pytest.approx(Count(6, 2 / 3, 4, 8), rel=1e-3)
    assert counted({"dist": "exponential", "mean": 2}, 1).most == math.inf
    assert chance(1.0).fixed
    assert not chance(0.5).fixed


FEW = {"dist": "uniform", "low": 0.5, "high": 4.5}
MIXED = {
    "find": stage(items=FEW, width=FEW, report_tokens=FEW, passes=0.8),
    "verify": stage(each="find", width=FEW, passes=0.5, report_tokens=100),
    "fix": stage(each="verify", items=FEW, turns=FEW),
    "merge": stage(reads=["find", "verify", "fix"]),
}


@pytest.mark.slow
def test_what_agents_that_fail_leave_to_later_stages() -> None:
    """A tenth of the calls fail for good: so do a fifth of the agents, which find nothing and judge nothing."""
    world = scenario(
        stages(MIXED), backend(error_rate=0.1), tasks=600, every_s=5.0, replications=8, log=Log.none, retry=RetrySettings(attempts=1)
    )
    found, expected = sim.simulate(world).summary, expect(world)
    assert any("success" in reason for reason in expected.unsolved)
    compared = [name for name in expected.values if "_per_task" in name or name in ("agents", "input_tokens", "cost_usd")]
    assert len(compared) > 12
    for name in compared:
        half = (found.loc[name, "ci_high"] - found.loc[name, "ci_low"]) / 2
        assert abs(found.loc[name, "mean"] - expected.values[name]) <= 2.5 * half + 1e-9, name


def test_stages_add_up_to_the_task() -> None:
    values = expect(scenario(stages(MIXED), tasks=3)).values
    for whole, each in (("tokens_per_task", "tokens_per_task"), ("cost_per_task_usd", "cost_per_task_usd")):
        assert sum(values[f"{each}.{name}"] for name in MIXED) == pytest.approx(values[whole], rel=1e-12)
    assert sum(values[f"agents_per_task.{name}"] for name in MIXED) == pytest.approx(values["agents"] / 3, rel=1e-12)


def test_who_are_many_where_they_read_much_are_not_solved() -> None:
    both = MIXED | {"fix": stage(each="verify", reads=["find"])}
    expected = expect(scenario(stages(both)))
    assert "tokens_per_task.fix" not in expected.values
    assert "agents_per_task.fix" not in expected.values
    assert any(reason.startswith("stage fix: how many agents") for reason in expected.unsolved)
    assert expected.values["tokens_per_task.verify"] > 0


def test_a_loop_that_is_not_solved_leaves_no_number_to_those_that_hang_on_it() -> None:
    wild = {"find": stage(items=2, output_tokens={"dist": "lognormal", "median": 300, "sigma": 2}), "next": stage(each="find")}
    expected = expect(scenario(stages(wild), backend(context_window_tokens=9000)))
    assert not {name for name in expected.values if name.endswith((".find", ".next"))}
    assert expected.unsolved
    compacted = wild | {"find": stage(items=2, compact_at_tokens=6000, output_tokens=wild["find"].output_tokens)}
    assert expect(scenario(stages(compacted), backend(context_window_tokens=9000))).values["agents_per_task.next"] == 2


def test_makespans_that_are_known() -> None:
    alike = stages({"find": stage(items=7), "check": stage(each="find", width=2)}, max_parallel=4)
    assert expect(scenario(alike)).values["task_latency_mean_s"] == 2 + 4 * 2
    random = {"find": stage(items={"dist": "uniform", "low": 1, "high": 5}), "check": stage(each="find")}
    assert expect(scenario(stages(random))).values["task_latency_mean_s"] == 4
    slow = stages(random | {"check": stage(each="find", tool_time_s=FEW)})
    assert any("makespan of stage check" in reason for reason in expect(scenario(slow)).unsolved)


def test_most_agents_at_once() -> None:
    assert at_once(stages(MIXED)) == 4 * 4 * 4, "verifiers of 16 findings"
    assert at_once(stages(MIXED, max_parallel=10)) == 10
    endless = {"find": stage(items={"dist": "geometric", "mean": 2}), "check": stage(each="find")}
    assert at_once(stages(endless)) == math.inf
    slots = scenario(stages(endless), backend(slots=1000))
    assert any("waits in line" in reason for reason in expect(slots).unsolved)


def test_caps_are_left_to_the_simulator() -> None:
    for capped in (stages(MIXED, max_agents=20), stages(MIXED, max_tokens=10_000, at_cap=AtCap.skip)):
        assert not expect(scenario(capped)).values
