"""The logit, against its closed form (F17)."""

from __future__ import annotations

import numpy as np
import pytest

from sim.population.choice import knowing, shares, spread, utilities
from sim.theory import logit_share


def test_two_models_are_chosen_by_the_closed_form() -> None:
    """F17, by the week: gains and bills of a task times its number."""
    tasks = np.array([1.0, 5.0, 20.0])
    weighed = utilities(tasks, np.array([[2.0, 0.5]]), np.array([[40 * 0.768, 40 * 0.726]]), np.full(3, 10.0))
    found = shares(weighed, np.ones(2, dtype=bool))[:, 0]
    exact = [logit_share(gain=n * 40 * 0.042, extra_cost=n * 1.5, scale=10.0) for n in tasks]
    assert found == pytest.approx(exact, rel=1e-9)


def test_only_what_is_known_is_chosen() -> None:
    found = shares(np.array([1.0, 2.0, 800.0]), np.array([True, True, False]))
    assert found[2] == 0
    assert found[1] / found[0] == pytest.approx(np.e)
    assert found.sum() == pytest.approx(1)


def test_who_has_heard_of_what() -> None:
    sets = knowing(2)
    assert sets.tolist() == [[False, False], [False, True], [True, False], [True, True]]
    assert spread(np.array([0.3, 0.5]), sets) == pytest.approx([0.35, 0.35, 0.15, 0.15])
    assert knowing(0).shape == (1, 0)
    assert spread(np.zeros(0), knowing(0)) == pytest.approx([1.0])
