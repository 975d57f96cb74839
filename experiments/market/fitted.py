"""The population fitted to two weeks, many times over: once for each way in which what they do not tell might be."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

import sim
from sim.population import Fit, Work, by_week, fit, live, sampled, turned
from sim.settings.population.segments import PopulationSettings
from sim.settings.population.timeline import MarketEventKind

from .people import (
    AHEAD,
    CALIBRATED_UNTIL,
    COUNTED,
    FITTED,
    FREE,
    MONDAYS,
    START,
    TERA,
    UNTIL,
    by_origin,
    leads,
    on_the_list,
    people,
    ranked,
    share,
    tokens_by_model,
    tokens_by_origin,
)

CLOSE = 0.02
"""Relative error of a count up to which a fit is one."""
SEED = 20260222
STEPS = {"share": 0.2, "tokens": 0.08}
"""What weeks bring that nobody knows of, as a random walk: standard deviations in a week of the log-odds of the share, and of the log of
all tokens (assumptions: a launch like that of M2.5 moved the first by 0.3, and there is one every week or two, on either side)."""
WALKS = 40
"""For each fit."""


class Market(NamedTuple):
    """A fitted population, and what it does until the last week."""

    population: PopulationSettings
    work: Work
    fit: Fit
    free: dict[str, float]
    harness: str

    @property
    def sums(self) -> np.ndarray:
        """Trillions of tokens, Chinese and American, by week."""
        return tokens_by_origin(self.population, self.work, MONDAYS)


def fitted(work: Work, free: Mapping[str, float], harness: str, start: Mapping[str, float]) -> Market:
    """The numbers turned until the two weeks come out, and the ranking of the second, all else being so."""
    loose = turned(people(), FREE, free)

    def made(one: PopulationSettings) -> np.ndarray:
        weekly = tokens_by_model(one, work, MONDAYS[:2])
        return np.append(by_origin(weekly, work), leads(weekly[1]))

    found = fit(loose, FITTED, start, np.append(COUNTED, [AHEAD, AHEAD]), made)
    return Market(turned(loose, FITTED, found.values), work, found, dict(free), harness)


def draws(works: Mapping[str, Work], count: int) -> tuple[Market, list[Market]]:
    """The population as it is written down, fitted; and fits over the ranges of all that is free, by the bills of each harness in turn.

    Those that do not come within `CLOSE` of every count, or have other models in front, are left out.
    """
    harness = next(iter(works))
    base = fitted(works[harness], {}, harness, START)
    names = [list(works)[number % len(works)] for number in range(count)]
    every = [fitted(works[name], free, name, base.fit.values) for name, free in zip(names, sampled(FREE, count, SEED), strict=True)]
    close = [one for one in every if one.fit.error < CLOSE and ranked(by_model(one)[1])]
    if not close:
        raise sim.ConfigError(
            f"none of {count} fits comes within {CLOSE:.0%} of every count: widen the ranges of experiments.market.people"
        )
    return base, close


def predicted(markets: list[Market]) -> tuple[np.ndarray, np.ndarray]:
    """Shares and trillions of tokens of all weeks: a row a fit and walk. Weeks that were counted are left as they came out."""
    rng = np.random.default_rng(SEED)
    sums = np.repeat([one.sums for one in markets], WALKS, axis=0)
    ahead = len(MONDAYS) - len(COUNTED)
    shift = {name: np.cumsum(rng.normal(0.0, step, (len(sums), ahead)), axis=1) for name, step in STEPS.items()}
    shares, tokens = share(sums), sums.sum(axis=2)
    shares[:, -ahead:] = 1 / (1 + (1 / shares[:, -ahead:] - 1) * np.exp(-shift["share"]))
    tokens[:, -ahead:] *= np.exp(shift["tokens"])
    return shares, tokens


def paid(one: Market) -> np.ndarray:
    """Dollars of what is on the list, Chinese and American, by week."""
    found = live(one.population, one.work, UNTIL)
    return by_origin(on_the_list(found.usd, found.tokens, found.first, MONDAYS), one.work)


def by_model(one: Market) -> np.ndarray:
    """Trillions of tokens by week and model, on the list or not."""
    found = live(one.population, one.work, UNTIL)
    weekly: np.ndarray = by_week(found.tokens, found.first, MONDAYS).sum(axis=1) / TERA
    return weekly


def growth(one: Market) -> tuple[float, float]:
    """Trillions of tokens by which the second week outgrows the first: more work; the same work on models that take more for it."""
    found = live(one.population, one.work, CALIBRATED_UNTIL)
    tasks, tokens = (by_week(daily, found.first, MONDAYS[:2]).sum(axis=2) for daily in (found.tasks, found.tokens))
    each = tokens / np.where(tasks > 0, tasks, 1.0)
    before = np.where(tasks[0] > 0, each[0], each[1])
    return float(((tasks[1] - tasks[0]) * before).sum() / TERA), float((tasks[1] * (each[1] - before)).sum() / TERA)


Cause = Callable[[PopulationSettings, Work], tuple[PopulationSettings, Work]]
"""The market without it."""


def _no_launch(population: PopulationSettings, work: Work) -> tuple[PopulationSettings, Work]:
    events = [one for one in population.events if one.model != "minimax_m2_5"]
    return dataclasses.replace(population, events=events), work


def _no_prices(population: PopulationSettings, work: Work) -> tuple[PopulationSettings, Work]:
    return population, work._replace(usd=np.zeros_like(work.usd))


def _no_adoption(population: PopulationSettings, work: Work) -> tuple[PopulationSettings, Work]:
    nobody = dataclasses.replace(population.segments["always_on"], people=0.0)
    return dataclasses.replace(population, segments=population.segments | {"always_on": nobody}), work


def _open_route(population: PopulationSettings, work: Work) -> tuple[PopulationSettings, Work]:
    events = [one for one in population.events if one.kind is not MarketEventKind.terms]
    return dataclasses.replace(population, events=events), work


def _back_to_chat(population: PopulationSettings, work: Work) -> tuple[PopulationSettings, Work]:
    chat = list(population.segments).index("chat")
    usd, tokens = (np.repeat(one[[chat]], len(population.segments), axis=0) for one in (work.usd, work.tokens))
    return population, work._replace(usd=usd, tokens=tokens)


CAUSES: dict[str, Cause] = {
    "M2.5 is not launched (M2.1 stays)": _no_launch,
    "nobody looks at bills": _no_prices,
    "always-on agents never came": _no_adoption,
    "flat rates stay open to agents": _open_route,
    "agents go back to chat": _back_to_chat,
}


def without(one: Market, cause: Cause) -> np.ndarray:
    """Trillions of tokens, Chinese and American, of the two weeks that were counted, without a cause and all else as fitted."""
    population, work = cause(one.population, one.work)
    return tokens_by_origin(population, work, MONDAYS[:2])


class Flat(NamedTuple):
    """A direction in which the counts are level: one thing that is free, from one end of its range to the other."""

    name: str
    places: np.ndarray
    """From 0, the low end, to 1."""
    alone: np.ndarray
    """Largest error of a count where only it is moved."""
    ends: tuple[Market, Market]
    """The others fitted anew at either end."""


def flat(base: Market, name: str) -> Flat:
    """Move one thing through its range, alone and with the others fitted anew."""
    places = np.linspace(0.0, 1.0, 9)
    moved = [turned(turned(people(), {name: FREE[name]}, {name: FREE[name].at(place)}), FITTED, base.fit.values) for place in places]
    off = [float(np.abs(tokens_by_origin(one, base.work, MONDAYS[:2]) / COUNTED - 1).max()) for one in moved]
    low, high = (fitted(base.work, {name: FREE[name].at(end)}, base.harness, base.fit.values) for end in (0.0, 1.0))
    return Flat(name, places, np.array(off), (low, high))
