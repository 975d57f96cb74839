"""A market day by day: laws that it keeps, and cases worked out by hand."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.population.adoption import within
from sim.population.days import Days, Work, by_week, listed, live
from sim.settings.population.segments import AdoptionSettings, HabitSettings, PopulationSettings, SegmentSettings
from sim.settings.population.timeline import MarketEvent, MarketEventKind
from sim.theory import bass_share, logit_share

WORK = Work(
    models=("dear", "cheap", "new"),
    origins=("us", "cn", "cn"),
    qualities=np.array([0.77, 0.73, 0.75]),
    usd=np.array([[0.07, 0.003, 0.004], [12.0, 0.8, 1.0]]),
    tokens=np.array([[8e3, 8e3, 8e3], [8e6, 13e6, 10e6]]),
)
LAUNCH = MarketEvent(kind=MarketEventKind.launch, day="2026-02-12", model="new")
CLOSED = MarketEvent(kind=MarketEventKind.launch, day="2027-01-01", model="new")
"""The new model does not come within our time."""


def market(**changes: Any) -> PopulationSettings:
    segments = {
        "chat": SegmentSettings(people=1000.0, tasks_per_week=20.0, tasks_sigma=1.0, value_usd=0.5, scale_usd=10.0),
        "agents": SegmentSettings(
            people=100.0, tasks_per_week=8.0, tasks_sigma=0.8, value_usd=40.0, scale_usd=60.0,
            adoption=AdoptionSettings(since="2026-01-26", p_per_week=0.02, q_per_week=1.0, churn_per_week=0.05),
        ),
    }  # fmt: skip
    plain: dict[str, Any] = {"from_day": "2026-02-09", "segments": segments, "events": [LAUNCH], "strata": 4}
    return PopulationSettings(**plain | changes)


def test_nobody_is_lost_and_nothing_is_used_twice() -> None:
    """People there + come - left, on every day and in every segment; tokens of the days are those of the weeks, and of the models."""
    outside = SegmentSettings(people=50.0, tasks_per_week=8.0, scale_usd=60.0, from_outside=True)
    terms = MarketEvent(kind=MarketEventKind.terms, day="2026-02-17", segment="outside", share=0.4)
    ours = market(segments=market().segments | {"outside": outside}, events=[LAUNCH, terms])
    work = WORK._replace(usd=WORK.usd[[0, 1, 1]], tokens=WORK.tokens[[0, 1, 1]])
    found = live(ours, work, "2026-03-23")
    start = np.array([1000.0, 100 * bass_share(2.0, p=0.02, q=1.0), 0.0])
    expected = start + np.cumsum(found.came - found.left, axis=0)
    assert found.people.sum(axis=2) == pytest.approx(expected, rel=1e-12)
    assert found.left[:, 1].sum() > 1
    weeks = by_week(found.tokens, found.first, [date(2026, 2, 9 + 7 * n) for n in range(2)])
    assert weeks.sum() == pytest.approx(found.tokens[:14].sum(), rel=1e-12)
    assert found.tokens == pytest.approx(found.tasks * work.tokens, rel=1e-12)
    assert found.usd == pytest.approx(found.tasks * work.usd, rel=1e-12)
    assert found.people[[7, 8], 2].sum(axis=1) == pytest.approx([0.0, 20.0])


def test_tasks_are_peoples_whatever_they_choose() -> None:
    """Twenty conversations a week of each of a thousand, on whichever models."""
    found = live(market(), WORK, "2026-02-16")
    assert found.tasks[:, 0].sum() == pytest.approx(20 * 1000, rel=1e-9)


def test_where_nothing_happens_shares_stay_those_of_the_logit() -> None:
    alike = {"agents": SegmentSettings(people=100.0, tasks_per_week=8.0, value_usd=40.0, scale_usd=60.0)}
    work = WORK._replace(usd=WORK.usd[1:], tokens=WORK.tokens[1:])
    found = live(market(segments=alike, events=[CLOSED]), work, "2026-03-09")
    exact = logit_share(gain=8 * 40 * 0.04, extra_cost=8 * 11.2, scale=60.0)
    assert found.people[:, 0, 0] / 100 == pytest.approx(np.full(28, exact), rel=1e-9)


def test_a_few_weighted_people_stand_for_all() -> None:
    """Six a segment against three thousand, each with their own number of tasks: tokens of each week and model within 1 %."""
    mondays = [date(2026, 2, 9), date(2026, 2, 16), date(2026, 2, 23)]
    few, all_ = (live(dataclasses.replace(market(), strata=count), WORK, "2026-03-09") for count in (6, 3000))
    ours, whole = (by_week(one.tokens, one.first, mondays).sum(axis=1) for one in (few, all_))
    assert ours == pytest.approx(whole, rel=0.01)


def test_what_is_new_is_heard_of_before_it_is_chosen() -> None:
    """Heard of in three days on average, thought over at once and liked above all: who is on it is who has heard of it."""
    settings = HabitSettings(launch=20.0, lasting=1.0, heard_after_days=3.0)
    found = live(market(habits=settings), WORK, "2026-02-23")
    share = found.people[:, 0, 2] / found.people[:, 0].sum(axis=1)
    assert share[:3] == pytest.approx(np.zeros(3))
    assert share[3:] == pytest.approx([within((day + 1) / 3) for day in range(11)], rel=1e-5)


def test_a_launch_is_a_pulse_that_decays_to_what_lasts() -> None:
    """People who think every day, of what all have heard: log-odds against the cheap model are a half of the pulse after a half-life."""
    settings = HabitSettings(launch=2.0, lasting=0.25, half_life_weeks=2.0, heard_after_days=0.01, reviews_per_week=7e2)
    successor = dataclasses.replace(LAUNCH, day="2026-02-09", succeeds=True)
    one = {"chat": SegmentSettings(people=10.0, tasks_per_week=1.0, scale_usd=1e6)}
    work = WORK._replace(usd=WORK.usd[:1], tokens=WORK.tokens[:1])
    found = live(market(segments=one, events=[successor], habits=settings), work, "2026-06-01")
    odds = np.log(found.people[:, 0, 2] / found.people[:, 0, 1])
    assert odds[[0, 14, 28, 111]] == pytest.approx([2.0, 0.5 + 0.75, 0.5 + 0.375, 0.5 + 1.5 * 0.5 ** (111 / 14)], abs=1e-4)


def test_a_successor_can_be_chosen_before_its_launch() -> None:
    found = live(market(events=[dataclasses.replace(LAUNCH, succeeds=True)]), WORK, "2026-02-16")
    assert (found.people[0, :, 2] > 0).all()


def test_habit_holds_people_who_do_not_think() -> None:
    """A free week of the dear model moves only those who think about it, and the cliff moves them back as slowly."""
    free = MarketEvent(kind=MarketEventKind.price, day="2026-02-16", last_day="2026-02-22", model="dear", multiplier=0.0)
    slow, quick = (
        live(market(events=[free, CLOSED], habits=HabitSettings(reviews_per_week=rate)), WORK, "2026-03-09") for rate in (0.2, 20.0)
    )
    on = [one.people[:, 1, 0] / one.people[:, 1].sum(axis=1) for one in (slow, quick)]
    assert on[1][6] < 0.3 < on[0][13] < 0.55 < on[1][13]
    assert on[1][16] < on[0][16]
    assert slow.usd[7:14, :, 0].sum() == 0
    assert slow.usd[14, 1, 0] > 0


def test_the_list_leaves_out_who_is_small() -> None:
    weekly = np.array([[5.0, 1.0, 3.0], [1.0, 2.0, 3.0]])
    assert listed(weekly, 2).tolist() == [[5.0, 0.0, 3.0], [0.0, 2.0, 3.0]]
    assert listed(weekly, 3) is weekly
    assert listed(weekly, 1).tolist() == [[5.0, 0.0, 0.0], [0.0, 0.0, 3.0]]


def test_who_likes_where_a_model_comes_from_adds_it_to_the_log_odds() -> None:
    plain, liked = (live(market(events=[CLOSED], habits=HabitSettings(liking=liking)), WORK, "2026-02-16") for liking in ({}, {"cn": 0.7}))
    odds = [np.log(one.people[0, 1, 1] / one.people[0, 1, 0]) for one in (plain, liked)]
    alike = {"agents": SegmentSettings(people=1.0, tasks_per_week=1.0, scale_usd=1e9)}
    work = WORK._replace(usd=WORK.usd[1:], tokens=WORK.tokens[1:])
    even = live(market(segments=alike, events=[CLOSED], habits=HabitSettings(liking={"cn": 0.7})), work, "2026-02-16").people[0, 0]
    assert np.log(even[1] / even[0]) == pytest.approx(0.7)
    assert odds[1] > odds[0]


def test_a_liking_is_for_an_origin_or_a_model_that_there_is() -> None:
    """For a model alone it moves that one's odds by so much; for a name that nobody has it is refused, not passed over."""
    alike = {"agents": SegmentSettings(people=1.0, tasks_per_week=1.0, scale_usd=1e9)}
    work = WORK._replace(usd=WORK.usd[1:], tokens=WORK.tokens[1:])
    name = work.models[1]
    liked = live(market(segments=alike, events=[CLOSED], habits=HabitSettings(liking={name: 0.4})), work, "2026-02-16").people[0, 0]
    assert np.log(liked[1] / liked[0]) == pytest.approx(0.4)
    with pytest.raises(ConfigError, match=r"habits\.liking\.chn: is no origin and no model of this market; did you mean"):
        live(market(habits=HabitSettings(liking={"chn": 0.4})), WORK, "2026-02-16")


