"""Who comes and leaves, against Bass's closed form (F18) and by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from sim.population.adoption import arrivals, leaving, there
from sim.settings.population.segments import AdoptionSettings, HabitSettings, PopulationSettings, SegmentSettings
from sim.settings.population.timeline import MarketEvent, MarketEventKind
from sim.theory import bass_share

FIRST = date(2026, 2, 9)


def segment(people: float, **changes: Any) -> SegmentSettings:
    return SegmentSettings(people=people, tasks_per_week=1.0, scale_usd=1.0, **changes)


def population(*segments: SegmentSettings, **changes: Any) -> PopulationSettings:
    return PopulationSettings(segments={str(number): one for number, one in enumerate(segments)}, from_day="2026-02-09", **changes)


def test_what_spreads_spreads_as_bass_says() -> None:
    """F18: who is there after three weeks, from two weeks before the first day on."""
    one = segment(1000.0, adoption=AdoptionSettings(since="2026-01-26", p_per_week=0.02, q_per_week=1.0))
    come = arrivals(population(one), FIRST, 21)
    assert there(one, FIRST) == pytest.approx(1000 * bass_share(2.0, p=0.02, q=1.0))
    assert there(one, FIRST) + come.sum() == pytest.approx(1000 * bass_share(5.0, p=0.02, q=1.0))
    assert (come > 0).all()


def test_nobody_has_what_is_yet_to_begin() -> None:
    one = segment(1000.0, adoption=AdoptionSettings(since="2026-02-16"))
    assert there(one, FIRST) == 0
    assert arrivals(population(one), FIRST, 14)[:7].sum() == 0


def test_who_is_there_grows_by_the_week() -> None:
    come = arrivals(population(segment(500.0), habits=HabitSettings(growth_per_week=0.02)), FIRST, 14)
    assert come.sum() == pytest.approx(500 * (1.02**2 - 1))


def test_terms_send_people_over_on_their_days() -> None:
    """A tenth of 300 within three days of which ours are the last two, another within two of them and a fifth on one; of the others nobody,
    and before that nobody is there."""
    events = [
        MarketEvent(kind=MarketEventKind.terms, day="2026-02-08", last_day="2026-02-10", segment="1", share=0.1),
        MarketEvent(kind=MarketEventKind.terms, day="2026-02-10", last_day="2026-02-11", segment="1", share=0.1),
        MarketEvent(kind=MarketEventKind.terms, day="2026-02-17", segment="1", share=0.2),
    ]
    outside = segment(300.0, from_outside=True)
    come = arrivals(population(segment(100.0), outside, events=events), FIRST, 14)
    assert come[:, 1] == pytest.approx([10, 25, 15, *[0] * 5, 60, *[0] * 5])
    assert come[:, 0] == pytest.approx(np.zeros(14))
    assert there(outside, FIRST) == 0


def test_seven_days_of_leaving_are_a_week_of_it() -> None:
    one = segment(1.0, adoption=AdoptionSettings(churn_per_week=0.1))
    assert (1 - leaving(one)) ** 7 == pytest.approx(0.9)
    assert np.isclose(leaving(segment(1.0)), 0)
