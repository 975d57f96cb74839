"""Pipelines: who works when and reads what, by hand; what caps cut off; what stays the same whatever else changes."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.agent import AgentSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import AtCap, StageRole, StageSettings
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.tries import TriesSettings
from tests.recipes.ways import assert_declared_truly, assert_theory_agrees
from tests.worlds import MANY, assert_equivalent, backend, loop, run, scenario, stage, stages

B = 2000
"""First prompt of an agent that reads nothing; a turn adds 1,000."""
FINDINGS = {"dist": "uniform", "low": 5, "high": 30}
LUCK: dict[str, Any] = {"tool_time_s": {"dist": "exponential", "mean": 4}, "output_tokens": {"dist": "geometric", "mean": 300}}


def review(find: StageSettings | None = None, verify: dict[str, Any] | None = None, **changes: Any) -> AgentSettings:
    """Find two, verify each three times, criticise."""
    return stages(
        {
            "find": find or stage(items=2, report_tokens=150),
            "verify": stage(**{"each": "find", "width": 3, "role": StageRole.verifier, "turns": 1, "report_tokens": 40} | (verify or {})),
            "critic": stage(reads=["find", "verify"], turns=1),
        },
        **changes,
    )


def first_prompts(result: sim.Result) -> dict[str, int]:
    """Tokens of each agent's first prompt, by its path."""
    calls = result.calls[result.calls["turn"] == 0]
    return dict(zip(calls["agent"], calls["input_tokens"].tolist(), strict=True))


def test_stages_follow_one_another_and_read_what_was_found() -> None:
    result = run(review())
    prompts = first_prompts(result)
    verifiers = {f"0.verify.{item}.{index}v": B + 150 for item in range(2) for index in range(3)}
    assert prompts == {"0": B, **verifiers, "0.critic.0": B + 2 * 150 + 6 * 40}
    calls = result.calls
    assert calls.groupby("agent")["t_request_s"].min().to_dict() == {"0": 0.0, **dict.fromkeys(verifiers, 2.0), "0.critic.0": 3.0}
    assert result.tasks["t_end_s"].item() == 4.0
    assert set(calls[calls["role"] == "verifier"]["agent"]) == set(verifiers)
    assert result.tasks["kind"].item() == "pipeline"
    spent = 2 * B + 1000 + 2 * 300
    assert result.mean("tokens_per_task.find") == spent
    assert result.mean("tokens_per_task.verify") == 6 * (B + 150 + 300)
    assert result.mean("agents_per_task.verify") == 6


@pytest.mark.parametrize(
    "agent",
    [
        review(),
        review(verify={"passes": 0.0}),
        review(stage(items=5, report_tokens=150, width=4, tool_time_s=2.0), {"width": 2, "items": 3}, max_parallel=3),
        stages({"plan": stage(items=3), "work": stage(each="plan", turns=4), "test": stage(each="work", width=2), "ship": stage()}),
    ],
)
def test_with_fixed_widths_every_metric_is_that_of_theory(agent: AgentSettings) -> None:
    assert_theory_agrees(scenario(agent, backend(prefill_tokens_per_s=900), tasks=2, every_s=1000.0))


def test_of_each_task_three_verify_each_finding() -> None:
    result = run(review(stage(items=FINDINGS)), tasks=100)
    calls = result.calls[result.calls["role"] == "verifier"]
    many = calls.groupby("task")["agent"].nunique()
    assert len(many) == 100
    assert many.between(15, 90).all()
    assert many.nunique() > 10
    assert (many % 3 == 0).all()
    assert result.theory.values["agents_per_task.verify"] == pytest.approx(17.5 * 3, rel=1e-4)


@pytest.mark.slow
def test_five_to_thirty_findings_times_three() -> None:
    """The Galton-Watson mean: E = 17.5 x 3 verifiers, of which one each for what half of the findings lead to."""
    agent = review(stage(items=FINDINGS, turns=1), {"passes": 0.5})
    agent.stages["fix"] = stage(each="verify", turns=1)
    agent.order = ["find", "verify", "fix", "critic"]
    result = run(agent, **MANY | {"tasks": 400})
    assert_equivalent(result, "agents_per_task.verify", 17.5 * 3)
    assert_equivalent(result, "agents_per_task.fix", 17.5 / 2, margin=0.04)
    assert_equivalent(result, "tokens_per_task", result.theory.values["tokens_per_task"])


