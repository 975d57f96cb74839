"""What a run will take, said beforehand: near to what comes, and enough to stop what would never end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.engine.compiled.library import missing
from sim.results.simulate import effort_of
from sim.scenario.load import CONF
from sim.settings.budget import BudgetSettings, Per, Then
from sim.settings.run import Engine, Log
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.sweeps.sweep import MOST_SCENARIOS
from sim.theory.expected.effort import CALL_S, TASK_S, WORLD_S, effort
from tests.worlds import agent, backend, loop, run, scenario, team, with_

USERS = WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=4)
SMALL = {
    "loops": (scenario(tasks=4), 40),
    "a team": (scenario(team(4, loop(turns=2), fanout=3), tasks=2), 2 * (4 + 3 * 2)),
    "replications": (scenario(tasks=4, replications=3), 120),
    "users": (scenario(workload=USERS), 120),
    "arrivals up to a horizon": (scenario(horizon_s=1000.0, workload=WorkloadSettings(tasks=None, interarrival_s=10.0)), 1000),
    "tries that cannot succeed": (scenario(agent(tries=TriesSettings(most=7)), backend(quality=0.0), tasks=2), 140),
    "tries at once": (scenario(agent(tries=TriesSettings(most=7, parallel=True)), tasks=2), 140),
    "half of the shards": (scenario(tasks=40, shards=4, shards_run=2), 200),
    "chats": (scenario(workload=WorkloadSettings(tasks=30, chat_share=1.0), matched_chat=loop(turns=1, requests=4)), 120),
}  # fmt: skip


@pytest.mark.parametrize("case", SMALL)
def test_the_calls_are_those_that_come(case: str) -> None:
    world, calls = SMALL[case]
    assert effort_of(world).calls == pytest.approx(calls)
    assert sum(tally.calls for tally in sim.simulate(world).tallies) == pytest.approx(calls, rel=0.02)


def test_a_trace_is_counted() -> None:
    assert effort_of(sim.load("workload=trace", "replications=2")).calls == 2 * 361


def test_minutes_and_megabytes_are_of_calls_tasks_and_worlds_on_all_processes() -> None:
    whole = effort_of(scenario(tasks=1000, replications=4, processes=2))
    assert whole.minutes == pytest.approx((40_000 * CALL_S + 4000 * TASK_S + 4 * WORLD_S) / 60 / 2)
    assert whole.megabytes == pytest.approx((40_000 * 90 + 4000 * 130) / 1e6)
    assert effort_of(scenario(tasks=1000, log=Log.none)).megabytes == 0


def test_the_compiled_twin_takes_less() -> None:
    """A week of a market: 126 million calls, half a minute on two cores; on SimPy's clock over ten minutes."""
    week = sim.load("experiment=market_week", "processes=2")
    by_simpy = effort_of(with_(week, engine=Engine.simpy))
    assert by_simpy.calls == pytest.approx(126e6, rel=0.1)
    assert by_simpy.minutes > 10
    assert effort(week, compiled=True).minutes < 2
    if not missing():
        assert effort_of(week) == effort(week, compiled=True)


ENDLESS: dict[str, dict[str, Any]] = {
    "tasks": {"workload": WorkloadSettings(tasks=10**9)},
    "arrivals": {"workload": WorkloadSettings(tasks=None, interarrival_s=1e-9), "horizon_s": 3600.0},
    "users": {"workload": WorkloadSettings(kind=WorkloadKind.users, users=10**6, tasks_per_user=10**4)},
    "tries": {"agent": agent(turns=1000, tries=TriesSettings(most=1000, pick=Pick.majority)), "workload": WorkloadSettings(tasks=10**4)},
    "worlds": {"replications": 10_000, "shards": 1000, "workload": WorkloadSettings(tasks=1000, interarrival_s=0.0)},
    "logs": {"workload": WorkloadSettings(tasks=3 * 10**7), "processes": 1024, "replications": 100},
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_nobody_waits_for_is_refused_unless_asked_for(case: str) -> None:
    world = scenario(**ENDLESS[case])
    with pytest.raises(
        sim.ConfigError, match=r"^this would take some [\d,]+ calls, about [\d,]+ \w+ here and [\d,]+ MB of logs: --yes \(in Python"
    ):
        sim.simulate(world)


def test_who_says_yes_is_not_asked() -> None:
    """It would take hours, but for the one call that the budget pays: no estimate knows that."""
    broke = BudgetSettings(usd=1e-6, then=Then.stop, per=Per.task)
    world = scenario(agent(turns=10_000_000), tasks=100, budget=broke)
    with pytest.raises(sim.ConfigError, match="--yes"):
        sim.simulate(world)
    assert sim.simulate(with_(world, yes=True)).mean("calls") < 1000
    assert run(yes=True, tasks=2).digest == run(tasks=2).digest


def test_a_sweep_is_weighed_as_a_whole() -> None:
    one = scenario(workload=WorkloadSettings(tasks=2 * 10**6), log=Log.none, engine=Engine.simpy)
    assert 1 < effort_of(one).minutes < 60
    with pytest.raises(sim.ConfigError, match="these 40 runs would take some 800,000,000 calls"):
        sim.sweep(one, {"seed": list(range(40))})
    with pytest.raises(sim.ConfigError, match=f"make 1,000,000 scenarios, must be at most {MOST_SCENARIOS:,} unless yes=true"):
        sim.sweep(scenario(), {"seed": range(1000), "replications": range(1, 1001)})


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(CONF.glob("experiment/*.yaml")), ids=lambda file: file.stem)
def test_no_experiment_that_ships_is_asked_about(file: Path) -> None:
    whole = effort_of(sim.load(f"experiment={file.stem}", "processes=1"))
    assert whole.minutes < 60
    assert whole.megabytes < 20_000
