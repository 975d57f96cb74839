"""The log of calls: the same rows in memory and in its file, from whatever process, and no file when nobody has the log any more."""

from __future__ import annotations

import io
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

import sim
from sim.engine.parallel import in_worker
from sim.engine.replicate import replicate
from sim.engine.replication import Replication
from sim.engine.workers.pool import Pool, pool
from sim.meter.calllog import MEMORY, ROW, CallLog, Memory, merged
from sim.meter.leftover import clear_leftovers
from sim.report.plots.gallery import spans

WORLD = ["backends=[claude_opus_4_6,minimax_m2_5]", "router=weighted", "agent=team_2", "workload.tasks=30"]
ERRORS = "market.models.claude_opus_4_6.error_rate=0.05"
GROUP = 100


@pytest.fixture
def spilling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Every log goes to a file at once, in small groups; the folder in which those are."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    pool(2).kill()  # its workers are to see this too
    with MEMORY.limited(0, group=GROUP):
        yield folder
    pool(2).kill()


def rows_at(starts: np.ndarray) -> np.ndarray:
    """Rows that can all be told apart."""
    rows = np.zeros(len(starts), ROW)
    for number, name in enumerate(ROW.names or ()):
        rows[name] = np.arange(len(starts)) * (number + 1) % 251
    rows["task"] = np.arange(len(starts)) + 2**40
    rows["t_start_s"] = starts
    return rows


def log_of(rows: np.ndarray, memory: Memory | None = None, piece: int = 37) -> CallLog:
    log = CallLog(memory)
    for at in range(0, len(rows), piece):
        log.append(rows[at : at + piece])
    return log.finish()


def test_rows_come_back_from_a_file_that_goes_with_the_log(spilling: Path) -> None:
    rows = rows_at(np.random.default_rng(1).normal(size=1234))
    log = log_of(rows)
    assert len(log) == 1234
    assert [parquet.ParquetFile(file).num_row_groups for file in spilling.iterdir()] == [13]
    assert log.read().tobytes() == rows.tobytes()
    assert [len(batch) for batch in log.batches()] == [100] * 12 + [34]
    assert log.lows() == [batch["t_start_s"].min() for batch in log.batches()]
    del log
    assert not list(spilling.iterdir())


def test_a_log_of_nothing(spilling: Path) -> None:
    log = CallLog().finish()
    assert len(log.read()) == len(list(log.batches())) == 0
    assert log.read().dtype == ROW
    assert not list(spilling.iterdir())


def test_many_small_logs_together_keep_no_more_in_memory_than_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Twenty logs of 81 kB, none of them large, where 405 kB may stay: five, and the other fifteen have a file."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    memory, rows = Memory(5 * 1000 * ROW.itemsize), rows_at(np.arange(1000.0))
    logs = [log_of(rows, memory) for _ in range(20)]
    assert len(list(tmp_path.iterdir())) == 15
    assert memory.held_bytes == memory.most_bytes
    assert all(log.read().tobytes() == rows.tobytes() for log in logs)
    del logs
    assert memory.held_bytes == 0
    assert not list(tmp_path.iterdir())


def test_copies_of_logs_share_the_memory_of_their_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows = rows_at(np.arange(1000.0))
    log, before = log_of(rows, Memory()), MEMORY.held_bytes
    with MEMORY.limited(before + 5 * rows.nbytes):
        copies = [pickle.loads(pickle.dumps(log)).finish() for _ in range(20)]
        assert MEMORY.held_bytes <= MEMORY.most_bytes
    assert all(copy.read().tobytes() == rows.tobytes() for copy in copies)
    assert len(list(tmp_path.iterdir())) == 15
    del copies
    assert MEMORY.held_bytes == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keep", [0, 2**30], ids=["in files", "in memory"])
