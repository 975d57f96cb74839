"""What routers reckon with is the simulator's own mean: held to simulations, for every workflow that ships."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.pilot import FEWEST, MOST, START, SURE, alone, enough, pilot, spread
from sim.engine.world import World
from sim.meter.tally import Tally
from sim.scenario.load import CONF
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.budget import BudgetSettings
from sim.settings.market import PriceWindow
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.tries import TriesSettings
from tests.worlds import agent, backend, loop, run, scenario, stage, stages, team, with_

VARIED: dict[str, Any] = {"turns": {"dist": "geometric", "mean": 5}, "tool_time_s": {"dist": "exponential", "mean": 100}}
WORK: dict[str, AgentSettings] = {
    "chat": agent(
        kind=AgentKind.chat, turns=1, requests={"dist": "geometric", "mean": 3}, think_time_s={"dist": "exponential", "mean": 200}
    ),
    "react": agent(**VARIED, compact_at_tokens=6000),
    "team": team(3, loop(**VARIED), fanout={"dist": "uniform", "low": 1, "high": 4}),
    "debate": agent(kind=AgentKind.debate, turns=3, fanout=3, output_tokens={"dist": "lognormal", "median": 300, "sigma": 0.5}),
    "pipeline": stages({"find": stage(items={"dist": "uniform", "low": 0, "high": 4}), "verify": stage(each="find", width=2)}),
}
SERVED = backend(cache_read_usd_per_mtok=0.1, output_usd_per_mtok=5.0, error_rate=0.05, error_billed="input")


def turned(world: sim.Scenario) -> Tally:
    return World(world, 0, Shard()).turn()


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
def test_what_is_reckoned_is_what_tasks_cost(work: str) -> None:
    """Within 5 % of a run with other random numbers, for every kind of workflow: cache misses, compactions, retries and all."""
    reckoned = pilot(scenario(WORK[work], SERVED), "one", turned)
    found = run(WORK[work], SERVED, tasks=1500, every_s=60.0)
    assert reckoned.usd == pytest.approx(found.mean("cost_per_task_usd"), rel=0.05)
    assert reckoned.calls == pytest.approx(found.mean("calls_per_task"), rel=0.05)
    assert reckoned.seconds == pytest.approx(found.mean("task_latency_mean_s"), rel=0.08)


def test_lines_limits_budgets_hours_and_tries_have_no_part_in_it() -> None:
    """Nothing that others do, nor the hour: the price of the moment is multiplied in when it is asked for."""
    work, plain = agent(**VARIED), backend(quality=0.5)
    pressed = with_(
        plain, slots=1, queue_limit=2, requests_per_min=3, input_tokens_per_min=9000, decode_slowdown=0.5,
        windows=[PriceWindow(from_h=0, until_h=23, multiplier=7.0)],
    )  # fmt: skip
    crowd = scenario(
        with_(work, tries=TriesSettings(most=4)), pressed, tasks=9, every_s=1.0, retry=RetrySettings(patience_s=3.0),
        budget=BudgetSettings(usd=0.01), horizon_s=50.0, seed=77,
    )  # fmt: skip
    assert pilot(crowd, "one", turned)[:2] == pilot(scenario(work, plain, every_s=1.0), "one", turned)[:2]


def test_a_backend_is_asked_once_for_the_same_settings() -> None:
    asked: list[sim.Scenario] = []

    def counted(world: sim.Scenario) -> Tally:
        asked.append(world)
        return turned(world)

    world = scenario(agent(turns=3, system_tokens=1234), {"one": backend(), "two": backend()})
    first = pilot(world, "one", counted)
    times = len(asked)
    assert times
    assert pilot(with_(world, seed=9, name="again"), "one", counted) == first
    assert len(asked) == times
    pilot(world, "two", counted)
    assert len(asked) == 2 * times


def test_tasks_are_doubled_until_the_mean_is_sure() -> None:
    tasks: list[int] = []

    def told(world: sim.Scenario) -> Tally:
        tasks.append(world.workload.tasks or 0)
        return turned(world)

    enough(alone(scenario(agent(turns=3), backend()), "one"), told)
    assert tasks == [START, 2 * START, FEWEST], "they are all alike"
    tasks.clear()
    last = enough(alone(scenario(agent(turns={"dist": "lognormal", "median": 3, "sigma": 0.5}), backend()), "one"), told)
    assert tasks == [START * 2**k for k in range(len(tasks))]
    assert tasks[-1] > FEWEST
    assert spread(last) <= SURE or tasks[-1] >= MOST


def test_the_error_of_a_mean_is_that_of_the_tasks() -> None:
    result = run(agent(**VARIED), backend(), tasks=400)
    bills = result.tasks["cost_usd"]
    assert spread(result.tallies[0]) == pytest.approx(np.std(bills) / len(bills) ** 0.5 / bills.mean(), rel=0.01)


def test_a_policy_that_weighs_bills_takes_the_one_whose_tasks_cost_less() -> None:
    """Long waits: the dearer list with the longer lifetime of its cache has the lower bill, which a formula without misses does not see."""
    work = agent(turns=12, tool_time_s=400.0)
    forgetful = backend(cache_read_usd_per_mtok=0.1, cache_ttl_s=300.0, quality=0.5)
    keeping = backend(input_usd_per_mtok=1.5, cache_read_usd_per_mtok=0.15, cache_ttl_s=3600.0, quality=0.5)
    bills = {name: run(work, one).mean("cost_usd") for name, one in (("forgetful", forgetful), ("keeping", keeping))}
    assert bills["keeping"] < 0.8 * bills["forgetful"]
    for policy in (Policy.meets_floor, Policy.cost_per_success):
        taken = run(work, {"forgetful": forgetful, "keeping": keeping}, router=RouterSettings(policy=policy)).calls
        assert set(taken["backend"]) == {"keeping"}


_OTHER_SIZES = re.compile(r"_(2|4|8|16)$|^swarm$")
"""Of teams that are there in one size: a swarm is a team of 100, and takes as long as all others."""


@pytest.mark.slow
@pytest.mark.parametrize("choice", sorted(path.stem for path in (CONF / "agent").glob("*.yaml") if not _OTHER_SIZES.search(path.stem)))
def test_every_workflow_that_ships_is_reckoned_as_it_is_simulated(choice: str) -> None:
    """Within 5 %, or within three standard errors where 1,200 tasks do not tell more of it (sessions with a heavy tail)."""
    world = sim.load(f"agent={choice}", "workload.tasks=600", "replications=2", "processes=1", "log=none", "seed=5")
    reckoned = pilot(world, world.backends[0], turned)
    unsure = spread(enough(alone(world, world.backends[0]), turned))
    result = sim.simulate(world)
    tally = result.tallies[0].plus(result.tallies[1])
    found = result.mean("cost_per_task_usd")
    print(f"{choice}: reckoned ${reckoned.usd:.4g}, simulated ${found:.4g}")
    assert reckoned.usd == pytest.approx(found, rel=max(0.05, 3 * (spread(tally) ** 2 + unsure**2) ** 0.5))
