"""Sentences about a sweep: what they say is in its table, in dollars and words that were put there by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sim.report.findings.finding import finding
from sim.report.findings.money import baseline_clause, best_clause, price_clause, spend_clauses, spend_title, success_clause
from sim.report.grid import place_label, study

PRICES = {"dear": 10.0, "cheap": 1.0}
USD = {("dear", "chat"): 1.0, ("cheap", "chat"): 0.25, ("dear", "team_4"): 12.0, ("cheap", "team_4"): 2.0}


def table(**columns: Any) -> pd.DataFrame:
    """A chat and a team of 4 on two backends: a team takes ten times the tokens, and solves half of its tasks."""
    rows = [
        {"backends": f"[{line}]", "agent": place, "status": "ok", "tokens_per_task": 100.0 if place == "chat" else 1000.0,
         "multiplier_per_message": 1.0 if place == "chat" else 10.0, "cost_per_task_usd": usd, "cost_per_success_usd": 2 * usd,
         "cost_per_success_usd_ci_low": 1.9 * usd, "cost_per_success_usd_ci_high": 2.1 * usd}
        for (line, place), usd in USD.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


def test_a_sweep_is_told_in_clauses_of_its_table() -> None:
    told = finding(table(), list_usd_per_mtok=PRICES)
    assert told.said == (
        "A team of 4 takes 10.0 times the tokens of a chat; that team costs $2.0 on cheap, $12 on dear. "
        "Per solved task for a team of 4 cheap is cheapest, $4.0; then dear, $24."
    )
    assert told.more == ["By list price dear costs 10.0 times as much as cheap, by the bill for the same work 4.0 to 6.0 times."]


def test_a_winner_whose_interval_overlaps_is_not_called_sure() -> None:
    wide = table(cost_per_success_usd_ci_low=0.1)
    assert success_clause(study(wide)) == "per solved task for a team of 4 $4.0 on cheap and $24 on dear cannot be told apart (95 %)"
    assert "told apart" not in success_clause(study(table()))
    three = pd.concat([table(), table()[lambda all_: all_["backends"] == "[dear]"].assign(backends="[mid]", cost_per_success_usd=10.0)])
    assert "then mid, $10" in success_clause(study(three.reset_index(drop=True)))


def test_one_line_or_one_place_has_a_sentence_of_its_own() -> None:
    all_ = table()
    one_line = all_[all_["backends"] == "[cheap]"]
    assert spend_title(study(one_line)).endswith("a chat. A task costs $0.25 with chat, $2.0 with team of 4 (no interval known)")
    assert success_clause(study(one_line)) == price_clause(study(one_line), PRICES) == ""
    one_place = all_[all_["agent"] == "chat"]
    usd = one_place["cost_per_task_usd"]
    sure = one_place.assign(cost_per_task_usd_ci_low=usd, cost_per_task_usd_ci_high=usd)
    assert spend_clauses(study(sure)) == ["a task costs $0.25 on cheap, $1.0 on dear, 4.00 times as much"]
    assert spend_title(study(one_place.head(1))) == (
        "A task takes 100 tokens and costs $1.0; per user message that is 1.00 times the tokens of a chat"
    )


def test_what_failed_says_why_and_what_nobody_measured_is_not_best() -> None:
    failed = table(status="failed: out of memory")
    assert spend_title(study(failed)) == "No scenario finished"
    known = best_clause(study(table(best_cost_per_success_usd=["", "yes", "", "no"])))
    assert known.startswith("of the 2 scenarios of which that is known ")


@pytest.mark.parametrize(
    ("best", "told"),
    [
        (["no", "yes", "no", "no"], "of all 4 scenarios cheap, chat is cheapest per task (95 %)"),
        (["maybe", "maybe", "no", "no"], "of all 4 scenarios 2 may be cheapest per task (95 %), such as "),
        (["no"] * 4, ""),
    ],
)
def test_the_best_of_many(best: list[str], told: str) -> None:
    said = best_clause(study(table(best_cost_per_task_usd=best)))
    assert said.startswith(told)
    assert bool(said) == bool(told)


def test_a_baseline_is_compared_with_the_others() -> None:
    verdicts = {
        "cost_per_task_usd_verdict": ["more", "no difference seen", "more", "more"],
        "cost_per_task_usd_ratio": [4.0, 1.0, 48.0, 8.0],
    }
    assert baseline_clause(study(table(**verdicts))) == "against the baseline, dollars per task: 3 more; 4.00 to 48.0 times"
    assert baseline_clause(study(table())) == ""


def test_an_empty_list_on_an_axis_is_called_none() -> None:
    """`sim -m events=[...],[]`: the second scenario has a name too."""
    assert [place_label("events", each, None) for each in ("", "16")] == ["none", "16"]


def test_teams_that_nobody_measured_and_bills_of_one_harness_are_no_headline() -> None:
    """The title goes to the last team that bills are known of, and gives a range where harnesses differ."""
    rows = [
        {"work.harness": harness, "backends": "[one]", "agent": place, "tokens_per_task": tokens, "multiplier_per_message": tokens,
         "cost_per_task_usd": times * tokens, "cost_per_success_usd": times * tokens, "lost_share": 0.0}
        for harness, times in (("a", 1.0), ("b", 2.0)) for place, tokens in (("swe_task", 1.0), ("swe_team_4", 3.0), ("swe_team_16", 9.0))
    ]  # fmt: skip
    one = study(pd.DataFrame(rows), {"one": "One"})
    assert spend_title(one).split(". ") == [
        "A team of 4 takes 3.00 times the tokens of one agent",
        "A task costs $1.0 to $2.0 with one agent, $3.0 to $6.0 with team of 4 (no interval known)",
    ]
