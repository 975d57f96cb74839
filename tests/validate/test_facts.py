"""Published facts: an error planted in a figure fails its row."""

from __future__ import annotations

import pytest

from sim.validate import facts
from sim.validate.target import Target


def failed(rows: list[Target]) -> set[str]:
    return {row.name for row in rows if row.verdict == "fail"}


@pytest.mark.parametrize(("tokens", "rows"), [(74_000.0, 0), (120_000.0, 0), (40_000.0, 0), (35_000.0, 3), (160_000.0, 3)])
def test_requests_twice_as_long_as_published_fail(tokens: float, rows: int) -> None:
    assert len(failed(facts.requests(tokens))) == rows


@pytest.mark.parametrize(
    ("metric", "ratio", "fails"),
    [
        ("cost_per_task_usd", 0.78, True),
        ("cost_per_task_usd", 0.82, False),
        ("cost_per_task_usd", 1.48, False),
        ("cost_per_task_usd", 1.52, True),
        ("task_latency_mean_s", 0.5, False),
        ("task_latency_mean_s", 1.02, True),
    ],
)
def test_teams_that_cost_less_or_more_than_was_seen_or_take_longer_fail(metric: str, ratio: float, fails: bool) -> None:
    for team, alone in facts.TEAMS.items():
        name = f"agent={team}, {facts.TEAM_METRICS[metric][0]} over agent={alone}"
        assert failed(facts.team_ratios({(team, metric): ratio})) == ({name} if fails else set())


@pytest.mark.slow
def test_teams_of_many_more_are_caught() -> None:
    """A fault upstream of the numbers: a team of 2 or 4 that is one of 24."""
    assert {name for name in failed(facts.teams("agent.fanout=24")) if "USD" in name} == {
        f"agent={team}, USD over agent={alone}" for team, alone in facts.TEAMS.items()
    }


def test_what_has_no_mechanism_is_listed_with_its_reason() -> None:
    for row in facts.not_yet():
        assert row.verdict == "not reproduced"
        assert " yet" in row.missed
