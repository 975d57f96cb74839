"""The law of success, term by term: numbers that can be looked up or reckoned by hand."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from sim.settings.outcome import OutcomeSettings
from sim.success import SuccessModel

ONE_SIGMA = NormalDist().cdf(1.0)
"""0.8413: the random number of somebody one standard deviation above the mean."""


def law(**changes: Any) -> SuccessModel:
    return SuccessModel(OutcomeSettings(**changes))


def test_a_score_is_the_tasks_own_where_all_is_shared_and_the_tries_own_where_nothing_is() -> None:
    assert law(correlation=1.0).score(0.3, 0.9) == pytest.approx(0.3)
    assert law(correlation=0.0).score(0.3, 0.9) == pytest.approx(0.9)


def test_a_score_weighs_both_by_the_root_of_their_shares() -> None:
    """r = 0.36: z = 0.6 theta + 0.8 e; both one sigma up: 1.4; one up and one down: -0.2 and 0.2."""
    model, down = law(correlation=0.36), 1 - ONE_SIGMA
    for u_task, u_try, z in ((ONE_SIGMA, ONE_SIGMA, 1.4), (ONE_SIGMA, down, -0.2), (down, ONE_SIGMA, 0.2), (0.5, ONE_SIGMA, 0.8)):
        assert model.score(u_task, u_try) == pytest.approx(NormalDist().cdf(z), rel=1e-9)


def test_scores_are_uniform_whatever_is_shared() -> None:
    """So a quality is exactly the share of tasks solved: midpoints of a grid of both numbers, below each tenth a tenth."""
    grid = (np.arange(60) + 0.5) / 60
    scores = np.array([law(correlation=0.3).score(task, attempt) for task in grid for attempt in grid])
    for share in (0.1, 0.5, 0.9):
        assert (scores < share).mean() == pytest.approx(share, abs=0.012)


def test_effort_is_lognormal_with_a_mean_of_one() -> None:
    """sigma = 0.5: exp(0.5 z - 0.125)."""
    model = law(effort=0.5)
    assert model.effort(0.5) == pytest.approx(math.exp(-0.125))
    assert model.effort(ONE_SIGMA) == pytest.approx(math.exp(0.375))
    assert model.effort(1 - ONE_SIGMA) == pytest.approx(math.exp(-0.625))
    assert np.mean([model.effort(u) for u in (np.arange(4000) + 0.5) / 4000]) == pytest.approx(1.0, abs=2e-3)
    assert law(effort=0.0).effort(0.999) == 1.0


def test_a_chance_falls_with_the_length_of_work() -> None:
    """q at the reference, q squared at twice as many turns; with an exponent of 2, q^9 at three times as many; without one, always q."""
    steady = law(reference_turns=10.0, length_exponent=1.0)
    assert [steady.chance(0.8, turns) for turns in (5, 10, 20)] == pytest.approx([0.8**0.5, 0.8, 0.64])
    assert law(reference_turns=10.0, length_exponent=2.0).chance(0.8, 30) == pytest.approx(0.8**9)
    assert law(reference_turns=10.0, length_exponent=0.0).chance(0.8, 20) == 0.8


def test_a_team_solves_more_with_diminishing_returns() -> None:
    """Lead 0.5; workers of 0.2 and 0.6 miss 0.6 on average. s = 1: 1 - 0.5 x 0.6^(2 - 1); s = 0.5: the power is sqrt(2) - 1."""
    helpers = (0.2, 0.6)
    assert law(success_exponent=1.0).chance(0.5, 1, helpers) == pytest.approx(0.7)
    assert law(success_exponent=0.5).chance(0.5, 1, helpers) == pytest.approx(1 - 0.5 * 0.6 ** (math.sqrt(2) - 1))
    assert law(success_exponent=1.0).chance(0.5, 1, (0.2, 0.2, 0.2)) == pytest.approx(1 - 0.5 * 0.8**2)
    assert law(success_exponent=1.0).chance(0.5, 1, (0.2,)) == 0.5, "one worker is the try itself: m = 1"
    assert law(success_exponent=0.0).chance(0.5, 1, helpers) == 0.5
    assert law(success_exponent=1.0).chance(0.5, 1) == 0.5


def test_a_team_works_on_what_its_lead_has_left_at_that_length() -> None:
    """0.8 at 10 turns is 0.64 at 20; another worker of 0.5 halves what is missed."""
    model = law(success_exponent=1.0, reference_turns=10.0, length_exponent=1.0)
    assert model.chance(0.8, 20, (0.5, 0.5)) == pytest.approx(1 - 0.36 * 0.5)


def test_the_turn_that_goes_wrong_is_the_first_whose_chance_is_below_the_score() -> None:
    """q = 0.5 at 10 turns, a constant hazard: 0.5^(t / 10) falls below 0.25 after turn 20, below 0.3 in turn 18."""
    model = law(reference_turns=10.0, length_exponent=1.0)
    for score in (0.9, 0.3, 0.1, 0.02):
        turn = model.lost_at(score, 0.5)
        assert model.chance(0.5, turn) < score <= model.chance(0.5, turn - 1)
    assert model.lost_at(0.3, 0.5) == 18
    assert model.lost_at(0.999999, 0.5) == 1
    assert (
        law(reference_turns=10.0, length_exponent=2.0).lost_at(0.3, 0.5)
        == math.floor(10 * math.sqrt(math.log(0.3) / math.log(0.5))) + 1
        == 14
    )


def test_what_cannot_go_wrong_has_no_turn_in_which_it_does() -> None:
    model = law(reference_turns=10.0, length_exponent=1.0)
    assert model.lost_at(0.3, 1.0) == model.lost_at(0.3, None) == model.lost_at(0.0, 0.5) == 0
    assert model.lost_at(0.3, 0.0) == 1, "nothing is ever solved: the first turn goes wrong"
    assert law(length_exponent=0.0).lost_at(0.3, 0.5) == 0
    assert law(length_exponent=0.0).lost_at(0.3, 0.0) == 0


def test_a_deadline_is_met_to_the_second() -> None:
    assert [law(deadline_s=60.0).in_time(busy_s) for busy_s in (0.0, 60.0, 60.001)] == [True, True, False]
    assert law().in_time(1e12)
