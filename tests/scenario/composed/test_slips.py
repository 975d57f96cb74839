"""Slips of the hand are told with how each would be written."""

from __future__ import annotations

import pytest

from sim.scenario.composed.slips import as_meant, number_meant

WORDS = {
    "agent.turns:5": "as in agent.turns=5",
    "agent.turns: 5": "as in agent.turns=5",
    "agent.turns:": "as in agent.turns=VALUE",
    "agent.turns = 3": "as in agent.turns=3",
    "agent.turns:{dist: geometric, mean: 5}": 'as in "agent.turns={dist: geometric, mean: 5}"',
    "agent.turns": "give it a value, agent.turns=VALUE; sim explain agent.turns says which",
}
NUMBERS = {
    "5%": "0.05",
    "$5": "5",
    "5k": "5000",
    "1.5M": "1500000",
    "10 s": "10",
    "8turns": "8",
    "-2": "-2",
    "5.0": "5",
    "abc": "",
    "1,5": "",
}


@pytest.mark.parametrize(("word", "told"), WORDS.items())
def test_a_word_without_an_equals_sign(word: str, told: str) -> None:
    assert as_meant(word) == told


@pytest.mark.parametrize(("written", "number"), NUMBERS.items())
def test_a_number_with_a_unit(written: str, number: str) -> None:
    assert number_meant(written) == number
