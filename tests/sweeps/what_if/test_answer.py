"""Two sessions replayed otherwise, to the last digit of bills by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim import ConfigError
from sim.sweeps.what_if.answer import Answer, paired
from sim.sweeps.what_if.ask import WhatIf, what_if
from tests.logs.written import HOUR, OUT, READ, WRITE, february
from tests.sweeps.what_if.by_hand import BILL_USD, OUTPUT, READS, WRITTEN, log_of, two


def asked(path: Path, *questions: str) -> WhatIf:
    return what_if(two(path), questions)


def answer(path: Path, question: str) -> Answer:
    [found] = asked(path, question).answers
    return found


def test_as_it_was_it_costs_what_it_did(tmp_path: Path) -> None:
    assert asked(tmp_path, "sessions=2x").base.replayed.usd.sum() == pytest.approx(BILL_USD, rel=1e-12)


def test_calls_that_name_no_model_are_replayed_where_it_is_said(tmp_path: Path) -> None:
    """As it was, on Kimi K2.5: the price list of the next test."""
    found = what_if(two(tmp_path), "sessions=2x", models={"": "kimi_k2_5"}).base.replayed.usd.sum()
    assert found == pytest.approx(WRITTEN * 0.6e-6 + READS * 0.1e-6 + OUTPUT * 3e-6, rel=1e-12)


def test_another_backend_is_tokens_by_its_price_list_and_a_range_by_measured_bills(tmp_path: Path) -> None:
    """Kimi K2.5: 0.6, cached 0.1, out 3 USD a million, and nothing for writes; bills 0.272 and 0.94 times Opus's."""
    found = answer(tmp_path, "kimi_k2_5")
    assert found.usd == pytest.approx(WRITTEN * 0.6e-6 + READS * 0.1e-6 + OUTPUT * 3e-6, rel=1e-12)
    assert found.swapped == (("claude_opus_4_6", "kimi_k2_5"),)
    assert found.bounds == (found.measured["mini_v2"], found.measured["openhands"])
    assert found.measured["mini_v2"] > 1.5 * found.usd


def test_an_hours_cache_reads_what_the_pause_had_lost_and_writes_at_its_own_price(tmp_path: Path) -> None:
    found = answer(tmp_path, "cache=1h")
    assert found.usd == pytest.approx((WRITTEN - 110_000) * HOUR + (READS + 110_000) * READ + OUTPUT * OUT, rel=1e-12)
    lost = 120_000 * WRITE + 10_000 * WRITE + 100_000 * WRITE  # of session s, written for five minutes
    kept = 110_000 * READ + 120_000 * HOUR
    [of_s, of_t] = kept - lost, 50_000 * (HOUR - WRITE)
    assert found.difference == pytest.approx(paired(np.array([of_s, of_t])), rel=1e-9)


def test_twice_the_sessions_are_twice_the_dollars_exactly(tmp_path: Path) -> None:
    found = answer(tmp_path, "sessions=2x")
    assert found.usd == 2 * found.before_usd
    assert found.sessions == 2
    assert found.hours == 0


def test_a_compaction_is_paid_and_saves_by_what_it_dropped(tmp_path: Path) -> None:
    """At 105,000 the second call (110,000) is summarised, and the third, which then has 111,000."""
    found = answer(tmp_path, "compact=105k")
    half = "50 % of what is dropped is read again"
    assert list(found.ends) == [half, "nothing is read again"]
    assert found.usd == found.ends[half]
    head = february().agent.system_tokens  # tools and system prompt are still there
    with_none = (
        100_000 * WRITE + (10_000 * WRITE + 100_000 * READ) + (101_000 - head) * WRITE  # the summary, and what is left
        + 111_000 * WRITE + (101_000 - head) * WRITE + 50_000 * WRITE + 2 * head * READ + (OUTPUT + 2_000) * OUT
    )  # fmt: skip
    assert found.ends["nothing is read again"] == pytest.approx(with_none, rel=1e-12)


def test_a_batch_is_half_the_bill(tmp_path: Path) -> None:
    assert answer(tmp_path, "batch").usd == pytest.approx(BILL_USD / 2, rel=1e-12)


