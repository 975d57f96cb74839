"""It is chosen by what is set, and where it is what it should be; a wrong digit or a wrong turn in it is seen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sim
from sim.engine.compiled.build import LIBRARY
from sim.engine.compiled.library import SIZES, Library, chosen, differences, why_not
from sim.engine.replication import Replication
from sim.errors import LawError
from sim.settings.run import Engine
from tests.engine.compiled.conftest import built
from tests.engine.compiled.held import by_model, by_twin, on_its_clock, plain
from tests.worlds import with_

UNCOVERED = {
    "agent.kind": ["agent=debate"],
    "agent.tries.pick": ["tries=retry"],
    "market.models.claude_opus_4_6.decode_slowdown": ["market.models.claude_opus_4_6.decode_slowdown=0.1"],
    "retry.timeout_s": ["retry.timeout_s=600"],
    "router.policy": ["router=cheapest"],
    "workload.kind": ["workload=trace", "workload.trace=excerpt"],
    "agent.turns": ["agent.turns={dist: gamma, mean: 4, shape: 2}"],
    "budget.usd": ["budget.usd=5"],
}


@pytest.mark.parametrize("key", UNCOVERED)
def test_what_it_does_not_cover_is_named(key: str) -> None:
    said = why_not(sim.load("backends=[claude_opus_4_6]", "agent=solo", *UNCOVERED[key]))
    assert said.startswith("it does not cover ")
    assert key in said


def test_a_setting_that_only_says_that_it_concerns_nobody_else_is_not_taken_to_be_known() -> None:
    world = sim.load("agent=solo", "router.policy=custom", "router.custom=tests.engine.compiled.test_library:alone")
    assert why_not(world).startswith("it does not cover router.policy")


def alone(known: object) -> object:
    """A policy of a user's, which promises more than it may."""
    return lambda call, draws: known.backends[0]  # type: ignore[attr-defined]


alone.traits = sim.ALONE._replace(twin=True)  # type: ignore[attr-defined]


def test_it_is_not_chosen_where_simpy_is_asked_for() -> None:
    world = with_(sim.load("agent=solo"), engine=Engine.simpy)
    assert (chosen(world), why_not(world)) == (None, "engine=simpy")


def test_it_is_what_python_is(library: Library) -> None:
    assert list(differences(library)) == []
    assert list(library.sizes) == SIZES


class Mutant(NamedTuple):
    """`old` stands in a source once, and `new` is put in its place."""

    file: str
    old: str
    new: str


MUTANTS = {
    "a digit of the normal quantile's middle": Mutant("luck.c", "3.3871328727963666080e+0", "3.3871328727963676080e+0"),
    "a digit of its tail": Mutant("luck.c", "1.42343711074968357734e+0", "1.42343711074969357734e+0"),
    "a digit of its far end": Mutant("luck.c", "6.65790464350110377720e+0", "6.65790464350111377720e+0"),
    "a round of random numbers": Mutant("luck.c", "round < 10", "round < 9"),
    "the branch of a child": Mutant("luck.c", "(mixed >> 29)", "(mixed >> 28)"),
    "a mixture's last value": Mutant("luck.c", "1 - 0x1p-53", "1 - 0x1p-3"),
    "context is not read": Mutant("service.c", "+ (double)prompt * backend->s_per_context", ""),
    "a cache entry ends at its end, not after it": Mutant("service.c", "if (now_s <= kept->until_s)", "if (now_s + 100 <= kept->until_s)"),
    "a failed attempt is billed": Mutant("service.c", "if (*fails && backend->forgets)\n        prompt", "if (0)\n        prompt"),
    "the first retry waits twice as long": Mutant("call.c", "ldexp(1.0, (int)attempt)", "ldexp(1.0, (int)attempt + 1)"),
    "tokens are cut, not rounded": Mutant("agent.c", "agent->output_scale + 0.5", "agent->output_scale"),
    "another message's luck": Mutant("agent.c", "profile->think_time_s, u[2]", "profile->think_time_s, u[1]"),
    "the cache outlives a compaction": Mutant("agent.c", "forget_prefix(agent);\n            if (agent->answer", "if (agent->answer"),
    "a wave comes a turn late": Mutant("agent.c", "!= plan->after[agent->next_wave]", "!= plan->after[agent->next_wave] + 1"),
    "a lead does not wait for its team": Mutant("team.c", "engine->clock->now_s, TEAM_ENDS", "lead->now_s, TEAM_ENDS"),
    "what is read from a cache costs as much as what is not": Mutant("sums.c", "(read + write)", "write"),
    "a row's digest": Mutant("sums.c", "(found >> 29)", "(found >> 28)"),
    "the last part of an exact sum": Mutant("sums.c", "* 0x1p40", "* 0x1p39"),
    "what is carried over": Mutant("sums.c", "sum->part[1] >> 30", "sum->part[1] >> 29"),
    "minutes of 61 seconds": Mutant("sums.c", "row->t_end_s / 60.0", "row->t_end_s / 61.0"),
    "what failed has cost nothing": Mutant("sums.c", "add_parts(&sums->failed, cost);", ";"),
    "answers of compactions are not told apart": Mutant("sums.c", "row->role == ROLE_OF_COMPACTION;", "0;"),
    "a retry begins a stage anew": Mutant("sums.c", "!row->turn && !row->attempt", "!row->turn"),
    "a try's score from another page": Mutant("task.c", "page(world, TRY, job->number", "page(world, TASK, job->number"),
    "waits for answers that broke": Mutant("call.c", "    call->wait.broken_s += agent->now_s - call->t_start_s;\n", ""),
    "later waves repeat the first one's luck": Mutant("team.c", "(u64)(1 + wave), &u", "1, &u"),
    "a slot more": Mutant("backend.c", "(*in_service < backend->slots)", "(*in_service <= backend->slots)"),
    "who has left the line still counts": Mutant("backend.c", "    engine->in_line[backend]--;\n", ""),
    "the line is one longer than it may be": Mutant("backend.c", "*in_line >= backend->queue_limit", "*in_line > backend->queue_limit"),
    "what is read from a cache counts against limits": Mutant("backend.c", "        input -= read;\n", ""),
    "a bucket does not fill while nobody asks": Mutant("backend.c", "(full_at[at] > now_s ? full_at[at] : now_s) +", "full_at[at] +"),
    "clients come back when they like": Mutant("call.c", " && retry_after_s > *wait_s", " && 0"),
    "turned away and broken is the same wait": Mutant("call.c", "    if (call->limited)\n", "    if (0)\n"),
    "nobody is counted who was turned away": Mutant("backend.c", "agent->call.wait.refused = 1", "1"),
    "users begin at once": Mutant("task.c", ": now_s + gap_s", ": now_s"),
    "the next task has its user's number": Mutant("task.c", "session++ * world->users", "session++ * 1"),
    "nobody is told how long a call stood in line": Mutant("sums.c", "[sums->line_count++] = in_line_s", "[sums->line_count++] = 1.0"),
    "the line of calls that are tried again is forgotten": Mutant("call.c", "call->wait.line_s += call", "call->wait.line_s = call"),
    "of what comes at once the last is first": Mutant("clock.c", "one->order < other->order", "one->order > other->order"),
    "a heap is not looked through": Mutant("clock.c", "least + 4 < clock->count ? least + 4", "least + 3 < clock->count ? least + 3"),
    "a call that is given up still counts as trying": Mutant("call.c", "    agent->engine->trying_again--;\n", ""),
}
"""One constant or one step each."""


