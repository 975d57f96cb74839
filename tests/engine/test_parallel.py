"""Scenarios on one pool: the same bits as one by one, the guilty one fails alone, nobody is left behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.engine.parallel import Ended, Runs, killed
from sim.engine.workers.pool import Pool, pool
from sim.errors import SimError
from sim.results.simulate import rounds, simulate_each
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log
from tests.worlds import agent, backend, scenario

NOISY = backend(ttft_s=10.0, noise_sigma=1.0, quality=0.6)


def deadly(*_: Any) -> None:
    """A policy that takes its process with it, as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def lingering(known: Any) -> Any:
    """A policy that begins a thread which does not end."""
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return lambda call, draws: known.backends[0]


def broken(*_: Any) -> None:
    """A policy with a fault."""
    raise ZeroDivisionError("a fault of mine")


def worlds(*seeds: int, **changes: Any) -> list[sim.Scenario]:
    given: dict[str, Any] = {"log": Log.none, "tasks": 30, "replications": 3, "processes": 2} | changes
    return [scenario(agent(turns={"dist": "geometric", "mean": 4}), NOISY, seed=seed, **given) for seed in seeds]


def world_of(policy: str) -> sim.Scenario:
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom=f"tests.engine.test_parallel:{policy}")
    return scenario(agent(), NOISY, router=router, replications=3, processes=2)


def run_together(scenarios: list[sim.Scenario]) -> list[Ended]:
    with Runs(rounds, scenarios=len(scenarios)) as runs:
        for each in scenarios:
            runs.put(each)
        return list(runs.outcomes())


def alive(workers: list[int]) -> list[int]:
    return [worker for worker in workers if Path(f"/proc/{worker}").exists()]


def all_gone(workers: list[int]) -> bool:
    """Whether they go; a machine that is busy with other things gives them a core in the end."""
    until = time.monotonic() + 120
    while alive(workers) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(workers)


def test_scenarios_side_by_side_have_the_bits_they_have_alone() -> None:
    """Also where one of them runs in this process, or goes on until it is precise."""
    together = worlds(1, 2) + worlds(3, processes=1) + worlds(4, precision=0.1, replications_most=25) + worlds(5, replications=1)
    calls: list[int] = []
    found = list(simulate_each(together, calls.append))
    alone = [sim.simulate(sim.sweep(each, {"processes": [1]}).runs[0].scenario) for each in together]
    assert [result.digest for result in found] == [result.digest for result in alone]
    assert [len(result.replications) for result in found] == [3, 3, 3, len(alone[3].replications), 1]
    assert len(found[3].replications) > 10
    assert sum(calls) == sum(tally.calls for result in found for tally in result.tallies)


def test_a_sweep_of_single_replications_uses_every_process() -> None:
    before = pool(2).ended
    sim.sweep(worlds(1, replications=1)[0], {"seed": [1, 2, 3]})
    assert pool(2).ended > before


def test_only_the_scenario_that_kills_its_process_fails() -> None:
    outcomes = run_together([*worlds(1), world_of("deadly"), *worlds(2, 3)])
    assert [str(outcome.error or "ok") for outcome in outcomes] == ["ok", killed(world_of("deadly")), "ok", "ok"]
    expected = [sim.simulate(each).digest for each in worlds(1, 2, 3)]
    assert [sim.Result(o.scenario, o.replications).digest for o in outcomes if not o.error] == expected


def test_a_killed_process_is_one_line_and_the_next_run_has_new_ones() -> None:
    with pytest.raises(SimError, match=r"^router\.custom=tests\.engine\.test_parallel:deadly: a process that ran it was killed"):
        sim.simulate(world_of("deadly"))
    assert killed(worlds(1)[0]).startswith("a process of this run was killed, for want of memory perhaps")
    assert sim.simulate(worlds(1)[0]).digest == sim.simulate(worlds(1, processes=1)[0]).digest


def test_nobody_waits_for_a_thread_that_a_policy_has_begun_in_a_worker() -> None:
    sim.simulate(world_of("lingering"))
    workers = pool(2).workers
    pool.cache_clear()  # nobody needs them any more
    gc.collect()
    assert all_gone(workers)


