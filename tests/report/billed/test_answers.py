"""What-ifs as a page: it fits, it says what is assumed, it ends with what saves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import sim
from sim.report.billed.answers import WIDTH, page, plain
from sim.sweeps.what_if.ask import WhatIf, what_if
from tests.logs.written import OUT
from tests.sweeps.what_if.by_hand import BILL_USD, log_of, two

QUESTIONS = ("kimi_k2_5", "claude_haiku_4_5", "batch", "sessions=2x", "compact=105k", "flat=10/month,1/5h")


@cache
def asked(*questions: str) -> WhatIf:
    with TemporaryDirectory() as folder:
        return what_if(two(Path(folder)), questions)


def test_it_fits_and_each_answer_says_what_it_assumes() -> None:
    text = page(asked(*QUESTIONS))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.startswith("What if, by replaying these sessions: as they were $1.9 (11.6 days)\n")
    said = " ".join(text.split())
    for part in (
        "kimi_k2_5: every call on Kimi K2.5 - recorded tokens at its prices: $0.19; with the turns and words that bills",
        "how many tokens Claude Haiku 4.5 would take for this work nobody has measured",
        "copies begin when their originals do",
        "a summary of 1,000 tokens (assumption)",
        "if 50 % of what is dropped is read again: $",
    ):
        assert part in said


def test_a_flat_rate_is_its_price_for_the_logs_time_and_what_comes_when_a_window_is_spent() -> None:
    """The first two calls are 0.650 + 0.1375 = under 1, the third (0.775) is begun; t's is alone: nothing is beyond, nobody waits."""
    [found] = [each for each in asked(*QUESTIONS).answers if each.question.flat]
    assert found.beyond_usd == 0
    assert found.usd == pytest.approx(10 * 1_000_000 / 86_400 / 30.436875, rel=1e-9)
    assert found.hours == pytest.approx(0, abs=1e-9)


def test_what_saves_stands_last_with_its_setting_and_a_month() -> None:
    _, _, saved = page(asked(*QUESTIONS)).rpartition("\n\n")
    heading, first, *rest = saved.splitlines()
    month = 30.436875 / (1_000_000 / 86_400)
    assert heading == "Saved a month, most first (from 11.6 days):"
    assert first.startswith(
        f"1. ${BILL_USD / 2 * month:.1f} of ${BILL_USD * month:.1f}: all calls through the batch queue [batch]; sessions"
    )
    assert "every call on Kimi K2.5 [kimi_k2_5]; of these sessions, which are too few" in "\n".join(rest)


def test_for_machines_there_is_null_where_nothing_is_known() -> None:
    found = json.loads(json.dumps(plain(asked(*QUESTIONS)), allow_nan=False))
    rows = {row["what_if"]: row for row in found["answers"]}
    assert rows["kimi_k2_5"]["beyond_usd"] is None
    assert rows["sessions=2x"]["usd"] == pytest.approx(2 * BILL_USD, rel=1e-12)
    assert set(rows["kimi_k2_5"]["measured_usd"]) == {"mini_v2", "openhands"}
    assert found["findings"][0]["what_if"] == "batch"
    assert found["replayed_usd"] == pytest.approx(BILL_USD, rel=1e-12)


def test_what_was_not_replayed_comes_first_and_a_short_log_has_no_month(tmp_path: Path) -> None:
    calls = ("s,main,0,0,50000,1000,ok", "s,main,1,9,50000,1000,error", "t,main,0,60,50000,1000,ok")
    text = page(what_if(log_of(tmp_path, *calls, columns="status"), ["kimi_k2_5"]))
    first, second, *_ = text.splitlines()
    assert first == "Not replayed: 1 call failed"
    assert second.startswith(f"What if, by replaying these sessions: as they were ${2 * (50_000 * 6.25e-6 + 1_000 * OUT):.2f}")
    assert "less than a day of it has dates, so a month's are not known" in " ".join(text.split())


def test_where_nothing_saves_it_says_so(tmp_path: Path) -> None:
    calls = ("s,main,0,0,50000,1000,10", "t,main,0,1000000,50000,1000,10")
    assert page(what_if(log_of(tmp_path, *calls), ["cache=1h"])).endswith("Nothing that was tried saves.")


def test_where_nothing_is_there_to_try_it_says_so(tmp_path: Path) -> None:
    text = page(what_if(log_of(tmp_path, "s,main,0,0,1000,10,kimi_k2_5", columns="model")))
    assert "Tried, USD" in text or "Nothing was tried" in text
    assert "log: ." not in text


def test_what_has_no_price_says_how_to_give_it_one(tmp_path: Path) -> None:
    told = r"of a model that has no price here \(--model NAME=BACKEND says which it is\)"
    mixed = log_of(tmp_path, "s,main,0,0,1000,10,foo-9", "s,main,1,20,2000,10,kimi_k2_5", columns="model")
    with pytest.raises(sim.ConfigError, match=f"no session can be compared: 1 call {told}"):
        what_if(mixed, ["minimax_m2_5"])
    alone = log_of(tmp_path, "s,main,0,0,1000,10,foo-9", "s,main,1,20,2000,10,foo-9", columns="model")
    with pytest.raises(sim.ConfigError, match=f"no call of this log can be replayed: 2 calls {told}"):
        what_if(alone, ["minimax_m2_5"])


def test_a_flat_rate_far_too_small_is_called_so_and_no_hours_stand_beside_dollars_of_who_does_not_wait() -> None:
    """A window of ten cents a week lets one call pass each week, of four."""
    found = asked("flat=10/month,0.1/week")
    text = " ".join(page(found).split())
    assert "too small for this work: who waits for its windows waits longer than these 11.6 days" in text
    assert "hours longer" not in text.rpartition("Saved a month")[2]
    [row] = [line for line in page(found).splitlines() if line.startswith("flat=") and "month,0.1/week  " in line]
    assert row.split()[-1] == "0"


def test_a_saving_on_part_of_the_sessions_says_on_how_many(tmp_path: Path) -> None:
    calls = ("s,main,0,0,250000,1000,10", "t,main,0,60,50000,1000,10", "u,main,0,120,60000,1000,10")
    text = page(what_if(log_of(tmp_path, *calls), ["minimax_m2_5"]))
    assert "of the 2 sessions that it can take" in " ".join(text.split())
