"""What is exported: tokens, dollars and energy, whole and in their places."""

from __future__ import annotations

import numpy as np
import pytest

from experiments import token_export
from experiments.market.people import FEE, MODELS, Task
from experiments.token_export import ABROAD, HOME, WEST, side_of, times
from sim.population import Work

TASK = Task(usd=1.0, tokens=1e6, fresh=1e5, output=1e4)
ORIGINS = ("cn",) * 4 + ("us",) * 7
WORK = Work(MODELS, ORIGINS, np.ones(11), np.ones((1, 11)), np.ones((1, 11)))
SERVED = {
    model: {place: times(side_of(TASK, model, place), 1e6 * many) for place in (HOME, ABROAD)} for many, model in enumerate(MODELS, 1)
}


def test_a_task_by_hand() -> None:
    """A tenth fresh, a hundredth output: 38.4 x 0.1 + 191 x 0.01 Wh of machines, at a PUE of 1.05; dollars are at the list."""
    side = side_of(TASK, "glm_5", HOME)
    assert side.revenue_usd == pytest.approx(1.0)
    assert side.kwh.low == pytest.approx(1.05 * (3.84 + 1.91) / 1e3)
    assert side.kwh.high == pytest.approx(1.40 * (19.5 + 20 * 0.89 + 18.2) / 1e3)
    assert side.electricity_usd == pytest.approx((side.kwh.low * 0.03, side.kwh.high * 0.08))
    assert side_of(TASK, "glm_5", ABROAD).electricity_usd == pytest.approx((side.kwh.low * 0.08, side.kwh.high * 0.15))


def test_wherever_they_are_served_tokens_and_dollars_are_the_same() -> None:
    """Eleven models of 1 to 11 trillion tokens; the first four are Chinese."""
    found = token_export.exported(WORK, SERVED)
    assert list(found["served in the West"].unique()) == list(WEST)
    for west, part in found.groupby("served in the West"):
        home = part[part["served in"] == "China"].iloc[0]
        assert part["tokens, T"].sum() == pytest.approx(66)
        assert part["M USD"].sum() == pytest.approx(66 * (1 + FEE))
        assert home["tokens, T"] == pytest.approx(10 * (1 - float(str(west))))
        assert part[["of all tokens", "of all dollars"]].sum().tolist() == pytest.approx([1, 1])
        assert (part["MWh, low"] < part["MWh, high"]).all()
        assert part["MWh, low"].sum() == pytest.approx(66e6 * 1.05 * 5.75 / 1e6)
    assert "Chinese models have 15" in token_export.finding(found)
