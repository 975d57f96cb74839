"""Contexts within a window of the harness's own, and sessions that are resumed."""

from __future__ import annotations

import pandas as pd
import pytest

import sim
from tests.worlds import agent, backend, run, scenario

GROWING = {"system_tokens": 1000, "prompt_tokens": 0, "output_tokens": 100, "tool_result_tokens": 900, "summary_tokens": 500, "turns": 30}


def longest(window: int, **changes: object) -> int:
    """Prompt of a growing context on a backend with this window, summaries left out."""
    return longest_of(run(agent(**(GROWING | changes)), backend(context_window_tokens=window)).calls)


def longest_of(calls: pd.DataFrame) -> int:
    """Prompt of a turn."""
    return int(calls["input_tokens"][calls["role"] != "compaction"].max())


@pytest.mark.parametrize(
    ("window_tokens", "window", "limit"),
    [(10_000, 100_000, 8_000), (1e9, 20_000, 16_000), (10_000, 5_000, 4_000), (None, 100_000, 30_000)],
)
def test_a_context_grows_to_a_share_of_the_smaller_window(window_tokens: float | None, window: int, limit: int) -> None:
    assert longest(window, window_tokens=window_tokens) == pytest.approx(limit, abs=1000)


def test_whichever_limit_comes_first_holds() -> None:
    assert longest(100_000, window_tokens=10_000, compact_at_tokens=5_000) == 5_000
    assert longest(100_000, window_tokens=10_000, compact_at_tokens=50_000, compact_at_share=0.5) == 5_000


def test_compaction_at_a_share_of_the_window_is_that_at_its_length() -> None:
    by_share = run(agent(**GROWING, window_tokens=10_000, compact_at_share=0.8))
    by_length = run(agent(**GROWING, compact_at_tokens=8_000, compact_at_share=1.0))
    assert by_share.digest == by_length.digest


@pytest.mark.parametrize(
    ("prior", "first", "longest_prompt"),
    [(5_000, 6_000, 8_000), (20_000, 21_000, 80_000), (80_000, 2_000, 80_000)],
    ids=["fits the harness's window", "fits the backend's", "fits neither: the remainder"],
)
def test_a_resumed_session_works_in_a_window_that_holds_it(prior: int, first: int, longest_prompt: int) -> None:
    calls = run(agent(**(GROWING | {"turns": 90}), window_tokens=10_000, prior_tokens=prior), backend(context_window_tokens=100_000)).calls
    assert calls["input_tokens"].iloc[0] == first
    assert longest_of(calls) == pytest.approx(longest_prompt, abs=1000)


def test_what_is_left_of_a_resumed_session() -> None:
    work = {**GROWING, "turns": 20, "opening_turns": 3, "opening_result_tokens": 5000, "resumed_turns": 0.25}
    new, resumed = (run(agent(**work, prior_tokens=prior)).calls["input_tokens"].tolist() for prior in (0, 7000))
    assert (len(new), len(resumed)) == (20, 5)
    assert (new[1] - new[0], resumed[1] - resumed[0]) == (5100, 1000)


def test_theory_knows_windows_and_resumed_sessions() -> None:
    for changes in ({"window_tokens": 10_000}, {"prior_tokens": 7000, "resumed_turns": 0.25, "opening_turns": 3}):
        world = scenario(agent(**GROWING, **changes))
        result = sim.simulate(world)
        assert sim.theory.expect(world).values["input_tokens"] == pytest.approx(result.mean("input_tokens"))


def test_theory_says_what_it_cannot_say() -> None:
    some = {"dist": "mixture", "weights": [1, 1], "parts": [{"dist": "constant", "value": value} for value in (0, 5000)]}
    for changes in ({"prior_tokens": some, "resumed_turns": 0.5}, {"prior_tokens": 5000, "window_tokens": 10_000}):
        assert "resumed" in str(sim.theory.expect(scenario(agent(**GROWING, **changes))))
