"""What a run holds does not grow with what it has done: an ended task is freed at once, without a garbage collector."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import sim
from sim.engine import replicate as simulation
from tests.worlds import with_

WORLDS = {
    "chat": ["agent=chat"],
    "solo, with errors and compaction": ["agent=solo", "market.models.claude_opus_4_6.error_rate=0.1", "agent.compact_at_tokens=60000"],
    "team of teams": ["agent=team_2", "agent.depth=2"],
    "waves, some of whose sub-agents go on": ["agent=team", "agent.resumed_share=0.5", "agent.on_worker_failure=retry"],
    "debate": ["agent=debate"],
    "pipeline": ["agent=pipeline", "agent.stages.verify.width=1", "agent.max_tokens=2000000"],
    "tries with a verifier": ["agent=solo", "agent.tries.most=3", "agent.tries.true_positive=0.6"],
    "until lost": ["agent=solo", "agent.tries.most=2", "agent.tries.stop_when_lost=true", "outcome.length_exponent=1"],
    "users": ["agent=chat", "workload.kind=users", "workload.users=4", "horizon_s=null"],
    "a door": ["agent=chat", "market.models.claude_opus_4_6.queue_limit=2", "market.models.claude_opus_4_6.slots=2"],
    "shared decoding": ["agent=chat", "market.models.claude_opus_4_6.decode_slowdown=0.1"],
}


@contextmanager
def collected() -> Iterator[list[int]]:
    """How many objects a collector finds, each time that one runs."""
    numbers: list[int] = []

    def told(phase: str, said: dict[str, int]) -> None:
        if phase == "stop":
            numbers.append(said["collected"] + said["uncollectable"])

    gc.callbacks.append(told)
    try:
        yield numbers
    finally:
        gc.callbacks.remove(told)


@pytest.mark.parametrize("world", WORLDS)
def test_ended_tasks_are_freed(world: str) -> None:
    """The world itself, a few cycles, is all that a collector finds at the end of a run, however many tasks there were."""
    found: list[int] = []
    scenario = sim.load(*WORLDS[world], "backends=[claude_opus_4_6]", "replications=1", "log=none")
    for tasks in (4, 4, 24):  # the first one fills caches
        work = with_(scenario.workload, tasks=tasks, tasks_per_user=tasks)
        with collected() as numbers:
            simulation.replicate(with_(scenario, workload=work), 0)
        found.append(numbers[-1])
    assert found[2] <= found[1] + 12


LIVING = """
import gc, sim
for seed in range(40):
    sim.simulate(sim.load("agent=chat", "workload.tasks=2", "replications=1", "processes=1", f"seed={seed}"))
print(len(gc.get_objects()))
"""


@pytest.mark.slow
def test_a_process_that_loads_and_runs_again_and_again_does_not_grow() -> None:
    """Objects that are frozen are forgotten by the collector's own count: each scenario's 20,000 were never looked at again."""
    found = subprocess.run([sys.executable, "-c", LIVING], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 500_000, "40 scenarios leave 900,000 where nothing is collected, 60,000 live"
