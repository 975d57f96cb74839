"""A market, day by day: people come, hear of what is new, think their choice over, stay or move; what they use is added up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from sim.errors import ConfigError, did_you_mean, of_kind
from sim.population.adoption import WEEK, arrivals, leaving, span, there, within
from sim.population.checked import checked
from sim.population.choice import knowing, shares, spread, utilities
from sim.population.strata import strata
from sim.settings.population.segments import PopulationSettings
from sim.settings.population.timeline import MarketEventKind

MOST_DAYS = 3_653
"""Of a market: ten years."""


class Work(NamedTuple):
    """What a task of each segment comes to on each model: one row a segment, in the order of the population, one column a model."""

    models: tuple[str, ...]
    origins: tuple[str, ...]
    """Of each model: cn, us, ..."""
    qualities: np.ndarray
    """Share of tasks solved, by model."""
    usd: np.ndarray
    """At the list, without what a way to pay adds."""
    tokens: np.ndarray


class Days(NamedTuple):
    """What people did: by day, segment, model."""

    first: date
    people: np.ndarray
    """At the end of the day, each counted at the model of a task of theirs."""
    tasks: np.ndarray
    tokens: np.ndarray
    usd: np.ndarray
    """What people pay, fees included."""
    came: np.ndarray
    """By day and segment."""
    left: np.ndarray


class _Calendar(NamedTuple):
    """What holds on each day: rows are days, columns models."""

    open: np.ndarray
    """Models that can be chosen by those who have heard of no launch."""
    new: list[int]
    """Those whose launch people have to hear of."""
    age_days: np.ndarray
    """Since its launch; below 0 before; inf where there is none."""
    prices: np.ndarray
    """Multiplier of every price."""


def live(population: PopulationSettings, work: Work, until: str) -> Days:
    """Each day from `population.from_day` to the one before `until`. Raises `ConfigError` where settings do not fit together.

    People are counted, not drawn: of a thousand who hear of a model with a chance of one half, five hundred do.
    """
    of_kind(population, PopulationSettings, "live takes a population, as read_population returns it")
    of_kind(work, Work, "live takes work, what a task of each segment comes to on each model")
    checked(population, work.models)
    _check_work(population, work)
    for key in population.habits.liking:
        if key not in (known := (*dict.fromkeys(work.origins), *work.models)):
            raise ConfigError(f"habits.liking.{key}: is no origin and no model of this market; {did_you_mean(key, known)}")
    first = date.fromisoformat(population.from_day)
    try:
        days = date.fromisoformat(str(until)).toordinal() - first.toordinal()
    except ValueError:
        raise ConfigError(f"until={until}: must be a day such as 2026-03-23") from None
    if not 1 <= days <= MOST_DAYS:
        raise ConfigError(f"until={until}: must be after the first day, {population.from_day}, and at most {MOST_DAYS:,} days after it")
    return _Market(population, work, first, days).lived()


def _check_work(population: PopulationSettings, work: Work) -> None:
    """Raise `ConfigError` where a table of work is not one of these segments and models, or holds what is no amount."""
    shape = len(population.segments), len(work.models)
    if len(work.origins) != shape[1] or np.shape(work.qualities) != shape[1:]:
        raise ConfigError(f"work: has {shape[1]} models, and must have as many origins and qualities")
    for name in ("usd", "tokens"):
        table = getattr(work, name)
        if np.shape(table) != shape:
            raise ConfigError(f"work.{name}: must have a row for each of {shape[0]} segments and a column for each of {shape[1]} models")
        if not (np.isfinite(table) & (np.asarray(table) >= 0)).all():
            raise ConfigError(f"work.{name}: must be numbers from 0 on, all of them")
    if not ((np.asarray(work.qualities) >= 0) & (np.asarray(work.qualities) <= 1)).all():
        raise ConfigError("work.qualities: must be shares from 0 to 1, of each model")


class _Market:
    """People by set of new models that they know, stratum, model."""

    def __init__(self, population: PopulationSettings, work: Work, first: date, days: int) -> None:
        segments, self._habits, self._work = list(population.segments.values()), population.habits, work
        count = population.strata
        self._segment = np.repeat(np.arange(len(segments)), count)
        """Of each stratum."""
        parts = [strata(one.tasks_per_week, one.tasks_sigma, count) for one in segments]
        self._tasks, self._weights = np.concatenate([one.means for one in parts]), np.concatenate([one.weights for one in parts])
        self._scales = np.repeat([one.scale_usd for one in segments], count)
        self._worth = np.repeat([one.value_usd for one in segments], count)[:, None] * work.qualities
        self._leave = np.repeat([leaving(one) for one in segments], count)[:, None]
        liking = self._habits.liking
        self._liking = np.array([sum(liking.get(key, 0.0) for key in pair) for pair in zip(work.origins, work.models, strict=True)])
        self._usd = work.usd * (1 + np.array([one.fee for one in segments]))[:, None]
        self._first, self._days, self._count = first, days, count
        self._calendar = _calendar(population, work, first, days)
        self._sets = knowing(len(self._calendar.new))
        self._hears_days = max(self._habits.heard_after_days, 1e-9)
        self._come = arrivals(population, first, days)
        self._there = np.array([there(one, first) for one in segments])

    def lived(self) -> Days:
        """The whole time; the day before the first, all have chosen what then suits them."""
        shape = (self._days, self._come.shape[1], len(self._work.models))
        people, tasks, left = np.zeros(shape), np.zeros(shape), np.zeros(self._come.shape)
        on = self._newcomers(0, self._there, self._chosen(0))
        for day in range(self._days):
            chosen = self._chosen(day)
            stay = on * (1 - self._leave)
            left[day] = self._by_segment((on - stay).sum(axis=0)).sum(axis=1)
            on = self._reconsidered(day, stay, chosen) + self._newcomers(day, self._come[day], chosen)
            by_stratum = on.sum(axis=0)
            people[day] = self._by_segment(by_stratum)
            tasks[day] = self._by_segment(by_stratum * self._tasks[:, None]) / WEEK
        tokens, usd = tasks * self._work.tokens, tasks * self._usd * self._calendar.prices[:, None, :]
        return Days(self._first, people, tasks, tokens, usd, self._come, left)

    def _by_segment(self, by_stratum: np.ndarray) -> np.ndarray:
        summed: np.ndarray = by_stratum.reshape(-1, self._count, by_stratum.shape[-1]).sum(axis=1)
        return summed

    def _chosen(self, day: int) -> np.ndarray:
        """Shares of models, by set of new ones known and stratum."""
        habits, new = self._habits, self._calendar.new
        age = self._calendar.age_days[day, new]
        fresh = 0.5 ** (np.maximum(age, 0.0) / WEEK / habits.half_life_weeks)
        told = np.zeros((len(self._sets), len(self._work.models)))
        told[:, new] = self._sets & (age >= 0)
        news = told.copy()
        news[:, new] *= habits.launch * (habits.lasting + (1 - habits.lasting) * fresh)
        usd = self._usd[self._segment] * self._calendar.prices[day]
        log_odds = utilities(self._tasks, usd, self._worth, self._scales) + self._liking
        return shares(log_odds + news[:, None, :], (self._calendar.open | (told > 0))[:, None, :])

    def _newcomers(self, day: int, by_segment: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """They know what others know by then, and choose at once."""
        age = self._calendar.age_days[day, self._calendar.new]
        heard = -np.expm1(-np.maximum(age + 1, 0.0) / self._hears_days)
        weights = spread(heard, self._sets)
        each = np.repeat(by_segment, self._count) * self._weights
        arrived: np.ndarray = weights[:, None, None] * each[:, None] * chosen
        return arrived

    def _reconsidered(self, day: int, on: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Whoever hears of a model thinks again, and the others now and then."""
        hears, thinks = within(1 / self._hears_days), within(self._habits.reviews_per_week / WEEK)
        launched = self._calendar.age_days[day, self._calendar.new] >= 0
        unheard = (~self._sets & launched).sum(axis=1)
        stay = on * ((1 - thinks) * (1 - hears) ** unheard)[:, None, None]
        there = on.sum(axis=2)
        now = there.copy()
        for column in np.flatnonzero(launched):
            place = np.flatnonzero(~self._sets[:, column])
            heard = now[place] * hears
            now[place] -= heard
            now[place + 2 ** (self._sets.shape[1] - 1 - column)] += heard
        on_now: np.ndarray = stay + (now - stay.sum(axis=2))[:, :, None] * chosen
        return on_now


