"""A population that is written down: read whole, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import SimError
from sim.population.checked import read_population
from sim.settings.population.timeline import MarketEventKind

WHOLE = """
from_day: 2026-01-26
segments:
  chat: {people: 1000, tasks_per_week: 20, scale_usd: 10}
  flat: {people: 50, tasks_per_week: 8, scale_usd: 60, from_outside: true}
habits: {liking: {cn: -0.5}}
events:
- {kind: launch, day: 2026-02-12, model: minimax_m2_5}
- {kind: terms, day: 2026-02-17, last_day: '2026-02-19', segment: flat, share: 0.7}
"""


def read(tmp_path: Path, text: str) -> None:
    (tmp_path / "people.yaml").write_text(text, encoding="utf-8")
    read_population(tmp_path / "people.yaml")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(WHOLE, encoding="utf-8")
    found = read_population(tmp_path / "people.yaml")
    assert list(found.segments) == ["chat", "flat"]
    assert found.habits.liking == {"cn": -0.5}
    assert [event.kind for event in found.events] == [MarketEventKind.launch, MarketEventKind.terms]
    assert found.events[0].day == "2026-02-12"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("people: 1000", "people: -1"), r"segments.chat.people=-1: must be at least 0"),
        (("people: 1000, ", ""), r"segments.chat.people: is missing"),
        (("people: 1000", "peoples: 1000"), r"segments.chat.peoples: 'peoples' is not a setting; did you mean 'people'\?"),
        (("people: 1000", "people: 0, tasks_sigma: 9"), r"tasks_sigma=9: must be at most 3"),
        (("scale_usd: 10}", "scale_usd: 0}"), r"segments.chat.scale_usd=0: must be more than 0"),
        (("from_day: 2026-01-26", "from_day: soon"), r"from_day='soon': must be a day such as 2026-02-12"),
        (
            ("day: 2026-02-12", "day: 2026-02-18"),
            r"events\[1\].day=2026-02-17: comes after an event of 2026-02-18; list events",
        ),
        (
            ("'2026-02-19'", "'2026-02-16'"),
            r"events\[1\].last_day=2026-02-16: is before its first day, 2026-02-17; an event lasts",
        ),
        (("segment: flat", "segment: chat"), r"events\[1\].segment=chat: is on this market already"),
        (("segment: flat", "segment: flatt"), r"events\[1\].segment=flatt: is no segment; did you mean 'flat'\?"),
        (("share: 0.7", "share: 1.7"), r"events\[1\].share=1.7: must be at most 1"),
        (("kind: launch", "kind: lunch"), r"events\[0\].kind=lunch: did you mean 'launch'\?"),
        (("model: minimax_m2_5", "multiplier: 0"), r"events\[0\].model: a launch needs a model"),
        (("habits: {liking: {cn: -0.5}}", "habits: 3"), r"habits=3: must be a mapping"),
        (("from_outside: true", "from_outside: true, adoption: {since: 2026-01-01}"), r"adoption.since must be empty"),
    ],
)
def test_what_must_not_be(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = WHOLE.replace(*change)
    assert text != WHOLE
    with pytest.raises(SimError, match=said) as refused:
        read(tmp_path, text)
    assert len(str(refused.value).splitlines()) == 1


def test_shares_that_come_to_more_than_all(tmp_path: Path) -> None:
    more = WHOLE + "- {kind: terms, day: 2026-02-20, segment: flat, share: 0.4}\n"
    with pytest.raises(SimError, match=r"events\[2\].share=0.4: all shares of flat sum to 1.1, at most 1 may"):
        read(tmp_path, more)


def test_a_model_that_is_launched_twice(tmp_path: Path) -> None:
    more = WHOLE + "- {kind: launch, day: 2026-02-20, model: minimax_m2_5}\n"
    with pytest.raises(SimError, match="is launched twice"):
        read(tmp_path, more)


def test_a_market_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="nobody is on this market"):
        read(tmp_path, "from_day: 2026-01-26\n")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="is no file"):
        read_population(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("people: 1000", "people: 1000, people: 2"), r"people.yaml, line \d+: the key people is there twice: leave one out"),
        (("people: 1000", "people: 010"), r"people.yaml, line \d+: people: 010 is an octal number in YAML"),
    ],
)
def test_what_yaml_would_take_otherwise_is_told(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SimError, match=said):
        read(tmp_path, WHOLE.replace(*change))
