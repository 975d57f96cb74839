"""The main study's tables and sentences: ranges over harnesses, teams that share out and teams that add, where the choice turns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from sim.report.findings.money import price_clause
from sim.report.findings.overload import overload
from sim.report.folder import adds_work
from sim.report.grid import HIGHEST, LOWEST, Study, study
from sim.report.lost import lost_finding
from sim.report.plots.money import money_by_kind
from sim.report.plots.spend import spend_by_fanout
from sim.report.tables import PRINTED, crosstab, listing
from sim.report.workflows import turn_finding, workflow_sentences, workflow_tables

USD = {
    ("dear", "chat"): (0.1, 0.1),
    ("dear", "swe_task"): (1.0, 1.0), ("dear", "swe_team_16"): (2.0, 2.0), ("dear", "swe_replicas_4"): (4.0, 4.0),
    ("cheap", "chat"): (0.01, 0.01), ("cheap", "swe_task"): (0.2, 0.4), ("cheap", "swe_team_16"): (0.6, 1.0),
    ("cheap", "swe_replicas_4"): (0.8, 1.6),
}  # fmt: skip
"""By backend and workflow, in two harnesses: chats are the same, and the cheap one costs twice as much in the second."""
SUCCESS = {"dear": 0.8, "cheap": 0.7}
ADDING = ["swe_replicas_4"]


def _table(harnesses: int = 2, usd: Mapping[tuple[str, str], tuple[float, float]] = USD) -> pd.DataFrame:
    rows = [
        {
            "work.harness": ("mini_v2", "open")[i], "agent": place, "backends": f"[{line}]", "status": "ok", "tokens_per_task": 1000.0,
            "token_multiplier": 9.0, "cost_per_task_usd": bill[i], "cost_per_task_usd_ci_low": 0.9 * bill[i],
            "cost_per_task_usd_ci_high": 1.1 * bill[i], "success_rate": SUCCESS[line], "cost_per_success_usd": bill[i] / SUCCESS[line],
            "net_value_per_task_usd": 15 * SUCCESS[line] - bill[i],
        }
        for i in range(harnesses)
        for (line, place), bill in usd.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def swept(harnesses: int = 2, usd: Mapping[tuple[str, str], tuple[float, float]] = USD, **columns: Any) -> Study:
    return study(_table(harnesses, usd).assign(**columns))


def test_harnesses_are_a_range_and_no_lines_of_their_own() -> None:
    one = swept()
    assert list(one.lines) == ["dear", "cheap"]
    assert one.places == ["chat", "swe_task", "swe_team_16", "swe_replicas_4"]
    assert list(one.harnesses) == ["mini_v2", "open"]
    assert [one.values("cheap", f"cost_per_task_usd{end}")["swe_task"] for end in ("", LOWEST, HIGHEST)] == [0.2, 0.2, 0.4]
    assert one.values("cheap", "cost_per_task_usd_ci_low")["swe_task"] == pytest.approx(0.18)
    assert one.values("cheap", "cost_per_task_usd_ci_high")["swe_task"] == pytest.approx(0.44)
    assert swept(1).harnesses == {}
    assert swept(1).each[0].values("harness mini-SWE-agent 2, cheap", "cost_per_task_usd")["swe_task"] == 0.2


def test_what_failed_in_one_harness_leaves_the_other() -> None:
    found = swept(status=["failed: no"] + 15 * ["ok"])
    assert found.values("dear", "cost_per_task_usd").notna().sum() == 3
    assert len(found.failed) == 1


def test_tables_keep_apart_what_shares_out_and_what_adds() -> None:
    shared, added, solved, reading = (
        part.splitlines() for part in workflow_tables(swept(), ADDING).split("\n\n") if not part.endswith(":")
    )
    assert shared[0].split("  ")[-1].strip() == "team of 16?"
    assert "one agent" in added[0]
    assert "4 replicas" in added[0]
    assert "team of 16" not in added[0]
    assert shared[3].split("  ")[-1].strip() == "0.60 to 1.0"
    assert shared[2].split("  ")[-1].strip() == "2.0", "one number where both harnesses agree"
    assert "chat" not in solved[0]
    assert solved[3].split()[1] + solved[3].split()[2] == "70%"
    assert "0.29 to 0.57" in solved[3]
    assert "mini-SWE-agent 2, open" in reading[0]


def test_where_success_is_unknown_there_is_no_column_of_solved_tasks() -> None:
    one = swept()
    unknown = swept(cost_per_success_usd=[math.nan if place == "swe_replicas_4" else 1.0 for _ in range(2) for _, place in USD])
    told, fewer = (workflow_tables(each, ADDING).split("\n\n")[3:5] for each in (one, unknown))
    assert told[0] == "Dollars a solved task (how often a chat would solve it, nobody has measured):"
    assert fewer[0] == "Dollars a solved task (how often a chat or 4 replicas would solve it, nobody has measured):"
    assert "4 replicas" in told[1]
    assert "4 replicas" not in fewer[1]


def test_a_finding_says_what_one_agent_costs_and_what_teams_make_of_it() -> None:
    alone, shared, added = workflow_sentences(swept(), ADDING)
    assert alone == "One agent costs $0.20 (cheap) to $1.0 (dear) per task"
    assert shared == (
        "Teams that share the job out (how is assumed, and that they solve as many) cost, in times of one agent: team of 16? 2.0 to 3.0"
    )
    assert added == "Teams that add work cost, in times of one agent: 4 replicas 4.0 to 4.0"


def verdicts(one: Study, **places: tuple[str, str]) -> dict[str, dict[Any, dict[str, str]]]:
    """The same of both harnesses: of (dear, cheap) by place; where nothing is said, dear is best."""
    by_place = {place: dict(zip(("dear", "cheap"), places.get(place, ("yes", "no")), strict=True)) for place in one.places}
    return dict.fromkeys(one.harnesses, by_place)


def test_the_choice_turns_where_the_first_surely_falls_behind() -> None:
    """A lead that may be chance is told as one; teams that share out and that add are read apart, each from little to much."""
    one = swept()
    told = verdicts(one, swe_task=("maybe", "maybe"), swe_team_16=("maybe", "maybe"), swe_replicas_4=("no", "yes"))
    assert turn_finding(one, ADDING, told, 15.0) == [
        "At $15 a solved task, dear is worth most for one agent; cheap may match it",
        "dear surely falls behind cheap from a team of 4 replicas on",
    ]
    both = turn_finding(one, ADDING, verdicts(one, swe_team_16=("no", "yes"), swe_replicas_4=("no", "yes")), 15.0)
    assert both[0].endswith("dear is worth most for one agent")
    assert both[1].endswith(" from a team of 16 and from a team of 4 replicas on")
    assert turn_finding(one, ADDING, verdicts(one), 15.0)[1] == "Nowhere does dear surely fall behind"
    unknown = swept(success_rate=math.nan, net_value_per_task_usd=math.nan)
    assert turn_finding(unknown, ADDING, verdicts(unknown), 15.0) == [], "nobody knows"


def test_bills_of_any_harness_make_a_rival_and_only_those_of_all_a_sure_loss() -> None:
    one = swept()
    mixed = verdicts(one) | {"open": verdicts(one, swe_task=("maybe", "maybe"), swe_team_16=("no", "yes"))["open"]}
    assert turn_finding(one, ADDING, mixed, 15.0) == [
        "At $15 a solved task, dear is worth most for one agent; cheap may match it",
        "Nowhere does dear surely fall behind",
    ]
    turned = swept(usd=USD | {("cheap", "swe_task"): (0.2, 3.0), ("dear", "swe_task"): (2.0, 1.0)})
    told = turn_finding(turned, ADDING, verdicts(turned, swe_task=("maybe", "maybe")), 15.0)
    assert told[0] == "At $15 a solved task, cheap (mini-SWE-agent 2) or dear (open) is worth most for one agent"
    assert len(told) == 3


def test_what_is_counted_is_counted_in_each_harness() -> None:
    """Two harnesses of eight scenarios; the second alone loses something."""
    lost = [0.0] * 8 + [0.5] + [0.0] * 7
    one = swept(lost_share=lost, given_up_share=lost, tasks=10.0)
    assert (len(one.rows), len(one.apart.rows), one.loses) == (8, 16, True)
    assert overload(one).startswith("Lost work in 1 of 16 scenarios, worst with chat, dear, harness open: 50")
    assert ": 1 of 16 scenarios lose some, most with chat, dear, harness open: 50" in lost_finding(one)


def test_bills_of_one_harness_are_no_agreement() -> None:
    text = workflow_tables(swept(), ADDING, ["dear"])
    assert text.count("dear*") == 3
    assert "cheap*" not in text
    assert workflow_sentences(swept(), ADDING, ["dear"])[0].endswith(" to $1.0 (dear, one harness) per task")


def test_the_dearest_is_that_which_may_cost_most() -> None:
    """The cheap one is at 0.2 in the first harness and at 3 in the second, the dear one at 1 in both."""
    said = workflow_sentences(swept(usd=USD | {("cheap", "swe_task"): (0.2, 3.0)}), ADDING)
    assert said[0] == "One agent costs $0.20 (cheap) to $3.0 (cheap) per task"


def test_other_tables_give_ranges_too() -> None:
    """A sweep over harnesses that is not one over workflows: no number of the first harness stands for both."""
    more: dict[str, Any] = {
        f"{metric}{end}": 1.0 for metric in PRINTED if metric != "cost_per_task_usd" for end in ("", "_ci_low", "_ci_high")
    }
    one = swept(**more)
    assert "0.200 to 0.400" in crosstab(one, {})
    assert "0.200 to 0.400" in listing(one)
    assert "lowest and highest over the harnesses" in listing(one)
    assert "over the harnesses" not in listing(swept(1, **more))


def test_ratios_of_bills_are_taken_within_a_harness() -> None:
    said = price_clause(swept(), {"dear": 10.0, "cheap": 1.0}, "at measured work")
    assert said.endswith("by the bill at measured work 2.0 to 10 times")


def test_a_figure_has_bars_over_the_harnesses() -> None:
    one = swept()
    table = one.rows.drop(columns=["_run", "_x", "_line"])
    figure = spend_by_fanout(table)
    assert len(figure.axes) == 2


@pytest.mark.parametrize(
    ("agent", "adds"),
    [
        ({"kind": "react"}, False),
        ({"kind": "react", "tries": {"most": 4}}, True),
        ({"kind": "react", "tries": {"most": 1, "verifier": {}}}, True),
        ({"kind": "orchestrator", "split": "divide"}, False),
        ({"kind": "orchestrator", "split": "replicate"}, True),
        ({"kind": "debate"}, True),
        ({"kind": "pipeline"}, True),
        ({}, False),
    ],
)
def test_which_workflows_add_work(agent: dict[str, Any], adds: bool) -> None:
    assert adds_work(agent) is adds


def test_a_figure_of_one_harness_says_so() -> None:
    """Where the table beside it has a range, its dollars are one end or something between."""
    bills = {"cost_output_usd": 1.0, "cost_fresh_input_usd": 1.0, "cost_cache_read_usd": 1.0, "cost_cache_write_usd": 1.0, "tasks": 1.0}
    told = [" ".join(text.get_text() for text in money_by_kind(_table(harnesses).assign(**bills)).texts) for harnesses in (1, 2)]
    assert "dollars per task." in told[0]
    assert "dollars per task, by bills in mini-SWE-agent 2: in other harnesses they differ." in " ".join(told[1].split())


def test_what_is_paid_by_the_hour_is_part_of_the_bill() -> None:
    """A table without such columns has none of it."""
    bills = {"cost_output_usd": 1.0, "cost_fresh_input_usd": 0.0, "cost_cache_read_usd": 0.0, "cost_cache_write_usd": 0.0, "tasks": 1.0}
    hours = {"cost_servers_usd": 2.0, "cost_units_usd": 1.0}
    drawn = [money_by_kind(_table(1).assign(**bills, **each)) for each in ({}, hours)]
    keys = [{text.get_text() for legend in figure.legends for text in legend.get_texts()} for figure in drawn]
    assert keys[1] - keys[0] == {"hours of servers", "reserved units"}
    assert "50" in " ".join(text.get_text() for axes in drawn[1].axes for text in axes.texts), "half of it pays for servers"
