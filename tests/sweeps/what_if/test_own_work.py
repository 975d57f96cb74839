"""How far another model's bill is from recorded tokens at its prices."""

from __future__ import annotations

import dataclasses

import pytest

import sim
from sim.settings.market import WorkSettings
from sim.sweeps.what_if.own_work import factors, measured

TASK = {"h": sim.load("agent=swe_task").agent}
OPUS = dataclasses.replace(sim.load().market.models["claude_opus_4_6"], works={"h": WorkSettings(bill=1.0)})


def test_a_model_of_half_the_prices_whose_bills_are_as_high_does_twice_the_work() -> None:
    kinds = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    names = [f"{kind}_usd_per_mtok" for kind in kinds]
    half = dataclasses.replace(OPUS, tiers=[], **{name: getattr(OPUS, name) / 2 for name in names})
    whole = dataclasses.replace(OPUS, tiers=[])
    assert factors(TASK, whole, half) == pytest.approx({"h": 2.0}, rel=1e-9)
    assert factors(TASK, half, whole) == pytest.approx({"h": 0.5}, rel=1e-9)
    usd, unknown = measured(TASK, {"a": whole, "b": half}, {("a", "b"): 3.0, ("a", "a"): 1.0})
    assert usd == pytest.approx({"h": 7.0}, rel=1e-9)
    assert unknown == 0


def test_who_has_no_bill_in_a_harness_is_not_known_by_it() -> None:
    unmeasured = dataclasses.replace(OPUS, works={"h": WorkSettings(bill=None), "other": WorkSettings(bill=1.0)})
    assert factors(TASK, OPUS, unmeasured) == {}
    models = {"a": OPUS, "b": unmeasured, "c": dataclasses.replace(OPUS, works={"h": WorkSettings(bill=2.0)})}
    assert measured(TASK, models, {("a", "b"): 1.0}) == ({}, 1.0)
    usd, unknown = measured(TASK, models, {("a", "b"): 1.0, ("a", "c"): 19.0})
    assert usd == pytest.approx({"h": 1 + 2 * 19.0}, rel=1e-9)
    assert unknown == 0.05


def test_bills_that_ship_say_what_the_readme_does() -> None:
    """MiniMax M2.5 by prices 18.3 times below Opus, by bills of mini_v2 7.58 times."""
    models = sim.load().market.models
    found = factors({"mini_v2": TASK["h"]}, models["claude_opus_4_6"], models["minimax_m2_5"])
    assert found["mini_v2"] == pytest.approx(18.3 / 7.58, rel=0.01)