Way = Callable[[sim.Scenario, Library], Replication]


@pytest.fixture(scope="module")
def worlds() -> list[tuple[Way, sim.Scenario, Any]]:
    """Small ones in which all of it happens, with the way in which the twin lives them, and the model's sums and digests."""
    common = ["backends=[claude_opus_4_6]", "log=none", "market.models.claude_opus_4_6.error_rate=0.05"]
    context = ["market.models.claude_opus_4_6.context_s_per_100k_tokens=1", "agent.compact_at_tokens=40000"]
    model = "market.models.claude_opus_4_6"
    limits = [f"{model}.requests_per_min=30", f"{model}.input_tokens_per_min=150000", f"{model}.tokens_per_min=300000", "horizon_s=5000"]
    line = ["market.models.claude_opus_4_6.slots=4", "workload.backlog=12", "horizon_s=900", "market.models.claude_opus_4_6.noise_sigma=0"]
    alike = [f"agent.{name}" for name in ("requests=3", "prompt_tokens=500", "output_tokens=300", "request_tokens=90", "think_time_s=0")]
    sets: list[tuple[Way, list[str]]] = [
        (by_twin, ["agent=team", "workload.tasks=10"]),
        (by_twin, ["agent=solo", "workload.tasks=6", *context]),
        (by_twin, ["agent=pipeline", "workload.tasks=2", "market.models.claude_opus_4_6.error_billed=everything"]),
        (on_its_clock, ["agent=team", "workload.tasks=20", *line]),
        (on_its_clock, ["agent=chat", "workload.tasks=20", *line, *alike]),
        (on_its_clock, ["agent=team_2", "workload=users", "workload.users=9", "workload.tasks_per_user=2", *limits]),
        (on_its_clock, ["agent=team_2", "workload.tasks=40", "workload.interarrival_s=20", *line[:1], f"{model}.queue_limit=3"]),
    ]
    found = [(way, sim.load(*common, *words)) for way, words in sets]
    return [(way, world, plain(by_model(world).tally)) for way, world in found]


def seen(library: Library, worlds: list[tuple[Way, sim.Scenario, Any]]) -> Iterator[str]:
    """What tells a library from the model."""
    yield from differences(library)
    for way, world, sums in worlds:
        try:
            found = plain(way(world, library).tally)
        except LawError as law:
            yield str(law)
        else:
            yield from (name for name in sums if found[name] != sums[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_digit_and_a_wrong_step_are_seen(name: str, tmp_path: Path, worlds: list[tuple[Way, sim.Scenario, Any]]) -> None:
    mutant = MUTANTS[name]
    shutil.copytree(LIBRARY.parent, tmp_path / "copy")
    file = tmp_path / "copy" / mutant.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    assert next(seen(built(tmp_path / "mutant.so", tmp_path / "copy"), worlds), "")