def _calendar(population: PopulationSettings, work: Work, first: date, days: int) -> _Calendar:
    models, ordinals = list(work.models), first.toordinal() + np.arange(days)
    open_, new = np.ones(len(models), dtype=bool), list[int]()
    age, prices = np.full((days, len(models)), np.inf), np.ones((days, len(models)))
    for event in population.events:
        if event.kind is MarketEventKind.launch:
            place = models.index(event.model)
            age[:, place] = ordinals - date.fromisoformat(event.day).toordinal()
            open_[place] = event.succeeds
            new.append(place)
        elif event.kind is MarketEventKind.price:
            begin, end = span(event.day, event.last_day or date.max.replace(day=30).isoformat())
            prices[(ordinals >= begin) & (ordinals < end), models.index(event.model)] *= event.multiplier
    if not open_.any():
        raise ConfigError("events: every model has yet to be launched; leave one that people know from the first day")
    return _Calendar(open_, new, age, prices)


def by_week(daily: np.ndarray, first: date, mondays: list[date]) -> np.ndarray:
    """Sums over the seven days from each of the Mondays; the first axis of `daily` is days. Raises `ConfigError` for days there are not."""
    begin = [(monday - first).days for monday in mondays]
    for monday, day in zip(mondays, begin, strict=True):
        if day < 0 or day + WEEK > len(daily):
            raise ConfigError(f"week of {monday}: lies outside {first} to {first + timedelta(days=len(daily) - 1)}")
    return np.array([daily[day : day + WEEK].sum(axis=0) for day in begin])


def listed(weekly: np.ndarray, count: int) -> np.ndarray:
    """The same with only those `count` models (the last axis) that have most in a week; all others are not on the list: 0."""
    if count >= weekly.shape[-1]:
        return weekly
    least = np.partition(weekly, -count, axis=-1)[..., [-count]]
    return np.where(weekly >= least, weekly, 0.0)
