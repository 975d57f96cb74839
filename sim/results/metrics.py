"""The metrics of the contract: each one number from a tally (of one replication, or of several pooled)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from sim.call import Role, Status
from sim.meter.histogram import SIZES, Sketch
from sim.meter.sums import real
from sim.meter.tally import Tally
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.statistics import Estimate, quantile_interval, share_error, tail_index, top_share
from sim.theory import chat_tokens

Metric = Callable[[Tally], float]
INPUT, READ, WRITE, OUTPUT, REASONING = range(5)
"""Columns of `Tally.tokens`."""


def ratio(above: float, below: float) -> float:
    """A quotient; nan where there is nothing to divide by."""
    return above / below if below else math.nan


def _tokens(kind: int) -> Metric:
    return lambda t: int(t.tokens[:, kind].sum()) / t.replications


def _dollars(kind: int) -> Metric:
    return lambda t: float(t.dollars[:, kind].sum()) / t.replications


def _total(t: Tally) -> int:
    return int(t.tokens[:, INPUT].sum() + t.tokens[:, OUTPUT].sum())


def _attempts(status: Status) -> Metric:
    return lambda t: ratio(int(t.attempts[:, status].sum()), t.calls)


class Percentile:
    """A percentile of one of the tally's sketches: neither a sum nor a ratio of sums, so with an interval of its own."""

    def __init__(self, which: str, share: float) -> None:
        self.which = which
        self.share = share

    def __call__(self, tally: Tally) -> float:
        return self._sketch(tally).percentile(self.share)

    def _sketch(self, tally: Tally) -> Sketch:
        found: Sketch = getattr(tally, self.which)
        return found

    def _below(self, pooled: Tally, tallies: Sequence[Tally]) -> tuple[np.ndarray, np.ndarray]:
        """Values of each replication below the pooled percentile, and all of them."""
        place = self._sketch(pooled).place(self.share)
        sketches = [self._sketch(tally) for tally in tallies]
        return np.array([each.below(*place) for each in sketches]), np.array([each.counts.sum() for each in sketches])

    def interval(self, pooled: Tally, tallies: Sequence[Tally]) -> Estimate:
        """Woodruff's: what lies at the share plus and minus its own uncertainty between replications."""
        if not self._sketch(pooled).counts.any():
            return Estimate(math.nan, math.nan, math.nan)
        error = share_error(self.share, *self._below(pooled, tallies))
        return quantile_interval(self._sketch(pooled).percentile, self.share, error, len(tallies) - 1)

    def without(self, pooled: Tally, tallies: Sequence[Tally]) -> np.ndarray:
        """The percentile with each replication left out, to first order: smooth, so that differences can be paired.

        A share that is off by e moves the percentile by e / density; the density is read within a standard error around.
        """
        sketch, n = self._sketch(pooled), len(tallies)
        if n < 2 or not sketch.counts.any():
            return np.full(n if n > 1 else 0, math.nan)
        below, counts = self._below(pooled, tallies)
        error = share_error(self.share, below, counts)
        low, high = max(self.share - error, self.share / 2), min(self.share + error, (1 + self.share) / 2)
        slope = (sketch.percentile(high) - sketch.percentile(low)) / (high - low) if high > low else 0.0
        return self(pooled) + (below - self.share * counts) * (slope * n / (n - 1) / float(counts.sum()))


