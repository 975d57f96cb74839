"""Bills that were left out of the fit: an error planted in a model's work, or in all of them, fails a row."""

from __future__ import annotations

import math

import pytest

from sim.scenario.load import load
from sim.validate import bills
from sim.validate.target import Kind

LABELS = {name: name for name in ("a", "b", "c", "kimi_k2_5")}
OFF = 0.7
"""A usual error, in ln."""
RATIOS = {
    ("mini_v2", "a"): (2.0, 2.0 * math.exp(OFF)),
    ("mini_v2", "b"): (7.6, 7.6 * math.exp(-OFF)),
    ("openhands", "c"): (0.5, 0.5 * math.exp(OFF)),
}
EVERY = "a harness left out: rms of ln, all of these"


def failed(ratios: dict[tuple[str, str], tuple[float, float]]) -> set[str]:
    return {row.name for row in bills.compared(ratios, LABELS) if row.verdict == "fail"}


def test_a_model_beyond_the_noise_fails_and_all_together_do() -> None:
    assert failed(RATIOS) == set()
    assert failed(RATIOS | {("mini_v2", "b"): (7.6, 7.6 * math.exp(-0.85))}) == {"mini_v2 left out: Opus 4.6 / b"}
    worse = {key: (measured, measured * (ours / measured) ** 1.2) for key, (measured, ours) in RATIOS.items()}
    assert EVERY in failed(worse)


def test_a_model_that_is_known_to_be_off_is_listed_and_still_counts() -> None:
    off = RATIOS | {("openhands", "kimi_k2_5"): (1.0, 4.0)}
    kinds = {row.name: row.kind for row in bills.compared(off, LABELS)}
    assert kinds["openhands left out: Opus 4.6 / kimi_k2_5"] is Kind.missed
    assert failed(off) == {EVERY}


@pytest.mark.slow
def test_own_turns_predict_m2_5_and_a_fifth_more_turns_do_not() -> None:
    [good], [bad] = bills.own_turns(), bills.own_turns("market.models.minimax_m2_5.works.mini_v2.turn_multiplier=2.5")
    assert good.verdict == "pass"
    assert bad.verdict == "fail"


@pytest.mark.slow
def test_each_harness_is_predicted_from_the_other() -> None:
    rows = bills.left_out()
    assert {row.name for row in rows if row.verdict == "fail"} == set()
    assert len(rows) == 1 + 2 * 7
    models = load().market.models
    for row in rows[:-1]:
        harness, label = row.name.split(" left out: Opus 4.6 / ")
        [bill] = {model.works[harness].bill for model in models.values() if model.label == label}
        assert row.target == pytest.approx(1 / (bill or 0))
