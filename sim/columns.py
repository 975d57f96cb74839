"""Every column and metric there is: name, unit, meaning. Tables are built, documented and tested from here."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np


class Column(NamedTuple):
    """One column of a table."""

    name: str
    unit: str
    meaning: str
    code: str = ""
    """How a row stores it, as a `struct` code; empty for columns that are made from others."""


CALLS = (
    Column("replication", "", "which replication, from 0"),
    Column("task", "", "number of the task", "Q"),
    Column("agent", "", "path of the agent: 0 the root, 0.3 its fourth sub-agent, 1 the root of a second try, 1.v who checked it", "I"),
    Column("depth", "", "0 for the root, 1 for its sub-agents", "B"),
    Column("turn", "", "turn of the agent, from 0; a compaction carries the number of the turn it precedes", "I"),
    Column("attempt", "", "0 first, 1 the first retry", "B"),
    Column("role", "", "chat, agent, lead, worker, compaction or verifier", "B"),
    Column("backend", "", "id of the backend", "B"),
    Column("status", "", "ok, error, rate_limited, timeout or cancelled", "B"),
    Column("t_request_s", "s", "when the agent asked", "d"),
    Column("t_start_s", "s", "when a slot was granted", "d"),
    Column("t_first_token_s", "s", "when the first token came", "d"),
    Column("t_end_s", "s", "when the last token came, or the attempt broke", "d"),
    Column("input_tokens", "tokens", "billed prompt, cache reads and writes inside", "I"),
    Column("cache_read_tokens", "tokens", "part of the prompt read from the cache", "I"),
    Column("cache_write_tokens", "tokens", "part of the prompt written to the cache", "I"),
    Column("output_tokens", "tokens", "billed output, reasoning inside", "I"),
    Column("reasoning_tokens", "tokens", "part of the output that is reasoning", "I"),
    Column("cost_usd", "USD", "price of the attempt", "d"),
)
"""One row an attempt."""

TASKS = (
    Column("replication", "", "which replication, from 0"),
    Column("task", "", "number of the task", "Q"),
    Column("user", "", "who sent it; 0 where nobody in particular did", "I"),
    Column("kind", "", "workflow of its root agent: chat, react, orchestrator, replay, debate or custom", "B"),
    Column("t_arrive_s", "s", "when it arrived", "d"),
    Column("t_end_s", "s", "when its root agent ended", "d"),
    Column("thinking_s", "s", "time in which it waited for its user", "d"),
    Column("success", "", "completed, right and in time", "?"),
    Column("tries", "", "how often it was begun", "I"),
    Column("calls", "", "attempts, failed ones too", "I"),
    Column("agents", "", "agents, the root included", "I"),
    Column("input_tokens", "tokens", "sum over its calls", "Q"),
    Column("cache_read_tokens", "tokens", "sum over its calls", "Q"),
    Column("cache_write_tokens", "tokens", "sum over its calls", "Q"),
    Column("output_tokens", "tokens", "sum over its calls", "Q"),
    Column("reasoning_tokens", "tokens", "sum over its calls", "Q"),
    Column("cost_usd", "USD", "sum over its calls", "d"),
)
"""One row a task that ended."""

TIMELINE = (
    Column("replication", "", "which replication, from 0"),
    Column("t_s", "s", "start of the minute"),
    Column("backend", "", "id of the backend"),
    Column("calls", "", "attempts that ended in the minute"),
    Column("input_tokens", "tokens", "of those attempts"),
    Column("cache_read_tokens", "tokens", "of those attempts"),
    Column("cache_write_tokens", "tokens", "of those attempts"),
    Column("output_tokens", "tokens", "of those attempts"),
    Column("cost_usd", "USD", "of those attempts"),
)
"""One row a minute and backend in which a call ended."""

REPLICATIONS = (
    Column("replication", "", "which replication, from 0"),
    Column("metric", "", "name of a metric"),
    Column("alone", "as the metric", "in this replication"),
    Column("without", "as the metric", "in all other replications together: what paired intervals are made of"),
)
"""One row a replication and metric; empty where there is one replication."""

VERDICTS = (
    Column("best_<metric>", "", "yes: the best of all scenarios (95 %); maybe: not told from the best; no: surely not the best"),
    Column("<metric>_difference", "as the metric", "scenario less baseline, paired, with _ci_low and _ci_high"),
    Column("<metric>_ratio", "", "scenario by baseline, paired, with _ci_low and _ci_high"),
    Column("<metric>_verdict", "", "more, less, or no difference seen"),
)
"""What a sweep's table says between its rows: the best by success (by task where that is unknown), headlines against the baseline."""

TRACE = (
    Column("trace", "", "session the call belongs to"),
    Column("agent", "", "main, or the name of a sub-agent"),
    Column("call_index", "", "order of the call in its agent"),
    Column("t_s", "s", "start of the call since the session's start"),
    Column("input_tokens", "tokens", "whole prompt"),
    Column("output_tokens", "tokens", "whole answer"),
    Column("cached_tokens", "tokens", "optional: prefix shared with the agent's previous prompt; absent: all of the shorter one"),
    Column("think_time_s", "s", "optional: wait before the call; absent: from t_s and api_time_s"),
    Column("api_time_s", "s", "optional: how long the recorded call took"),
    Column("trigger", "", "optional: user, tool_result or other; waits before user calls count as the user's time"),
)
"""What a recorded trace holds, one row a call."""

