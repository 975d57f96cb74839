"""What of a log is replayed as it was recorded, and what is assumed of it, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sim.call import BATCH, STANDARD
from sim.engine.recorded import models_of, sessions_of
from sim.errors import DataError
from sim.logs.prefixes import HEAD
from sim.logs.report import FASTEST_PER_S, LONG_ANSWER
from sim.logs.session import RecordedCall, Session
from sim.results.estimates import Estimates
from sim.scenario.scenario import Scenario
from sim.settings.router import Policy
from sim.statistics import digits

YEAR_S = 365.25 * 86_400


def assumed(scenario: Scenario, estimates: Estimates) -> str:
    """Nothing where nothing is replayed, or its file is no longer there."""
    try:
        sessions = sessions_of(scenario)
    except DataError:
        return ""
    calls = [call for session in sessions for agent in session.agents for call in agent.calls]
    models = sorted(name for name in models_of(sessions) if name)
    said = [f"Of this log: {left_out}." for left_out in sorted({session.left_out for session in sessions}) if left_out]
    if (asked := scenario.workload.trace_sessions or 0) > (many := len(sessions)):
        said.append(f"It has {many:,} session{'s' * (many > 1)}, and workload.trace_sessions={asked:,}: all of them are replayed, once.")
    if len(models) > 1 and scenario.router.policy is Policy.fixed:
        said.append(f"All calls go to one backend; the log names {len(models)} models ({', '.join(models[:4])}): router.policy=recorded.")
    nameless = sum(not call.model for call in calls)
    if models and nameless and scenario.router.policy is Policy.recorded:
        said.append(f"{nameless:,} of {len(calls):,} calls name no model: {scenario.backends[0]} takes them.")
    if (searches := sum(call.web_searches for call in calls)) and not scenario.as_billed:
        said.append(f"Its {searches:,} web searches are billed with recorded cache reads alone (workload.trace_cache=recorded), not here.")
    if any(session.unsure_reads for session in sessions):
        said.append("Cache reads are taken as a part of input tokens, which nothing in the log shows: else workload.trace_input=fresh.")
    said += [*_times(sessions), *_tiers(scenario, calls), *_reads(scenario, estimates, calls)]
    rewritten = sum(call.prefix_tokens == HEAD for call in calls)
    if rewritten and not scenario.as_billed:
        said.append(
            f"Prompts shorter than any before (compaction, a side call): {rewritten:,}, of which only tools and system prompt are read, "
            f"as much as the log's first calls read, else {scenario.agent.system_tokens:,} tokens (agent.system_tokens; assumption)."
        )
    return " ".join(said)


def _times(sessions: Sequence[Session]) -> Iterator[str]:
    """Where most calls come before they can, and where sessions are years apart."""
    begun = [session.begins_s for session in sessions if session.begins_s is not None]
    if begun and (apart := max(begun) - min(begun)) > YEAR_S:
        yield f"Sessions begin {apart / YEAR_S:,.1f} years apart: are some of their starts no seconds since 1970?"
    calls = [call for session in sessions for agent in session.agents for call in agent.calls]
    if long := sum(call.output_tokens >= LONG_ANSWER and call.output_tokens > 10 * call.input_tokens for call in calls):
        yield (
            f"{long:,} of {len(calls):,} answers have {LONG_ANSWER:,} tokens or more, and ten times their prompt's: are input and "
            "output in one another's place?"
        )
    after = sum(len(agent.calls) - 1 for session in sessions for agent in session.agents)
    early = sum(agent.early for session in sessions for agent in session.agents)
    if 2 * early > after:
        yield (
            f"{early:,} of {after:,} later calls were sent before the one before can have been answered (api_time_s, or "
            f"{FASTEST_PER_S:,} output tokens a second): are times in seconds? They wait for it here."
        )


def _tiers(scenario: Scenario, calls: Sequence[RecordedCall]) -> Iterator[str]:
    """Of service: what they cost here, and that they are as fast as the others."""
    tiers = Counter(call.tier for call in calls)
    if many := 0 if scenario.batch else tiers[BATCH]:
        yield f"Of a batch tier: {many:,} calls, at its prices, as fast as the others."
    others = [f"{name} ({many:,} calls)" for name, many in tiers.items() if name not in (STANDARD, BATCH)]
    if others:
        yield f"Tiers of service whose prices are not known here, taken as standard: {', '.join(others)}."


def _reads(scenario: Scenario, estimates: Estimates, calls: Sequence[RecordedCall]) -> Iterator[str]:
    unread = sum(call.read_tokens < 0 for call in calls)
    if scenario.as_billed:
        yield f"Cache reads and writes as recorded{f', of {unread:,} calls simulated' if unread else ''}: settings of caches do nothing."
    elif calls and not unread and not estimates.pooled.lost:
        ours = int(estimates.pooled.tokens[:, 1].sum() / estimates.pooled.replications)
        told = sum(call.read_tokens for call in calls)
        off = f", {digits(100 * abs(ours / told - 1), 2)} % {'more' if ours > told else 'less'}" if told and ours != told else ""
        yield f"Cache reads, a part of the input, are simulated: {ours:,} tokens{off}; the log tells {told:,} (workload.trace_cache)."
