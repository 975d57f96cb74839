"""The twin is held to the model, bit for bit: named worlds, generated ones, the ways in which a run ends early."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, event, given

import sim
from sim.call import Status
from sim.engine.compiled.desk import BeyondError
from sim.engine.compiled.library import Library, may_meet, missing, why_not
from sim.engine.replicate import replicate
from sim.engine.world import World
from sim.meter.meter import CHUNK, LineFormedError
from sim.scenario.coupling import may_look_ahead, uncompiled
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind
from sim.settings.router import Policy
from sim.settings.run import Engine, Log, Warmup
from sim.settings.workload import WorkloadKind
from tests.engine.compiled.held import assert_held, assert_same, by_model, by_twin, on_its_clock
from tests.generated import PLAIN_DOOR, of, worlds
from tests.worlds import agent, backend, loop, scenario, team, with_

COMMON = ["backends=[claude_opus_4_6,minimax_m2_5]", "router=weighted", "processes=1"]
FAILING = ["market.models.claude_opus_4_6.error_rate=0.1", "market.models.minimax_m2_5.error_rate=0.1", "retry.attempts=2"]
WORLDS = {
    "chats of users": ["agent=chat", "workload=users", "workload.users=7", "workload.tasks_per_user=3", "horizon_s=40000", *FAILING],
    "agents that fail, by call": ["agent=solo", "workload.tasks=6", "router.per=call", *FAILING],
    "teams in waves": ["agent=team", "workload.tasks=12", "router.per=task"],
    "teams that share a job out": ["agent=swe_team_4", "workload.tasks=8", "outcome=hard_costs_more", *FAILING],
    "replicas": ["agent=swe_replicas_2", "workload.tasks=5"],
    "teams of teams, a horizon": [
        "agent=team_2", "agent.depth=2", "agent.requests=1", "agent.max_parallel=1", "workload.tasks=null",
        "workload.interarrival_s=600", "horizon_s=9000", *FAILING,
    ],
    "a pipeline that judges": ["agent=swe_reviewed_3", "workload.tasks=5", "agent.max_parallel=2", *FAILING],
    "a pipeline that comes to its cap": [
        "agent=pipeline", "agent.stages.verify.width=2", "workload.tasks=3", "agent.max_agents=9", "agent.at_cap=skip", *FAILING,
    ],
    "substitutes for workers": ["agent=team_4", "agent.on_worker_failure=retry", "workload.tasks=5", *FAILING],
    "slots enough": ["agent=team_2", "workload.tasks=5", "market.models.claude_opus_4_6.slots=40", "market.models.minimax_m2_5.slots=50"],
    "a prompt that does not fit": ["agent=solo", "workload.tasks=5", "market.models.minimax_m2_5.context_window_tokens=30000"],
    "far away": ["agent=solo", "workload.tasks=4", "place=eu", "batch=false"],
    "the batch queue": ["agent=solo", "workload.tasks=4", "batch=true"],
    "chats among agents": ["agent=solo", "workload.tasks=9", "workload.chat_share=0.5"],
}  # fmt: skip


@pytest.mark.parametrize("world", WORLDS)
def test_named_worlds_have_the_same_bits(world: str, library: Library) -> None:
    assert assert_held(sim.load(*COMMON, *WORLDS[world]), library).tally.calls


COVERED: dict[str, Any] = {
    "backend_": PLAIN_DOOR
    | {"kind": BackendKind.api, "reserved": ReservedSettings(), "decode_slowdown": 0.0, "share_system": False}
    | {"limits_count_cache_reads": False, "limits_reserve_output_tokens": None, "limit_gateway": False, "limit_gateway_most": None},
    "agent_": {"kind": of(AgentKind.orchestrator, AgentKind.pipeline, AgentKind.react, AgentKind.chat)},
    "budget": {"usd": None, "window_h": None, "zone": "UTC", "downgrade_to": None},
    "retry": {"patience_s": None, "timeout_s": None, "breaker_failures": None, "breaker_open_s": 60.0},
    "tries": {"most": 1, "verifier": None, "stop_when_lost": False},
    "workload": {"kind": of(WorkloadKind.open, WorkloadKind.users), "urgent_share": 0.0, "interarrival_s": of(0.0, 10.0)}
    | {"trace": "", "trace_sessions": None},
    "router": {"policy": of(Policy.fixed, Policy.weighted, Policy.by_role), "knows_cache": False, "quality_floor": 0.0}
    | {"fallback": [], "review_tasks": None, "switching_cost_usd": 0.0},
    "warmup": Warmup.none,
    "warmup_s": 0.0,
    "events": [],
}
"""What the twin covers, of all that is generated; some of it not in every combination."""


@pytest.mark.slow
@given(worlds(**COVERED))
def test_generated_worlds_have_the_same_bits(library: Library, world: sim.Scenario) -> None:
    """Step by step, ahead of the clock, and compiled."""
    assume(not uncompiled(world) and may_look_ahead(world))
    event("a world that the twin covers")
    steps = replicate(world, 0, step_by_step=True)
    try:
        assert_same(assert_held(world, library), steps)
    except LineFormedError:
        assert_same(replicate(world, 0), steps)
        event("a line forms")


MEETING = COVERED | {
    "backend_": {name: value for name, value in COVERED["backend_"].items() if name not in PLAIN_DOOR and "count" not in name}
    | {"requests_per_min": of(None, 3.0, 20.0), "input_tokens_per_min": of(None, None, 9000.0), "quotas": {}, "windows": []}
    | {"output_tokens_per_min": of(None, None, 700.0), "tokens_per_min": of(None, None, 12000.0), "limit_burst_s": of(60.0, 7.0)},
    "outcome": {"success_exponent": 0.0},
    "workload": COVERED["workload"] | {"teams": {}, "tasks": 8, "users": of(2, 3), "tasks_per_user": of(1, 3)},
}
"""What its clock covers too: limits, and lines."""


@pytest.mark.slow
@given(worlds(**MEETING))
def test_generated_worlds_in_which_calls_meet_have_the_same_bits(library: Library, world: sim.Scenario) -> None:
    """On SimPy's clock, and on the twin's, whether or not they have to."""
    assume(not uncompiled(world) and may_meet(world))
    steps = replicate(world, 0, step_by_step=True)
    event(f"calls are turned away: {steps.tally.attempts[:, Status.rate_limited].any()}")
    event(f"calls stand in line: {steps.tally.waited_units.any()}")
    assert_same(on_its_clock(world, library), steps)


def test_a_task_may_have_more_calls_than_the_meter_takes_at_once(library: Library) -> None:
    many = scenario(team(1, loop(turns=60), fanout=300), log=Log.none)
    assert assert_held(many, library).tally.calls > CHUNK


def test_what_goes_wrong_at_the_meter_in_the_middle_of_a_task_comes_out(library: Library) -> None:
    def progress(calls: int) -> None:
        raise KeyboardInterrupt

    many = scenario(team(1, loop(turns=60), fanout=300), log=Log.none)
    with pytest.raises(KeyboardInterrupt):
        World(many, 0, Shard(), progress, lookahead=True, twin=library).run()


def test_numbers_that_are_too_large_are_left_to_the_model(library: Library) -> None:
    """A prompt of 10^17 tokens: the model says what becomes of it."""
    wide = {"dist": "mixture", "weights": [999_999, 1], "parts": [{"dist": "constant", "value": 300}, {"dist": "constant", "value": 1e17}]}
    world = scenario(agent(turns=1, output_tokens=wide), backend(), tasks=1)
    assert_held(world, library)
    huge = with_(world, agent=with_(world.agent, output_tokens=1e17))
    with pytest.raises(BeyondError):
        by_twin(huge, library)
    with pytest.raises(sim.ConfigError, match="more than 4,294,967,295 tokens"):
        replicate(huge, 0)


LINED = {
    "teams": ["agent=team_2", "workload.tasks=30", "market.models.claude_opus_4_6.slots=3", "workload.interarrival_s=300"],
    "all at once, as alike as may be": [
        "agent=chat", "workload.backlog=40", "workload.tasks=60", "workload.interarrival_s=0", "agent.think_time_s=0",
        "agent.output_tokens=300", *(f"market.models.{name}.{part}" for name in ("claude_opus_4_6", "minimax_m2_5")
                                     for part in ("slots=2", "noise_sigma=0")),
    ],
    "batches, failures, a horizon": [
        "agent=team_4", "workload.tasks=null", "workload.batch_size=3", "workload.interarrival_s=200", "horizon_s=4000",
        "market.models.claude_opus_4_6.slots=6", "agent.on_worker_failure=retry", *FAILING,
    ],
    "a pipeline by call": ["agent=swe_reviewed_3", "workload.tasks=9", "router.per=call", "market.models.minimax_m2_5.slots=2", *FAILING],
    "more than come at a time": ["agent=chat", "workload.tasks=5000", "workload.interarrival_s=5", "market.models.minimax_m2_5.slots=1"],
}  # fmt: skip


@pytest.mark.parametrize("world", LINED)
def test_where_a_line_forms_calls_meet_on_the_twins_clock(world: str, library: Library) -> None:
    """Rows of calls and tasks even come in the model's order."""
    lined = with_(sim.load(*COMMON, *LINED[world]), log=Log.full)
    with pytest.raises(LineFormedError):
        by_twin(lined, library)
    found, steps = replicate(lined, 0), by_model(lined)
    assert found.line_formed
    assert steps.tally.waited_units.any()
    assert_same(found, steps)
    assert_same(on_its_clock(lined, library), steps)
    assert [row[0] for row in found.calls.tolist()] == [row[0] for row in steps.calls.tolist()]
    assert found.tasks.tolist() == steps.tasks.tolist()


