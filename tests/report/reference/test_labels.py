"""What settings and values are called: never by their keys, and no two alike."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sim.report.reference.labels import SHORT, axis_name, plain_number, setting_name, tick_name, value_name, worded
from sim.report.reference.settings import UNITS, every_setting

NAMES = {"claude_sonnet_4_6": "Claude Sonnet 4.6", "<name>": "One"}
LIMIT = "market.models.claude_sonnet_4_6.input_tokens_per_min"


def test_every_setting_has_a_name_of_its_own_without_underscores() -> None:
    known = [key for key, one in every_setting().items() if not one.kind.startswith(("group", "mapping of names to g", "list of g"))]
    names = {key: axis_name(key, NAMES) for key in known if not key.startswith("chat_baselines")}  # as of `matched_chat`
    assert {name for name in names.values() if "_" in name.replace("<number>", "") or "." in name or "usd" in name} == set()
    assert [name for name, many in Counter(names.values()).items() if many > 1] == []


@pytest.mark.parametrize(
    ("key", "value", "axis", "short", "tick", "said"),
    [
        (LIMIT, "1000000.0", "input limit of Claude Sonnet 4.6 (tokens/min)", "1M tokens/min", "1M", "input limit 1M tokens/min"),
        ("agent", "swe_team_4", "workflow (team of n: a lead and n sub-agents)", "team of 4", "team of 4", "team of 4"),
        ("agent", "pipeline", "workflow (team of n: a lead and n sub-agents)", "pipeline", "pipeline", "pipeline"),
        ("backends", "[claude_sonnet_4_6, new]", "backend", *["Claude Sonnet 4.6 + new"] * 3),
        ("agent.fanout", 16, "sub-agents of each lead", "16", "16", "16 sub-agents"),
        ("retry.attempts", "1", "attempts at most", "1", "1", "1 attempt"),
        ("agent.tool_time_s.mean", 30, "tool time (mean) (s)", "30 s", "30", "tool time 30 s"),
        ("horizon_s", 604_800, "length of the run (s)", "7 days", "604.8k", "length of the run 7 days"),
        ("market.models.new.cache_ttl_s", 300, "cache lifetime (s)", "5 min", "300", "cache lifetime 5 min"),
        ("market.models.new.output_usd_per_mtok", 15.0, "output price (USD/Mtok)", "$15/Mtok", "15", "output price $15/Mtok"),
        ("market.models.new.error_rate", 0.05, "error rate (%)", "5\u00a0%", "5", "error rate 5\u00a0%"),
        ("market.models.new.limit_gateway", "true", "limit gateway", "on", "on", "limit gateway on"),
        ("budget.usd", "null", "budget (USD)", "none", "none", "budget none"),
        ("tries", "best_of", "tries", "best of", "best of", "tries best of"),
    ],
)
def test_a_value_as_people_say_it(key: str, value: Any, axis: str, short: str, tick: str, said: str) -> None:
    found = (axis_name(key, NAMES), value_name(key, value, NAMES), tick_name(key, value, NAMES), worded(key, value, NAMES))
    assert found == (axis, short, tick, said)


def test_settings_of_two_backends_are_told_apart() -> None:
    names = {"a": "Model A", "b": "Model B"}
    axes = [f"market.models.{name}.slots" for name in names]
    assert setting_name(axes[0]) == setting_name(axes[1])
    assert [worded(axis, 4, names, axes) for axis in axes] == [f"calls served at once of Model {name} 4" for name in "AB"]
    assert worded(axes[0], 4, names, axes[:1]) == "4 slots"


@pytest.mark.parametrize(("value", "said"), [(16, "16"), (2500, "2,500"), (250_000, "250k"), (1.5e6, "1.5M"), (123_456, "123,456")])
def test_no_digit_of_a_number_is_lost(value: float, said: str) -> None:
    assert plain_number(value) == said


def test_each_unit_has_a_short_form() -> None:
    assert SHORT.keys() == UNITS.keys()


def test_a_setting_that_nobody_has_named_is_called_by_its_key_and_unit() -> None:
    assert axis_name("agent.worker.nap_time_s") == "worker nap time (s)"
    assert setting_name("retry.some_thing") == "retries some thing"
