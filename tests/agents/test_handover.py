"""What leads hand over, to the turn: nothing is lost, nothing is done twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.handover import deal, filled, handed_over, wave_turns


@given(st.integers(0, 500), st.integers(1, 20), st.integers(1, 20))
def test_what_is_dealt_out_is_all_there_is_as_evenly_as_it_goes(turns: int, parts: int, under_each: int) -> None:
    dealt = deal(turns, parts, under_each)
    at_the_bottom = [share for part in dealt for share in deal(part, under_each)]
    assert (len(dealt), sum(dealt)) == (parts, turns)
    assert max(at_the_bottom) - min(at_the_bottom) <= 1


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.floats(0, 1), st.integers(1, 12))
def test_a_lead_keeps_its_first_turns_and_one_of_every_message(turns: list[int], share: float, after: int) -> None:
    less = handed_over(turns, share, after)
    kept = [each - given for each, given in zip(turns, less, strict=True)]
    assert min(less) >= 0
    assert min(kept) >= 1
    assert sum(less) <= share * sum(turns) + 0.5
    assert sum(kept) >= min(sum(turns), after + 1)


@pytest.mark.parametrize(
    ("turns", "share", "after", "less"),
    [
        ([20], 0.5, 2, [10]),
        ([21], 0.5, 2, [11]),
        ([20], 1.0, 2, [17]),
        ([3], 0.9, 2, [0]),
        ([1], 0.9, 2, [0]),
        ([2, 10, 1, 10], 0.4, 2, [0, 4, 0, 5]),
        ([20, 20], 0.0, 1, [0, 0]),
    ],
)
def test_handed_over_by_hand(turns: list[int], share: float, after: int, less: list[int]) -> None:
    assert handed_over(turns, share, after) == less


@pytest.mark.parametrize(
    ("turns", "share", "by", "less", "waves"),
    [
        ([40], 0.5, 8, [24], 3),  # 20 turns are 2.5 waves
        ([38], 0.5, 8, [16], 2),
        ([7], 0.5, 8, [4], 1),  # 4 turns are half a wave, which counts as one; the lead keeps 3
        ([6], 0.5, 8, [0], 0),
        ([10, 30], 0.5, 10.5, [4, 17], 2),
        ([12], 1.0, 9, [9], 1),
    ],
)
def test_whole_waves_by_hand(turns: list[int], share: float, by: float, less: list[int], waves: int) -> None:
    assert handed_over(turns, share, 2, by) == less
    assert filled(sum(less), by) == waves


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.floats(0, 1), st.integers(1, 12), st.floats(0.5, 60))
def test_waves_are_those_that_what_is_handed_over_fills(turns: list[int], share: float, after: int, by: float) -> None:
    bare, less = sum(handed_over(turns, share, after)), sum(handed_over(turns, share, after, by))
    assert abs(less - bare) <= by / 2 + 1
    assert filled(less, by) == filled(bare, by)


@pytest.mark.parametrize(
    ("turns", "after", "waves", "places"),
    [(10, 2, 1, [2]), (10, 2, 2, [2, 6]), (10, 2, 3, [2, 4, 7]), (4, 2, 9, [2, 3]), (2, 2, 3, [2]), (1, 2, 3, []), (3, 2, 3, [2])],
)
def test_waves_are_spread_evenly(turns: int, after: int, waves: int, places: list[int]) -> None:
    assert wave_turns(turns, after, waves) == places


@given(st.integers(1, 200), st.integers(1, 20), st.integers(1, 30))
def test_at_most_one_wave_comes_after_a_turn(turns: int, after: int, waves: int) -> None:
    places = wave_turns(turns, after, waves)
    assert len(set(places)) == len(places) <= waves
    assert bool(places) is (turns >= after)
    gaps = [later - earlier for earlier, later in zip(places, [*places[1:], turns], strict=bool(places))]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1
