"""Fits: what was put in is found again, what cannot be told apart is said."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.population.calibrated import Knob, fit, sampled, turned
from sim.population.days import by_week, live
from sim.settings.population.segments import HabitSettings, PopulationSettings
from tests.population.test_days import WORK, market

KNOBS = {
    "level": Knob(("segments.*.people",), 0.01, 100.0, ratio=True, factor=True),
    "launch": Knob(("habits.launch",), 0.0, 5.0),
}
TRUE = {"level": 3.0, "launch": 1.2}


def tokens(population: PopulationSettings) -> np.ndarray:
    """Of two weeks, on each of three models."""
    found = live(population, WORK, "2026-02-23")
    return np.concatenate([found.tokens[:7].sum(axis=(0, 1)), found.tokens[7:].sum(axis=(0, 1))])


def test_what_was_put_in_is_found_again() -> None:
    counted = tokens(turned(market(), KNOBS, TRUE))
    found = fit(market(), KNOBS, {"level": 1.0, "launch": 0.5}, counted, tokens)
    assert found.values == pytest.approx(TRUE, rel=1e-3)
    assert found.error < 1e-3
    assert found.bound == ()


def test_a_knob_that_is_turned_as_far_as_it_goes_is_named() -> None:
    counted = tokens(turned(market(), KNOBS, {"level": 1000.0, "launch": 1.2}))
    found = fit(market(), KNOBS, {"level": 1.0, "launch": 0.5}, counted, tokens)
    assert "level" in found.bound
    assert found.error > 0.5


def test_more_knobs_than_counts_fit_nothing() -> None:
    with pytest.raises(ConfigError, match="2 knobs for 1 counts"):
        fit(market(), KNOBS, TRUE, np.array([1.0]), tokens)


def test_turning_leaves_the_population_as_it_was() -> None:
    ours = market()
    changed = turned(ours, KNOBS, TRUE)
    assert [one.people for one in changed.segments.values()] == [3000.0, 300.0]
    assert [one.people for one in ours.segments.values()] == [1000.0, 100.0]
    assert (changed.habits.launch, ours.habits.launch) == (1.2, 0.0)
    with pytest.raises(ConfigError, match=r"habits\.lunch: is no setting of a population"):
        turned(ours, {"x": Knob(("habits.lunch",), 0, 1)}, {"x": 1.0})


def test_what_stands_in_a_mapping_is_turned_too() -> None:
    ours = market(habits=HabitSettings(liking={"cn": 0.0}))
    knob = {"liking": Knob(("habits.liking.cn",), -4.0, 4.0)}
    assert turned(ours, knob, {"liking": -0.7}).habits.liking == {"cn": -0.7}
    with pytest.raises(ConfigError, match=r"habits\.liking\.us: is no setting of a population \(us\)"):
        turned(ours, {"liking": Knob(("habits.liking.us",), -4.0, 4.0)}, {"liking": 1.0})


def test_samples_cover_each_range_evenly() -> None:
    found = sampled(KNOBS, 10, seed=1)
    launches = sorted(one["launch"] for one in found)
    levels = sorted(one["level"] for one in found)
    assert all(number * 0.5 <= launch <= (number + 1) * 0.5 for number, launch in enumerate(launches))
    assert all(0.01 * 10 ** (0.4 * number) <= level <= 0.01 * 10 ** (0.4 * (number + 1)) for number, level in enumerate(levels))
    assert sampled(KNOBS, 10, seed=1) == found != sampled(KNOBS, 10, seed=2)


def test_shares_sum_to_the_whole_over_weeks() -> None:
    """The population's sums, within segments and models, are those of its total."""
    found = live(turned(market(), KNOBS, TRUE), WORK, "2026-02-23")
    assert by_week(found.tokens, found.first, [found.first]).sum() == pytest.approx(tokens(turned(market(), KNOBS, TRUE))[:3].sum())
