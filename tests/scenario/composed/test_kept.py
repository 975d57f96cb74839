"""What is composed once and then changed is what Hydra composes anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import HydraException

import sim
from sim.scenario.composed.kept import Composed, Kept
from sim.scenario.composed.typed import open_mappings
from sim.scenario.hydra_host import own_hydra
from sim.scenario.hydra_private import looked_at
from sim.scenario.load import CONF, compose, from_hydra

_CHOICES = {
    menu.name: sorted(path.stem for path in menu.glob("*.yaml"))[-1]
    for menu in sorted(CONF.iterdir())
    if menu.is_dir() and any(menu.glob("*.yaml"))
}
_VALUES = [
    ["seed=3", "workload.tasks=5", "name=1e3"],
    ["agent=team", "agent.fanout=7", "agent.turns={dist: geometric, mean: 8}"],
    ["agent=team", "agent.tries.verifier={turns: 3}", "backends=[claude_opus_4_6,minimax_m2_5]"],
    ["market.models.claude_sonnet_4_6.input_tokens_per_min=1e6", "+market.models.claude_sonnet_4_6.slots=5"],
    ["backends=[minimax_m2_5]", "market.models.minimax_m2_5.batch_discount=0.4"],
    ["workload={tasks: 3}", "start=2026-02-09T09:00"],
    ["experiment=fanout", "replications=2", "hydra.job.name=x"],
]


def by_hydra(*words: str) -> sim.Scenario:
    with own_hydra():
        return from_hydra(compose(open_mappings(words)))


@pytest.mark.slow
@pytest.mark.parametrize("words", [[f"{menu}={choice}"] for menu, choice in _CHOICES.items()], ids=list(_CHOICES))
def test_a_choice_of_every_menu(words: list[str]) -> None:
    try:
        expected = by_hydra(*words, "seed=7")
    except (sim.ConfigError, HydraException):  # such as a menu that takes its place first
        with pytest.raises(sim.ConfigError):
            sim.load(*words, "seed=7")
    else:
        assert sim.load(*words, "seed=7") == expected


@pytest.mark.parametrize("words", _VALUES, ids=[each[-1] for each in _VALUES])
def test_values_of_every_form(words: list[str]) -> None:
    assert sim.load(*words) == by_hydra(*words)


@pytest.mark.parametrize(
    "word", ["nothing=1", "agent.fanuot=3", "agent.fanout=a", "+seed=3", "market.models.none.max_context=3", "agent.fanout=${seed}x"]
)
def test_what_is_wrong_is_said_by_hydra(word: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load("agent=team", word)
    sim.load("agent=team", "agent.fanout=3")
    with pytest.raises(sim.ConfigError) as again:
        sim.load("agent=team", word)
    assert str(again.value) == str(refused.value) != ""


def test_the_same_choices_are_composed_once() -> None:
    sim.load("agent=team", "agent.fanout=3")
    made: list[Any] = []
    with looked_at(made.append):
        assert sim.load("agent=team", "agent.fanout=5").agent.fanout == 5
        assert made == []
        sim.load("agent=team", "router=cheapest")
    assert len(made) == 1


def test_who_changes_a_scenario_changes_no_later_one() -> None:
    first = sim.load("agent=team", "agent.fanout=3")
    first.market.models.clear()
    first.backends.append("x")
    second = sim.load("agent=team", "agent.fanout=3")
    assert second == by_hydra("agent=team", "agent.fanout=3")


def test_what_was_made_of_a_file_that_may_have_changed_is_made_anew(tmp_path: Path) -> None:
    made = []

    def make(*files: Path) -> Composed:
        made.append(files)
        return Composed({}, sim.load(), files)

    kept = Kept()
    for _ in range(2):
        kept.of(["ours"], lambda: make(CONF / "config.yaml"))
        kept.of(["theirs"], lambda: make(tmp_path / "config.yaml"))
    assert len(made) == 3
    for number in range(Kept.MOST + 1):
        kept.of([str(number)], lambda: make(CONF / "config.yaml"))
    assert len(kept) <= Kept.MOST
