"""What `sim explain` knows of a word."""

from __future__ import annotations

import pytest

from sim.errors import ConfigError
from sim.report.reference.explained import explained, general


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("agent.fanout", "agent.fanout"),
        ("market.models.glm_5.ttft_s", "market.models.<name>.ttft_s"),
        ("market.models.glm_5.tiers[0].above_tokens", "market.models.<name>.tiers[<number>].above_tokens"),
        ("events[2].at", "events[<number>].at"),
        ("market.models.glm_5.nothing", ""),
    ],
)
def test_names_and_places_stand_for_any(key: str, known: str) -> None:
    assert general(key) == known


def test_a_backends_setting_has_the_value_of_that_backend() -> None:
    (one,) = explained("market.models.minimax_m2_5.cache_ttl_s")
    assert {choice for choice, _, _ in one.values} == {"minimax_m2_5 (market=feb_2026)", "minimax_m2_5 (market=nov_2026)"}
    assert all(text == "300" and "vendor docs" in why for _, text, why in one.values)
    assert one.facts["unit"] == "seconds"


def test_the_default_is_that_of_the_menu_where_it_differs() -> None:
    (one,) = explained("agent.delegated_share")
    assert one.facts["default"] == "0.0; 0.19 by the menu's default, agent=team"
    assert "sim/agents/orchestrator.py" in explained("agent.resumed_share")[0].facts["read in"]


def test_the_last_part_of_a_key_will_do() -> None:
    assert [one.word for one in explained("spawn_after_turn")] == ["agent.spawn_after_turn"]
    assert {one.word for one in explained("cost_usd")} == {"cost_usd"}


def test_hyphens_and_capitals_make_no_other_word() -> None:
    assert explained("Fan-out")[0].word == explained("fanout")[0].word == "agent.fanout"


def test_a_setting_of_many_places_is_explained_once() -> None:
    turns = [one for one in explained("turns") if one.word == "agent.turns"]
    assert len(turns) == len(explained("turns"))
    assert "agent.worker.turns" in turns[0].also
    assert "profile=subagent" in {choice for choice, _, _ in turns[0].values}, "what sets a worker's alone"


def test_what_others_speak_of_is_no_mistake() -> None:
    assert explained("arrival rate") == []


def test_metrics_of_each_backend_are_found_by_any() -> None:
    (one,) = explained("token_share.glm_5")
    assert one.word == "token_share.<backend>"


def test_choices_and_menus() -> None:
    (team,) = explained("agent=team")
    assert ("agent.turns_per_wave", "18") in {(key, text) for key, text, _ in team.values}
    menu, *_ = explained("router")
    assert menu.choices["router=cost_per_success"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("zzzqqq", "nor column; sim list settings has all keys"),
        ("agent.fanouts", r"neither setting, menu, metric nor column; did you mean 'agent\.fanout'"),
        ("agent=teem", "not on that menu; did you mean 'team'"),
        ("agnet=team", "no such menu; did you mean 'agent'"),
    ],
)  # fmt: skip
def test_a_word_that_means_nothing_gets_the_likely_one(word: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        explained(word)
