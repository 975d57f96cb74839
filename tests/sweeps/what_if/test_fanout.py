"""Fewer sub-agents: who is not begun, and who does that work, by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sim import ConfigError
from sim.sweeps.what_if.fanout import narrowed
from tests.logs.written import rows
from tests.sweeps.what_if.test_recast import family, log_of

COLUMNS = ("agent", "input_tokens", "cache_read_tokens", "cache_write_tokens", "start_s")


@pytest.mark.parametrize(
    ("fanout", "gone", "left"),
    [("half", 1, ["main", "a1", "a1", "a3"]), ("2", 1, ["main", "a1", "a1", "a2", "a2", "b"]), ("1", 2, ["main", "a1", "a1"])],
)
def test_who_is_not_begun_goes_with_those_it_began(tmp_path: Path, fanout: str, gone: int, left: list[str]) -> None:
    """Of a half every second one, else all beyond so many."""
    found, many = narrowed(family(tmp_path), fanout, redivided=False)
    assert many == gone
    assert [name for (name,) in rows(found, "agent")] == left


def test_or_the_one_before_it_does_its_work_too_on_top_of_its_own(tmp_path: Path) -> None:
    """a1 ends with 20,000 + 100 tokens; a2 began with 12,000, 10,000 of which a1 began with too."""
    found, many = narrowed(family(tmp_path), "half", redivided=True)
    assert many == 1
    theirs = [row for row in rows(found, *COLUMNS) if row[0] == "a1"][2:]
    assert theirs == [("a1", 22_100, 20_000, 2_100, 20.0), ("a1", 25_100, 22_100, 3_000, 39.0)]
    assert {each.name: each.parent for each in found.agents}["b"] == "a1"


def test_who_takes_on_several_does_them_one_after_another(tmp_path: Path) -> None:
    """After a2's work a1 ends with 25,100 + 10 tokens; a3's 9,000 are what a1 began with."""
    found, many = narrowed(family(tmp_path), "1", redivided=True)
    assert many == 2
    theirs = [row for row in rows(found, *COLUMNS) if row[0] == "a1"][2:]
    assert theirs == [("a1", 22_100, 20_000, 2_100, 20.0), ("a1", 25_100, 22_100, 3_000, 39.0), ("a1", 25_110, 25_100, 10, 39.0)]


def test_work_is_taken_on_by_turns(tmp_path: Path) -> None:
    calls = [f"s,a{each},0,{each},1000,10,0,1000,,m,main" for each in range(7)]
    found, many = narrowed(log_of(tmp_path, "s,main,0,0,9000,10,0,9000,,m,", *calls), "3", redivided=True)
    assert many == 4
    assert Counter(name for (name,) in rows(found, "agent")) == {"main": 1, "a0": 3, "a1": 2, "a2": 2}


@pytest.mark.parametrize(("fanout", "mean"), [("{dist: uniform, low: 1, high: 4}", 2.5), ("{dist: geometric, mean: 2}", 1.97)])
def test_a_distribution_is_met_family_by_family(tmp_path: Path, fanout: str, mean: float) -> None:
    """200 families of six; a geometric number of mean 2 is, cut at six, 2 (1 - 1/2^6) on average."""
    calls = [
        f"s{session},{name},0,0,1000,10,0,1000,,m,{'main' if name != 'main' else ''}"
        for session in range(200)
        for name in ("main", *(f"a{each}" for each in range(6)))
    ]
    log = log_of(tmp_path, *calls)
    found, many = narrowed(log, fanout, redivided=False)
    assert (1200 - many) / 200 == pytest.approx(mean, abs=0.03)
    assert len(found.calls) == 200 + 1200 - many
    assert narrowed(log, fanout, redivided=False)[1] == many


@pytest.mark.parametrize(("fanout", "than"), [("half", "two"), ("1", "more"), ("9", "more")])
def test_of_more_than_there_were_a_log_says_nothing(tmp_path: Path, fanout: str, than: str) -> None:
    with pytest.raises(ConfigError, match=f"fanout={fanout}: nobody in this log began {than} sub-agents"):
        narrowed(log_of(tmp_path, "s,main,0,0,9,5,0,0,,m,", "s,a,0,0,9,5,0,0,,m,main"), fanout, redivided=True)
