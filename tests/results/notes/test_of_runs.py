"""What a result says of its own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.settings.budget import BudgetSettings, Per
from sim.settings.market import CacheKind
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, scenario


@pytest.mark.parametrize(("counts", "words"), [(False, "do not count"), (True, "count")])
def test_limits_say_whether_they_count_cache_reads_and_what_that_is_worth(counts: bool, words: str) -> None:
    served = backend(cache=CacheKind.automatic, tokens_per_min=1e9, limits_count_cache_reads=counts, label="One")
    result = sim.simulate(scenario(agent(turns=4), served, tasks=3))
    said, reads = result.notes["limits"], result.mean("cache_hit_rate")
    assert said.startswith(f"Limits on tokens of One {words} cache reads (limits_count_cache_reads={str(counts).lower()})")
    assert f"{100 * reads:.0f} % of all prompts" in said
    assert f"{1 / (1 - reads):.2g} times the quota" in said


def test_no_word_of_limits_where_none_is_on_tokens() -> None:
    assert "limits" not in sim.simulate(scenario(agent(turns=4), backend(cache=CacheKind.automatic, requests_per_min=1e6), tasks=3)).notes


def test_a_call_that_a_budget_refuses_is_no_call_given_up_after_attempts() -> None:
    """Four calls of 1 cent and 2.5 cents to spend: the fourth finds 3 spent, and is refused at once."""
    priced = backend(input_usd_per_mtok=10.0, output_usd_per_mtok=0.0)
    one = agent(turns=1, system_tokens=900, prompt_tokens=100)
    result = sim.simulate(scenario(one, priced, tasks=4, every_s=3600.0, budget=BudgetSettings(usd=0.025, per=Per.run)))
    assert result.mean("cost_usd") == pytest.approx(0.03)
    assert result.mean("calls_unpaid") == 1
    assert "(1 calls were refused for want of money (budget))" in result.notes["lost"]
    assert "attempts" not in result.notes["lost"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"input_usd_per_mtok": 3e-6}, "One asks 3e-06 dollars a million tokens: is that the unit?"),
        (
            {"input_usd_per_mtok": 1.0, "cache_read_usd_per_mtok": 5.0},
            "One asks more for a token that is read from the cache than",
        ),
        ({"fee": 5.5}, "One is billed with a fee of 550 %: is it a share, as 0.055 for 5.5 %?"),
        ({"fee": 0.055}, ""),
        ({"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0, "cache_read_usd_per_mtok": 0.0}, ""),
        ({"input_usd_per_mtok": 5.0, "output_usd_per_mtok": 600.0, "cache_read_usd_per_mtok": 5.0}, ""),
    ],
)
def test_prices_that_are_a_slip_as_a_rule_are_told(changes: dict[str, float], told: str) -> None:
    said = sim.simulate(scenario(agent(turns=1), backend(label="One", **changes), tasks=1)).notes.get("prices", "")
    assert said.startswith(told) if told else not said


def test_a_policy_with_luck_of_its_own_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_lucky.py").write_text("import random\ndef f(known):\n    return lambda call, draws: random.choice(known.backends)\n")
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="mine_lucky:f")
    said = sim.simulate(scenario(agent(turns=1), backend(), tasks=1, router=router)).notes["chance"]
    assert said.startswith("The same seed need not give these numbers again")
    assert "router.custom=mine_lucky:f (mine_lucky.py, line 3: random.choice)" in said


@pytest.mark.parametrize(("floor", "told"), [(0.9, True), (0.6, False)])
def test_a_floor_that_no_backend_reaches_is_told(floor: float, told: bool) -> None:
    router = RouterSettings(policy=Policy.meets_floor, per=ChoosePer.task, quality_floor=floor)
    notes = sim.simulate(scenario(agent(), backend(quality=0.6), router=router, tasks=1)).notes
    assert notes.get("floor", "") == ("No backend reaches router.quality_floor=0.9: the best of them is taken, 0.6." if told else "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"window_tokens": 1000}, "agent.window_tokens=1000: below agent.system_tokens=12,900, so each turn sums up what there is."),
        ({"compact_at_tokens": 100}, "agent.compact_at_tokens=100: below agent.system_tokens=12,900, so each turn sums up what there is."),
        ({"window_tokens": 200_000}, ""),
    ],
)
def test_a_window_shorter_than_the_head_of_each_prompt_is_told(changes: dict[str, int], told: str) -> None:
    notes = sim.simulate(scenario(agent(system_tokens=12_900, turns=2, **changes), backend(), tasks=1)).notes
    assert notes.get("room", "") == told


@pytest.mark.parametrize(("size", "told"), [(1000, "workload.batch_size=1000 of workload.tasks=4: all arrive together."), (2, "")])
def test_a_batch_of_more_tasks_than_there_are_is_told(size: int, told: str) -> None:
    world = scenario(agent(), backend(), workload=WorkloadSettings(tasks=4, batch_size=size))
    assert sim.simulate(world).notes.get("together", "") == told
