"""The people of February 2026, what their work comes to on each model, and what two weeks were counted to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import sim
from sim.population import Knob, Work, by_week, listed, live, read_population
from sim.settings.population.segments import PopulationSettings

FILE = Path(__file__).with_name("feb_2026.yaml")
MODELS = (
    "minimax_m2_5",
    "kimi_k2_5",
    "glm_5",
    "deepseek_v3_2",
    "claude_opus_4_6",
    "claude_sonnet_4_6",
    "claude_haiku_4_5",
    "gemini_3_pro",
    "gemini_3_flash",
    "gpt_5_2",
    "grok_code_fast_1",
)
"""Of the market of February 2026, each at its vendor's price; those through OpenRouter are one model's alone, so no fair comparison."""
FEE = 0.055
"""What OpenRouter takes on credit (S), as all segments of the file have it."""
MONDAYS = [date(2026, 2, 9) + timedelta(weeks=week) for week in range(6)]
"""Two weeks that were counted, four that are predicted."""
CALIBRATED_UNTIL, UNTIL = "2026-02-23", "2026-03-23"
COUNTED = np.array([[4.12, 2.94], [5.16, 2.70]])
"""Trillions of tokens on Chinese and American models, weeks of 9 and 16 February 2026: sums over the models on OpenRouter's list (S: the
article)."""
FIRST_THREE = ("minimax_m2_5", "kimi_k2_5", "glm_5")
"""In the week of 16 February, by tokens (S: the article)."""
AHEAD = 1.03
"""By how much the second is to lead the third, and that one the fourth, so that a fit that is nearly met still has the ranking."""
TERA = 1e12

REPORTED = (
    ("minimax_m2_5", "2026-02-16", "2026-02-22", "2.45 or 3.07"),
    ("minimax_m2_5", "2026-02-12", "2026-02-25", "4.55"),
    ("kimi_k2_5", "2026-02-01", "2026-02-25", "4.02"),
)
"""Model, first and last day, trillions of tokens (R: press of 25 to 28 February, in part conflicting). Fitted to none of them."""

FITTED = {
    "people, all": Knob(("segments.*.people",), 0.1, 10.0, ratio=True, factor=True),
    "always-on, in the end": Knob(("segments.always_on.people",), 0.005, 20.0, ratio=True, factor=True),
    "liking of Chinese models": Knob(("habits.liking.cn",), -4.0, 4.0),
    "launch": Knob(("habits.launch",), 0.0, 5.0),
    "liking of Kimi K2.5": Knob(("habits.liking.kimi_k2_5",), -2.0, 2.0),
    "liking of GLM-5": Knob(("habits.liking.glm_5",), -2.0, 2.0),
}
"""As many as there are counts, level, growth, base share, launch, and two for the ranking."""
START = {
    "people, all": 1.7, "always-on, in the end": 0.2, "liking of Chinese models": -0.7, "launch": 1.5, "liking of Kimi K2.5": 0.0,
    "liking of GLM-5": 0.0,
}  # fmt: skip
"""Where the search begins."""
FREE = {
    "half-life of a launch, weeks": Knob(("habits.half_life_weeks",), 1.0, 6.0, ratio=True),
    "part of a launch that lasts": Knob(("habits.lasting",), 0.2, 0.8),
    "days until heard of": Knob(("habits.heard_after_days",), 1.0, 10.0, ratio=True),
    "reviews a week": Knob(("habits.reviews_per_week",), 0.3, 3.0, ratio=True),
    "growth a week": Knob(("habits.growth_per_week",), 0.0, 0.03),
    "always-on: innovation": Knob(("segments.always_on.adoption.p_per_week",), 0.005, 0.05, ratio=True),
    "always-on: imitation": Knob(("segments.always_on.adoption.q_per_week",), 0.5, 2.0, ratio=True),
    "always-on: churn a week": Knob(("segments.always_on.adoption.churn_per_week",), 0.0, 0.1),
    "from flat rates": Knob(("segments.flat_rate.people",), 0.2, 2.0, ratio=True, factor=True),
    "weight of tastes": Knob(("segments.*.scale_usd",), 0.5, 2.0, ratio=True, factor=True),
}
"""What four numbers cannot tell: spread over these ranges (assumptions), the others fitted anew for each."""


@cache
def people() -> PopulationSettings:
    """The population as it is written down."""
    return read_population(FILE)


class Task(NamedTuple):
    """What one task of an agent comes to, on average."""

    usd: float
    tokens: float
    fresh: float
    """Tokens of prompts that no cache had."""
    output: float


@cache
def _at_work(agent: str, words: tuple[str, ...]) -> sim.Scenario:
    """Composed once for all models."""
    return sim.load(f"agent={agent}", *words, "replications=1", "processes=1", "log=none")


@cache
def task(agent: str, model: str, tasks: int, *words: str) -> Task:
    """A task of an agent on a model, simulated call by call."""
    result = sim.simulate(sim.replaced(_at_work(agent, words), {"backends": [model], "workload.tasks": tasks}))
    fresh = result.mean("input_tokens") - result.mean("cache_read_tokens")
    sums = (result.mean("cost_usd"), result.mean("total_tokens"), fresh, result.mean("output_tokens"))
    return Task(*(each / tasks for each in sums))


def tasks_of(agent: str, model: str, tasks: int, *words: str) -> Task:
    """The same as segments have it: a chat is the same work on all, an assistant's day is fifty messages, so a few of them will do."""
    if agent == "chat":
        return task(agent, model, tasks, *(word for word in words if not word.startswith("work")))
    return task(agent, model, max(4, tasks // 5) if agent == "always_on" else tasks, *words)


def work_of(tasks: int, *work: str) -> Work:
    """What a task of each segment comes to on each model: `work` says whose bills, e.g. `work=measured`, `work.harness=openhands`."""
    scenario = sim.load(f"backends=[{','.join(MODELS)}]")
    chosen = scenario.chosen()
    segments = people().segments.values()
    found = np.array([[tasks_of(one.agent, model, tasks, *work)[:2] for model in MODELS] for one in segments])
    qualities = [people().qualities.get(name) if model.quality is None else model.quality for name, model in chosen.items()]
    origins = tuple(chosen[name].origin for name in MODELS)
    return Work(MODELS, origins, np.array(qualities, dtype=float), usd=found[..., 0], tokens=found[..., 1])


def chinese(work: Work) -> np.ndarray:
    """Which models are Chinese; the others are American."""
    return np.array([origin == "cn" for origin in work.origins])


def on_the_list(daily: np.ndarray, tokens: np.ndarray, first: date, mondays: Sequence[date]) -> np.ndarray:
    """Sums of a week by model, of what people did on the models that are on the list by their `tokens`; rows are weeks."""
    weekly, counted = (by_week(one, first, list(mondays)).sum(axis=1) for one in (daily, tokens))
    kept: np.ndarray = np.where(listed(counted, people().listed) > 0, weekly, 0.0)
    return kept


def by_origin(weekly: np.ndarray, work: Work) -> np.ndarray:
    """Chinese and American sums of each week."""
    ours = chinese(work)
    return np.stack([weekly[:, ours].sum(axis=1), weekly[:, ~ours].sum(axis=1)], axis=1)


def tokens_by_model(population: PopulationSettings, work: Work, mondays: Sequence[date]) -> np.ndarray:
    """Trillions of tokens of those on the list; a row a week, a column a model."""
    found = live(population, work, (mondays[-1] + timedelta(days=7)).isoformat())
    return on_the_list(found.tokens, found.tokens, found.first, mondays) / TERA


def tokens_by_origin(population: PopulationSettings, work: Work, mondays: Sequence[date]) -> np.ndarray:
    """Trillions of tokens on the list, Chinese and American, by week."""
    return by_origin(tokens_by_model(population, work, mondays), work)


def leads(by_model: np.ndarray) -> np.ndarray:
    """Tokens of the second of `FIRST_THREE` over the third's in a week, and of the third over the best other model's; `AHEAD` at most."""
    _, second, third = (by_model[MODELS.index(name)] for name in FIRST_THREE)
    fourth = max(one for one, name in zip(by_model, MODELS, strict=True) if name not in FIRST_THREE)
    return np.minimum(AHEAD, [second / third, third / fourth])


def ranked(by_model: np.ndarray) -> bool:
    """Whether a week has the article's first three, in their order."""
    return [MODELS[model] for model in np.argsort(-by_model)[:3]] == list(FIRST_THREE)


def share(sums: np.ndarray) -> np.ndarray:
    """The Chinese share of both, by week."""
    both: np.ndarray = sums[..., 0] / sums.sum(axis=-1)
    return both


@cache
def labels() -> dict[str, str]:
    """Names of the models for people, by id."""
    chosen = sim.load(f"backends=[{','.join(MODELS)}]").chosen()
    return {name: chosen[name].label or name for name in MODELS}
