"""The metrics of the contract: name, unit, meaning and formula of each, said once. A metric is added here and nowhere else."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from sim.call import Role, Status
from sim.meter.histogram import SIZES
from sim.meter.sums import real
from sim.meter.tally import Tally
from sim.meter.waits import Wait
from sim.results.basis import Basis, Chat, basis_of
from sim.results.hourly.metrics import OF_CAPACITY, bill_usd, task_bill_usd
from sim.results.metric import (
    BY_EACH,
    BY_PLACE,
    BY_PLAN,
    BY_TEAM,
    BY_TEAMS,
    Formula,
    Metric,
    Value,
    ratio,
)
from sim.results.monthly.metrics import OF_TIME
from sim.results.percentiles import Percentile
from sim.results.provider.metrics import OF_PLACES
from sim.results.provider.sides import in_place
from sim.results.seats.metrics import OF_PLANS, Seats
from sim.results.teams.metrics import OF_TEAMS, evenness
from sim.scenario.scenario import Scenario
from sim.statistics import tail_index, top_share
from sim.theory.provider import Side

INPUT, READ, WRITE, OUTPUT, REASONING = range(5)
"""Columns of `Tally.tokens`."""


def _tokens(kind: int) -> Formula:
    """Tokens of one kind, on all backends."""
    return lambda t, _: int(t.tokens[:, kind].sum()) / t.replications


def _dollars(kind: int) -> Formula:
    """One part of the bill, on all backends."""
    return lambda t, _: float(t.dollars[:, kind].sum()) / t.replications


def _attempts(status: Status) -> Formula:
    """Share of attempts that ended so."""
    return lambda t, _: ratio(int(t.attempts[:, status].sum()), t.calls)


def _if_known(formula: Formula) -> Formula:
    """nan where it is not known what is a success."""
    return lambda t, b: formula(t, b) if b.quality_known else math.nan


def _total(t: Tally) -> int:
    """Tokens of all calls, input and output."""
    return int(t.tokens[:, INPUT].sum() + t.tokens[:, OUTPUT].sum())


def _answers(t: Tally, column: int) -> int:
    """Calls that were answered (column 0) or their tokens (column 1), but for those of compactions and verifiers."""
    return int(t.answers[[Role.chat, Role.agent, Role.lead, Role.worker], column].sum())


def _agents(t: Tally) -> int:
    """Agents that worked at tasks."""
    return t.agents - t.verifiers


def _multiplier(name: str, meaning: str, against: Callable[[Tally, Chat], float]) -> tuple[Metric, ...]:
    """Tokens against those of the chat baseline, and against those measured chats that make least and most of them."""
    return (
        Metric(f"multiplier_per_{name}", "", meaning, lambda t, b: against(t, b.chats[0])),
        Metric(f"multiplier_per_{name}_least", "", f"the same, of the chat baselines the one that makes least of it: {meaning}",
               lambda t, b: min(against(t, chat) for chat in b.chats)),
        Metric(f"multiplier_per_{name}_most", "", f"the same, of the chat baselines the one that makes most of it: {meaning}",
               lambda t, b: max(against(t, chat) for chat in b.chats)),
    )  # fmt: skip


def _wait(part: Wait) -> Formula:
    return lambda t, _: ratio(float(t.waits.seconds[part]), t.waits.calls)


def _net(t: Tally, b: Basis) -> float:
    return ratio(b.worth_usd * t.successes - task_bill_usd(t) - b.wage_usd_per_h * t.task_busy_s / 3600, t.tasks)


def _of_stage(t: Tally, total: float) -> float:
    return ratio(float(total), t.started_tasks)


def _of_team(formula: Callable[[Tally, int], float]) -> Formula:
    return lambda t, b: formula(t, b.team)


def _of_plan(formula: Callable[[Tally, Seats], float]) -> Formula:
    return lambda t, b: formula(t, b.seats[0])


def _of_place(formula: Callable[[Side], float]) -> Formula:
    return lambda t, b: formula(in_place(t, b.providers, b.place)) if b.providers else math.nan


METRICS = (
    Metric("tasks", "", "tasks that ended", lambda t, _: t.tasks / t.replications),
    Metric("tasks_lost", "", "tasks that ended without an answer: a call given up, no money, or a cap",
           lambda t, _: t.lost / t.replications),
    Metric("lost_share", "", "share of ended tasks that were lost", lambda t, _: ratio(t.lost, t.tasks)),
    Metric("tasks_in_flight", "", "tasks under way at the horizon", lambda t, _: (t.started_tasks - t.tasks) / t.replications),
    Metric("calls", "", "attempts that ended, failed ones too", lambda t, _: t.calls / t.replications),
    Metric("calls_in_flight", "", "calls under way at the horizon", lambda t, _: t.calls_in_flight / t.replications),
    Metric("failed_attempts", "", "attempts without an answer: errors, rate limited, timed out, cancelled, too long",
           lambda t, _: (t.calls - int(t.attempts[:, Status.ok].sum())) / t.replications),
    Metric("failed_attempts_usd", "USD", "part of the bill: attempts without an answer, as far as they are billed",
           lambda t, _: real(t.failed_units) / t.replications),
    Metric("rate_limited_share", "", "share of attempts that were turned away: queue full, or a rate limit reached",
           _attempts(Status.rate_limited)),
    Metric("timeout_share", "", "share of attempts that their client withdrew: too long in line, or without the whole answer",
           _attempts(Status.timeout)),
    Metric("calls_given_up", "", "calls whose last attempt failed, or that no backend would ever take",
           lambda t, _: t.given_up / t.replications),
    Metric("calls_too_long", "", "calls whose prompt was longer than the context window: given up at once, for nothing",
           lambda t, _: int(t.attempts[:, Status.too_long].sum()) / t.replications),
    Metric("calls_unpaid", "", "calls refused for want of money", lambda t, _: int(t.attempts[:, Status.cancelled].sum()) / t.replications),
    Metric("given_up_share", "", "the same, as a share of calls that were answered or given up",
           lambda t, _: ratio(t.given_up, t.given_up + int(t.attempts[:, Status.ok].sum()))),
    Metric("fallback_share", "", "share of calls that were sent to a fallback, from their start or after failures",
           lambda t, _: ratio(t.switches.calls, t.requested)),
    Metric("switch_cold_tokens", "tokens", "tokens that moves to a fallback and back found cold, in the middle of a session",
           lambda t, _: t.switches.cold_tokens / t.replications),
    Metric("switch_cold_usd", "USD", "what they cost more than reading them from the cache would have",
           lambda t, _: t.switches.cold_usd / t.replications),
    Metric("refused_share", "", "share of calls that were turned away at least once", lambda t, _: ratio(t.waits.refused, t.waits.calls)),
    Metric("agents", "", "agents that started", lambda t, _: t.agents / t.replications),
    Metric("compactions", "", "compaction calls", lambda t, _: t.compactions / t.replications),
    Metric("input_tokens", "tokens", "billed prompts, cache reads and writes inside", _tokens(INPUT)),
    Metric("cache_read_tokens", "tokens", "read from the cache", _tokens(READ)),
    Metric("cache_write_tokens", "tokens", "written to the cache", _tokens(WRITE)),
    Metric("output_tokens", "tokens", "billed output, reasoning inside", _tokens(OUTPUT)),
    Metric("reasoning_tokens", "tokens", "reasoning", _tokens(REASONING)),
    Metric("total_tokens", "tokens", "input and output", lambda t, _: _total(t) / t.replications),
    Metric("cost_usd", "USD", "the bill", lambda t, _: bill_usd(t) / t.replications),
    Metric("cost_fresh_input_usd", "USD", "part of the bill: input neither read from nor written to a cache", _dollars(0)),
    Metric("cost_cache_read_usd", "USD", "part of the bill: cache reads", _dollars(1)),
    Metric("cost_cache_write_usd", "USD", "part of the bill: cache writes", _dollars(2)),
    Metric("cost_output_usd", "USD", "part of the bill: output", _dollars(3)),
    Metric("cost_fees_usd", "USD", "part of the bill: fees of requests and of web searches", _dollars(4)),
    *OF_CAPACITY,
    *OF_TIME,
    Metric("tokens_per_task", "tokens", "total tokens per ended task", lambda t, _: ratio(t.task_tokens, t.tasks), headline=2),
    Metric("cost_per_task_usd", "USD", "the bill per ended task", lambda t, _: ratio(task_bill_usd(t), t.tasks), headline=1),
    Metric("cost_per_finished_task_usd", "USD", "the bill per ended task that has an answer: what was spent on lost ones is in it",
           lambda t, _: ratio(task_bill_usd(t), t.finished)),
    Metric("calls_per_task", "", "attempts per ended task", lambda t, _: ratio(t.task_calls, t.tasks)),
    Metric("success_rate", "", "share of ended tasks that succeeded",
           _if_known(lambda t, _: ratio(t.successes, t.tasks)), more_is_better=True, headline=3),
    Metric("cost_per_success_usd", "USD", "the bill per successful task",
           _if_known(lambda t, _: ratio(task_bill_usd(t), t.successes)), headline=4),
    Metric("cost_per_busy_hour_usd", "USD/h", "the bill of a busy hour: of time of tasks, calls and tools, their user's thinking left out",
           lambda t, _: ratio(task_bill_usd(t), t.task_busy_s / 3600)),
    Metric("token_multiplier", "", "tokens per task over those of a whole chat (`matched_chat`), however many messages either has",
           lambda t, b: ratio(t.task_tokens, t.tasks * b.chats[0].tokens)),
    *_multiplier("request", "all tokens per answer to an agent, over those of a request of a chat",
                  lambda t, chat: ratio(_total(t), _answers(t, 0) * chat.message_tokens)),
    *_multiplier("message", "all tokens per message of a user, over those of a message to a chat",
                  lambda t, chat: ratio(_total(t), t.messages * chat.message_tokens)),
    *_multiplier("session", "all tokens of the tasks begun, over those of chats of as many messages each",
                  lambda t, chat: ratio(_total(t), chat.of(t.messages, t.message_pairs))),
    Metric("amplification_tries", "", "factor of multipliers: tries at a task", lambda t, _: ratio(t.tries, t.tasks)),
    Metric("amplification_fanout", "", "factor: agents at work in a try",
           lambda t, _: ratio(_agents(t) * t.tasks, t.started_tasks * t.tries)),
    Metric("amplification_messages", "", "factor: messages of a task's user over those of the chat baseline",
           lambda t, b: ratio(t.messages, t.started_tasks * b.chats[0].messages)),
    Metric("amplification_calls", "", "factor: answers to an agent for a message of its task's user",
           lambda t, _: ratio(_answers(t, 0) * t.started_tasks, _agents(t) * t.messages)),
    Metric("amplification_turns", "", "the last two multiplied: answers to an agent over the messages of the chat baseline",
           lambda t, b: ratio(_answers(t, 0), _agents(t) * b.chats[0].messages)),
    Metric("amplification_context", "", "factor: tokens of an answer over those of a request of the chat baseline (history sent again)",
           lambda t, b: ratio(_answers(t, 1), _answers(t, 0) * b.chats[0].message_tokens)),
    Metric("amplification_coordination", "", "factor: compactions and verifiers on top",
           lambda t, _: ratio(int(t.answers[:, 1].sum()), _answers(t, 1))),
    Metric("amplification_retries", "", "factor: failed attempts on top", lambda t, _: ratio(_total(t), int(t.answers[:, 1].sum()))),
    Metric("amplification_length", "",
           "factor: tokens of a message to the chat baseline over those of a message to a chat of as many messages as the task has",
           lambda t, b: ratio(t.messages * b.chats[0].message_tokens, b.chats[0].of(t.messages, t.message_pairs))),
    Metric("tasks_blocked", "", "tasks refused for want of money (they have failed)", lambda t, _: t.blocked / t.replications),
    Metric("tasks_capped", "", "tasks that came to a cap on agents or tokens (`agent.max_agents`, `agent.max_tokens`)",
           lambda t, _: t.capped / t.replications),
    Metric("wasted_tokens", "tokens", "tokens of ended tasks that failed", _if_known(lambda t, _: t.wasted_tokens / t.replications)),
    Metric("wasted_usd", "USD", "bill of ended tasks that failed", _if_known(lambda t, _: real(t.wasted_units) / t.replications)),
    Metric("lost_usd", "USD", "bill of tasks that were lost", lambda t, _: real(t.lost_cost_units) / t.replications),
    Metric("wasted_value_usd", "USD", "worth, if solved, of ended tasks that were started and failed",
           _if_known(lambda t, b: b.worth_usd * (t.tasks - t.successes - t.blocked) / t.replications)),
    Metric("blocked_tokens", "tokens", "tokens that the refused tasks would have taken, at the mean of those started",
           lambda t, _: ratio(t.blocked * t.task_tokens, t.tasks - t.blocked) / t.replications),
    Metric("blocked_usd", "USD", "the bill that they would have had, at the mean of those started",
           lambda t, _: ratio(t.blocked * t.task_cost_usd, t.tasks - t.blocked) / t.replications),
    Metric("blocked_value_usd", "USD", "worth, if solved, of the tasks that were refused",
           lambda t, b: b.worth_usd * t.blocked / t.replications),
    Metric("value_per_task_usd", "USD", "worth of what was solved, per ended task",
           _if_known(lambda t, b: ratio(b.worth_usd * t.successes, t.tasks)), more_is_better=True),
    Metric("net_value_per_task_usd", "USD", "that less the bill and the wage of those who waited", _if_known(_net), more_is_better=True),
    Metric("cache_hit_rate", "", "share of input tokens read from a cache",
           lambda t, _: ratio(int(t.tokens[:, READ].sum()), int(t.tokens[:, INPUT].sum())), more_is_better=True, headline=5),
    Metric("dearest_1pct_cost_share", "", "part of the bill of ended tasks that the most expensive 1 % of them carry",
           lambda t, _: top_share(SIZES, t.task_cents.counts, 0.01)),
    Metric("cost_tail_index", "", "Hill's index of the most expensive 5 % of tasks: below 2 costs have no variance; by 20 tasks at least",
           lambda t, _: tail_index(SIZES, t.task_cents.counts, max(20, t.tasks // 20))),
    Metric("effective_usd_per_mtok", "USD/Mtok", "the bill per million tokens, all kinds together",
           lambda t, _: ratio(bill_usd(t) * 1e6, _total(t))),
    Metric("task_latency_mean_s", "s", "mean time of a task that has an answer, its user's thinking left out",
           lambda t, _: ratio(real(t.task_busy_units - t.lost_busy_units), t.finished)),
    Metric("task_latency_p50_s", "s", "median of the same", Percentile("task_latency", 0.50), headline=6),
    Metric("task_latency_p95_s", "s", "95th percentile of the same", Percentile("task_latency", 0.95)),
    Metric("task_latency_p99_s", "s", "99th percentile of the same", Percentile("task_latency", 0.99)),
    Metric("lost_latency_p50_s", "s", "median time of a task until it was lost, as above", Percentile("lost_latency", 0.50)),
    Metric("lost_latency_p95_s", "s", "95th percentile of the same", Percentile("lost_latency", 0.95)),
    Metric("lost_latency_p99_s", "s", "99th percentile of the same", Percentile("lost_latency", 0.99)),
    Metric("call_latency_p50_s", "s", "median time from request to last token, of attempts that succeeded", Percentile("latency", 0.50)),
    Metric("call_latency_p95_s", "s", "95th percentile of the same", Percentile("latency", 0.95)),
    Metric("call_latency_p99_s", "s", "99th percentile of the same", Percentile("latency", 0.99)),
    Metric("mean_wait_s", "s", "mean wait of a call, whatever it waits for: from when it is asked for to the start of its answer, or to "
           "when it is given up; the sum of wait_*_s", lambda t, _: ratio(math.fsum(t.waits.seconds), t.waits.calls)),
    Metric("wait_p50_s", "s", "median of the same", Percentile("waits.each", 0.50)),
    Metric("wait_p95_s", "s", "95th percentile of the same", Percentile("waits.each", 0.95)),
    Metric("wait_p99_s", "s", "99th percentile of the same", Percentile("waits.each", 0.99)),
    Metric("wait_line_s", "s", "part of mean_wait_s: in line, of attempts that got a slot", _wait(Wait.line)),
    Metric("wait_rate_limit_s", "s", "part of mean_wait_s: from being turned away to the next attempt", _wait(Wait.rate_limit)),
    Metric("wait_backoff_s", "s", "part of mean_wait_s: from an attempt that broke or was withdrawn to the next", _wait(Wait.backoff)),
    Metric("wait_patience_s", "s", "part of mean_wait_s: in line, until the attempt was withdrawn", _wait(Wait.patience)),
    Metric("wait_broken_s", "s", "part of mean_wait_s: answers that broke off or were given up", _wait(Wait.broken)),
    Metric("backoff_wait_s", "s", "mean time of a call between its attempts, whyever they failed: wait_rate_limit_s and wait_backoff_s",
           lambda t, _: ratio(float(t.waits.seconds[[Wait.rate_limit, Wait.backoff]].sum()), t.waits.calls)),
    Metric("mean_line_wait_s", "s", "mean time in a backend's line, of attempts that were not turned away",
           lambda t, _: ratio(float(t.waited_s.sum()), t.calls - int(t.attempts[:, Status.rate_limited].sum()))),
    Metric("budget_wait_s", "s", "mean wait of an ended task for its budgets, in its latency; mean_wait_s is of calls that were asked for",
           lambda t, _: ratio(real(t.waits.money_units), t.tasks)),
    Metric("peak_tokens_per_min", "tokens/min", "most tokens in one minute", lambda t, _: sum(t.peaks) / t.replications),
    Metric("warmup_s", "s", "left out at the start: tasks that came and calls that were asked for before it are in no other metric",
           lambda t, _: t.cut_s),
    Metric("token_share.<backend>", "", "share of all tokens",
           lambda t, b: ratio(int(t.tokens[b.backend, INPUT] + t.tokens[b.backend, OUTPUT]), _total(t))),
    Metric("cost_share.<backend>", "", "share of the bill", lambda t, b: ratio(bill_usd(t, b.backend), bill_usd(t))),
    Metric("agents_per_task.<stage>", "", "agents of a stage per started task", lambda t, b: _of_stage(t, t.stage_counts[b.stage, 0])),
    Metric("tokens_per_task.<stage>", "tokens", "total tokens of a stage per started task",
           lambda t, b: _of_stage(t, t.stage_counts[b.stage, 1])),
    Metric("cost_per_task_usd.<stage>", "USD", "the bill of a stage per started task",
           lambda t, b: _of_stage(t, real(t.stage_cost_units[b.stage]))),
    *(Metric(f"{name}.{BY_PLAN}", unit, meaning, _of_plan(formula)) for name, unit, meaning, formula in OF_PLANS),
    Metric(f"jain_index.{BY_TEAMS}", "", "how evenly teams are served: Jain's index of team_served_share, 1 where all are alike",
           lambda t, b: evenness(t, len(b.teams)), more_is_better=True),
    *(Metric(f"{name}.{BY_TEAM}", unit, meaning, _of_team(formula)) for name, unit, meaning, formula in OF_TEAMS),
    *(Metric(f"{name}.{BY_PLACE}", unit, meaning, _of_place(formula)) for name, unit, meaning, formula in OF_PLACES),
)  # fmt: skip
"""What a summary holds, in its order."""
_ONE_REQUEST = ("context", "coordination", "retries")
_ONE_MESSAGE = (*_ONE_REQUEST, "calls", "fanout", "tries")
FACTORS = {
    "multiplier_per_request": _ONE_REQUEST,
    "multiplier_per_message": _ONE_MESSAGE,
    "multiplier_per_session": (*_ONE_MESSAGE, "length"),
    "token_multiplier": (*_ONE_MESSAGE, "messages"),
}
"""Which `amplification_*` multiply to which multiplier (to the last one where every task that was begun has ended)."""
HEADLINES = tuple(metric.name for metric in sorted(METRICS, key=lambda metric: metric.headline) if metric.headline)
"""What `precision` is asked of, and what a sweep's table compares with its baseline."""
MORE_IS_BETTER = frozenset(metric.name.replace(BY_TEAMS, "teams") for metric in METRICS if metric.more_is_better)
UNITS = {metric.name: metric.unit for metric in METRICS}
"""By name; of metrics that there are once a backend or stage, by the name of them all."""


@functools.lru_cache(maxsize=4096)
def unit_of(metric: str) -> str:
    """The unit of a metric of a summary; empty where it has none, or is none."""
    family, _, _ = metric.partition(".")
    return next(
        (UNITS[name] for name in (metric, *(f"{family}.{by}" for by in BY_EACH)) if name in UNITS),
        "",
    )


def metrics(scenario: Scenario) -> dict[str, Value]:
    """A scenario's metrics in the order of `METRICS`, by name: each makes a number of a tally."""
    basis = basis_of(scenario)
    return {name: value for metric in METRICS for name, value in metric.values(basis).items()}
