"""Limits on both kinds of token together, and over hours, weeks and days, several at once: by hand, and by adding up every window."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import sim
from sim.backends.limits import Day, Window
from sim.calendar import Calendar
from sim.settings.market import QuotaSettings
from sim.settings.run import RetrySettings
from tests.worlds import agent, backend, run, scenario

HOUR_S = 3600.0
PATIENT = RetrySettings(attempts=50, backoff_base_s=1e-6, backoff_cap_s=1e-6)


def hours(calls: int, start: str = "2026-02-16T00:00:00", **limits: Any) -> list[float]:
    """When calls of 2,300 tokens, one an hour from the first hour on, are served; each comes back when it is told to."""
    served = backend(cache="none", **limits)
    found = run(agent(turns=1), served, tasks=calls, every_s=HOUR_S, retry=PATIENT, start=start).calls.query("status == 'ok'")
    assert len(found) == calls
    return sorted((found["t_start_s"] / HOUR_S).tolist())


def quotas(**named: QuotaSettings) -> dict[str, Any]:
    return {"quotas": named}


def test_input_and_output_share_a_limit() -> None:
    """69,000 a minute are 30 calls of 2,000 and 300: the rest of 40 at once comes as the bucket fills, one in two seconds."""
    served = backend(cache="none", tokens_per_min=69_000)
    calls = run(agent(turns=1), served, tasks=40, every_s=0.0, retry=PATIENT).calls.query("status == 'ok'").sort_values("t_start_s")
    assert calls["t_start_s"].tolist() == pytest.approx([0.0] * 30 + [2.0 * late for late in range(1, 11)], abs=1e-4)


@pytest.mark.parametrize(("joint", "alone", "at_once"), [(69_000, 46_000, 23), (46_000, 60_000, 20), (2300, None, 1), (2299, None, 0)])
def test_a_joint_limit_stands_beside_the_others(joint: float, alone: float | None, at_once: int) -> None:
    """The tighter one says how many pass at once: 46,000 of input are 23 calls, 46,000 of both are 20."""
    served = backend(cache="none", tokens_per_min=joint, input_tokens_per_min=alone)
    calls = run(agent(turns=1), served, tasks=40, every_s=0.0, retry=RetrySettings(attempts=1)).calls
    assert (calls["status"] == "ok").sum() == at_once


@pytest.mark.parametrize(
    "quota", [{"requests": 3}, {"input_tokens": 7999}, {"output_tokens": 900}, {"tokens": 6900}], ids=lambda quota: next(iter(quota))
)
def test_hours_that_roll(quota: dict[str, Any]) -> None:
    """Three in any five hours, whatever is counted."""
    assert hours(8, **quotas(five=QuotaSettings(window_h=5, **quota))) == pytest.approx([1, 2, 3, 6, 7, 8, 11, 12], abs=1e-6)


def test_five_hours_and_a_week_at_once() -> None:
    """Three in five hours and 11,500 tokens in a week, which are five calls."""
    both = quotas(five=QuotaSettings(window_h=5, requests=3), week=QuotaSettings(window_h=168, tokens=11_500))
    assert hours(8, **both) == pytest.approx([1, 2, 3, 6, 7, 169, 170, 171], abs=1e-6)


@pytest.mark.parametrize(("zone", "turns_at"), [("UTC", 14), ("America/Los_Angeles", 22), ("Asia/Kolkata", 8.5)])
def test_a_day_from_midnight_to_midnight(zone: str, turns_at: float) -> None:
    """Two requests a day from 10:00 UTC on: the third and fourth go at midnight there."""
    day = quotas(day=QuotaSettings(requests=2, zone=zone))
    served = hours(5, start="2026-02-16T10:00:00", **day)
    assert served == pytest.approx([1, 2, turns_at, turns_at, turns_at + 24], abs=1e-6)


def test_a_quota_counts_what_is_not_read_from_the_cache() -> None:
    """Ten prompts of 2,000 to 11,000 tokens, 11,000 of them not read."""
    for count, refused in ((False, False), (True, True)):
        served = backend(limits_count_cache_reads=count, **quotas(week=QuotaSettings(window_h=168, input_tokens=11_000)))
        calls = run(agent(), served, retry=RetrySettings(attempts=1)).calls
        assert (calls["status"] == "rate_limited").any() == refused


def test_what_no_window_holds_is_given_up_at_once() -> None:
    for quota in (QuotaSettings(window_h=5, tokens=2299), QuotaSettings(tokens=2299)):
        result = run(agent(turns=1), backend(**quotas(tight=quota)))
        assert result.calls["status"].tolist() == ["rate_limited"]
        assert result.mean("calls_given_up") == 1


def test_every_window_holds_and_no_wait_is_too_long() -> None:
    """Random calls that come back when told: what was let through in the hours before each moment is added up anew."""
    random, window, passed, now = np.random.default_rng(1), Window(1000.0, 50.0), [(-math.inf, 0.0)], 0.0
    for _ in range(2000):
        now += float(random.exponential(3.0))
        amount = float(random.integers(1, 400))
        wait_s = window.wait_s(amount, now)

        def fits(at: float, much: float = amount) -> bool:
            return sum(taken for moment, taken in passed if at - 50.0 < moment <= at) + much <= 1000.0

        assert fits(now) is (wait_s == 0.0)
        if wait_s:
            assert fits(now + wait_s + 1e-9)
            assert not fits(now + wait_s - 1e-6)
        else:
            window.take(amount, now)
            passed.append((now, amount))
    assert 0.2 < len(passed) / 2000 < 0.9


def test_a_day_lets_its_amount_through_and_begins_anew() -> None:
    day = Day(10.0, Calendar(datetime(2026, 3, 28, 12, tzinfo=UTC), "Europe/Berlin"))
    assert day.wait_s(11.0, 0.0) == math.inf
    day.take(7.0, 0.0)
    assert [day.wait_s(amount, HOUR_S) for amount in (3.0, 4.0)] == [0.0, 10 * HOUR_S]
    assert day.wait_s(10.0, 11 * HOUR_S) == 0.0
    day.take(10.0, 11 * HOUR_S)
    assert day.wait_s(1.0, 11 * HOUR_S) == 23 * HOUR_S, "clocks are set forward"


def test_a_quota_of_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"market\.models\.one\.quotas\.day\.zone=Berlin: not a time zone"):
        scenario(agent(), backend(**quotas(day=QuotaSettings(requests=1, zone="Berlin"))))