METRICS = (
    Column("tasks", "", "tasks that ended"),
    Column("tasks_in_flight", "", "tasks under way at the horizon"),
    Column("calls", "", "attempts that ended, failed ones too"),
    Column("calls_in_flight", "", "calls under way at the horizon"),
    Column("failed_attempts", "", "attempts without an answer: errors, rate limited, timed out or cancelled"),
    Column("rate_limited_share", "", "share of attempts that were turned away: line full, or a rate limit reached"),
    Column("timeout_share", "", "share of attempts that were withdrawn after too long in line"),
    Column("calls_given_up", "", "calls whose last attempt failed, or that no backend would ever take"),
    Column("agents", "", "agents that started"),
    Column("compactions", "", "compaction calls"),
    Column("input_tokens", "tokens", "billed prompts, cache reads and writes inside"),
    Column("cache_read_tokens", "tokens", "read from the cache"),
    Column("cache_write_tokens", "tokens", "written to the cache"),
    Column("output_tokens", "tokens", "billed output, reasoning inside"),
    Column("reasoning_tokens", "tokens", "reasoning"),
    Column("total_tokens", "tokens", "input and output"),
    Column("cost_usd", "USD", "the bill"),
    Column("cost_fresh_input_usd", "USD", "part of the bill: input neither read from nor written to a cache"),
    Column("cost_cache_read_usd", "USD", "part of the bill: cache reads"),
    Column("cost_cache_write_usd", "USD", "part of the bill: cache writes"),
    Column("cost_output_usd", "USD", "part of the bill: output"),
    Column("tokens_per_task", "tokens", "total tokens by ended task"),
    Column("cost_per_task_usd", "USD", "the bill by ended task"),
    Column("calls_per_task", "", "attempts by ended task"),
    Column("success_rate", "", "share of ended tasks that succeeded"),
    Column("cost_per_success_usd", "USD", "the bill by successful task"),
    Column("cost_per_busy_hour_usd", "USD/h", "the bill by hour in which a task was worked on (its user's thinking left out)"),
    Column("token_multiplier", "", "tokens per task over those of the matched chat"),
    Column("amplification_tries", "", "factor of the multiplier: tries at a task"),
    Column("amplification_fanout", "", "factor: agents at work in a try"),
    Column("amplification_turns", "", "factor: answers to an agent over the exchanges of the matched chat"),
    Column("amplification_context", "", "factor: tokens of an answer over those of an exchange of the matched chat (history sent again)"),
    Column("amplification_coordination", "", "factor: compactions and verifiers on top"),
    Column("amplification_retries", "", "factor: failed attempts on top; the six multiply to total tokens by begun task and matched chat"),
    Column("tasks_blocked", "", "tasks refused for want of money (they have failed)"),
    Column("wasted_tokens", "tokens", "tokens of ended tasks that failed"),
    Column("wasted_usd", "USD", "bill of ended tasks that failed"),
    Column("wasted_value_usd", "USD", "worth, if solved, of ended tasks that were begun and failed"),
    Column("blocked_tokens", "tokens", "tokens that the refused tasks would have taken, at the mean of those begun"),
    Column("blocked_usd", "USD", "the bill that they would have had, at the mean of those begun"),
    Column("blocked_value_usd", "USD", "worth, if solved, of the tasks that were refused"),
    Column("value_per_task_usd", "USD", "worth of what was solved, by ended task"),
    Column("net_value_per_task_usd", "USD", "that less the bill and the wage of those who waited"),
    Column("cache_hit_rate", "", "share of input tokens read from a cache"),
    Column("dearest_1pct_cost_share", "", "part of the bill of ended tasks that the dearest 1 % of them carry"),
    Column("cost_tail_index", "", "Hill's index of the dearest 5 % of tasks: below 2 costs have no variance; by 20 tasks at least"),
    Column("effective_usd_per_mtok", "USD/Mtok", "the bill by million tokens, all kinds together"),
    Column("task_latency_mean_s", "s", "mean time of a task, its user's thinking left out"),
    Column("task_latency_p50_s", "s", "median time of a task, its user's thinking left out"),
    Column("task_latency_p95_s", "s", "95th percentile of the same"),
    Column("task_latency_p99_s", "s", "99th percentile of the same"),
    Column("call_latency_p50_s", "s", "median time from request to last token, of attempts that succeeded"),
    Column("call_latency_p95_s", "s", "95th percentile of the same"),
    Column("call_latency_p99_s", "s", "99th percentile of the same"),
    Column("mean_wait_s", "s", "mean time in a backend's line, of attempts that were not turned away"),
    Column("peak_tokens_per_min", "tokens/min", "most tokens in one minute"),
    Column("warmup_s", "s", "left out at the start: tasks that came and calls that were asked for before it are in no other metric"),
    Column("token_share.<backend>", "", "share of all tokens"),
    Column("cost_share.<backend>", "", "share of the bill"),
)
"""What a summary holds, one row a metric (the last two: one row a backend)."""


def row_format(columns: tuple[Column, ...], head_bytes: int = 0, tail_bytes: int = 0) -> struct.Struct:
    """How a row of the columns that are stored is packed: after a head that is packed already, before a tail that is written later."""
    codes = "".join(column.code for column in columns if column.code)
    return struct.Struct("<" + (f"{head_bytes}s" if head_bytes else "") + codes + f"{tail_bytes}x")


def row_type(columns: tuple[Column, ...]) -> np.dtype[np.void]:
    """The same row as numpy reads it back."""
    codes = {"d": "<f8", "I": "<u4", "Q": "<u8", "B": "u1", "?": "?"}
    return np.dtype([(column.name, codes[column.code]) for column in columns if column.code])
