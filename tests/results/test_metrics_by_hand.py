"""Every metric of one tally that is made up: two replications of a team on two backends, all numbers different, each metric by hand."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from sim.meter.capacity.sums import CapacitySums
from sim.meter.histogram import Sketch
from sim.meter.sums import UNITS
from sim.meter.switches import Switches
from sim.meter.tally import Tally
from sim.meter.waits import Waits
from sim.results.basis import Basis, Chat
from sim.results.metric import ratio
from sim.results.metrics import METRICS, unit_of

UNTIL_1000 = tuple(float(value) for value in range(1, 1001))
"""1, 2, ... 1,000: its median is 500, its 95th percentile 950."""


def units(*values: Any) -> np.ndarray:
    return (np.array(values, object) * UNITS).astype(object)


def sketch(*values: float) -> Sketch:
    out = Sketch()
    out.add(np.array(values))
    return out


def times(factor: float) -> Sketch:
    return sketch(*(factor * value for value in UNTIL_1000))


TALLY = Tally(
    tokens=np.array([[40_000, 10_000, 4_000, 5_000, 900], [20_000, 8_000, 2_000, 1_000, 300]]),
    dollar_units=units([8, 1, 2, 4, 1], [16, 2, 0, 32, 14]),
    attempts=np.array([[60, 10, 30, 20, 0, 0], [40, 0, 10, 5, 17, 8]]),
    answers=np.array([[1, 100], [2, 1_000], [30, 20_000], [50, 30_000], [7, 2_000], [10, 1_900]]),
    cost_units=80 * UNITS,
    failed_units=5 * UNITS,
    compactions=6,
    given_up=25,
    busy_units=units(300, 100),
    waited_units=units(240, 80),
    latency=times(0.1),
    task_latency=times(1.0),
    lost_latency=times(10.0),
    waits=Waits(calls=125, refused=20, units=units(250, 500, 125, 375, 625), each=times(0.01), money_tasks=3, money_units=units(480)[0]),
    switches=Switches(calls=13, moves=4, cold_tokens=7_000, cold_units=3 * UNITS),
    task_cents=sketch(*[10.0] * 99, 1000.0),
    peaks=[900, 1_100],
    tasks=40,
    successes=16,
    finished=32,
    lost_busy_units=400 * UNITS,
    lost_cost_units=6 * UNITS,
    task_busy_units=7_200 * UNITS,
    task_cost_units=64 * UNITS,
    task_tokens=60_000,
    task_calls=180,
    requested=130,
    started_tasks=50,
    blocked=4,
    wasted_units=22 * UNITS,
    wasted_tokens=24_000,
    tries=60,
    agents=110,
    verifiers=10,
    messages=100,
    message_pairs=60,
    capped=3,
    stage_counts=np.array([[30, 9_000], [70, 21_000]]),
    stage_cost_units=units(25, 35),
    replications=2,
    cut_s=17.0,
    capacity=CapacitySums(
        usd=Counter({1: 12 * UNITS}), seconds=Counter({1: 7_200 * UNITS}), idle=Counter({1: 1_800 * UNITS}),
        units_usd=Counter({1: 4 * UNITS}), listed=Counter({1: 6 * UNITS}), used=Counter({1: 300 * UNITS}), room=Counter({1: 400 * UNITS}),
        taken=Counter({1: 8}), spilled=Counter({1: 2}),
    ),
)  # fmt: skip
CHAT = Chat(messages=4.0, pairs=6.0, system=100.0, first=50.0, message=20.0, answer=30.0, kept=30.0)
"""Requests of 100 + 50 (the first alone), 20 more of each later message, 50 of history; answers of 30."""
LONG = CHAT._replace(system=400.0)
SHORT = CHAT._replace(system=0.0)
BASIS = Basis(
    backends=("one", "two"),
    quality_known=True,
    worth_usd=10.0,
    wage_usd_per_h=12.0,
    chats=(CHAT, LONG, SHORT),
    stages=("find", "check"),
    own=(1,),
    units=(1,),
    horizon_s=17.0 + 43_200.0,
    users=3,
)
TOTAL = 40_000 + 20_000 + 5_000 + 1_000
AGENTS_ANSWERS, AGENTS_TOKENS = 1 + 2 + 30 + 50, 100 + 1_000 + 20_000 + 30_000
"""Of chats, agents, leads and workers; not of compactions and verifiers."""
OK, ATTEMPTS = 100, 200


def chats_of(chat: Chat, messages: float, pairs: float) -> float:
    """Each message: the system prompt, an answer, the first prompt again, and what the messages before it have left."""
    return messages * (chat.system + chat.first + chat.answer) + pairs * (chat.message + chat.kept)


OF_CHAT = {chat: chats_of(chat, 4, 6) for chat in (CHAT, LONG, SHORT)}
REQUEST = {chat: OF_CHAT[chat] / 4 for chat in OF_CHAT}
SESSIONS = {chat: chats_of(chat, 100, 60) for chat in OF_CHAT}
"""Tokens of chats of as many messages as the tasks have."""
PER_REQUEST = {chat: TOTAL / (AGENTS_ANSWERS * REQUEST[chat]) for chat in OF_CHAT}
PER_MESSAGE = {chat: TOTAL / (100 * REQUEST[chat]) for chat in OF_CHAT}
PER_SESSION = {chat: TOTAL / SESSIONS[chat] for chat in OF_CHAT}
BY_HAND = {
    "tasks": 20, "tasks_lost": 4, "lost_share": 8 / 40, "tasks_in_flight": 5, "calls": 100,
    "calls_in_flight": (130 - 25 - OK) / 2,
    "failed_attempts": 50, "failed_attempts_usd": 2.5, "rate_limited_share": 40 / ATTEMPTS, "timeout_share": 25 / ATTEMPTS,
    "calls_given_up": 12.5, "calls_too_long": 4, "calls_unpaid": 17 / 2, "given_up_share": 25 / 125,
    "fallback_share": 13 / 130, "switch_cold_tokens": 3_500, "switch_cold_usd": 1.5,
    "refused_share": 20 / 125, "agents": 55, "compactions": 3,
    "input_tokens": 30_000, "cache_read_tokens": 9_000, "cache_write_tokens": 3_000, "output_tokens": 3_000, "reasoning_tokens": 600,
    "total_tokens": TOTAL / 2,
    "usd_per_day": 96, "usd_per_month": 96 * 365.2425 / 12, "usd_per_developer_month": 32 * 365.2425 / 12,  # half a day after the warm-up
    "cost_usd": (80 + 16) / 2, "cost_servers_usd": 6, "cost_units_usd": 2, "units_used_share.two": 0.75, "units_spilled_share.two": 0.2,
    "units_listed_usd.two": 3, "servers_h.two": 1, "servers_idle_share.two": 0.25,
     "cost_fresh_input_usd": 12, "cost_cache_read_usd": 1.5, "cost_cache_write_usd": 1, "cost_output_usd": 18,
    "cost_fees_usd": 7.5,
    "tokens_per_task": 1_500, "cost_per_task_usd": 2, "cost_per_finished_task_usd": 2.5, "calls_per_task": 4.5,
    "success_rate": 0.4, "cost_per_success_usd": 5,
    "cost_per_busy_hour_usd": (64 + 16) / 2,  # 7,200 s of work
    "token_multiplier": 60_000 / (40 * OF_CHAT[CHAT]),
    "multiplier_per_request": PER_REQUEST[CHAT], "multiplier_per_request_least": PER_REQUEST[LONG],
    "multiplier_per_request_most": PER_REQUEST[SHORT],
    "multiplier_per_message": PER_MESSAGE[CHAT], "multiplier_per_message_least": PER_MESSAGE[LONG],
    "multiplier_per_message_most": PER_MESSAGE[SHORT],
    "multiplier_per_session": PER_SESSION[CHAT], "multiplier_per_session_least": PER_SESSION[LONG],
    "multiplier_per_session_most": PER_SESSION[SHORT],
    "amplification_tries": 1.5,
    "amplification_fanout": 100 * (40 / 60) / 50,  # 100 agents of 50 tasks begun, at work in tries of which there were 60 of 40 tasks
    "amplification_messages": 100 / (50 * 4),
    "amplification_calls": (AGENTS_ANSWERS / 100) / (100 / 50),
    "amplification_turns": AGENTS_ANSWERS / (100 * 4),
    "amplification_context": AGENTS_TOKENS / AGENTS_ANSWERS / REQUEST[CHAT],
    "amplification_coordination": 55_000 / AGENTS_TOKENS,
    "amplification_retries": TOTAL / 55_000,
    "amplification_length": 100 * REQUEST[CHAT] / SESSIONS[CHAT],
    "tasks_blocked": 2, "tasks_capped": 1.5,
    "wasted_tokens": 12_000, "wasted_usd": 11, "lost_usd": 3,
    "wasted_value_usd": 10 * (40 - 16 - 4) / 2,  # of those that were started
    "blocked_tokens": 4 * (60_000 / 36) / 2, "blocked_usd": 4 * (64 / 36) / 2, "blocked_value_usd": 20,
    "value_per_task_usd": 10 * 0.4,
    "net_value_per_task_usd": (160 - 64 - 16 - 12 * 2) / 40,  # two hours of work at $12
    "cache_hit_rate": 18_000 / 60_000,
    "effective_usd_per_mtok": 96 / 0.066,
    "task_latency_mean_s": (7_200 - 400) / 32,
    "task_latency_p50_s": 500, "task_latency_p95_s": 950, "task_latency_p99_s": 990,
    "lost_latency_p50_s": 5_000, "lost_latency_p95_s": 9_500, "lost_latency_p99_s": 9_900,
    "call_latency_p50_s": 50, "call_latency_p95_s": 95, "call_latency_p99_s": 99,
    "mean_wait_s": (250 + 500 + 125 + 375 + 625) / 125,
    "wait_p50_s": 5.0, "wait_p95_s": 9.5, "wait_p99_s": 9.9,
    "wait_line_s": 2, "wait_rate_limit_s": 4, "wait_backoff_s": 1, "wait_patience_s": 3, "wait_broken_s": 5, "backoff_wait_s": 5,
    "budget_wait_s": 480 / 40,
    "mean_line_wait_s": 320 / 160,  # 40 of the 200 were turned away and never stood in line
    "peak_tokens_per_min": 1_000, "warmup_s": 17,
    "token_share.one": 45_000 / TOTAL, "token_share.two": 21_000 / TOTAL, "cost_share.one": 16 / 96, "cost_share.two": 80 / 96,
    "agents_per_task.find": 0.6, "agents_per_task.check": 1.4, "tokens_per_task.find": 180, "tokens_per_task.check": 420,
    "cost_per_task_usd.find": 0.5, "cost_per_task_usd.check": 0.7,
    "dearest_1pct_cost_share": 1_000 / (99 * 10 + 1_000),
}  # fmt: skip
ROUGH = ("_p50_s", "_p95_s", "_p99_s", "1pct_cost_share")
"""Read from a sketch: to half a per cent."""
ELSEWHERE = {"cost_tail_index"}


def values(tally: Tally = TALLY, basis: Basis = BASIS) -> dict[str, float]:
    return {name: float(value(tally)) for metric in METRICS for name, value in metric.values(basis).items()}


def test_every_metric_by_hand() -> None:
    found = values()
    assert set(found) == set(BY_HAND) | ELSEWHERE
    for name, value in BY_HAND.items():
        assert found[name] == pytest.approx(value, rel=6e-3 if name.endswith(ROUGH) else 1e-12), name


def test_a_multiplier_of_tasks_that_all_have_ended_is_that_of_whole_chats() -> None:
    """The chat of four messages: 4 x (100 + 50 + 30) + 6 x (20 + 30)."""
    assert OF_CHAT[CHAT] == CHAT.tokens == 1020
    assert REQUEST[CHAT] == CHAT.message_tokens == 255


def test_mean_wait_in_line_is_of_those_who_stood_in_line() -> None:
    """Three attempts that waited 6 s in all, and one that was turned away at the door: 2 s, not 1.5."""
    tally = Tally.empty(1)
    tally.attempts[0] = [2, 1, 1, 0, 0, 0]
    tally.waited_units[0] = 6 * UNITS
    assert values(tally, BASIS._replace(backends=("one",), stages=(), own=(), units=()))["mean_line_wait_s"] == 2.0


def test_a_tail_is_of_the_largest_twentieth_and_of_twenty_at_least() -> None:
    """Hill: one over the mean of log(x / the value below). Of 100 tasks the largest 20: all twice the others. Of 1,019 the largest 50, e
    times the others."""
    for many, top, factor in ((100, 20, 2.0), (1019, 50, math.e)):
        tally = Tally.empty(2, 2)
        tally.tasks = many
        tally.task_cents = sketch(*[10.0] * (many - top), *[10.0 * factor] * top)
        assert values(tally)["cost_tail_index"] == pytest.approx(1 / math.log(factor), rel=0.01)


NEEDS_QUALITY = {
    "success_rate", "cost_per_success_usd", "wasted_tokens", "wasted_usd", "wasted_value_usd", "value_per_task_usd",
    "net_value_per_task_usd",
}  # fmt: skip


def test_where_success_is_unknown_so_is_what_follows_from_it_and_nothing_else() -> None:
    found = values(basis=BASIS._replace(quality_known=False))
    assert {name for name, value in found.items() if math.isnan(value)} == NEEDS_QUALITY
    assert all(found[name] == value for name, value in values().items() if name not in NEEDS_QUALITY)


def test_nothing_divided_by_nothing_is_no_number() -> None:
    assert math.isnan(ratio(0.0, 0))
    assert math.isnan(ratio(1.0, 0))
    assert (ratio(0.0, 2), ratio(1.0, 4)) == (0.0, 0.25)


def test_units_of_families_are_those_of_each() -> None:
    for name, unit in (
        ("cost_per_task_usd.find", "USD"), ("tokens_per_task.check", "tokens"), ("token_share.one", ""), ("cost_usd", "USD"),
        ("peak_tokens_per_min", "tokens/min"), ("no_metric", ""), ("cost_per_busy_hour_usd", "USD/h"), ("agents_per_task.find", ""),
        ("cost_per_task_usd.find.again", "USD"),
    ):  # fmt: skip
        assert unit_of(name) == unit
