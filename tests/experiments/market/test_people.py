"""The people of the study: what is written of them is whole, what their tasks come to is simulated, sums are over a list."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import sim
from experiments.market.people import COUNTED, FEE, MODELS, by_origin, chinese, on_the_list, people, share, task, work_of
from sim.population import Work, checked


def test_who_is_written_down_fits_together() -> None:
    """Every segment and event, every key of a source, no share of any model."""
    ours = checked(people(), MODELS)
    assert list(ours.segments) == ["chat", "light_agent", "heavy_agent", "always_on", "flat_rate"]
    assert {event.model for event in ours.events if event.model} < set(MODELS)
    assert all(event.source for event in ours.events)
    assert {segment.fee for segment in ours.segments.values()} == {FEE}
    assert all(segment.source for segment in ours.segments.values())


def test_counts_are_the_articles() -> None:
    """58.4 and 65.6 % of both."""
    assert share(COUNTED) == pytest.approx([0.584, 0.656], abs=5e-4)


@pytest.mark.slow
def test_what_a_task_comes_to_is_what_the_simulator_says() -> None:
    """A chat is the same work on every model and by any bills; agents' work is each model's own. Dollars are at the list."""
    mini = work_of(4, "work=measured")
    same = work_of(4, "work=same")
    assert (mini.usd[0] == same.usd[0]).all()
    assert len(set(mini.tokens[0])) == 1
    rows = list(people().segments)
    cheap = MODELS.index("minimax_m2_5")
    assert mini.tokens[rows.index("light_agent"), cheap] > 1.5 * same.tokens[rows.index("light_agent"), cheap]
    assert (mini.usd[rows.index("heavy_agent")] == mini.usd[rows.index("flat_rate")]).all()
    alone = sim.simulate(sim.load("agent=swe_task", "backends=[glm_5]", "workload.tasks=4", "replications=1", "processes=1", "log=none"))
    assert task("swe_task", "glm_5", 4, "work=measured")[0] == pytest.approx(alone.mean("cost_per_task_usd"))


@pytest.mark.slow
def test_one_task_that_stands_for_ten_is_as_good_as_ten() -> None:
    """Call by call: 40,000 conversations, and 4,000 of them that each stand for ten, within 1 % in tokens and dollars."""
    words = ("agent=chat", "replications=1", "log=none")
    whole, some = (sim.simulate(sim.load(*words, f"workload.tasks={tasks}")) for tasks in (40_000, 4_000))
    for metric in ("total_tokens", "cost_usd"):
        assert 10 * some.mean(metric) == pytest.approx(whole.mean(metric), rel=0.01)


def test_sums_are_over_the_list_and_by_origin() -> None:
    """Eleven models, of which the least is not on the list; what it is in dollars goes by its tokens."""
    ours = Work(MODELS, ("cn",) * 4 + ("us",) * 7, np.ones(11), np.ones((1, 11)), np.ones((1, 11)))
    tokens = np.tile(np.arange(2.0, 13.0), (7, 1))[:, None, :]
    dollars = tokens[..., ::-1]
    monday = date(2026, 2, 9)
    assert by_origin(on_the_list(tokens, tokens, monday, [monday]), ours).tolist() == [[7 * (3 + 4 + 5), 7 * sum(range(6, 13))]]
    assert by_origin(on_the_list(dollars, tokens, monday, [monday]), ours).tolist() == [[7 * (11 + 10 + 9), 7 * sum(range(2, 9))]]
    assert chinese(ours).sum() == 4