def test_as_many_at_a_time_as_may_run() -> None:
    starts = run(review(max_parallel=2)).calls.groupby("agent")["t_request_s"].min()
    assert [starts[f"0.verify.{item}.{index}v"] for item in range(2) for index in range(3)] == [2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
    several = run(stages({"find": stage(width=3, turns=1), "merge": stage(reads=["find"])}, max_parallel=1))
    assert several.calls.groupby("agent")["t_request_s"].min().to_dict() == {"0": 0.0, "0.find.1": 1.0, "0.find.2": 2.0, "0.merge.0": 3.0}


def test_a_cap_on_agents_stops_a_task_and_says_so() -> None:
    result = run(review(max_agents=5), backend(quality=1.0), tasks=3)
    assert set(result.calls["agent"]) == {"0", "0.verify.0.0v", "0.verify.0.1v", "0.verify.0.2v", "0.verify.1.0v"}
    assert result.mean("tasks_capped") == 3
    assert result.mean("lost_share") == 1
    assert result.notes["caps"] == "Caps: 3 of 3 tasks came to agent.max_agents=5: they ended there, unfinished."
    assert not result.theory.values
    assert result.theory.unsolved == ("agent.max_agents: what it cuts off",)


def test_who_skips_at_a_cap_keeps_an_agent_for_each_later_stage() -> None:
    result = run(review(max_agents=5, at_cap=AtCap.skip), backend(quality=1.0))
    prompts = first_prompts(result)
    assert prompts == {"0": B, **{f"0.verify.0.{index}v": B + 150 for index in range(3)}, "0.critic.0": B + 2 * 150 + 3 * 40}
    assert result.mean("lost_share") == 0
    assert "agents were left out" in result.notes["caps"]


def test_a_cap_that_is_not_reached_changes_nothing_and_says_nothing() -> None:
    free, capped = run(review(), tasks=2), run(review(max_agents=8, max_tokens=10**6, at_cap=AtCap.skip), tasks=2)
    assert_theory_agrees(scenario(review(max_agents=8), tasks=2))
    assert free.digest == capped.digest
    assert capped.mean("tasks_capped") == 0
    assert "caps" not in capped.notes


@pytest.mark.parametrize(("at_cap", "later"), [(AtCap.stop, set()), (AtCap.skip, {"0.critic.0"})])
def test_no_agent_starts_once_the_tokens_are_spent(at_cap: AtCap, later: set[str]) -> None:
    """The finder takes 5,600, each verifier 2,450, one after another: the third is under way when 10,000 are passed."""
    result = run(review(max_tokens=10_000, max_parallel=1, at_cap=at_cap))
    assert set(result.calls["agent"]) == {"0", "0.verify.0.0v", "0.verify.0.1v"} | later
    assert result.mean("tasks_capped") == 1
    assert "agent.max_tokens=10,000" in result.notes["caps"]


def test_tokens_of_calls_that_failed_are_not_spent() -> None:
    """The finder takes 5,600; of each verifier the first call, 2,450, is answered, and the second fits no window: 10,000 let two start."""
    narrow = review(verify={"turns": 2}, max_tokens=10_000, max_parallel=1, at_cap=AtCap.skip)
    result = run(narrow, backend(context_window_tokens=3100))
    assert set(result.calls["agent"]) == {"0", "0.verify.0.0v", "0.verify.0.1v", "0.critic.0"}
    assert result.mean("tokens_per_task.verify") == 2 * 2450
    assert result.mean("tasks_capped") == 1


ROLES = RouterSettings(policy=Policy.by_role, backend="one", roles={"verifier": "two"})


def test_verifiers_may_work_elsewhere_and_find_nothing_where_all_calls_fail() -> None:
    models = {"one": backend(quality=1.0), "two": backend(quality=1.0)}
    calls = run(review(), models, router=ROLES).calls
    assert set(calls[calls["backend"] == "two"]["role"]) == {"verifier"}
    assert set(calls[calls["role"] == "verifier"]["backend"]) == {"two"}
    broken = run(review(), models | {"two": backend(error_rate=1.0)}, router=ROLES, retry=RetrySettings(attempts=1))
    assert first_prompts(broken)["0.critic.0"] == B + 2 * 150
    assert not broken.tasks["success"].item()


def test_a_root_that_gives_in_ends_its_try() -> None:
    lost = review(tries=TriesSettings(stop_when_lost=True))
    result = run(lost, backend(quality=0.0), outcome=OutcomeSettings(length_exponent=1.0))
    assert set(result.calls["agent"]) == {"0"}


def test_each_try_is_a_pipeline_of_its_own() -> None:
    again = review(tries=TriesSettings(most=2, verifier=loop(turns=1)))
    result = run(again, backend(quality=0.0))
    paths = set(result.calls["agent"])
    assert {"0", "0.v", "1", "1.v", "0.critic.0", "1.critic.0", "1.verify.1.2v"} <= paths
    assert result.mean("agents_per_task.critic") == 2
    assert result.mean("tokens_per_task") == sum(result.mean(f"tokens_per_task.{name}") for name in again.order) + 2 * (B + 300)


def test_more_verifiers_leave_the_first_ones_as_they_were() -> None:
    few, more = (run(review(stage(items=FINDINGS, **LUCK), {"width": width, **LUCK}), tasks=3).calls for width in (2, 3))
    kept = more[~more["agent"].str.endswith("2v") & (more["agent"] != "0.critic.0")]
    first = few[few["agent"] != "0.critic.0"]
    key = ["task", "agent", "turn"]
    assert kept.sort_values(key, ignore_index=True).equals(first.sort_values(key, ignore_index=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{}, {"max_parallel": 2}, {"max_agents": 9}, {"max_agents": 9, "at_cap": AtCap.skip}, {"max_tokens": 40_000, "max_parallel": 3}],
    ids=str,
)
def test_it_runs_ahead_of_the_clock_and_in_shards_bit_by_bit(changes: dict[str, Any]) -> None:
    few = {"dist": "geometric", "mean": 3}
    crowd = review(stage(items=few, width=2, report_tokens=few, **LUCK), {"width": few, "passes": 0.7, **LUCK}, **changes)
    shaky = backend(error_rate=0.2, noise_sigma=0.4)
    assert_declared_truly(scenario(crowd, shaky, tasks=12, every_s=LUCK["tool_time_s"], retry=RetrySettings(attempts=2)))
