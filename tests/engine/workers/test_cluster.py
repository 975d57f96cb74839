"""Shards by Ray: the same bits as on the local pool, ends as there; and one line where Ray is not installed."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim.engine.parallel import killed
from sim.engine.workers.cluster import cluster
from sim.meter.calllog import MEMORY
from sim.settings.run import Log, ShardsOn
from sim.sweeps.key import key_of
from tests.engine.test_parallel import run_together, world_of, worlds
from tests.worlds import agent, backend, scenario

NEEDED = "shards_on=ray needs Ray, which is not installed here: pip install 'agent-token-sim[ray]'"


def by_ray(world: sim.Scenario, **changes: Any) -> sim.Scenario:
    return dataclasses.replace(world, shards_on=ShardsOn.ray, **changes)


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    cluster.cache_clear()


@pytest.mark.usefixtures("without_ray")
def test_where_ray_is_missing_one_line_says_what_to_install() -> None:
    for each in worlds(1, 1, shards=2):
        with pytest.raises(sim.ConfigError) as refused:
            sim.simulate(by_ray(each))
        assert str(refused.value) == NEEDED


def test_so_it_does_in_the_shell(tmp_path: Path) -> None:
    """A file that cannot be imported stands for what is not installed."""
    (tmp_path / "ray.py").write_text("raise ImportError\n", encoding="utf-8")
    typed = [sys.executable, "-m", "sim", "agent=chat", "workload.tasks=4", "shards=2", "shards_on=ray", "hydra.run.dir=out"]
    ran = subprocess.run(typed, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr.splitlines()[-1]) == (1, "", f"sim: {NEEDED}")


@pytest.mark.usefixtures("without_ray")
def test_one_process_is_this_one_and_needs_no_ray() -> None:
    alone = worlds(1, processes=1, shards=2)[0]
    assert sim.simulate(by_ray(alone)).digest == sim.simulate(alone).digest


def test_where_it_ran_is_not_part_of_what_a_run_is() -> None:
    alone = worlds(1)[0]
    assert key_of(by_ray(alone)) == key_of(alone)
    assert sim.load("shards_on=ray").shards_on is ShardsOn.ray
    assert sim.load().shards_on is ShardsOn.local


@pytest.mark.usefixtures("without_ray")
def test_a_saved_run_is_run_here_unless_it_is_trusted(tmp_path: Path) -> None:
    [alone] = worlds(1, processes=1)
    ran = sim.simulate(by_ray(alone))
    ran.save(tmp_path)
    assert sim.simulate(dataclasses.replace(sim.load_run(tmp_path), processes=2)).digest == ran.digest
    assert sim.load_run(tmp_path, trust=True).shards_on is ShardsOn.ray


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray on this machine, begun once for all tests of this file."""
    found = pytest.importorskip("ray", reason="no Ray: make ray installs it")
    with pytest.MonkeyPatch.context() as there:
        there.delenv("RAY_ADDRESS", raising=False)
        cluster.cache_clear()
        yield found
        if found.is_initialized():
            cluster().kill()


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize("most_bytes", [0, 32 * 2**20])
@pytest.mark.parametrize("changes", [{"shards": 5, "replications": 1}, {"replications": 4}, {"shards": 3, "shards_run": 2}], ids=str)
def test_a_run_by_ray_leaves_what_one_on_the_local_pool_leaves(changes: dict[str, Any], most_bytes: int, tmp_path: Path) -> None:
    world = worlds(1, log=Log.full, **changes)[0]
    told: list[int] = []
    with MEMORY.limited(most_bytes, group=50):
        there, here = sim.simulate(by_ray(world), told.append), sim.simulate(world)
    assert there.digest == here.digest
    assert sum(told) == sum(tally.calls for tally in here.tallies)
    for name in ("summary", "calls", "tasks", "timeline"):
        pd.testing.assert_frame_equal(getattr(there, name), getattr(here, name))
    folders = there.save(tmp_path / "there"), here.save(tmp_path / "here")
    names = {path.name for path in folders[0].iterdir() if path.is_file()}
    other = {name for name in names if (folders[0] / name).read_bytes() != (folders[1] / name).read_bytes()}
    assert {"calls.parquet", "summary.csv"} < names
    assert other == {"scenario.yaml", "run.json"}, "the setting itself, and the hash of that file"


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_shards_in_which_calls_queue_are_the_same_bits_too() -> None:
    busy = scenario(agent(turns=3), backend(ttft_s=10.0, slots=8), tasks=60, every_s=2.0, shards=4, log=Log.full, processes=2)
    here, there = sim.simulate(busy), sim.simulate(by_ray(busy))
    assert (here.calls["t_start_s"] > here.calls["t_request_s"]).any()
    assert there.digest == here.digest
    pd.testing.assert_frame_equal(there.calls, here.calls)


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_a_sweep_over_both_has_one_digest_and_the_guilty_scenario_fails_alone() -> None:
    [world] = worlds(1, shards=2)
    outcomes = run_together([by_ray(world), by_ray(world_of("broken")), by_ray(world_of("deadly")), by_ray(world, seed=2), world])
    said = [str(outcome.error or "ok") for outcome in outcomes]
    assert [said[0], said[2], said[3], said[4]] == ["ok", killed(world_of("deadly")), "ok", "ok"]
    assert said[1].endswith("ZeroDivisionError: a fault of mine")
    digests = [sim.Result(o.scenario, o.replications).digest for o in outcomes if not o.error]
    assert digests == [sim.simulate(each).digest for each in (world, dataclasses.replace(world, seed=2), world)]


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_a_run_that_is_left_early_is_ended_and_the_next_one_begins_anew(ray: Any) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    usual = signal.getsignal(signal.SIGTERM)
    [short], [long] = worlds(1, shards=2), worlds(1, shards=40, tasks=4000)
    with pytest.raises(KeyboardInterrupt):
        sim.simulate(by_ray(long), interrupt)
    assert not ray.is_initialized()
    assert sim.simulate(by_ray(short)).digest == sim.simulate(short).digest
    assert signal.getsignal(signal.SIGTERM) is usual


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_ray_that_was_begun_before_is_left_running_and_no_run_waits_inside_a_task_of_its_own(ray: Any) -> None:
    cluster().kill()
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    [world] = worlds(1)
    assert sim.simulate(by_ray(world)).digest == sim.simulate(world).digest
    assert cluster().most == 2
    with pytest.raises(sim.ConfigError, match="shards_on=ray: this is a task of Ray's already"):
        ray.get(ray.remote(sim.simulate).remote(by_ray(world)))
    cluster().kill()
    assert ray.is_initialized()
    ray.shutdown()


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_told_in_a_line(ray: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster().kill()
    assert not ray.is_initialized()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(sim.ConfigError, match=r"^shards_on=ray: RAY_ADDRESS=127\.0\.0\.1:1: .*[Rr]efused$"):
        sim.simulate(by_ray(worlds(1)[0]))
