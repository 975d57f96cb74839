"""What settings may not be together: each combination is refused before anything runs, by its key and in one line."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.agent import AgentKind
from sim.settings.budget import BudgetSettings, Per, Then
from sim.settings.market import MarketSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings, Tastes
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario, team, with_

TWO = scenario(agent(), {"one": backend(), "two": backend()})
PEOPLE = WorkloadSettings(kind=WorkloadKind.users)
LOGIT = {"policy": Policy.logit}
ALL_HEARD: dict[str, Any] = {"one": 1.0, "two": 2.0}


def router(**settings: Any) -> dict[str, Any]:
    return {"router": RouterSettings(**settings)}


def tries(outcome: OutcomeSettings | None = None, **settings: Any) -> dict[str, Any]:
    return {"agent": agent(tries=TriesSettings(**settings)), "outcome": outcome or OutcomeSettings()}


REFUSED: dict[str, dict[str, Any]] = {
    "backends=[]: name at least one; the market has one, two": {"backends": []},
    "backends: 'three' is not in market test; ": {"backends": ["one", "three"]},
    "backends=[one,one]: names one twice": {"backends": ["one", "one"]},
    "market.models.one.batch_discounts.cached: ": {
        "market": MarketSettings("test", {"one": backend(batch_discounts={"cached": 0.0}), "two": backend()})
    },
    "market.models.one.region=eu: not among its regional_surcharges (us)": {
        "market": MarketSettings("test", {"one": backend(region="eu", regional_surcharges={"us": 0.1}), "two": backend()})
    },
    "market.models.one.region=eu: not among its regional_surcharges (none)": {
        "market": MarketSettings("test", {"one": backend(region="eu"), "two": backend()})
    },
    "router.backend=too: not among backends; did you mean 'two'?": router(backend="too"),
    "router.weights=three: not among backends": router(weights={"three": 1.0}),
    "router.weights: at least one must be above 0": router(policy=Policy.weighted, weights={"one": 0.0}),
    "router.roles.wroker: did you mean 'worker'?": router(roles={"wroker": "one"}),
    "router.roles.worker=three: not among backends": router(roles={"worker": "three"}),
    "router.roles={}: by_role needs a backend for at least one role": router(policy=Policy.by_role),
    "router.fallback=three: not among backends": router(fallback=["three"]),
    "router.per=call: must be task, so that what a choice has brought can be told": router(policy=Policy.ucb, per=ChoosePer.call),
    "router.heard_after_h=three: not among backends": router(heard_after_h={"three": 1.0}),
    "router.heard_after_h.two: must be at least 0": router(heard_after_h={"two": {"dist": "normal", "mean": 1.0, "sd": 9.0}}),
    "router.heard_after_h: needs workload.kind=users, or there is but one user": router(**LOGIT, heard_after_h={"two": 1.0}),
    "router.tastes=user: needs workload.kind=users, or there is but one user": router(**LOGIT, tastes=Tastes.user),
    "router.tastes=user: needs router.policy=logit or logit_log, not cheapest": {
        **router(policy=Policy.cheapest, tastes=Tastes.user), "workload": PEOPLE,
    },
    "router.heard_after_h: policy fixed does not weigh what a user knows": {
        **router(policy=Policy.fixed, heard_after_h={"two": 1.0}), "workload": PEOPLE,
    },
    "router.heard_after_h: one of backends must be known from the start": {**router(**LOGIT, heard_after_h=ALL_HEARD), "workload": PEOPLE},
    "budget.downgrade_to=three: not among backends": {"budget": BudgetSettings(usd=1.0, then=Then.downgrade, downgrade_to="three")},
    "budgets.lab.then=wait: a budget per run never comes back; take hour, day or rolling": {
        "budgets": {"lab": BudgetSettings(usd=1.0, per=Per.run, then=Then.wait)},
    },
    "workload.trace: name a table of calls, a log, a folder of logs, or 'excerpt'": {"workload": WorkloadSettings(kind=WorkloadKind.trace)},
    "workload.tasks=null: needs horizon_s, or the run would never end": {"workload": WorkloadSettings(tasks=None)},
    "workload.interarrival_s=0: must be more than 0 when workload.tasks is null": {
        "workload": WorkloadSettings(tasks=None, interarrival_s=0.0), "horizon_s": 9.0,
    },
    "agent.turns: a chat has one call a message, so must be 1 (set agent.requests)": {"agent": agent(kind=AgentKind.chat)},
    "agent.fanout=1000, agent.depth=3: 1,001,001,001 agents a task, must be at most 100,000": {
        "agent": team(2, loop(), fanout=1000, depth=3),
    },
    "agent.requests x agent.turns: 100,000,000 calls a task on average": {"agent": agent(requests=10_000, turns=10_000)},
    "agent.tries.backends: 'three' is not among backends": tries(backends=["three"]),
    "agent.tries.backends: a cascade goes one after another": tries(most=2, backends=["one", "two"], parallel=True),
    "agent.tries.stop_when_lost: needs outcome.length_exponent above 0": tries(most=2, stop_when_lost=True),
    "agent.tries.stop_when_lost: needs outcome.success_exponent=0": tries(
        OutcomeSettings(length_exponent=1.0, success_exponent=0.5), most=2, stop_when_lost=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_together_is_refused(told: str) -> None:
    with pytest.raises(sim.ConfigError) as refusal:
        with_(TWO, **REFUSED[told]).check()
    assert str(refusal.value).startswith(told)
    assert "\n" not in str(refusal.value)


def test_more_backends_than_a_row_can_name_are_refused() -> None:
    with pytest.raises(sim.ConfigError, match="256 of them, must be at most 255"):
        scenario(agent(), {f"b{number}": backend() for number in range(256)})
