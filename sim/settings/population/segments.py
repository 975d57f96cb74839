"""People on a market, as they are set: segments with their work and money, habits they all share, and what happens when."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.settings.bounds import alone
from sim.settings.population.timeline import MarketEvent


@dataclass
class AdoptionSettings:
    """How people take up what is new, by Bass (F18), and leave it again."""

    since: str = alone("")
    """Day on which it begins to spread, e.g. 2026-01-26; empty: everybody is there already."""
    p_per_week: float = alone(0.02, above=0, high=10)
    """Innovation: share of those still to come who take it up in a week by themselves."""
    q_per_week: float = alone(1.0, low=0, high=50)
    """Imitation: the same for each who has it already, as a share of all."""
    churn_per_week: float = alone(0.0, low=0, high=1)
    """Share of those who have it who leave in a week, for good."""


@dataclass(kw_only=True)
class SegmentSettings:
    """People who do the same kind of work: how many, how much, what it is worth to them."""

    people: float = alone(low=0)
    """People on this market who are there from the beginning or, with `adoption.since`, who may come in all."""
    agent: str = alone("")
    """What a task is: a choice of the group `agent`."""
    tasks_per_week: float = alone(above=0)
    """Mean of a person."""
    tasks_sigma: float = alone(0.0, low=0, high=3)
    """People differ in it: sigma of a lognormal."""
    value_usd: float = alone(0.0, low=0)
    """What a solved task is worth to them."""
    scale_usd: float = alone(above=0)
    """Spread of tastes: dollars a week against which a bill is weighed (the scale of a logit)."""
    fee: float = alone(0.0, low=0, high=1)
    """What their way to pay adds to a bill: a router's fee (OpenRouter: 0.055), nothing with keys of their own."""
    adoption: AdoptionSettings = field(default_factory=AdoptionSettings)
    from_outside: bool = alone(False)
    """They pay a flat rate elsewhere: none of them is on this market until an event of kind `terms` sends them."""
    source: str = alone("")
    """Where it comes from, or that it is assumed."""


@dataclass
class HabitSettings:
    """What moves people between models, beside dollars and quality."""

    liking: dict[str, float] = alone({}, low=-50, high=50)
    """Log-odds for models of an origin (us, cn, ...), or for one model by its id, beyond what dollars and quality explain; absent: 0."""
    launch: float = alone(0.0, low=0, high=20)
    """Log-odds that a model gains on the day of its launch, because it is new."""
    half_life_weeks: float = alone(2.0, above=0, high=1000)
    """In which half of what does not last of it is gone."""
    lasting: float = alone(0.5, low=0, high=1)
    """Share of it that stays."""
    heard_after_days: float = alone(3.0, low=0, high=1000)
    """Mean time until a person hears of a new model (exponential)."""
    reviews_per_week: float = alone(1.0, above=0, high=1000)
    """How often a person thinks about their choice; in between it stays as it is."""
    growth_per_week: float = alone(0.0, low=-0.5, high=0.5)
    """By how much people who are there from the beginning become more in a week, without anything new."""


@dataclass
class PopulationSettings:
    """People, habits, events: who is on a market, and how they choose."""

    name: str = alone("")
    from_day: str = alone("")
    """First day that is reckoned, e.g. 2026-01-26."""
    segments: dict[str, SegmentSettings] = alone({})
    habits: HabitSettings = field(default_factory=HabitSettings)
    qualities: dict[str, float] = alone({}, low=0, high=1)
    """Share of coding tasks solved, by backend id, where the market has none."""
    events: list[MarketEvent] = alone([])
    """In the order of their days."""
    listed: int = alone(10, low=1, high=10_000)
    """Models on the list that is published: those with most tokens in a week; a sum over them leaves the others out."""
    strata: int = alone(8, low=1, high=100_000)
    """Weighted people that stand for a segment, each for as many."""
