"""What is printed of a multiplier: its value against the chat baseline, and its range over all of them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sim.report.grid import study
from sim.report.multipliers import MULTIPLIERS, multipliers, of_line, told


def table() -> pd.DataFrame:
    """A chat and one agent on two backends; whatever is dear has the tokens of 2, 1 to 4 chats, whatever is cheap half of that."""
    rows = [
        {"backends": f"[{line}]", "agent": place, "status": "ok", "cost_per_task_usd": 10.0 * times}
        | {f"{metric}{end}": times * value for metric in MULTIPLIERS for end, value in {"": 2.0, "_least": 1.0, "_most": 4.0}.items()}
        for line, times in (("dear", 1.0), ("cheap", 0.5)) for place in ("chat", "solo")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_value_has_its_range_beside_it() -> None:
    assert told((59.4, 8.67, 88.0)) == "59.4 (8.7 to 88)"
    assert told((2.0, 2.0, 2.0)) == "2.00"
    assert told((math.nan, math.nan, math.nan)) == "-"


def test_the_table_is_of_the_most_expensive_line_and_says_so() -> None:
    head, _, chat, alone, _, note = multipliers(study(table())).splitlines()
    assert head.split("  ")[0] == "Tokens, times a chat's on dear"
    assert [label in head for label in MULTIPLIERS.values()] == [True] * 3
    assert chat.startswith("chat")
    assert alone.startswith("one agent")
    assert chat.count("2.00 (1.0 to 4.0)") == 3
    assert "as many messages" in note


def test_one_line_needs_no_name_and_what_did_not_finish_is_left_out() -> None:
    one = table().iloc[:2]
    assert multipliers(study(one)).startswith("Tokens, times a chat's ")
    one.loc[1, "multiplier_per_session_least"] = math.nan
    assert list(of_line(study(one), "dear").index) == ["chat"]
    assert multipliers(study(table().assign(status="failed: no"))) == ""


@pytest.mark.parametrize("column", ["multiplier_per_request", "multiplier_per_session_most"])
def test_a_table_from_before_there_were_multipliers_has_none(column: str) -> None:
    assert multipliers(study(table().drop(columns=column))) == ""