def metrics(scenario: Scenario) -> dict[str, Metric]:
    """Every metric of `sim.columns.METRICS`, in its order, by name."""
    chat = matched_chat_tokens(scenario)
    known = all(backend.quality is not None for backend in scenario.chosen().values())
    return {
        "tasks": lambda t: t.tasks / t.replications,
        "tasks_in_flight": lambda t: (t.started_tasks - t.tasks) / t.replications,
        "calls": lambda t: t.calls / t.replications,
        "calls_in_flight": lambda t: t.calls_in_flight / t.replications,
        "failed_attempts": lambda t: (t.calls - int(t.attempts[:, Status.ok].sum())) / t.replications,
        "rate_limited_share": _attempts(Status.rate_limited),
        "timeout_share": _attempts(Status.timeout),
        "calls_given_up": lambda t: t.given_up / t.replications,
        "agents": lambda t: t.agents / t.replications,
        "compactions": lambda t: t.compactions / t.replications,
        "input_tokens": _tokens(INPUT),
        "cache_read_tokens": _tokens(READ),
        "cache_write_tokens": _tokens(WRITE),
        "output_tokens": _tokens(OUTPUT),
        "reasoning_tokens": _tokens(REASONING),
        "total_tokens": lambda t: _total(t) / t.replications,
        "cost_usd": lambda t: float(t.dollars.sum()) / t.replications,
        "cost_fresh_input_usd": _dollars(0),
        "cost_cache_read_usd": _dollars(1),
        "cost_cache_write_usd": _dollars(2),
        "cost_output_usd": _dollars(3),
        "tokens_per_task": lambda t: ratio(t.task_tokens, t.tasks),
        "cost_per_task_usd": lambda t: ratio(t.task_cost_usd, t.tasks),
        "calls_per_task": lambda t: ratio(t.task_calls, t.tasks),
        "success_rate": lambda t: ratio(t.successes, t.tasks) if known else math.nan,
        "cost_per_success_usd": lambda t: ratio(t.task_cost_usd, t.successes) if known else math.nan,
        "cost_per_busy_hour_usd": lambda t: ratio(t.task_cost_usd, t.task_busy_s / 3600),
        "token_multiplier": lambda t: ratio(t.task_tokens, t.tasks * chat),
        **_amplification(scenario, chat),
        **_worth(scenario, known),
        "cache_hit_rate": lambda t: ratio(int(t.tokens[:, READ].sum()), int(t.tokens[:, INPUT].sum())),
        "dearest_1pct_cost_share": lambda t: top_share(SIZES, t.task_cents.counts, 0.01),
        "cost_tail_index": lambda t: tail_index(SIZES, t.task_cents.counts, max(20, t.tasks // 20)),
        "effective_usd_per_mtok": lambda t: ratio(float(t.dollars.sum()) * 1e6, _total(t)),
        "task_latency_mean_s": lambda t: ratio(t.task_busy_s, t.tasks),
        "task_latency_p50_s": Percentile("task_latency", 0.50),
        "task_latency_p95_s": Percentile("task_latency", 0.95),
        "task_latency_p99_s": Percentile("task_latency", 0.99),
        "call_latency_p50_s": Percentile("latency", 0.50),
        "call_latency_p95_s": Percentile("latency", 0.95),
        "call_latency_p99_s": Percentile("latency", 0.99),
        "mean_wait_s": lambda t: ratio(float(t.waited_s.sum()), t.calls - int(t.attempts[:, Status.rate_limited].sum())),
        "peak_tokens_per_min": lambda t: sum(t.peaks) / t.replications,
        "warmup_s": lambda t: t.cut_s,
        **_shares(scenario.backends),
    }


_WORK = [int(role) for role in (Role.chat, Role.agent, Role.lead, Role.worker)]


def _amplification(scenario: Scenario, chat: float) -> dict[str, Metric]:
    """Why a task takes so many times the tokens of the matched chat: factors whose product is exactly that."""
    exchanges = matched_exchanges(scenario)

    def answers(t: Tally, column: int) -> int:
        return int(t.answers[_WORK, column].sum())

    return {
        "amplification_tries": lambda t: ratio(t.tries, t.tasks),
        "amplification_fanout": lambda t: ratio((t.agents - t.verifiers) * t.tasks, t.started_tasks * t.tries),
        "amplification_turns": lambda t: ratio(answers(t, 0), (t.agents - t.verifiers) * exchanges),
        "amplification_context": lambda t: ratio(answers(t, 1) * exchanges, answers(t, 0) * chat),
        "amplification_coordination": lambda t: ratio(int(t.answers[:, 1].sum()), answers(t, 1)),
        "amplification_retries": lambda t: ratio(_total(t), int(t.answers[:, 1].sum())),
    }


def _worth(scenario: Scenario, known: bool) -> dict[str, Metric]:
    """Dollars that were earned; nan where neither value nor wage is set."""
    outcome, agent = scenario.outcome, scenario.agent
    each = outcome.worth_usd(agent.helpers) if outcome.value_usd or outcome.wage_usd_per_h else math.nan

    def net(t: Tally) -> float:
        return ratio(each * t.successes - t.task_cost_usd - outcome.wage_usd_per_h * t.task_busy_s / 3600, t.tasks)

    return {
        "tasks_blocked": lambda t: t.blocked / t.replications,
        "wasted_tokens": lambda t: t.wasted_tokens / t.replications if known else math.nan,
        "wasted_usd": lambda t: real(t.wasted_units) / t.replications if known else math.nan,
        "wasted_value_usd": lambda t: each * (t.tasks - t.successes - t.blocked) / t.replications if known else math.nan,
        "blocked_tokens": lambda t: ratio(t.blocked * t.task_tokens, t.tasks - t.blocked) / t.replications,
        "blocked_usd": lambda t: ratio(t.blocked * t.task_cost_usd, t.tasks - t.blocked) / t.replications,
        "blocked_value_usd": lambda t: each * t.blocked / t.replications,
        "value_per_task_usd": lambda t: ratio(each * t.successes, t.tasks),
        "net_value_per_task_usd": net,
    }


def _shares(backends: Sequence[str]) -> dict[str, Metric]:
    def of_tokens(index: int) -> Metric:
        return lambda t: ratio(int(t.tokens[index, INPUT] + t.tokens[index, OUTPUT]), _total(t))

    def of_cost(index: int) -> Metric:
        return lambda t: ratio(float(t.dollars[index].sum()), float(t.dollars.sum()))

    shares = {f"token_share.{name}": of_tokens(index) for index, name in enumerate(backends)}
    return shares | {f"cost_share.{name}": of_cost(index) for index, name in enumerate(backends)}


def matched_exchanges(scenario: Scenario) -> int:
    """Exchanges of the matched chat."""
    return round(distribution(scenario.matched_chat.requests).mean)


def matched_chat_tokens(scenario: Scenario) -> float:
    """Expected tokens of the matched chat: what 1 means in `token_multiplier` (F1 with mean sizes)."""
    chat = scenario.matched_chat
    answer = distribution(chat.output_tokens).mean
    return chat_tokens(
        exchanges=matched_exchanges(scenario),
        system=chat.system_tokens,
        first=distribution(chat.prompt_tokens).mean,
        message=distribution(chat.request_tokens).mean,
        answer=answer,
        kept=answer * (1 - chat.reasoning_share * (1 - chat.keep_reasoning)),
    ).total
