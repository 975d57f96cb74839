"""Who comes and who leaves, day by day: what spreads (Bass, F18), what grows, whom new terms send over."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from sim.settings.population.segments import AdoptionSettings, PopulationSettings, SegmentSettings
from sim.settings.population.timeline import MarketEventKind
from sim.theory.adoption import bass_share

WEEK = 7
"""Days."""


def there(segment: SegmentSettings, first: date) -> float:
    """People of a segment who are on the market when the first day begins."""
    if segment.from_outside:
        return 0.0
    return segment.people * _taken_up(segment.adoption, first.toordinal())


def arrivals(population: PopulationSettings, first: date, days: int) -> np.ndarray:
    """People who come, by day and segment."""
    growth = (1 + population.habits.growth_per_week) ** (np.arange(days + 1) / WEEK)
    come = np.zeros((days, len(population.segments)))
    for number, segment in enumerate(population.segments.values()):
        if segment.adoption.since:
            taken = [_taken_up(segment.adoption, first.toordinal() + day) for day in range(days + 1)]
            come[:, number] = segment.people * np.diff(taken)
        elif not segment.from_outside:
            come[:, number] = segment.people * np.diff(growth)
    names = list(population.segments)
    for event in population.events:
        if event.kind is MarketEventKind.terms:
            number = names.index(event.segment)
            begin, end = span(event.day, event.last_day or event.day)
            over = population.segments[event.segment].people * event.share / (end - begin)
            come[max(0, begin - first.toordinal()) : max(0, end - first.toordinal()), number] += over
    return come


def leaving(segment: SegmentSettings) -> float:
    """Share of those who are there who leave on a day."""
    return float(1 - (1 - segment.adoption.churn_per_week) ** (1 / WEEK))


def span(day: str, last_day: str) -> tuple[int, int]:
    """Ordinals of the first day and of the one after the last."""
    return date.fromisoformat(day).toordinal(), date.fromisoformat(last_day).toordinal() + 1


def within(rate: float) -> float:
    """Share to whom something has happened within a time in which it happens `rate` times on average."""
    return -math.expm1(-rate)


def _taken_up(adoption: AdoptionSettings, ordinal: int) -> float:
    """Share of a segment's people who have taken it up when a day begins."""
    if not adoption.since:
        return 1.0
    weeks = (ordinal - date.fromisoformat(adoption.since).toordinal()) / WEEK
    return bass_share(weeks, p=adoption.p_per_week, q=adoption.q_per_week)
