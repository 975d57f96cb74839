"""A log is replayed as it was: no failure is drawn again, and caches keep what its own kept."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.results.billed.lifetimes import kept_for_an_hour
from sim.sweeps.what_if.as_recorded import as_recorded
from sim.sweeps.what_if.ask import what_if
from tests.logs.written import HOUR, OUT, READ, WRITE
from tests.sweeps.what_if.by_hand import log_of

BILLED = "api_time_s,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens"


def test_a_log_that_writes_for_an_hour_is_replayed_so_and_asked_about_five_minutes(tmp_path: Path) -> None:
    """After 500 s 100,000 are read; kept for five minutes, all 110,000 are written again, at the lesser price."""
    calls = ("s,main,0,0,100000,100,10,0,100000,100000", "s,main,1,510,110000,100,10,100000,10000,10000")
    log = log_of(tmp_path, *calls, columns=BILLED)
    assert kept_for_an_hour(log)
    [found] = what_if(log, ["cache=5m"]).answers
    assert found.before_usd == pytest.approx(110_000 * HOUR + 100_000 * READ + 200 * OUT, rel=1e-12)
    assert found.usd == pytest.approx(210_000 * WRITE + 200 * OUT, rel=1e-12)


def test_a_log_that_says_no_lifetime_says_none(tmp_path: Path) -> None:
    assert not kept_for_an_hour(log_of(tmp_path, "s,main,0,0,100000,100,10"))


def test_what_is_set_stays(tmp_path: Path) -> None:
    words = ("market.models.claude_opus_4_6.error_rate=0.5",)
    before = sim.load(*words)
    model = as_recorded(before, words, hour=True).market.models["claude_opus_4_6"]
    assert (model.error_rate, model.noise_sigma, model.cache_ttl_s) == (0.5, 0, 3600)
    words = ("market.models.claude_opus_4_6.cache_ttl_s=60",)
    assert as_recorded(sim.load(*words), words, hour=True).market.models["claude_opus_4_6"].cache_ttl_s == 60


def test_a_log_that_cannot_be_replayed_is_named_and_not_the_file_it_was_written_to(tmp_path: Path) -> None:
    """A clock that jumps from the start of a session to 2026."""
    with pytest.raises(sim.DataError, match=r"^the log: row 3, t_s=1771577995.0: over a year from its session's start"):
        what_if(log_of(tmp_path, "s,main,0,5,100000,100,10", "s,main,1,1771578000,110000,100,10"), ["cache=5m"])