def test_what_a_policy_of_ones_own_raises_is_raised_again_with_its_place() -> None:
    said = r"^router.custom=tests.engine.test_parallel:broken: test_parallel.py, line \d+: ZeroDivisionError: a fault of mine$"
    with pytest.raises(sim.ConfigError, match=said):
        sim.simulate(world_of("broken"))


EDITED = """from pathlib import Path
def choose(known):
    mine = Path(__file__)
    mine.write_text(mine.read_text() + "# seen")
    return lambda call, drawn: known.backends[0]
"""


def test_outcomes_come_as_they_end_when_nobody_asks_for_their_order() -> None:
    long, short = worlds(1, tasks=3000, replications=1)[0], worlds(2, tasks=3, replications=1)[0]
    with Runs(rounds, scenarios=2) as runs:
        numbers = [runs.put(long), runs.put(short)]
        assert [outcome.number for outcome in runs.outcomes(in_order=False)] == numbers[::-1]
        assert runs.put(short) == 2


def test_what_runs_in_this_process_needs_no_patience() -> None:
    with Runs(rounds) as runs:
        runs.put(worlds(1, tasks=3, processes=1)[0])
        [outcome] = runs.outcomes(patient=False)
    assert len(outcome.replications) == 3


def test_a_file_that_changes_during_a_run_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edited_policy.py").write_text(EDITED)
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="edited_policy:choose")
    with pytest.raises(sim.DataError, match=r"^edited_policy\.py: was changed while the run went on"):
        sim.simulate(scenario(agent(), NOISY, router=router, replications=1, processes=1))


def test_a_process_that_was_killed_while_it_waited_is_replaced() -> None:
    sim.simulate(worlds(1)[0])
    for worker in pool(2).workers:
        os.kill(worker, signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        pool(2).submit(os.getpid).result()
    assert sim.simulate(worlds(1)[0]).digest == sim.simulate(worlds(1, processes=1)[0]).digest


def test_killed_workers_leave_no_thread_that_python_would_wake_at_its_end() -> None:
    """It would write into a pipe that the thread closes meanwhile, and print a traceback after the last word."""
    before = set(threading.enumerate())
    mine = Pool(2)
    mine.submit(os.getpid).result()
    begun = set(threading.enumerate()) - before
    mine.kill()
    assert begun
    assert not begun & set(threading.enumerate())


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_work_that_is_interrupted_is_ended_not_waited_for() -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    endless = worlds(1, tasks=400_000, replications=2)[0]
    sim.simulate(worlds(1)[0])
    mine = pool(2)
    workers, before = mine.workers, mine.ended
    with pytest.raises(KeyboardInterrupt):
        sim.simulate(endless, interrupt)
    assert all_gone(workers)
    assert mine.ended - before < 400_000, "of some 3,200,000 calls"
    assert sim.simulate(worlds(1)[0]).digest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_their_parent_is_killed() -> None:
    script = (
        "import sim, sim.engine.workers.pool\n"
        "from tests.engine.test_parallel import worlds\n"
        "sim.simulate(worlds(1)[0])\n"
        "print(*sim.engine.workers.pool.pool(2).workers, flush=True)\n"
        "sim.simulate(worlds(1, tasks=400_000)[0])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert len(alive(workers)) == 2
        time.sleep(0.3)
        parent.kill()
    assert all_gone(workers)


def test_workers_know_a_module_of_the_user_s_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made once and kept; a value of such a module that was changed in between was that of the first run."""
    lines = ("SIZE = 400", "def f(agent):", "    agent.settle()",
             "    yield agent.office.send(agent.call, 0, SIZE, 400, 0, 0.5, 1.0, 0.0)", "    return True")  # fmt: skip
    (tmp_path / "sized.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    words = ("agent.kind=custom", "agent.workflow=sized:f", "backends=[minimax_m2_5]", "workload.tasks=4", "replications=2", "processes=2")
    loaded, found = sim.load(*words), []
    for size in (1000, 50_000):
        monkeypatch.setattr(sys.modules["sized"], "SIZE", size)
        found.append(sim.simulate(loaded).mean("tokens_per_task"))
    assert found == [1_400, 50_400]