METERED = {
    "rate limits": ["agent=team_2", "workload.tasks=30", "workload.interarrival_s=60", "market.models.claude_opus_4_6.requests_per_min=3"],
    "tokens a minute, in bursts": [
        "agent=solo", "workload.tasks=12", "workload.interarrival_s=100", "market.models.claude_opus_4_6.input_tokens_per_min=200000",
        "market.models.minimax_m2_5.output_tokens_per_min=4000", "market.models.minimax_m2_5.limit_burst_s=30", *FAILING,
    ],
    "reads count, nobody heeds": [
        "agent=solo", "workload.tasks=12", "retry.heeds_retry_after=false", "market.models.claude_opus_4_6.tokens_per_min=500000",
        "market.models.claude_opus_4_6.limits_count_cache_reads=true",
    ],
    "users on a quota": [
        "agent=team_2", "workload=users", "workload.users=20", "workload.tasks_per_user=3", "horizon_s=20000",
        "market.models.claude_opus_4_6.requests_per_min=4", "market.models.minimax_m2_5.slots=2",
    ],
    "users in office hours": [
        "agent=chat", "workload=users", "workload.users=40", "workload.tasks_per_user=9", "horizon_s=200000", "workload.session_gap_s=900",
        "workload.hours=[{from_h: 8, until_h: 18, times: 1.5}]", "workload.otherwise=0.1", "workload.growth_per_week=1.4",
        "market.models.claude_opus_4_6.requests_per_min=2",
    ],
    "a line that is full": [
        "agent=chat", "workload.tasks=300", "workload.interarrival_s=3", "market.models.claude_opus_4_6.slots=2",
        "market.models.claude_opus_4_6.queue_limit=3",
    ],
}  # fmt: skip


