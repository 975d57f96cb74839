"""A loop, turn by turn: what stands in each prompt."""

from __future__ import annotations

import pytest

from tests.worlds import agent, run


@pytest.mark.parametrize(
    ("opening", "prompts"), [(0, [2000, 3000, 4000, 5000]), (1, [2000, 2350, 3350, 4350]), (2, [2000, 2350, 2700, 3700])]
)
def test_the_results_of_the_opening_turns_are_those_of_the_opening(opening: int, prompts: list[int]) -> None:
    """After each turn come its answer of 300 and its tool's result: 50 after the first `opening` turns, 700 after the others."""
    looking_around = agent(turns=4, opening_turns=opening, opening_result_tokens=50)
    assert run(looking_around).calls["input_tokens"].tolist() == prompts


def test_an_opening_goes_on_over_messages() -> None:
    """Two messages of two turns: nothing comes of a tool after the last turn of a message; turn 3 is past the opening of two."""
    chatty = agent(turns=2, requests=2, request_tokens=10, opening_turns=3, opening_result_tokens=50)
    assert run(chatty).calls["input_tokens"].tolist() == [2000, 2350, 2660, 3010]
    assert run(agent(turns=2, requests=2, request_tokens=10, opening_turns=2, opening_result_tokens=50)).calls["input_tokens"].tolist() == [
        2000, 2350, 2660, 3660,
    ]  # fmt: skip


def test_a_session_that_is_resumed_has_its_opening_behind_it() -> None:
    resumed = agent(turns=3, prior_tokens=5000, opening_turns=2, opening_result_tokens=50)
    assert run(resumed).calls["input_tokens"].diff().tolist()[1:] == [1000, 1000]
