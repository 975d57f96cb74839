"""Pipelines as they are set: from YAML alone, from overrides, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.profile import AtCap, StageRole, StageSettings, staff
from sim.settings.router import Policy
from tests.worlds import agent, scenario, stage, stages, with_

OWN = """
defaults:
  - /profile@stages.look: subagent
  - _self_
kind: pipeline
order: [look, judge]
stages:
  judge: {each: look, width: 3, role: verifier, turns: 2}
  look: {items: {dist: uniform, low: 5, high: 30}, turns: 4}
"""


def test_a_file_of_ones_own_is_enough(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "mine.yaml").write_text(OWN, encoding="utf-8")
    found = sim.load("agent=mine", config_dir=tmp_path).agent
    assert found.order == ["look", "judge"]
    assert found.stages["look"].turns == 4
    assert found.stages["look"].system_tokens == 8500, "of the profile"
    assert found.stages["judge"].role is StageRole.verifier
    assert staff(found.order, found.stages)["judge"].agents == 17.5 * 3


@pytest.mark.slow
def test_the_one_that_ships_can_be_changed_stage_by_stage() -> None:
    plain = sim.load("agent=pipeline").agent
    assert plain.order == ["find", "verify", "critic", "merge"]
    fix = "agent.stages.fix={each: verify, turns: 8, width: {dist: geometric, mean: 2}}"
    changed = sim.load("agent=pipeline", fix, "agent.order=[find,verify,fix]", "agent.stages.verify.width=5", "agent.stages.find.items=4")
    assert changed.agent.stages["fix"] == StageSettings(each="verify", turns=8, width={"dist": "geometric", "mean": 2})
    assert {name: each.agents for name, each in staff(changed.agent.order, changed.agent.stages).items()} == {
        "find": 1, "verify": 20, "fix": 4,
    }  # fmt: skip
    assert changed.agent.stages["verify"].turns == plain.stages["verify"].turns


def test_what_a_stage_comes_to_on_average() -> None:
    found = staff(
        ["find", "check", "merge"],
        {
            "find": stage(width=2, items=5, passes=0.8, report_tokens=100),
            "check": stage(each="find", width=3, passes=0.5, report_tokens=10),
            "merge": stage(reads=["find", "check"]),
        },
    )
    assert found["find"] == pytest.approx((2, 8, 800, 0, 2, 10))
    assert found["check"] == pytest.approx((24, 4, 120, 100, 30, 10))
    assert found["merge"] == pytest.approx((1, 1, 0, 920, 1, 1))


PLAIN = {"find": stage(), "check": stage(each="find")}
REFUSED: dict[str, AgentSettings] = {
    "agent.order=[]: name the stages of the pipeline in their order; agent.stages has find, check": stages(PLAIN, order=[]),
    "agent.order=[find,find]: names a stage twice": stages(PLAIN, order=["find", "find"]),
    "agent.order: 'chekc' is not in agent.stages; did you mean 'check'?": stages(PLAIN, order=["find", "chekc"]),
    "agent.stages.0.1: a stage is called by a letter, then letters, digits, _ or -": stages({"0.1": stage()}),
    "agent.stages.check.each=find: there is no stage before it": stages(PLAIN, order=["check", "find"]),
    "agent.stages.check.reads=merge: the stages before it are find": stages(
        {"find": stage(), "check": stage(reads=["merge"]), "merge": stage()}
    ),
    "agent.stages.find.role=verifier: the first stage has nothing to verify": stages({"find": stage(role=StageRole.verifier)}),
    "agent.turns: a pipeline has no loop of its own; set agent.stages.NAME.turns": stages(PLAIN, turns=3),
    "agent.max_agents=1: must be at least 2, one a stage, where at_cap=skip": stages(PLAIN, max_agents=1, at_cap=AtCap.skip),
    "agent.max_agents=9: needs agent.kind=pipeline; others are bounded by budget.usd": agent(max_agents=9),
    "agent.max_tokens=9: needs agent.kind=pipeline; others are bounded by budget.usd": agent(max_tokens=9),
    "agent.stages.check.width=0.0: must be at least 1": stages(PLAIN | {"check": stage(width=0)}),
    "agent.stages.check: 1,000,000 agents a task on average, must be at most 100,000": stages(
        {"find": stage(items=1000), "check": stage(each="find", width=1000)}
    ),
    "agent.stages.check: 100,000,000 calls a task on average, must be at most 10,000,000": stages(
        PLAIN | {"find": stage(items=1000), "check": stage(each="find", turns=100_000)}
    ),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_is_refused_in_one_line(said: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        scenario(REFUSED[said])
    assert str(refused.value) == said


def test_a_stage_that_is_not_in_the_order_does_not_run(tmp_path: Path) -> None:
    result = sim.simulate(scenario(stages(PLAIN, order=["find"])))
    assert set(result.calls["agent"]) == {"0"}
    assert "agents_per_task.check" not in result.summary.index


def test_a_sweep_may_change_a_stage() -> None:
    table = sim.sweep(scenario(stages(PLAIN)), {"agent.stages.check.width": [1, 4]}).results
    assert table["agents_per_task.check"].tolist() == [1, 4]


@pytest.mark.slow
def test_forecasts_are_of_all_stages() -> None:
    """A policy that weighs bills takes the cheaper list."""
    models: dict[str, Any] = {"dear": sim.load().market.models["claude_opus_4_6"], "cheap": sim.load().market.models["minimax_m2_5"]}
    world = scenario(stages(PLAIN), models)
    world.router.policy = Policy.cost_per_success
    assert set(sim.simulate(world.check()).calls["backend"]) == {"cheap"}
    assert AgentKind.pipeline.traits(world.agent).unsolved == ""
    assert with_(world, agent=stages(PLAIN)).agent.staged == [PLAIN["find"], PLAIN["check"]]
