"""Menus, choices and what they set are those of `conf/`."""

from __future__ import annotations

import pytest

import sim
from sim.report.reference.menus import default_of, menus, set_in, values_of
from sim.scenario.sources import CONF


def test_every_file_is_on_a_menu_and_says_what_it_is() -> None:
    every = [choice for choices in menus().values() for choice in choices]
    assert len(every) == len([file for file in CONF.rglob("*.yaml") if file.parent != CONF])
    assert [choice.word for choice in every if not choice.line] == []


def test_defaults_are_those_of_a_run() -> None:
    assert (default_of("agent"), default_of("market"), default_of("experiment")) == ("team", "feb_2026", "")


@pytest.mark.parametrize("backend", ["glm_5", "minimax_m2_5"])
def test_what_a_file_sets_is_what_a_scenario_has(backend: str) -> None:
    found = sim.load(f"backends=[{backend}]").market.models[backend]
    written = {each.key.rpartition(".")[2]: each.text for each in set_in(next(c for c in menus()["backend/feb_2026"] if c.name == backend))}
    for name in ("input_usd_per_mtok", "ttft_s", "context_window_tokens", "cache_ttl_s"):
        assert float(written[name]) == getattr(found, name)


def test_values_come_with_what_is_said_of_them() -> None:
    by_word = {each.choice.word: each for each in values_of("agent.fanout")}
    assert by_word["agent=team_8"].text == "8"
    assert by_word["agent=team"].text == "{dist: mixture, weights: [12, 6, 5], parts: [1, 2, 3]}"
    assert by_word["agent=team"].comment == "recorded: of 23 waves"
    assert {each.choice.word for each in values_of("agent.turns")} >= {"profile=swe_task_mini", "agent=plan_execute"}
    assert values_of("market.models.glm_5.turns") == []