@pytest.mark.parametrize("late_s", [0.0, 50.0, 1e9], ids=["in order", "nearly in order", "in no order"])
def test_logs_are_merged_as_if_all_were_sorted_at_once(keep: int, late_s: float) -> None:
    """Whole seconds, so that many starts are equal: those stay in the order of the logs, then of their rows."""
    memory = Memory(keep, GROUP)
    luck = np.random.default_rng(2)
    parts = [rows_at(np.floor(np.arange(n) * 0.7 + luck.uniform(0, late_s, n))) for n in (900, 0, 333, 1500, 1)]
    agents = [luck.permutation(251).astype(np.uint32) for _ in parts]
    whole = merged([log_of(part, memory) for part in parts], agents, memory).read()
    for part, known in zip(parts, agents, strict=True):
        part["agent"] = known[part["agent"]]
    together = np.concatenate(parts)
    assert whole.tobytes() == together[np.argsort(together["t_start_s"], kind="stable")].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "ways",
    [
        ["replications=2", "processes=1"],
        ["processes=1", "shards=3"],
        ["replications=3", "processes=2"],
        ["processes=2", "shards=3"],
    ],
)
def test_a_run_whose_log_is_in_files_gives_the_same_tables(ways: list[str], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """To the bit, and its saved table is the one that pandas writes, with its schema, words and origin."""
    scenario = sim.load(*WORLD, ERRORS, *ways)
    plain = sim.simulate(scenario)
    folder = request.getfixturevalue("spilling")
    spilled = sim.simulate(scenario)
    assert len(list(folder.glob("*.parquet"))) == len(spilled.replications) == scenario.replications
    assert not list(folder.glob("sim-pool-*/*"))
    assert spilled.digest == plain.digest
    pd.testing.assert_frame_equal(spilled.calls, plain.calls)
    expected = plain.calls.copy()
    expected.attrs = plain.origin
    with io.BytesIO() as file:
        expected.to_parquet(file, index=False)
        table = parquet.read_table(file)
        for result in (plain, spilled):
            saved = result.save(tmp_path / "run") / "calls.parquet"
            assert parquet.read_table(saved).equals(table, check_metadata=True)
            pd.testing.assert_frame_equal(pd.read_parquet(saved), plain.calls)
            assert pd.read_parquet(saved).attrs == plain.origin
    del spilled, result
    assert not list(folder.glob("*.parquet"))


@pytest.mark.slow
def test_saving_makes_no_table_of_everything(spilling: Path, tmp_path: Path) -> None:
    result = sim.simulate(sim.load(*WORLD, "replications=2", "processes=1"))
    file = parquet.ParquetFile(result.save(tmp_path / "run", group_rows=1000) / "calls.parquet")
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert sum(sizes) == result.mean("calls") * 2
    assert len(sizes) > 3
    assert max(sizes) < 1000 + GROUP
    assert "calls" not in vars(result)


def in_a_file(scenario: sim.Scenario) -> Replication:
    """In a worker: a replication whose log goes to a file."""
    with MEMORY.limited(0):
        return in_worker(scenario, 0, 0)


def test_a_workers_file_is_its_parents_to_keep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It comes by its path, outlives its worker and goes with the parent's log; whatever else the worker put aside goes with it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    scenario = sim.load(*WORLD)
    workers = Pool(1)
    part, lost = workers.submit(in_a_file, scenario).result(), workers.submit(_left_behind).result()
    assert Path(lost).exists()
    workers.kill()
    [file] = tmp_path.iterdir()
    assert file.suffix == ".parquet"
    assert part.calls.tobytes() == replicate(scenario, 0).calls.tobytes()
    del part
    assert not list(tmp_path.iterdir())


def _left_behind() -> str:
    return tempfile.mkstemp()[1]


def test_a_pickled_log_is_a_copy(spilling: Path) -> None:
    rows = rows_at(np.arange(500.0))
    log = log_of(rows)
    first, second = (pickle.loads(pickle.dumps(log)) for _ in range(2))
    assert len(list(spilling.iterdir())) == 3
    del first, log
    assert second.read().tobytes() == rows.tobytes()
    assert len(second) == 500


def test_no_room_is_said_in_one_line(spilling: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not grow beyond 20 kB stands for a full disk."""
    rows = rows_at(np.random.default_rng(3).normal(size=5000))
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        with pytest.raises(sim.SimError, match=f"log of calls does not fit into {spilling}: .*; set TMPDIR to a folder with room"):
            log_of(rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not list(spilling.iterdir())
    with monkeypatch.context() as there:
        there.setattr("tempfile.tempdir", str(spilling / "missing"))
        with pytest.raises(sim.SimError, match="No such file or directory"):
            log_of(rows)


ENDING = """
import os, pathlib, signal, sys, tempfile
import sim
from sim.meter.calllog import MEMORY
end, processes = sys.argv[1:]
temporary = pathlib.Path(tempfile.gettempdir())
files = "sim-pool-*/*.parquet" if processes == "2" else "*.parquet"
def look(calls):
    if any(file.stat().st_size > 0 for file in temporary.glob(files)):
        print("seen", flush=True)
        if end == "fault":
            raise ZeroDivisionError
        if end != "normal":
            os.kill(os.getpid(), {"ctrl-c": signal.SIGINT, "kill": signal.SIGKILL}[end])
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    world = ["backends=[minimax_m2_5]", "agent=chat", "horizon_s=null", "replications=2"]
    with MEMORY.limited(0, group=1000):
        result = sim.simulate(sim.load(*world, f"workload.tasks={20000 * int(processes)}", f"processes={processes}"), look)
    assert len(list(temporary.glob("*.parquet"))) == 2
"""
"""A run with many calls that is ended in one way or another as soon as a file with rows is seen."""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("end", ["normal", "fault", "ctrl-c", "kill"])
def test_no_file_is_left_however_a_run_ends(end: str, processes: int, tmp_path: Path) -> None:
    """But for the file of a process that is killed itself; its workers tidy up after one another."""
    given = {**os.environ, "TMPDIR": str(tmp_path)}
    script = tmp_path / "script.py"
    script.write_text(ENDING, encoding="utf-8")
    out = subprocess.run([sys.executable, script, end, str(processes)], env=given, capture_output=True, text=True, check=False)
    assert out.stdout.startswith("seen"), out.stderr
    assert out.returncode == {"normal": 0, "fault": 1, "ctrl-c": -signal.SIGINT, "kill": -signal.SIGKILL}[end], out.stderr
    until = time.monotonic() + 120  # a worker looks once a second, if it is given a core
    while list(tmp_path.glob("sim-pool-*")) and time.monotonic() < until:
        time.sleep(0.05)
    left = [file.name for file in tmp_path.iterdir() if file != script]
    assert all(name.endswith(".parquet") for name in left) if end == "kill" else not left
    with pytest.MonkeyPatch.context() as there:
        there.setattr("tempfile.tempdir", str(tmp_path))
        clear_leftovers()
    assert [file.name for file in tmp_path.iterdir()] == [script.name]


PEAK = """
import sys
from benchmarks import growth, ours
from sim.meter.calllog import MEMORY
from sim.results.simulate import simulate
with MEMORY.limited(4 * 2**20):
    simulate(ours.scenario(int(sys.argv[1]), shards=int(sys.argv[2]), processes=1)).save(sys.argv[3])
print(growth.peak_mib())
"""


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 4])
def test_memory_does_not_grow_with_the_log(shards: int, tmp_path: Path) -> None:
    """500,000 more calls, whose rows alone are 39 MiB and their table 100 MiB, take less than 30 MiB."""
    peaks = []
    for calls in (300_000, 800_000):
        told = [sys.executable, "-c", PEAK, str(calls), str(shards), str(tmp_path)]
        peaks.append(float(subprocess.run(told, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] - peaks[0] < 30, peaks


def test_the_figure_of_times_reads_the_log_as_the_table_would(spilling: Path) -> None:
    """Percentiles by backend, of attempts that succeeded after the warm-up, from the log's batches and from the table of calls."""
    result = sim.simulate(sim.load(*WORLD, ERRORS, "replications=2", "processes=1", "warmup=fixed", "warmup_s=500"))
    calls = result.calls[(result.calls["status"] == "ok") & (result.calls["t_request_s"] >= 500)]
    times = (calls["t_end_s"] - calls["t_request_s"]).groupby(calls["backend"])
    expected = pd.DataFrame({"p50": times.quantile(0.5), "p95": times.quantile(0.95), "p99": times.quantile(0.99)})
    assert 0 < len(calls) < len(result.calls)
    pd.testing.assert_frame_equal(spans(result, {}), expected, check_names=False, rtol=1e-12)
