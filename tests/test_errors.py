"""What is near to what was typed."""

from __future__ import annotations

import pytest

from sim.errors import did_you_mean

KNOWN = ["minimax_m2_5", "minimax_m2_5_launch", "claude_opus_4_6", "gpt_5_2"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("minimax_m2.5", "minimax_m2_5"), ("MiniMax-M2.5", "minimax_m2_5"), ("MINIMAX M2.5 LAUNCH", "minimax_m2_5_launch"),
        ("Claude Opus 4.6", "claude_opus_4_6"), ("GPT-5.2", "gpt_5_2"),
    ],
)  # fmt: skip
def test_capitals_blanks_and_signs_make_no_other_name(typed: str, meant: str) -> None:
    assert did_you_mean(typed, KNOWN) == f"did you mean '{meant}'?"


def test_what_is_near_to_nothing_gets_all_of_them() -> None:
    assert did_you_mean("llama", KNOWN) == "known: claude_opus_4_6, gpt_5_2, minimax_m2_5, minimax_m2_5_launch"


def test_the_same_words_in_another_order_are_nearer_than_the_same_letters() -> None:
    known = ["cost_per_task_usd", "usd_per_day", "cost_per_task_usd_of_agents"]
    assert did_you_mean("usd_per_task", known) == "did you mean 'cost_per_task_usd'?"
    assert did_you_mean("usd_per_dai", known) == "did you mean 'usd_per_day'?"