def test_each_call_stays_on_the_backend_of_its_model_and_some_move(tmp_path: Path) -> None:
    """A lead on Opus, a sub-agent on Haiku (1, out 5, written 1.25 USD a million), which Sonnet (3, 15, 3.75) takes over."""
    calls = ("s,main,0,0,50000,100,10,claude-opus-4-6", "s,a,0,5,20000,100,2,claude-haiku-4-5-20251001")
    [found] = what_if(log_of(tmp_path, *calls, columns="api_time_s,model"), ["sub_agents=claude_sonnet_4_6"]).answers
    lead = 50_000 * WRITE + 100 * OUT
    assert found.before_usd == pytest.approx(lead + 20_000 * 1.25e-6 + 100 * 5e-6, rel=1e-12)
    assert found.usd == pytest.approx(lead + 20_000 * 3.75e-6 + 100 * 15e-6, rel=1e-12)
    assert found.swapped == (("claude_haiku_4_5", "claude_sonnet_4_6"),)
    assert found.unmeasured


def test_another_market_has_backends_of_its_own(tmp_path: Path) -> None:
    """Kimi K3 in November: fresh 3, written 3, read 0.3, out 15 USD a million."""
    found = answer(tmp_path, "market=nov_2026 kimi_k3")
    assert found.usd == pytest.approx(WRITTEN * 3e-6 + READS * 0.3e-6 + OUTPUT * 15e-6, rel=1e-12)


def test_prompts_that_do_not_fit_leave_their_sessions_out_on_both_sides(tmp_path: Path) -> None:
    found = answer(tmp_path, "minimax_m2_5 market.models.minimax_m2_5.context_window_tokens=60000")
    assert (found.sessions, found.left_out) == (1, {"longer than the context window": 3})
    assert found.before_usd == pytest.approx(50_000 * WRITE + 500 * OUT, rel=1e-12)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("claude_opus_4_6", "changes nothing here"),
        ("market.models.kimi_k2_5.input_usd_per_mtok=9", "changes nothing here"),
        ("sub_agents=kimi_k2_5", "sub_agents made no call in this log"),
        ("fanout=half", "nobody in this log began two sub-agents"),
        ("compact=300k", "the longest has 120,000"),
        ("kimi_k2_5 cache=1h", "kimi_k2_5: no cache of several lifetimes"),
        ("backends=[kimi_k2_5,minimax_m2_5]", "name one alone, or add a router"),
        ("agent.turns=2", "agent.turns does nothing to recorded sessions"),
        ("agent.fanout=2", "nobody in this log began more sub-agents"),
        ("minimax_m2_5 market.models.minimax_m2_5.context_window_tokens=1000", "no call of this log can be replayed"),
    ],
)
def test_what_changes_nothing_or_cannot_be_is_refused(tmp_path: Path, question: str, line: str) -> None:
    with pytest.raises(ConfigError) as error:
        asked(tmp_path, question)
    assert line in str(error.value)


def test_the_interval_of_paired_differences_is_students(tmp_path: Path) -> None:
    """Of 1 and 3: sum 4, standard deviation of one 1.414, of the sum 2, t 12.706."""
    assert paired(np.array([1.0, 3.0])) == pytest.approx((4, 4 - 2 * 12.7062, 4 + 2 * 12.7062), rel=1e-5)
    assert math.isnan(paired(np.array([1.0])).ci_low)


def test_windows_of_a_subscription_block_who_waits_and_caches_are_cold_after_it(tmp_path: Path) -> None:
    """0.65 spends the five hours' 0.60, and so does the second call: the next may begin five hours after the last did.

    Without that they begin 10 and 500 seconds after the last has ended, which takes 1,000 tokens at 56.197 a second and 1.2 s or so.
    """
    found = answer(tmp_path, "budget=five_hours_and_week budgets.five_hours.usd=0.6")
    assert found.hours == pytest.approx(10 - (10 + 500 + 2 * (1.2 + 1_000 / 56.197)) / 3600, abs=0.001)
    assert found.usd == pytest.approx(BILL_USD + 100_000 * (WRITE - READ), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("fanout", ["half", "2"])
def test_fewer_sub_agents_are_a_range(tmp_path: Path, fanout: str) -> None:
    calls = ["s,main,0,0,50000,100,10", *(f"s,a{each},0,{each + 9},20000,100,10" for each in range(4))]
    [found] = what_if(log_of(tmp_path, *calls), [f"fanout={fanout}"]).answers
    one = 20_000 * WRITE + 100 * OUT
    assert found.ends["their work is not done"] == pytest.approx(50_000 * WRITE + 100 * OUT + 2 * one, rel=1e-12)
    onto = 20_000 * READ + 100 * WRITE + 100 * OUT  # all they began with is there; what is new is the last answer
    assert found.ends["the others do their work too"] == pytest.approx(50_000 * WRITE + 100 * OUT + 2 * (one + onto), rel=1e-12)