def test_a_fee_weighs_and_is_paid_as_so_much_more_of_every_price() -> None:
    """A router that takes half again: as with a bill half again as high; a segment with keys of its own pays the list."""
    chats = market().segments["chat"]
    taken = live(market(segments=market().segments | {"chat": dataclasses.replace(chats, fee=0.5)}), WORK, "2026-02-16")
    dearer = live(market(), WORK._replace(usd=WORK.usd * [[1.5], [1.0]]), "2026-02-16")
    plain = live(market(), WORK, "2026-02-16")
    for name in ("people", "usd"):
        assert getattr(taken, name) == pytest.approx(getattr(dearer, name), rel=1e-12)
    assert (taken.people[:, 1] == plain.people[:, 1]).all()
    assert np.abs(taken.people[:, 0] - plain.people[:, 0]).max() > 1e-3


Known = frozenset[int]
"""Places of models that somebody has heard of."""


def by_hand(days: int) -> np.ndarray:
    """The people of the next test, state by state: what each knows and uses, every way in which a day may go for them."""
    launched, rates = {1: 3, 2: 5}, (1 - math.exp(-1 / 4.0), 1 - math.exp(-0.8 / 7))
    hears, thinks = rates

    def chosen(day: int, known: Known) -> list[float]:
        odds = []
        for model in range(3):
            usd = WORK.usd[1, model] * (0.3 if model == 0 and day >= 8 else 1.0)
            log_odds = 8 * (40 * WORK.qualities[model] - usd) / 60 + (0.4 if model else 0.0)
            if model in known and day >= launched[model]:
                log_odds += 1.5 * (0.25 + 0.75 * 0.5 ** ((day - launched[model]) / 7 / 1.5))
            odds.append(math.exp(log_odds) if model != 1 or (1 in known and day >= 3) else 0.0)
        return [one / sum(odds) for one in odds]

    def sets(day: int, able: list[int], chance: Callable[[int], float]) -> list[tuple[Known, float]]:
        every = itertools.chain.from_iterable(itertools.combinations(able, size) for size in range(len(able) + 1))
        return [(frozenset(one), math.prod(chance(m) if m in one else 1 - chance(m) for m in able)) for one in every]

    def come(day: int, people: float) -> None:
        able = [model for model, first in launched.items() if day >= first]
        for known, part in sets(day, able, lambda model: 1 - math.exp(-(day - launched[model] + 1) / 4.0)):
            for model, share in enumerate(chosen(day, known)):
                on[known, model] += people * part * share

    on: dict[tuple[Known, int], float] = defaultdict(float)
    come(0, 100.0)
    found = []
    for day in range(days):
        before, on = on, defaultdict(float)
        able = [model for model, first in launched.items() if day >= first]
        for (known, model), there in before.items():
            people = there * 0.9 ** (1 / 7)
            for heard, part in sets(day, [one for one in able if one not in known], lambda _: hears):
                stays = 0.0 if heard else 1 - thinks
                on[known, model] += people * part * stays
                for other, share in enumerate(chosen(day, known | heard)):
                    on[known | heard, other] += people * part * (1 - stays) * share
        come(day, 100 * (1.1 ** ((day + 1) / 7) - 1.1 ** (day / 7)))
        found.append([sum(people for (_, model), people in on.items() if model == one) for one in range(3)])
    return np.array(found)


