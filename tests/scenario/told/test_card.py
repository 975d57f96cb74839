"""A card of a notebook: escaped, cut, and said so."""

from __future__ import annotations

from sim.scenario.told.card import card


def test_texts_are_escaped_wherever_they_stand() -> None:
    bad = "<script>alert('x')</script>&"
    made = card(bad, (bad, bad), [(bad, bad)], [bad])
    assert "<script" not in made
    assert made.count("&lt;script&gt;") == 6


def test_of_many_rows_the_first_are_shown_and_the_others_counted() -> None:
    rows = [(f"row {number}", "1") for number in range(1_005)]
    made = card("many", ("", "USD"), rows, most=5)
    assert made.count("<tr>") == 1 + 5
    assert "row 4" in made
    assert "row 5" not in made
    assert "1,000 more rows" in made
    assert "<table>" not in card("none", ("a",), [])
