"""Whose measurement of success is taken: chosen in one place, and what nobody has measured is unknown, said so and not ranked."""

from __future__ import annotations

import dataclasses
import math

import pytest

import sim
from sim.settings.market import QualitySettings
from sim.settings.outcome import OutcomeSettings, QualitySource
from sim.settings.router import Policy, RouterSettings
from tests.worlds import agent, backend, run, scenario

SCORES = {"openhands": QualitySettings(solved=0.7, sure="S"), "mini_v2": QualitySettings(solved=0.8, sure="R")}
MODELS = {"both": backend(qualities=SCORES), "one": backend(qualities={"openhands": SCORES["openhands"]}), "by_hand": backend(quality=0.5)}


def world(source: QualitySource, *names: str, policy: Policy = Policy.fixed, value_usd: float = 0.0) -> sim.Scenario:
    chosen = {name: MODELS[name] for name in names or MODELS}
    outcome = OutcomeSettings(quality_source=source, value_usd=value_usd)
    return scenario(agent(), chosen, router=RouterSettings(policy=policy), outcome=outcome)


def test_each_source_has_its_own_scores_and_what_it_has_not_is_unknown() -> None:
    found = {source: {name: each.quality for name, each in world(source).chosen().items()} for source in QualitySource}
    assert found[QualitySource.openhands] == {"both": 0.7, "one": 0.7, "by_hand": 0.5}
    assert found[QualitySource.mini_v2] == {"both": 0.8, "one": None, "by_hand": 0.5}
    assert found[QualitySource.vendor] == {"both": None, "one": None, "by_hand": 0.5}


def test_what_is_set_by_hand_wins_and_it_is_taken_once() -> None:
    outcome = OutcomeSettings(quality_source=QualitySource.mini_v2)
    mine = dataclasses.replace(MODELS["both"], quality=0.1)
    assert outcome.judged(mine).quality == 0.1
    once = outcome.judged(MODELS["both"])
    assert once.quality == 0.8
    assert OutcomeSettings().judged(once) == once


def test_success_is_that_of_the_source_and_unknown_without_and_said_so() -> None:
    for source, quality in ((QualitySource.openhands, 0.7), (QualitySource.mini_v2, 0.8)):
        found = run(agent(), {"both": MODELS["both"]}, tasks=2000, outcome=OutcomeSettings(quality_source=source))
        assert found.mean("success_rate") == pytest.approx(quality, abs=0.03)
        assert "success" not in found.notes
    unknown = run(agent(), {"one": MODELS["one"]}, outcome=OutcomeSettings(quality_source=QualitySource.mini_v2))
    assert math.isnan(unknown.mean("success_rate"))
    assert unknown.notes["success"].startswith("Success is unknown: no score of one from mini_v2 (outcome.quality_source).")


@pytest.mark.parametrize(("policy", "value_usd"), [(Policy.cost_per_success, 0.0), (Policy.most_value, 5.0), (Policy.logit, 5.0)])
def test_the_unknown_is_not_ranked_against_the_known(policy: Policy, value_usd: float) -> None:
    world(QualitySource.openhands, policy=policy, value_usd=value_usd).check()
    world(QualitySource.mini_v2, "both", "by_hand", policy=policy, value_usd=value_usd).check()
    with pytest.raises(sim.ConfigError, match=r"nobody knows how often one succeeds \(outcome.quality_source=mini_v2\)"):
        world(QualitySource.mini_v2, policy=policy, value_usd=value_usd).check()


def test_a_source_that_there_is_not_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"market.models.one.qualities.mini_2: did you mean 'mini_v2'"):
        scenario(agent(), {"one": backend(qualities={"mini_2": SCORES["mini_v2"]})}).check()
    with pytest.raises(sim.ConfigError, match="quality_source"):
        sim.load("outcome.quality_source=mini_v3")


@pytest.mark.slow
def test_in_mini_v2_the_cheap_one_leads_by_less_than_a_point_and_the_rest_is_unknown() -> None:
    every = list(sim.load().market.models)
    found = sim.load("outcome=mini_v2", f"backends=[{','.join(every)}]").chosen()
    known = {name: each.quality for name, each in found.items() if each.quality is not None}
    assert set(known) == {"claude_opus_4_6", "minimax_m2_5", "minimax_m2_5_launch", "minimax_m2_5_openrouter"}
    assert known["minimax_m2_5"] - known["claude_opus_4_6"] == pytest.approx(0.002)
