"""Limits on both kinds of token together, and over hours, weeks and days, several at once: by hand, and by adding up every window."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import sim
from sim.backends.limits import Bucket, Day, Limits, Window
from sim.calendar import Calendar
from sim.scenario.coupling import may_look_ahead
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.events.event import EventKind, EventSettings, limits_over_time
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadSettings
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


START = datetime(2026, 2, 16, tzinfo=UTC)


RESERVED: dict[str, Any] = {"limits_reserve_output_tokens": 4000, "cache": "none", "ttft_s": 2.0}


@pytest.mark.parametrize(
    ("limit", "starts"),
    [({"output_tokens_per_min": 10_000.0}, [0, 0, 2, 2, 4]), ({"tokens_per_min": 14_000.0}, [0, 0, 2, 4, 6])],
    ids=["output", "joint"],
)
@pytest.mark.parametrize("gateway", [False, True])
def test_output_is_reserved_until_it_is_there(limit: dict[str, float], starts: list[float], gateway: bool) -> None:
    """Answers of 300 tokens that reserve 4,000, after 2 s: of a bucket of 10,000 two pass at once. Then each has used 300, so two more do,
    whether they asked again or were held back. Of a joint 14,000 two take 12,000; then 9,867 are there for one, and after 4 s 8,033
    for another."""
    served = backend(**limit, **RESERVED, limit_gateway=gateway)
    impatient = RetrySettings(attempts=50, backoff="fixed", backoff_base_s=0.5, heeds_retry_after=False)  # type: ignore[arg-type]
    calls = run(agent(turns=1), served, tasks=5, every_s=0.0, retry=impatient).calls.query("status == 'ok'")
    assert calls["t_start_s"].tolist() == pytest.approx(starts, abs=1e-9)


def test_retry_after_knows_nothing_of_what_will_be_given_back() -> None:
    """2,000 of 10,000 are left, and 2,000 more come in 12 s: so long the third has to wait, though after 2 s there would be room."""
    served = backend(output_tokens_per_min=10_000.0, **RESERVED)
    calls = run(agent(turns=1), served, tasks=3, every_s=0.0, retry=PATIENT).calls
    assert calls.loc[calls["status"] == "ok", "t_start_s"].tolist() == pytest.approx([0, 0, 12], abs=1e-5)


def test_a_reserve_that_every_answer_exceeds_changes_nothing_and_a_larger_one_lets_fewer_in() -> None:
    plain, low, high = (
        run(
            agent(turns=1), backend(output_tokens_per_min=2000.0, limits_reserve_output_tokens=reserve), tasks=8, every_s=0.1,
            retry=RetrySettings(attempts=1),
        )
        for reserve in (None, 300, 1500)
    )  # fmt: skip
    assert plain.digest == low.digest
    assert high.mean("tasks_lost") > plain.mean("tasks_lost") > 0


def test_a_quota_over_hours_is_given_back_what_was_not_made() -> None:
    """A day, and five hours, of 4,700 tokens of output: fifteen answers of 300, and 200 left; each reserves 500 for a second."""
    for quota in (QuotaSettings(output_tokens=4700), QuotaSettings(window_h=5, output_tokens=4700)):
        served = backend(limits_reserve_output_tokens=500, quotas={"q": quota})
        calls = run(agent(turns=1), served, tasks=20, every_s=10.0, retry=RetrySettings(attempts=1)).calls
        assert calls["status"].tolist() == ["ok"] * 15 + ["rate_limited"] * 5


def test_windows_and_days_count_less_of_the_moment_at_which_it_was_taken() -> None:
    window = Window(10.0, 50.0)
    window.take(4.0, 0.0)
    window.take(6.0, 7.0)
    window.give_back(3.0, 0.0, 20.0)
    assert [window.wait_s(amount, 20.0) for amount in (3.0, 4.0, 5.0)] == [0.0, 30.0, 37.0]
    window.give_back(1.0, 0.0, 50.0)
    assert window.wait_s(5.0, 50.0) == 7.0, "it counts no more, so nothing is given back"
    day = Day(10.0, Calendar(START, "UTC"))
    day.take(9.0, 23 * HOUR_S)
    day.give_back(4.0, 23 * HOUR_S, 23.5 * HOUR_S)
    assert [day.wait_s(amount, 23.5 * HOUR_S) for amount in (5.0, 6.0)] == [0.0, 0.5 * HOUR_S]
    day.take(9.0, 25 * HOUR_S)
    day.give_back(4.0, 23 * HOUR_S, 25 * HOUR_S)
    assert day.wait_s(2.0, 25 * HOUR_S) == 23 * HOUR_S, "that was yesterday"


def test_a_reserve_that_no_bucket_holds_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"limits_reserve_output_tokens=4000: no call would ever pass, since .* holds 3,000 at most"):
        scenario(agent(), backend(output_tokens_per_min=3000.0, **RESERVED))


def test_who_is_refused_by_several_limits_waits_for_the_last_of_them() -> None:
    """A minute of bursts. Six requests fill one a 10 s, 60,000 tokens of input 1,000 a second: after both are used up by six calls of
    10,000, another of 5,000 has a request after 10 s and its tokens after 5 s; one of 20,000 has its tokens after 20 s."""
    limits = Limits(backend(requests_per_min=6, input_tokens_per_min=60_000), START)
    assert [limits.retry_after_s(10_000, 0, 0.0) for _ in range(6)] == [0.0] * 6
    assert limits.retry_after_s(5_000, 0, 0.0) == pytest.approx(10.0, abs=1e-9)
    assert limits.retry_after_s(20_000, 0, 0.0) == pytest.approx(20.0, abs=1e-9)
    assert limits.retry_after_s(20_000, 0, 5.0) == pytest.approx(15.0, abs=1e-9)


def test_a_call_that_one_limit_refuses_counts_against_none() -> None:
    """Output is used up; the requests that come to nothing leave the other nine requests where they were."""
    limits = Limits(backend(requests_per_min=10, output_tokens_per_min=1000), START)
    assert limits.retry_after_s(1, 1000, 0.0) == 0.0
    assert [limits.retry_after_s(1, 1000, 0.0) for _ in range(20)] == pytest.approx([60.0] * 20)
    assert [limits.retry_after_s(1, 0, 0.0) for _ in range(9)] == [0.0] * 9
    assert limits.retry_after_s(1, 0, 0.0) == pytest.approx(6.0)


def test_a_bucket_by_hand() -> None:
    """60 a minute and room for 30: 30 at once, then one a second; never 31 at once; it fills no higher than 30."""
    bucket = Bucket(60.0, 30.0)
    assert (bucket.wait_s(30, 0.0), bucket.wait_s(31, 0.0)) == (0.0, math.inf)
    bucket.take(30, 0.0)
    assert [bucket.wait_s(amount, 0.0) for amount in (1, 10, 30)] == [1.0, 10.0, 30.0]
    assert [bucket.wait_s(10, now) for now in (4.0, 10.0, 11.0, 30.0, 1000.0)] == [6.0, 0.0, 0.0, 0.0, 0.0]
    bucket.take(30, 1000.0)
    assert bucket.wait_s(1, 1000.0) == 1.0


def test_one_request_passes_however_short_the_bursts_but_no_prompt_that_is_longer_than_one() -> None:
    """One request in ten minutes and bursts of 60 s: still one passes. Half a token a minute and a prompt of one: never."""
    seldom = Limits(backend(requests_per_min=0.1), START)
    assert seldom.retry_after_s(500, 500, 0.0) == 0.0
    assert seldom.retry_after_s(500, 500, 0.0) == pytest.approx(600.0)
    for kind in ("input_tokens_per_min", "output_tokens_per_min", "tokens_per_min"):
        assert Limits(backend(**{kind: 0.5}), START).retry_after_s(1, 1, 0.0) == math.inf


def test_all_that_a_window_or_a_day_holds_passes_at_once() -> None:
    """Also on the first day that computers know."""
    for limit in (Window(10.0, 50.0), Day(10.0, Calendar(datetime(1970, 1, 1, tzinfo=UTC)))):
        assert (limit.wait_s(10.0, 0.0), limit.wait_s(10.5, 0.0)) == (0.0, math.inf)


def test_a_window_gives_back_what_is_exactly_as_old_as_it_is_long() -> None:
    window = Window(10.0, 50.0)
    window.take(4.0, 0.0)
    window.take(6.0, 7.0)
    assert [window.wait_s(4.0, now) for now in (7.0, 49.0, 50.0)] == [43.0, 1.0, 0.0]
    assert window.wait_s(5.0, 50.0) == 7.0
    assert window.wait_s(5.0, 57.0) == 0.0


def limit_event(at: float, factor: float, seconds: float | None = None) -> EventSettings:
    return EventSettings(kind=EventKind.limit, at=at, backend="one", factor=factor, length_h=seconds and seconds / 3600)


@pytest.mark.parametrize("gateway", [False, True])
def test_a_limit_that_changes_at_a_date(gateway: bool) -> None:
    """One a second with room for ten; a tenth of that from 45 to 105 s; twice as many from 165 s on. Twelve ask every 30 s from 30 s on.

    At first ten pass at once and two in the next two seconds; then one in ten seconds, until the old limit is back with a full bucket."""
    served = backend(requests_per_min=60, limit_burst_s=10.0, limit_gateway=gateway)
    work = WorkloadSettings(tasks=72, interarrival_s=30.0, batch_size=12)
    eager = RetrySettings(attempts=50, backoff="fixed", backoff_base_s=1.0)  # type: ignore[arg-type]
    found = run(agent(turns=1), served, workload=work, retry=eager, events=[limit_event(45, 0.1, 60), limit_event(165, 2.0)])
    starts = sorted(found.calls.query("status == 'ok'")["t_start_s"].round(6).tolist())
    assert starts[:12] == [30.0] * 10 + [31.0, 32.0]
    assert starts[12:17] == [60.0, 70.0, 80.0, 90.0, 100.0]
    assert starts[-12:] == [180.0] * 12
    if gateway:
        assert starts[17:27] == [105.0] * 10, "whoever is held back is looked at again"
    else:
        assert all(moment >= 105 for moment in starts[17:]), "whoever was told to come back knows nothing of it"


def test_factors_multiply_and_end() -> None:
    events = [limit_event(10, 0.5, 30), limit_event(20, 4.0), limit_event(25, 0.1, 5)]
    assert limits_over_time(events, START) == [(10, 0.5), (20, 2.0), (25, pytest.approx(0.2)), (30, 2.0), (40, 4.0)]


def test_a_change_of_a_limit_needs_a_factor() -> None:
    for event in (EventSettings(kind=EventKind.limit, at=5, backend="one"), limit_event(5, 0.0)):
        with pytest.raises(sim.ConfigError, match=r"events\[0\]: kind=limit needs a factor above 0, and no prices"):
            scenario(agent(), backend(requests_per_min=5.0), events=[event])


def test_shards_have_their_part_of_a_limit_that_changes() -> None:
    """Sixteen users ask 160 times a minute for ten minutes, and after the first one half of that passes: each shard has a quarter of it."""
    work = WorkloadSettings(kind="users", users=16, tasks_per_user=100, session_gap_s={"dist": "exponential", "mean": 6})  # type: ignore[arg-type]
    served = backend(requests_per_min=160, limit_burst_s=20.0, ttft_s=0.001)
    world = scenario(agent(turns=1), served, workload=work, retry=RetrySettings(attempts=1), events=[limit_event(60, 0.5)])
    one, parts = sim.simulate(world), sim.simulate(sim.replaced(world, {"shards": 4}))
    assert one.mean("rate_limited_share") == pytest.approx(0.4, abs=0.05), "users end one after another, so less than 0.45"
    assert parts.mean("rate_limited_share") == pytest.approx(one.mean("rate_limited_share"), abs=0.03)
    assert "a limit changes" in " ".join(sim.theory.expect(world).unsolved)
    assert not may_look_ahead(world)


@pytest.mark.parametrize("reserve", [None, 1200])
def test_no_window_lets_more_through_than_its_bucket_and_rate(reserve: int | None) -> None:
    """D <= C + r D of every kind at once, of clients that come back after 429s: for all pairs of calls let through, what lies between."""
    rates = {"requests_per_min": 40.0, "input_tokens_per_min": 90_000.0, "output_tokens_per_min": 9000.0, "tokens_per_min": 95_000.0}
    sizes: Any = {"dist": "exponential", "mean": 300}
    served = backend(cache="none", limit_burst_s=20.0, limits_reserve_output_tokens=reserve, **rates)
    crowd = agent(turns=4, output_tokens=sizes, tool_result_tokens=sizes, tool_time_s=1.0)
    found = run(crowd, served, tasks=40, every_s={"dist": "exponential", "mean": 8.0}, retry=RetrySettings(attempts=8, backoff_cap_s=20.0))
    assert found.mean("refused_share") > 0.2
    passed = found.calls.query("status == 'ok'").sort_values("t_start_s", kind="stable")
    at, read, made = (passed[name].to_numpy(float) for name in ("t_start_s", "input_tokens", "output_tokens"))
    later, most = np.triu(np.ones((len(at), len(at)), dtype=bool)), 0.0
    for rate, amounts in zip(rates.values(), (np.ones(len(at)), read, made, read + made), strict=True):
        through = np.concatenate([[0.0], np.cumsum(amounts)])
        used = (through[None, 1:] - through[:-1, None]) / (rate / 60 * (20.0 + at[None, :] - at[:, None]))
        assert (used <= 1 + 1e-9)[later].all()
        most = max(most, float(used[later].max()))
    assert most > 0.9, "the tightest is nearly used up"
