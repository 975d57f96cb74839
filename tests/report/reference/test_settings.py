"""Every setting is known with its type, bounds, unit and meaning, and none is made up."""

from __future__ import annotations

import dataclasses

import pytest

import sim
from sim.report.reference.settings import every_setting, unit_of

EVERY = every_setting()


def test_each_setting_has_a_meaning_and_a_type() -> None:
    assert [key for key, one in EVERY.items() if not one.meaning or not one.kind] == []


def test_the_keys_are_those_of_a_scenario() -> None:
    """Walked on a composed scenario, where names and places are real ones."""
    world = sim.load("agent=pipeline", "workload=users", "budget=layers")
    heads = {key.partition(".")[0].partition("[")[0] for key in EVERY}
    assert heads == {field.name for field in dataclasses.fields(world) if field.name in heads}
    assert {"agent.fanout", "market.models.<name>.ttft_s", "agent.stages.<name>.turns", "events[<number>].at"} <= set(EVERY)


@pytest.mark.parametrize(
    ("key", "kind", "unit", "default"),
    [
        ("agent.fanout", "whole number, at least 1 and at most 10000, or a distribution", "", "4"),
        ("precision", "number, above 0 and at most 1; or null", "", "null"),
        ("log", "one of none, sample, full", "", "full"),
        ("batch", "true or false", "", "false"),
        ("backends", "list of text", "", "[]"),
        ("market.models.<name>.input_usd_per_mtok", "number, at least 0", "USD per million tokens", "has to be given"),
        ("market.models.<name>.cache_ttl_s", "number, at least 0", "seconds", "300.0"),
    ],
)
def test_what_a_setting_takes_is_said_in_words(key: str, kind: str, unit: str, default: str) -> None:
    one = EVERY[key]
    assert (one.kind, one.unit, one.default) == (kind, unit, default)


def test_choices_say_what_each_means() -> None:
    assert EVERY["router.policy"].choices["cost_per_success"].startswith("Least forecast bill of a task over its chance")
    assert set(EVERY["log"].choices) == {"none", "sample", "full"}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("ttft_s", "seconds"),
        ("prefill_tokens_per_s", "tokens a second"),
        ("usd", "USD"),
        ("request_usd", "USD"),
        ("fanout", ""),
        ("error_rate", "share, 0 to 1"),
    ],
)
def test_a_unit_is_read_off_the_end_of_a_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit
