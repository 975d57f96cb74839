"""Which earlier prompt a recorded one goes on from."""

from __future__ import annotations

import pytest

from sim.logs.logged import UNKNOWN
from sim.logs.prefixes import HEAD, MOST_THREADS, Prefix, Prefixes


def told(*calls: tuple[int, float, int], hour: int = 0) -> list[Prefix]:
    """Of calls without length in time: (prompt, second, read as billed)."""
    agent = Prefixes()
    return [agent.next(0, prompt, second, second, read, UNKNOWN, hour) for prompt, second, read in calls]


def lengths(*prompts: int) -> list[tuple[int, int]]:
    """Thread and tokens, of prompts a second apart whose reads are not known."""
    return [(each.thread, each.tokens) for each in told(*((prompt, at, UNKNOWN) for at, prompt in enumerate(prompts)))]


def test_a_short_call_between_does_not_lose_the_long_prefix() -> None:
    assert lengths(50_000, 8_000, 51_000, 9_000, 52_000) == [(1, 0), (2, HEAD), (1, 50_000), (2, 8_000), (1, 51_000)]
    assert lengths(50_000, 0, 51_000) == [(1, 0), (2, HEAD), (1, 50_000)]


def test_after_a_compaction_the_rewritten_prompt_goes_on_and_the_old_one_does_not() -> None:
    """Also when it has grown past the old one: that is at least half as long, and later."""
    assert lengths(150_000, 40_000, 90_000, 149_000, 151_000) == [(1, 0), (2, HEAD), (2, 40_000), (2, 90_000), (2, 149_000)]


def test_what_was_read_says_more_than_lengths() -> None:
    first, side, on = told((50_000, 0, 15_000), (20_000, 1, 17_000), (51_000, 2, 50_000))
    assert (first.tokens, first.warm_tokens) == (0, 15_000)
    assert (side.thread, side.source, side.tokens, side.warm_tokens) == (2, 1, 17_000, 0)
    assert (on.thread, on.source, on.tokens, on.warm_tokens) == (1, 1, 50_000, 0)
    assert [each.tokens for each in told((100_000, 0, 0), (101_000, 30, 0))] == [0, 0]


@pytest.mark.parametrize(("wait_s", "hour", "tokens", "warm"), [(299, 0, 9, 0), (301, 0, 50_000, 9), (3599, 1, 9, 0), (3601, 1, 50_000, 9)])
def test_a_miss_that_its_wait_explains_says_nothing_of_the_prompt(wait_s: float, hour: int, tokens: int, warm: int) -> None:
    """Five minutes, or an hour where that was written."""
    _, after = told((50_000, 0, 0), (51_000, wait_s, 9), hour=hour)
    assert (after.tokens, after.warm_tokens) == (tokens, warm)


def test_a_miss_of_another_model_says_nothing_of_the_prompt() -> None:
    agent = Prefixes()
    found = [agent.next(model, 50_000 + at, at, at, read, UNKNOWN, 0) for at, (model, read) in enumerate(((0, 0), (1, 0), (1, 50_001)))]
    assert [each.tokens for each in found] == [0, 50_000, 50_001]


def test_so_many_conversations_are_remembered() -> None:
    falling = [1000 - each for each in range(MOST_THREADS + 1)]
    assert lengths(*falling, 1000)[-1] == (MOST_THREADS + 1, falling[-1])
    assert lengths(*falling[:-1], 5000)[-1] == (1, 1000)
