"""A scenario as tables for the twin: the structures of `model.h`, filled in from the same settings as the Python model."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from ctypes import POINTER, c_double, c_int64, c_uint64, c_void_p
from itertools import accumulate
from typing import Any

import numpy as np

from sim.agents.workflows import workflow
from sim.backends.backend import Backend
from sim.backends.limits import buckets
from sim.backends.pricing import Price
from sim.calendar import HOUR_S
from sim.call import Role
from sim.engine.compiled.books import SumsTable
from sim.engine.compiled.laws import NO_LAW, Law, Laws
from sim.meter.sums import PARTS
from sim.meter.tally import TOKENS
from sim.sampling.decisions import Purpose
from sim.sampling.streams import key
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings, OnFailure, Split
from sim.settings.market import Billed, CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import AtCap, LoopSettings, StageRole, StageSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Backoff, RetrySettings

_LAWS = (
    "prompt_tokens", "prior_tokens", "requests", "request_tokens", "turns", "turns_scale", "output_tokens", "output_scale",
    "tool_result_tokens", "opening_result_tokens", "result_scale", "tool_time_s", "think_time_s", "compact_at_tokens", "window_tokens",
    "summary_tokens", "restore_tokens",
)  # fmt: skip
_NUMBERS = ("turns_exponent", "reasoning_share", "keep_reasoning", "rewrite_rate", "resumed_turns", "compact_at_share")
_LIMITS = 4
"""Requests, input, output, both."""
_NEVER = 2**63 - 1
"""Tokens that no prompt has."""


def _fields(kind: Any, *names: str) -> list[tuple[str, Any]]:
    return [(name, kind) for name in names]


class ProfileTable(ctypes.Structure):
    """`Profile` of `model.h`."""

    _fields_ = (*_fields(c_int64, "system_tokens", "opening_turns"), *_fields(c_double, *_NUMBERS), *_fields(c_int64, *_LAWS))


class BackendTable(ctypes.Structure):
    """`Backend` of `model.h`."""

    _fields_ = (
        *_fields(c_double, "error_rate", "rtt_s", "handshake_s", "idle_s", "constant_s", "s_per_fresh", "s_per_context", "s_per_output"),
        *_fields(c_double, "sigma", "cache_ttl_s", "head_ttl_s"),
        *_fields(c_int64, "cache_minimum", "cache_head", "cache_explicit", "window", "forgets", "bills_everything"),
        *_fields(c_double, "turn_multiplier", "verbosity", "reasoning_share"),
        ("batch_latency_s", c_int64), *_fields(c_int64, "slots", "queue_limit", "limited", "reads_count"),
        *_fields(c_double * _LIMITS, "s_per_unit", "burst_s"), ("fee_usd", c_double), *_fields(c_int64, "lists", "lists_count"),
    )  # fmt: skip


class RouterTable(ctypes.Structure):
    """`Router` of `model.h`."""

    _fields_ = (("policy", c_int64), ("per", c_int64), ("of_role", c_int64 * len(Role)), ("edges", c_int64))


class RetryTable(ctypes.Structure):
    """`Retry` of `model.h`."""

    _fields_ = (*_fields(c_int64, "attempts", "backoff", "heeds_retry_after"), *_fields(c_double, "base_s", "cap_s"))


class TeamTable(ctypes.Structure):
    """`Team` of `model.h`."""

    _fields_ = (
        *_fields(c_int64, "leads", "counts_helpers", "depth", "spawn_after_turn", "turns_per_wave", "max_parallel", "inherit_context"),
        *_fields(c_int64, "divide", "warmup_turns", "on_worker_failure", "planned", "led"),
        *_fields(c_double, "delegated_share", "resumed_share"),
        *_fields(c_int64, "fanout", "waves", "report_tokens"),
    )  # fmt: skip


class StageTable(ctypes.Structure):
    """`Stage` of `model.h`."""

    _fields_ = (
        ("profile", ProfileTable), *_fields(c_int64, "role", "verifies", "judges", "each", "reads", "reads_count"),
        *_fields(c_int64, "width", "items", "report_tokens"), ("passes", c_double),
    )  # fmt: skip


class WorldTable(ctypes.Structure):
    """`World` of `model.h`."""

    _fields_ = (
        ("laws", POINTER(Law)), ("numbers", POINTER(c_double)), ("parts", POINTER(c_int64)),
        ("backends", POINTER(BackendTable)), ("backend_count", c_int64),
        ("stages", POINTER(StageTable)), *_fields(c_int64, "stage_count", "max_agents", "at_cap_stops"),
        *_fields(c_double, "horizon_s", "chat_share", "effort"),
        *_fields(c_int64, "users", "sessions", "session_gap_s", "role"),
        ("lead", ProfileTable), ("worker", ProfileTable), ("chat", ProfileTable),
        ("router", RouterTable), ("retry", RetryTable), ("team", TeamTable), ("keys", c_uint64 * 2 * (len(Purpose) + 1)),
    )  # fmt: skip


class PathTable(ctypes.Structure):
    """`Path` of `model.h`."""

    _fields_ = (*_fields(c_int64, "parent", "wave", "index", "stage"), ("word", c_uint64))


class OutlastingTable(ctypes.Structure):
    """`Outlasting` of `model.h`."""

    _fields_ = (("backend", c_int64), ("start_s", c_double), ("end_s", c_double))


class EngineState(ctypes.Structure):
    """`Engine` of `model.h`."""

    _fields_ = (
        ("rows", c_void_p), ("row_count", c_int64), ("row_room", c_int64), *_fields(c_void_p, "more_room", "named", "after"),
        ("arrived_s", c_double), ("sums", POINTER(SumsTable)),
        *_fields(c_int64, "requested", "given_up", "trying_again", "agents", "verifiers"),
        *_fields(POINTER(c_int64), "in_service", "in_line"),
        ("paths", POINTER(PathTable)), ("path_count", c_int64), ("path_room", c_int64), ("path_places", c_void_p),
        ("outlasting", POINTER(OutlastingTable)), ("outlasting_count", c_int64), ("outlasting_room", c_int64),
        ("told", c_void_p), ("told_count", c_int64), ("told_room", c_int64),
        ("on_clock", c_int64), *_fields(c_void_p, "blocks", "clock", "first", "last"), ("beyond", c_int64), ("stopped", c_int64),
    )  # fmt: skip


class JobTable(ctypes.Structure):
    """`Job` of `model.h`."""

    _fields_ = (
        ("number", c_uint64), *_fields(c_double, "t_arrive_s", "t_end_s", "thinking_s", "u_difficulty", "u_score"),
        *_fields(c_int64, "user", "follows", "chats", "state", "agents", "requests", "turn", "backend", "capped"),
        ("spent", c_double * (1 + len(TOKENS) + PARTS)),
    )  # fmt: skip


JOB = np.dtype(JobTable)
"""The same in an array."""


class Lived(ctypes.Structure):
    """`Lived` of `model.h`."""

    _fields_ = (("job", JobTable), ("helpers", POINTER(c_int64)))


class Tables:
    """All of a scenario that the twin reads, for one replication; `world` is what it is given."""

    def __init__(self, scenario: Scenario, replication: int, backends: Sequence[Backend], prices: Sequence[Price]) -> None:
        laws, agent, work = Laws(), scenario.agent, scenario.workload
        served = [_backend(laws, backend, price, batch=scenario.batch) for backend, price in zip(backends, prices, strict=True)]
        stages = [_stage(laws, stage, agent.order) for stage in agent.staged]
        profiles = [_profile(laws, loop) for loop in (*agent.staged[:1], agent, agent.worker, scenario.matched_chat)]
        router, team = _router(laws, scenario.router, backends), _team(laws, agent, scenario.outcome)
        self.gap, gap = laws.add(work.interarrival_s), laws.add(work.session_gap_s)
        """The law of the time between two arrivals."""
        self._kept = (
            (Law * len(laws.rows))(*laws.rows),
            (c_double * max(1, len(laws.numbers)))(*laws.numbers),
            (c_int64 * max(1, len(laws.parts)))(*laws.parts),
            (BackendTable * len(served))(*served),
            (StageTable * max(1, len(stages)))(*stages),
        )
        _, role = workflow(agent)
        horizon_s = scenario.horizon_s or math.inf
        lead, *_, worker, chat = profiles
        self.world = WorldTable(
            *self._kept[:4], len(served), self._kept[4], len(stages), agent.max_agents or 0, agent.at_cap is AtCap.stop, horizon_s,
            work.chat_share, scenario.outcome.effort, work.users, -1 if work.tasks_per_user is None else work.tasks_per_user, gap,
            role, lead, worker, chat, router, _retry(scenario.retry), team,
        )  # fmt: skip
        for purpose in Purpose:
            self.world.keys[purpose][:] = key(scenario.seed, replication, purpose)


def _profile(laws: Laws, loop: LoopSettings) -> ProfileTable:
    """As `sim.agents.profile.Profile`."""
    numbers = [getattr(loop, name) for name in ("system_tokens", "opening_turns", *_NUMBERS)]
    return ProfileTable(*numbers, *(laws.add(getattr(loop, name)) for name in _LAWS))


def _stage(laws: Laws, stage: StageSettings, order: Sequence[str]) -> StageTable:
    """As `sim.agents.profile.StageProfile`."""
    reads = [order.index(other) for other in stage.reads]
    return StageTable(
        profile=_profile(laws, stage),
        role=int(Role[stage.role.value]),
        verifies=stage.role is StageRole.verifier,
        judges=stage.judges,
        each=-1 if stage.each is None else order.index(stage.each),
        reads=laws.refer(reads),
        reads_count=len(reads),
        width=laws.add(stage.width),
        items=laws.add(1 if stage.items is None else stage.items),
        report_tokens=laws.add(stage.report_tokens),
        passes=stage.passes,
    )


def _backend(laws: Laws, backend: Backend, price: Price, *, batch: bool) -> BackendTable:
    """As `sim.backends.service.Service`, `sim.backends.cache.PromptCache` and `sim.backends.pricing.Price`."""
    settings, lists = backend.settings, price.lists()
    metered = {} if batch else dict(buckets(settings))
    limits = [metered.get(which) for which in range(_LIMITS)]
    nothing, share = settings.error_billed is Billed.nothing, settings.reasoning_share
    return BackendTable(
        error_rate=settings.error_rate,
        rtt_s=settings.network_rtt_s,
        handshake_s=settings.handshake_s,
        idle_s=settings.connection_idle_s,
        constant_s=settings.ttft_s,
        s_per_fresh=1 / settings.prefill_tokens_per_s if settings.prefill_tokens_per_s else 0.0,
        s_per_context=settings.context_s_per_100k_tokens / 1e5,
        s_per_output=1 / settings.decode_tokens_per_s if settings.decode_tokens_per_s else 0.0,
        sigma=settings.noise_sigma,
        cache_ttl_s=settings.cache_ttl_s,
        head_ttl_s=HOUR_S - settings.cache_ttl_s,
        cache_minimum=_NEVER if settings.cache is CacheKind.none else settings.cache_min_tokens,
        cache_head=settings.long_lived_tokens,
        cache_explicit=settings.cache is CacheKind.explicit,
        window=settings.context_window_tokens,
        forgets=nothing,
        bills_everything=settings.error_billed is Billed.everything,
        turn_multiplier=settings.turn_multiplier,
        verbosity=settings.verbosity,
        reasoning_share=math.nan if share is None else share,
        batch_latency_s=laws.add(settings.batch_latency_s) if batch else NO_LAW,
        slots=int(min(backend.slots.most, _NEVER)),
        queue_limit=-1 if settings.queue_limit is None else settings.queue_limit,
        limited=bool(metered),
        reads_count=settings.limits_count_cache_reads,
        s_per_unit=(c_double * _LIMITS)(*(limit.s_per_unit if limit else 0.0 for limit in limits)),
        burst_s=(c_double * _LIMITS)(*(limit.burst_s if limit else 0.0 for limit in limits)),
        fee_usd=price.fee(0.0),
        lists=laws.put([number for above, rates in lists for number in (above, *rates)]),
        lists_count=len(lists),
    )


def _router(laws: Laws, settings: RouterSettings, backends: Sequence[Backend]) -> RouterTable:
    """As `sim.router.policies`: by role, which is the same for all where one is fixed, or by shares."""
    places = {backend.name: backend.index for backend in backends}
    usual = 0 if settings.backend is None else places[settings.backend]
    roles = settings.roles if settings.policy is Policy.by_role else {}
    of_role = [places[roles[role.name]] if role.name in roles else usual for role in Role]
    weights = [settings.weights.get(backend.name, 0.0) if settings.weights else 1.0 for backend in backends]
    total = sum(weights)
    weighted = settings.policy is Policy.weighted
    edges = laws.put([edge / total for edge in accumulate(weights)][:-1]) if weighted else 0
    per = list(ChoosePer).index(settings.per)
    return RouterTable(int(weighted), per, (c_int64 * len(Role))(*of_role), edges)


def _retry(settings: RetrySettings) -> RetryTable:
    backoff = list(Backoff).index(settings.backoff)
    return RetryTable(settings.attempts, backoff, settings.heeds_retry_after, settings.backoff_base_s, settings.backoff_cap_s)


def _team(laws: Laws, agent: AgentSettings, outcome: OutcomeSettings) -> TeamTable:
    """As `sim.agents.orchestrator`."""
    deals_below = agent.kind is AgentKind.orchestrator and agent.split is Split.divide and agent.depth > 1
    return TeamTable(
        leads=agent.kind is AgentKind.orchestrator,
        counts_helpers=bool(outcome.success_exponent),
        depth=agent.depth,
        spawn_after_turn=agent.spawn_after_turn,
        turns_per_wave=agent.turns_per_wave or 0,
        max_parallel=agent.max_parallel or 0,
        inherit_context=agent.inherit_context,
        divide=agent.split is Split.divide,
        warmup_turns=agent.warmup_turns,
        on_worker_failure=list(OnFailure).index(agent.on_worker_failure),
        planned=agent.waves != 1 or bool(agent.delegated_share),
        led=min(2**40, round(agent.led)) if deals_below else 1,  # its mean may take a while
        delegated_share=agent.delegated_share,
        resumed_share=agent.resumed_share,
        fanout=laws.add(agent.fanout),
        waves=laws.add(agent.waves),
        report_tokens=laws.add(agent.report_tokens),
    )