@pytest.mark.parametrize("world", METERED)
def test_limits_turn_calls_away_on_the_twins_clock(world: str, library: Library) -> None:
    metered = with_(sim.load(*COMMON, *METERED[world]), log=Log.full)
    found, steps = replicate(metered, 0), replicate(metered, 0, step_by_step=True)
    assert steps.tally.attempts[:, Status.rate_limited].any()
    assert_same(found, steps)
    assert_same(on_its_clock(metered, library), steps)
    assert found.tasks.tolist() == steps.tasks.tolist()
    assert why_not(metered, on_clock=True) == missing()


def test_users_are_lived_on_the_twins_clock(library: Library) -> None:
    people = with_(sim.load(*COMMON, *WORLDS["chats of users"]), log=Log.full)
    found = replicate(people, 0)
    assert not found.line_formed
    assert_same(found, by_model(people))
    crowded = sim.load(*COMMON, *WORLDS["chats of users"], "market.models.minimax_m2_5.slots=1", "workload.session_gap_s=1")
    assert replicate(crowded, 0).line_formed


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["outcome.success_exponent=0.5"], "outcome.success_exponent"),
        (["market=nov_2026", "backends=[deepseek_v4_pro]"], "prices that change"),
        (["workload.batch_size=2", "workload.interarrival_s=0"], "batches that come with no time between them"),
    ],
)
def test_what_the_twins_clock_does_not_have_goes_on_simpys(words: list[str], named: str) -> None:
    lined = sim.load(*COMMON, *LINED["teams"], *words)
    assert why_not(lined, on_clock=True) == f"calls wait for one another, and there it does not cover {named}"
    assert not may_meet(lined)
    assert_same(replicate(with_(lined, horizon_s=3000.0), 0), by_model(with_(lined, horizon_s=3000.0)))


def test_shards_are_the_whole(library: Library) -> None:
    world = with_(sim.load(*COMMON, "agent=team", "workload.tasks=9"), shards=3)
    parts = [World(world, 0, Shard(number, 3), lookahead=True, twin=library).run() for number in range(3)]
    whole = by_model(with_(world, shards=1))
    assert sum(part.tally.calls for part in parts) == whole.tally.calls
    assert f"{sum(int(part.tally.digests[0], 16) for part in parts) % 2**64:016x}" == whole.tally.digests[0]


@pytest.mark.parametrize("words", [["agent=solo"], ["agent=solo", "router=cost_per_success", "backends=[claude_opus_4_6,minimax_m2_5]"]])
def test_it_can_be_switched_off_and_asked_for(words: list[str]) -> None:
    """Whether or not it was built here; forecasts of routers are simulated too."""
    world = sim.load(*words, "workload.tasks=3")
    found = {engine: replicate(with_(world, engine=engine), 0).tally.digests for engine in Engine}
    assert len({digest for [digest] in found.values()}) == 1
