"""Settings that are set and change nothing are told; what is told changes nothing indeed; what asks for them is not told."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import sim
from sim.results.notes.unused import NEEDS, unused
from tests.test_menus import NEEDS as COMPANIONS
from tests.test_menus import choices

SMALL = ("replications=1", "processes=1", "outcome=same_harness", "work=same", "outcome.length_exponent=0.5")
OPEN = "agent=swe_task workload.tasks=3"
BASES = {
    "open": OPEN,
    "people": "agent=swe_task workload=users workload.users=2 workload.tasks_per_user=1",
    "chat": "agent=chat workload.tasks=3",
    "two": f"{OPEN} backends=[claude_opus_4_6,minimax_m2_5] router=weighted",
    "trace": "workload=trace workload.trace_sessions=1",
    "debate": "agent=debate workload.tasks=3",
    "team": "agent=swe_team_2 workload.tasks=3",
    "pipeline": "agent=pipeline workload.tasks=2",
    "batch": f"{OPEN} batch=true",
    "cn": f"{OPEN} place=cn",
}
OPUS = "market.models.claude_opus_4_6"
TOLD = [
    ("open", "shards=4", "shards beyond 3 (there are no more tasks to deal out)"),
    ("open", "workload.users=50", "workload.users (needs workload=users)"),
    ("open", "workload.tasks_per_user=3", "workload.tasks_per_user (needs workload=users)"),
    ("people", "workload.tasks=50", "workload.tasks (needs workload=open)"),
    ("people", "workload.interarrival_s=5", "workload.interarrival_s (needs workload=open)"),
    ("open", "workload.otherwise=0", "workload.otherwise (needs workload.hours)"),
    ("open", "workload.urgent_share=0.5", "workload.urgent_share (needs slots of a backend, so that there is a line)"),
    ("chat", "agent.fanout=8", "agent.fanout (needs a team or a debate)"),
    ("chat", "agent.compact_at_share=0.5", "agent.compact_at_share (needs agent.window_tokens or agent.compact_at_tokens)"),
    ("chat", "agent.tool_time_s=9", "agent.tool_time_s (chats use no tools)"),
    ("open", "agent.at_cap=skip", "agent.at_cap (needs agent=pipeline)"),
    ("open", "agent.tries.pick=majority", "agent.tries.pick (needs agent.tries.most above 1)"),
    ("two", "router.elasticity=2", "router.elasticity (needs router=logit_log)"),
    ("two", "router.quality_floor=0.9", "router.quality_floor (needs router=meets_floor)"),
    ("two", "router.cooldown_s=60", "router.cooldown_s (needs backends in router.fallback)"),
    ("open", "work.harness=openhands", "work.harness (work=same asks no bills)"),
    ("trace", "agent.max_parallel=2", "agent.max_parallel (recorded sessions are replayed as they are)"),
    ("trace", "workload.backlog=2", "workload.backlog (needs workload=open)"),
    ("chat", "agent.summary_tokens=5", "agent.summary_tokens (needs agent.compact_at_tokens)"),
    ("open", "router.per=call", "router.per (needs a router that chooses)"),
    ("open", "plan.then=overflow", "plan.then (needs plan=max_20x or another)"),
    ("open", "place.connection_idle_s=9", "place.connection_idle_s (needs place.handshake_round_trips)"),
    ("open", "outcome.value_exponent=1", "outcome.value_exponent (needs outcome.value_usd)"),
    ("open", "outcome.success_exponent=0.5", "outcome.success_exponent (needs sub-agents)"),
    ("open", "start=2026-03-01", "start (nothing here changes with the date; prices of another one are another market=...)"),
    ("open", "budget.per=hour", "budget.per (needs budget.usd)"),
    (
        "open", "budget={usd: 0.01, then: downgrade}",
        "budget.then=downgrade (there is one backend, and nothing to go down to)",
    ),
    ("open", f"{OPUS}.queue_limit=5", f"{OPUS}.queue_limit (needs slots: without, nobody waits in line)"),
    ("open", f"{OPUS}.limits_count_cache_reads=true", f"{OPUS}.limits_count_cache_reads (there is no limit)"),
    ("open", f"{OPUS}.quotas={{five_hours: {{window_h: 5}}}}", f"{OPUS}.quotas.five_hours (limits nothing: set its requests or tokens)"),
    ("open", "retry.patience_s=9", "retry.patience_s (needs slots of a backend: without, nobody waits in line)"),
    ("open", "retry.heeds_retry_after=false", "retry.heeds_retry_after (there is no limit)"),
    ("open", f"{OPUS}.limits_reserve_output_tokens=500", f"{OPUS}.limits_reserve_output_tokens (there is no limit)"),
    ("open", f"{OPUS}.limit_gateway_most=5", f"{OPUS}.limit_gateway_most (needs limit_gateway)"),
    ("open", "retry.breaker_open_s=5", "retry.breaker_open_s (needs retry.breaker_failures)"),
    ("open", f"{OPUS}.timeout_billed=nothing", f"{OPUS}.timeout_billed (needs retry.timeout_s)"),
    (
        "open", "events=[{kind: limit, backend: claude_opus_4_6, at: 60, factor: 0.5}]",
        "events of kind=limit (claude_opus_4_6 has no limit)",
    ),
    ("open", "plan.third_party=true", "plan.third_party (needs plan=max_20x or another)"),
    (
        "people", "workload.teams={a: {users: 1, limit_share: 0.5}, b: {users: 1}}",
        "workload.teams.a.limit_share (there is no limit)",
    ),
    ("open", "log_sample=5", "log_sample (needs log=sample)"),
    ("open", "sensitivity.metric=tokens_per_task", "sensitivity.metric (needs sensitivity.ranges)"),
    ("open", "router=cheapest", "router.policy=cheapest (there is one backend to choose)"),
    ("chat", "outcome.wage_usd_per_h=50", "outcome.wage_usd_per_h (nobody knows how often such work succeeds, so what it is worth)"),
    ("open", "shards_run=1", "shards_run (needs shards)"),
    ("trace", "workload.batch_size=2", "workload.batch_size (recorded sessions begin when they did, as they are)"),
    ("trace", "agent.tries.most=3", "agent.tries (recorded sessions are replayed as they are, once)"),
    ("open", "agent.request_tokens=77", "agent.request_tokens (needs agent.requests above 1)"),
    ("open", "agent.think_time_s=77", "agent.think_time_s (needs agent.requests above 1)"),
    ("open", "agent.resumed_turns=0.7", "agent.resumed_turns (needs agent.prior_tokens)"),
    ("open", "agent.opening_result_tokens=77", "agent.opening_result_tokens (needs agent.opening_turns)"),
    ("chat", "agent.keep_reasoning=0.7", "agent.keep_reasoning (needs agent.reasoning_share)"),
    (
        "debate", "agent.tool_result_tokens=77",
        "agent.tool_result_tokens (debaters answer agent.turns times: one message, no tools, nothing is summed up)",
    ),
    (
        "debate", "agent.window_tokens=77",
        "agent.window_tokens (debaters answer agent.turns times: one message, no tools, nothing is summed up)",
    ),
    (
        "team", "agent.worker.turns=77",
        "agent.worker.turns (with agent.split=divide and agent.delegated_share sub-agents take their turns from their lead)",
    ),
    ("team", "agent.worker.resumed_turns=0.7",
     "agent.worker.resumed_turns (with agent.split=divide and agent.delegated_share sub-agents take their turns from their lead)"),
    ("team", "agent.worker.opening_result_tokens=77", "agent.worker.opening_result_tokens (needs agent.worker.opening_turns)"),
    ("pipeline", "agent.stages.find.think_time_s=77", "agent.stages.find.think_time_s (needs agent.stages.find.requests above 1)"),
    ("batch", f"{OPUS}.slots=1", f"{OPUS}.slots (the batch queue has neither slots nor limits)"),
    ("batch", f"{OPUS}.requests_per_min=1", f"{OPUS}.requests_per_min (the batch queue has neither slots nor limits)"),
    ("batch", "retry.breaker_failures=1", "retry.breaker_failures (the batch queue has no circuit breaker)"),
    (
        "batch", "events=[{kind: outage, backend: claude_opus_4_6, at: 0, length_h: 1}]",
        "events of kind=outage (calls through the batch queue meet none)",
    ),
    ("open", f"{OPUS}.regional_surcharges={{us: 0.5}}", f"{OPUS}.regional_surcharges (needs its region, where requests stay)"),
    ("open", f"{OPUS}.windows=[{{from_h: 0, until_h: 24, multiplier: 2, dates: [2025-02-16, 2025-03-01/2025-03-02]}}]",
     f"{OPUS}.windows of dates 2025-02-16, 2025-03-01/2025-03-02 (over before start=2026-02-16T00:00:00)"),
    ("open", "workload.hours=[{from_h: 0, until_h: 24, times: 1}, {from_h: 9, until_h: 17, times: 5}]",
     "workload.hours[1] (one before it always holds, and the first that holds counts)"),
    ("open", "budget={usd: 9, per: task, zone: Asia/Tokyo}", "budget.zone (needs budget.per=hour or day)"),
    ("open", f"{OPUS}.quotas={{q: {{window_h: 24, zone: Asia/Tokyo, tokens: 1e12}}}}",
     f"{OPUS}.quotas.q.zone (with window_h it is the last hours, whenever they began, and no day)"),
    ("open", "agent.compact_at_tokens=900000", "agent.compact_at_tokens (agent.compact_at_share of the context window comes before it)"),
    ("team", "agent.max_parallel=50", "agent.max_parallel (agent.fanout is no more than that)"),
    ("cn", f"{OPUS}.network_rtt_s=7", f"{OPUS}.network_rtt_s (with place.round_trips_s it is as place says)"),
]  # fmt: skip
ASKED = [
    ("open", "workload.tasks=2"),
    ("people", "workload.users=3"),
    ("open", "agent.tries={most: 2, pick: majority}"),
    ("two", "router.weights={claude_opus_4_6: 1, minimax_m2_5: 3}"),
    ("open", f"{OPUS}.slots=1"),
    ("open", "budget={usd: 0.01, per: task}"),
    ("open", "agent.requests=2"),
    ("open", f"{OPUS}.network_rtt_s=7"),
    ("team", "agent.worker.tool_result_tokens=77"),
    ("debate", "agent.output_scale=2"),
    ("batch", f"{OPUS}.batch_latency_s=60"),
]


@functools.cache
def composed(base: str, *words: str) -> sim.Scenario:
    return sim.load(*BASES[base].split(), *SMALL, *words)


@functools.cache
def digest(base: str) -> str:
    return sim.simulate(composed(base)).digest


@pytest.mark.parametrize(("base", "word", "told"), TOLD)
def test_what_changes_nothing_is_told(base: str, word: str, told: str) -> None:
    assert unused(composed(base)) == ""
    assert unused(composed(base, word)) == f"Without effect here: {told}."


@pytest.mark.slow
@pytest.mark.parametrize(("base", "word", "told"), TOLD)
def test_what_is_told_changes_nothing_indeed(base: str, word: str, told: str) -> None:
    result = sim.simulate(composed(base, word))
    assert result.notes["unused"] == f"Without effect here: {told}."
    assert result.digest == digest(base)


@pytest.mark.parametrize(("base", "word"), ASKED)
def test_what_is_asked_for_is_not_told(base: str, word: str) -> None:
    assert unused(composed(base, word)) == ""


def test_what_refused_tasks_are_worth_is_asked_for_where_nobody_knows_how_often_they_succeed() -> None:
    """A budget refuses them; an hour of waiting is worth nothing all the same."""
    refused = ("budget={usd: 0.001, per: run, at: task}", "outcome.value_usd=5")
    assert unused(composed("chat", *refused)) == ""
    assert sim.simulate(composed("chat", *refused)).summary["mean"]["blocked_value_usd"] > 0
    assert "outcome.value_usd (nobody knows" in unused(composed("chat", "outcome.value_usd=5"))
    assert "outcome.wage_usd_per_h (nobody knows" in unused(composed("chat", refused[0], "outcome.wage_usd_per_h=5"))


def test_what_one_backend_of_two_asks_for_is_told_of_the_other_alone() -> None:
    two = "backends=[claude_opus_4_6,minimax_m2_5]"
    told = "web_searches_per_call on minimax_m2_5 (market.models.minimax_m2_5.web_search_usd_per_1k=0)"
    assert unused(composed("open", two, "web_searches_per_call=1")) == f"Without effect here: {told}."
    told = "batch on minimax_m2_5 (of its prices, since market.models.minimax_m2_5.batch_discount=0)"
    assert unused(composed("open", two, "batch=true")) == f"Without effect here: {told}."


def test_a_single_try_of_a_cascade_is_at_its_first_backend() -> None:
    cascade = composed("open", "backends=[claude_opus_4_6,minimax_m2_5]", "agent.tries.backends=[minimax_m2_5]")
    assert unused(cascade) == ""
    assert set(sim.simulate(cascade).calls["backend"]) == {"minimax_m2_5"}


def test_a_debate_in_a_short_window_sums_nothing_up() -> None:
    assert "room" not in sim.simulate(composed("debate", "agent.window_tokens=77")).notes


def test_settings_of_later_messages_are_asked_for_where_there_are_some() -> None:
    assert unused(composed("open", "agent.requests=2", "agent.request_tokens=77", "agent.think_time_s=7")) == ""
    assert unused(composed("open", "agent.opening_turns=2", "agent.opening_result_tokens=77")) == ""


def test_how_long_to_wait_before_a_retry_is_of_no_use_without_one() -> None:
    """Attempts alone change the numbers: a call that fails is given up."""
    assert unused(composed("open", "retry.attempts=1")) == ""
    told = "Without effect here: retry.backoff_base_s (needs retry.attempts above 1)."
    assert unused(composed("open", "retry.attempts=1", "retry.backoff_base_s=9")) == told


def test_a_backend_of_a_file_that_nobody_uses_is_told(tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "ours.yaml").write_text("input_usd_per_mtok: 1\noutput_usd_per_mtok: 1\n")
    told = "Without effect here: market.models.ours (nothing uses it: backends=[...])."
    assert unused(sim.load("agent=swe_task", "+backend=ours", config_dir=tmp_path)) == told
    assert unused(sim.load("agent=swe_task", "+backend=ours", "backends=[ours]", config_dir=tmp_path)) == ""


def test_several_of_one_reason_are_told_together() -> None:
    several = composed("open", "workload.users=50", "workload.session_gap_s=9", "log_sample=5")
    assert unused(several) == "Without effect here: workload.users, session_gap_s (needs workload=users); log_sample (needs log=sample)."


def test_a_stage_that_is_not_in_order_is_told() -> None:
    world = sim.load("agent=pipeline", "agent.stages.fix={each: verify, turns: 8}")
    assert unused(world) == "Without effect here: agent.stages.fix (not in agent.order)."


def test_every_name_in_the_table_is_a_setting() -> None:
    for needs in NEEDS:
        part: object = sim.Scenario(backends=["x"])
        for name in filter(None, needs.part.split(".")):
            part = getattr(part, name)
        assert all(hasattr(part, name) for name in needs.names.split()), needs


@pytest.mark.slow
@pytest.mark.parametrize("menu", ["agent", "router", "tries", "budget", "workload"])
def test_no_choice_of_a_menu_sets_what_it_does_not_ask_for(menu: str) -> None:
    for choice in choices(menu):
        needed = COMPANIONS.get((menu, choice))
        words = [f"{menu}={choice}", "horizon_s=86400", "backends=[claude_opus_4_6,minimax_m2_5]", *(["=".join(needed)] if needed else [])]
        assert unused(sim.load(*words)) == "", choice


def test_a_backend_that_no_call_goes_to_is_named() -> None:
    words = ("agent=chat", "workload.tasks=3", "replications=1", "processes=1", "backends=[claude_opus_4_6,minimax_m2_5]")
    assert sim.simulate(sim.load(*words)).notes["idle"] == "No call went to MiniMax M2.5 (router.policy=fixed)."
    assert "idle" not in sim.simulate(sim.load(*words, "router=fallback")).notes
    assert "idle" not in sim.simulate(sim.load(*words, "router=weighted", "workload.tasks=30")).notes


@pytest.mark.parametrize(("backend", "told"), [("minimax_m2_5", True), ("claude_opus_4_6", False), ("gemini_3_pro", False)])
def test_a_batch_queue_that_takes_nothing_off_is_told(backend: str, told: bool) -> None:
    said = unused(composed("chat", "batch=true", f"backends=[{backend}]"))
    assert said == (f"Without effect here: batch (of its prices, since market.models.{backend}.batch_discount=0)." if told else "")


def test_a_task_s_agents_are_not_asked_for_where_every_task_is_a_chat() -> None:
    told = "Without effect here: agent (workload.chat_share=1: every task is a chat)."
    assert unused(composed("open", "workload.chat_share=1")) == told
    assert unused(composed("open", "workload.chat_share=0.5")) == unused(composed("chat", "workload.chat_share=1")) == ""


def test_stages_for_which_nothing_is_left_and_what_no_later_stage_takes_are_told() -> None:
    none = unused(composed("pipeline", "agent.stages.find.items=0"))
    assert none == "Without effect here: agent.stages.verify (agent.stages.find leaves it no items)."
    last = unused(composed("pipeline", "agent.order=[find]", "agent.stages.find.passes=0.2"))
    assert "; agent.stages.find.passes (no later stage has it as each or reads it)." in last


def test_nobody_loses_patience_in_a_line_that_is_none() -> None:
    words = (f"{OPUS}.slots=1", "retry.patience_s=5")
    assert unused(composed("open", *words)) == ""
    told = "Without effect here: retry.patience_s (needs a line: with queue_limit=0 nobody waits in one)."
    assert unused(composed("open", *words, f"{OPUS}.queue_limit=0")) == told


def test_a_place_does_not_say_how_far_a_backend_is_that_is_served_nowhere() -> None:
    own = f"{OPUS}.serving=''"
    told = f"Without effect here: place.round_trips_s (of what says no {OPUS}.serving: its own network_rtt_s counts)."
    assert unused(composed("cn", own)) == told
    assert unused(composed("open", own)) == ""


def test_electricity_of_a_place_where_nobody_is_served_is_told() -> None:
    """All places that ship are those of some backend; Germany is not."""
    assert unused(composed("chat", "provider=disclosed")) == ""
    told = "provider.usd_per_kwh.de (no backend of the market is served there; known: cn, eu, us)"
    assert unused(composed("chat", "provider=disclosed", "provider.usd_per_kwh={de: [0.2, 0.3]}")) == f"Without effect here: {told}."


def test_a_round_trip_to_where_nobody_in_use_is_served_is_told() -> None:
    """MiniMax M2.5 is served in China. What a choice of `place=` brings with it is not told: nobody has asked for it."""
    minimax = ("backends=[minimax_m2_5]", "place=eu")
    assert unused(composed("chat", *minimax)) == unused(composed("chat", *minimax, "place.round_trips_s.cn=0.5")) == ""
    told = "Without effect here: place.round_trips_s.mars, us (no backend in use is served there)."
    assert unused(composed("chat", *minimax, "place.round_trips_s={us: 0.3, mars: 1}")) == told
