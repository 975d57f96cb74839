"""How a list of settings is written."""

from __future__ import annotations

import pytest

from sim.scenario.composed.forms import kinds, list_form
from sim.scenario.scenario import Scenario


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("backends", "a list such as [a,b]"),
        ("router.fallback", "a list such as [a,b]"),
        ("workload.hours", "a list of mappings such as [{times: ...}]"),
        ("market.models.ours.tiers", "a list of mappings such as [{above_tokens: ...}]"),
        ("events", "a list of mappings such as [{kind: ..., at: ..., backend: ...}]"),
    ],
)
def test_a_list_has_the_form_of_what_it_holds(key: str, form: str) -> None:
    assert list_form(key) == form


def test_all_groups_of_settings_are_found_by_name() -> None:
    assert {"AgentSettings", "BackendSettings", "EventSettings", "WorkloadSettings"} <= kinds(Scenario).keys()
