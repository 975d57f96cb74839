"""Every column there is: name, unit, meaning. Tables are built, documented and tested from here; metrics are in `sim.results.metrics`."""

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
    Column("agent", "", "path of the agent: 0 the root, 0.3 its fourth sub-agent, 1 the root of a second try, 1.v who checked it; in a "
           "pipeline 0.merge.0 the first of a stage, 0.verify.4.2v its third on the fifth item", "I"),
    Column("depth", "", "0 for the root, 1 for its sub-agents", "B"),
    Column("turn", "", "turn of the agent, from 0; a compaction carries the number of the turn it precedes", "I"),
    Column("attempt", "", "0 first, 1 the first retry", "B"),
    Column("role", "", "chat, agent, lead, worker, compaction or verifier", "B"),
    Column("backend", "", "id of the backend", "B"),
    Column("status", "", "ok, error, rate_limited, timeout, cancelled or too_long (for the context window)", "B"),
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
)  # fmt: skip
"""One row an attempt."""

TASKS = (
    Column("replication", "", "which replication, from 0"),
    Column("task", "", "number of the task", "Q"),
    Column("user", "", "who sent it; 0 where nobody in particular did", "I"),
    Column("kind", "", "workflow of its root agent: chat, react, orchestrator, replay, debate, custom or pipeline", "B"),
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
    Column("finished", "", "ended with an answer, right or wrong; without (a call given up, no money, a cap) it is lost", "?"),
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

SPANS = (
    Column("kwh", "kWh", "electricity that it takes, cooling included"),
    Column("gpu_hours", "h", "GPU-hours that it takes"),
    Column("electricity_usd", "USD", "price of that electricity; inside the cost of goods"),
    Column("cost_usd", "USD", "cost of goods: rent of the GPUs, power included; of one's own servers their hours"),
    Column("margin", "", "part of revenue that is left after the cost of goods"),
    Column("usd_per_kwh", "USD/kWh", "revenue of a kilowatt-hour"),
    Column("compute_tax", "", "part of revenue that goes to GPUs"),
    Column("electricity_share", "", "part of revenue that goes to electricity"),
)
"""What is known of serving between two ends; each is two columns."""
ENDS = {"low": "at least", "high": "at most"}
PROVIDERS = (
    Column("who", "", "id of a backend; fees of seats, router's surcharge; all"),
    Column("served_in", "", "country, or the region where requests stay"),
    Column("tokens", "tokens", "that it serves, in the mean over replications; so are the others"),
    Column("revenue_usd", "USD", "what users pay it"),
    *(Column(f"{each.name}_{end}", each.unit, f"{each.meaning}: {word}") for each in SPANS for end, word in ENDS.items()),
)
"""One row for whoever gets a part of the bill; empty where a scenario says nothing of providers (`provider.name`)."""

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
    Column("cached_tokens", "tokens", "optional: the most that a cache could give (shared with an earlier prompt); absent: by lengths"),
    Column("think_time_s", "s", "optional: wait before the call; absent: from t_s and api_time_s"),
    Column("api_time_s", "s", "optional: how long the recorded call took"),
    Column("trigger", "", "optional: user, tool_result or other; waits before user calls count as the user's time"),
    Column("session_start_s", "s", "optional: start of the session, since 1970 or on a clock that sessions share"),
    Column("parent", "", "optional: the agent that began this one"),
    Column("model", "", "optional: which model answered, as the log names it"),
    Column("status", "", "optional: ok, or how it failed"),
    Column("tier", "", "optional: of service, as standard, batch, priority"),
    Column("cache_read_tokens", "tokens", "optional: part of the prompt read from the cache, as billed"),
    Column("cache_write_tokens", "tokens", "optional: part of the prompt written to it, as billed"),
    Column("cache_write_1h_tokens", "tokens", "optional: those of them that are kept for an hour"),
    Column("reasoning_tokens", "tokens", "optional: part of the output that is reasoning"),
    Column("web_searches", "", "optional: searches that the backend made"),
    Column("cost_usd", "USD", "optional: as billed"),
)
"""What a recorded trace holds, one row a call."""


def row_format(columns: tuple[Column, ...], head_bytes: int = 0, tail_bytes: int = 0) -> struct.Struct:
    """How a row of the columns that are stored is packed: after a head that is packed already, before a tail that is written later."""
    codes = "".join(column.code for column in columns if column.code)
    return struct.Struct("<" + (f"{head_bytes}s" if head_bytes else "") + codes + f"{tail_bytes}x")


def row_type(columns: tuple[Column, ...]) -> np.dtype[np.void]:
    """The same row as numpy reads it back."""
    codes = {"d": "<f8", "I": "<u4", "Q": "<u8", "B": "u1", "?": "?"}
    return np.dtype([(column.name, codes[column.code]) for column in columns if column.code])
