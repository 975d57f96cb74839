"""Settings replaced in a scenario: by key, and a whole group by a choice of its menu."""

from __future__ import annotations

import pytest

import sim


def test_a_choice_of_a_menu_replaces_its_group_and_keys_come_after_it() -> None:
    base = sim.load("agent=chat", "seed=3")
    for values in ({"agent": "team", "agent.fanout": 7}, {"agent.fanout": 7, "agent": "team"}):
        assert sim.replaced(base, values) == sim.load("agent=team", "agent.fanout=7", "seed=3")
    assert base == sim.load("agent=chat", "seed=3")


def test_a_choice_is_no_ones_but_of_the_scenario_that_it_is_in() -> None:
    one, other = (sim.replaced(sim.load(), {"agent": "team"}) for _ in range(2))
    one.agent.fanout = 9
    assert other.agent == sim.load("agent=team").agent


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"agent": "taem"}, r"^agent=taem: not on the menu; did you mean 'team'\?$"),
        ({"plan": "max_20x"}, r"^plan=max_20x: sets more than plan; compose a scenario of its own"),
        ({"agnt": "team"}, r"^agnt: 'agnt' is unknown; did you mean 'agent'\?$"),
    ],
)
def test_what_is_no_choice_is_refused_in_a_line(values: dict[str, str], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        sim.replaced(sim.load(), values)