def test_people_go_from_model_to_model_as_worked_out_state_by_state() -> None:
    """Two launches, one of a successor, a price that changes for good, growth, churn, habit, liking: to the last digits."""
    one = SegmentSettings(
        people=100.0, tasks_per_week=8.0, value_usd=40.0, scale_usd=60.0, adoption=AdoptionSettings(churn_per_week=0.1)
    )  # fmt: skip
    habits = HabitSettings(
        liking={"cn": 0.4}, launch=1.5, lasting=0.25, half_life_weeks=1.5, heard_after_days=4.0, reviews_per_week=0.8, growth_per_week=0.1
    )
    events = [
        MarketEvent(kind=MarketEventKind.launch, day="2026-02-12", model="cheap"),
        MarketEvent(kind=MarketEventKind.launch, day="2026-02-14", model="new", succeeds=True),
        MarketEvent(kind=MarketEventKind.price, day="2026-02-17", model="dear", multiplier=0.3),
    ]
    work = WORK._replace(usd=WORK.usd[1:], tokens=WORK.tokens[1:])
    found = live(market(segments={"agents": one}, events=events, habits=habits), work, "2026-03-02")
    assert found.people[:, 0] == pytest.approx(by_hand(21), rel=1e-9)


def test_weeks_are_sums_of_their_days() -> None:
    found = live(market(), WORK, "2026-02-23")
    weeks = by_week(found.tasks, found.first, [date(2026, 2, 9), date(2026, 2, 16)])
    assert weeks == pytest.approx(np.array([found.tasks[:7].sum(axis=0), found.tasks[7:].sum(axis=0)]))
    assert live(market(), WORK, "2026-02-10").tasks.shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("settings", "until", "said"),
    [
        (market(), "2026-02-09", "until=2026-02-09: must be after the first day"),
        (market(events=[dataclasses.replace(LAUNCH, model="neww")]), "2026-03-01", "did you mean 'new'"),
        (
            market(events=[dataclasses.replace(LAUNCH, model=name) for name in WORK.models]),
            "2026-03-01",
            "every model has yet to be launched",
        ),
    ],
)
def test_what_cannot_be_lived(settings: PopulationSettings, until: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        live(settings, WORK, until)


def test_a_week_that_is_not_there() -> None:
    found: Days = live(market(), WORK, "2026-02-20")
    with pytest.raises(ConfigError, match="week of 2026-02-16: lies outside 2026-02-09 to 2026-02-19"):
        by_week(found.tokens, found.first, [date(2026, 2, 16)])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a table of other segments": ({"usd": WORK.usd[:1]}, "work.usd: must have a row for each of 2 segments"),
    "a table of other models": ({"tokens": WORK.tokens[:, :2]}, "work.tokens: must have a row for each of 2 segments"),
    "no number": ({"usd": WORK.usd * math.nan}, "work.usd: must be numbers from 0 on, all of them"),
    "less than nothing": ({"tokens": -WORK.tokens}, "work.tokens: must be numbers from 0 on, all of them"),
    "per cent": ({"qualities": 100 * WORK.qualities}, "work.qualities: must be shares from 0 to 1, of each model"),
    "an origin too few": ({"origins": ("us",)}, "work: has 3 models, and must have as many origins and qualities"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_work_that_is_not_of_this_market_is_refused(what: str) -> None:
    changes, told = WRONG[what]
    with pytest.raises(ConfigError, match=f"^{re.escape(told)}"):
        live(market(), WORK._replace(**changes), "2026-03-23")


@pytest.mark.parametrize("until", ["2026-02-30", "soon", "2026-02-09", "9999-12-31"])
def test_a_market_lives_until_a_day_within_ten_years(until: str) -> None:
    with pytest.raises(ConfigError, match=f"^until={until}: must be "):
        live(market(), WORK, until)
