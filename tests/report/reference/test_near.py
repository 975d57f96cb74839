"""What a newcomer types who does not know a setting's name."""

from __future__ import annotations

import pytest

from sim.report.reference.near import named, near


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("arrival rate", "workload.interarrival_s"),
        ("workload.rate_per_hour", "workload.interarrival_s"),
        ("router.floor", "router.quality_floor"),
        ("TPM", "market.models.<name>.input_tokens_per_min"),
        ("rate limits", "market.models.<name>.requests_per_min"),
        ("concurrency", "market.models.<name>.slots"),
        ("seeds", "seed"),
        ("cost", "cost_per_task_usd"),
        ("latency", "task_latency_p50_s"),
    ],
)
def test_it_leads_there(asked: str, led_to: str) -> None:
    assert led_to in {one.word for one in near(asked)}


def test_all_words_have_to_be_there_and_some_have_to_mean_something() -> None:
    assert near("arrival zzz") == near("per the") == near("") == []


def test_a_name_comes_before_a_meaning() -> None:
    found = [one.word for one in near("floor") if one.kind == "settings"]
    assert found.index("router.quality_floor") < found.index("goal.success_floor")
    assert {one.word for one in named("retries")} >= {"router.fallback_retries"}
    assert "budget_usd_per_month" not in {one.word for one in named("cost")}, "its meaning alone speaks of what a month costs"


def test_a_setting_of_many_places_stands_once() -> None:
    assert [one.word for one in near("turns scale") if one.word.endswith("turns_scale")] == ["agent.turns_scale"]
