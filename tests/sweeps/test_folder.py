"""A sweep started again runs what is missing or changed, and nothing else; whoever is killed loses no complete run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from benchmarks.kills import survive
from sim.results.files import NOTE
from sim.scenario.text import as_yaml
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.sweeps.folder import RunFolder, starting
from sim.sweeps.key import key_of
from tests.pressed import stopped
from tests.typed import typed as shell
from tests.worlds import agent, backend, scenario, with_

BOTH = {"one": backend(noise_sigma=1.0, quality=0.6), "two": backend(input_usd_per_mtok=2.0, noise_sigma=1.0, quality=0.7)}
AXES: dict[str, list[Any]] = {"agent.turns": [2, 5], "backends": [["one"], ["two"]]}
HOLDER = """import sys
from pathlib import Path
from sim.sweeps.folder import starting
with starting(Path(sys.argv[1])): print(flush=True); input()"""


def world(**changes: Any) -> sim.Scenario:
    return scenario(agent(), dict(BOTH), **({"tasks": 5, "replications": 3} | changes))


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[], int]:
    """How many of the runs in the sweep's folder were written since it was asked for the last time."""
    seen: dict[Path, tuple[int, int]] = {}

    def changed() -> int:
        stamps = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in tmp_path.glob("*/summary.csv")}
        new = sum(seen.get(file) != stamp for file, stamp in stamps.items())
        seen.clear()
        seen.update(stamps)
        return new

    return changed


def dearer(name: str) -> sim.Scenario:
    """The same world with a higher price of one backend."""
    return scenario(agent(), BOTH | {name: with_(BOTH[name], input_usd_per_mtok=3.0)}, tasks=5, replications=3)


@pytest.mark.slow
def test_nothing_missing_nothing_runs_and_every_table_is_the_same_to_the_bit(tmp_path: Path, ran: Callable[[], int]) -> None:
    plain = sim.sweep(world(), AXES, baseline={"backends": ["one"]})
    first = sim.sweep(world(), AXES, baseline={"backends": ["one"]}, folder=tmp_path)
    assert ran() == 4
    again = sim.sweep(world(), AXES, baseline={"backends": ["one"]}, folder=tmp_path)
    assert ran() == 0
    for swept in (first, again):
        pd.testing.assert_frame_equal(swept.results, plain.results, check_exact=True)
        for mine, yours in zip(swept.runs, plain.runs, strict=True):
            assert mine.digest == yours.digest
            for table in ("summary", "timeline", "by_replication", "calls", "tasks"):
                pd.testing.assert_frame_equal(getattr(mine, table), getattr(yours, table), check_exact=True, check_dtype=False)
            assert mine.notes == yours.notes
    pd.testing.assert_frame_equal(sim.compare(again.runs[0], again.runs[1]), sim.compare(plain.runs[0], plain.runs[1]), check_exact=True)
    assert len(pd.read_csv(tmp_path / "results.csv")) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "again"),
    [
        (world(seed=2), 4),
        (world(log=Log.none), 4),
        (dearer("two"), 2),
        (world(name="other", processes=2), 0),
        (scenario(agent(), BOTH | {"three": backend()}, tasks=5, replications=3), 0),
    ],
    ids=["seed", "log", "price of one backend", "what does not matter", "a backend nobody uses"],
)
def test_only_what_a_change_moves_runs_again(tmp_path: Path, ran: Callable[[], int], changed: sim.Scenario, again: int) -> None:
    changed.backends = ["one", "two"]
    sim.sweep(world(), AXES, folder=tmp_path)
    assert ran() == 4
    swept = sim.sweep(changed, AXES, folder=tmp_path)
    assert ran() == again
    alone = sim.sweep(changed, AXES)
    pd.testing.assert_frame_equal(swept.results, alone.results, check_exact=True)
    assert (tmp_path / "3" / "calls.parquet").exists() == (changed.log is Log.full)
    for number, run in enumerate(alone.runs):
        assert (tmp_path / str(number) / "scenario.yaml").read_text() == as_yaml(run.scenario)


def test_a_baseline_named_later_is_in_the_table_without_a_run(tmp_path: Path, ran: Callable[[], int]) -> None:
    sim.sweep(world(), AXES, folder=tmp_path)
    assert ran() == 4
    sim.sweep(world(), AXES, folder=tmp_path, baseline={"agent.turns": 2})
    assert ran() == 0
    assert "cost_per_task_usd_verdict" in pd.read_csv(tmp_path / "results.csv")


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def garble(file: Path) -> None:
    """300 bytes of something else in the middle; its size is what it was."""
    held = bytearray(file.read_bytes())
    middle = len(held) // 2
    held[middle : middle + 300] = bytes(each ^ 0x5A for each in held[middle : middle + 300])
    file.write_bytes(held)


def edit(file: Path) -> None:
    """Another number of the same length."""
    text = file.read_text()
    file.write_text(text.replace("cost_usd,USD,0.", "cost_usd,USD,9.", 1))
    assert file.read_text() != text


DAMAGE: dict[str, Callable[[Path], object]] = {
    "torn table": lambda run: truncate(run / "summary.csv"),
    "edited table": lambda run: edit(run / "summary.csv"),
    "garbled log": lambda run: garble(run / "calls.parquet"),
    "lost table": lambda run: (run / "timeline.csv").unlink(),
    "torn note": lambda run: truncate(run / NOTE),
    "lost note": lambda run: (run / NOTE).unlink(),
    "other note": lambda run: (run / NOTE).write_text("[]"),
    "older note": lambda run: (run / NOTE).write_text('{"axes": {}, "digest": "0", "failed": ""}'),
}


@pytest.mark.slow
@pytest.mark.parametrize("harm", DAMAGE)
def test_a_run_that_is_not_whole_runs_again(tmp_path: Path, ran: Callable[[], int], harm: str) -> None:
    plain = sim.sweep(world(), AXES, folder=tmp_path).results
    assert ran() == 4
    DAMAGE[harm](tmp_path / "2")
    pd.testing.assert_frame_equal(sim.sweep(world(), AXES, folder=tmp_path).results, plain, check_exact=True)
    assert ran() == 1


def test_a_table_says_which_of_its_runs_are_not_as_saved(tmp_path: Path) -> None:
    sim.sweep(world(replications=1), AXES, folder=tmp_path)
    edit(tmp_path / "1" / "summary.csv")
    truncate(tmp_path / "2" / "replications.csv")
    (tmp_path / "3" / "timeline.csv").unlink()
    told = ", not as saved; the same sweep started again mends that"
    files = ["summary.csv", "replications.csv", "timeline.csv"]
    table = sim.gather(tmp_path)
    assert list(table["status"]) == ["ok", *(f"failed: {file}: {told[2:]}" for file in files)]
    assert table["cost_usd"].notna().tolist() == [True, False, False, False]


def test_a_key_is_taken_before_the_run_and_must_still_hold_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "changing_policy.py"
    policy.write_text("def choose(known):\n    return lambda call, drawn: known.backends[0]\n")
    monkeypatch.syspath_prepend(tmp_path)
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="changing_policy:choose")
    own = world(router=router, replications=1, processes=1)
    own.backends = ["one", "two"]
    place = RunFolder(tmp_path / "0", {}, tmp_path)
    assert not place.keep(own)
    result = sim.simulate(own)
    policy.write_text(policy.read_text().replace("[0]", "[1]"))
    with pytest.raises(sim.DataError, match="was changed while it ran, so what came out is not kept"):
        place.complete(result)
    assert not (tmp_path / "0" / "summary.csv").exists()
    assert not place.keep(own)
    place.complete(sim.simulate(own))
    assert place.keep(own)
    assert place.saved(own).mean("token_share.two") == 1, "the policy as it is now, in this very process"


def moody(knowledge: Any) -> Any:
    """A policy that has bad days."""
    if "BAD_DAY" in os.environ:
        raise ZeroDivisionError("a bad day")
    return lambda call, drawn: knowledge.backends[0]


def test_a_failed_run_is_tried_again_and_no_other(tmp_path: Path, ran: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.sweeps.test_folder:moody")
    axes: dict[str, list[Any]] = {"router": [RouterSettings(), router]}
    monkeypatch.setenv("BAD_DAY", "yes")
    with pytest.raises(sim.ConfigError, match=r"test_folder\.py, line [0-9]+: ZeroDivisionError: a bad day"):
        sim.sweep(world(processes=1), axes, folder=tmp_path)
    ok, failed = sim.gather(tmp_path)["status"]
    assert (ok, failed[:8], failed[-9:]) == ("ok", "failed: ", "a bad day")
    assert ran() == 1
    monkeypatch.delenv("BAD_DAY")
    sim.sweep(world(processes=1), axes, folder=tmp_path)
    assert ran() == 1
    assert list(sim.gather(tmp_path)["status"]) == ["ok", "ok"]


def test_what_settings_only_name_counts_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace, policy = tmp_path / "calls.csv", tmp_path / "my_policy.py"
    trace.write_text("trace,agent,call_index,t_s,input_tokens,output_tokens\na,main,0,0,100,5\n")
    policy.write_text("def choose(knowledge): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    replay = world(workload=WorkloadSettings(kind=WorkloadKind.trace, trace=str(trace)))
    own = world(router=RouterSettings(policy=Policy.custom, custom="my_policy:choose"))
    before = [key_of(replay), key_of(own)]
    assert before == [key_of(replay), key_of(own)]
    trace.write_text(trace.read_text().replace("100", "1000"))
    policy.write_text("def choose(knowledge): pass  # otherwise\n")
    assert not {*before} & {key_of(replay), key_of(own)}


def test_runs_of_an_earlier_sweep_are_not_in_the_table(tmp_path: Path) -> None:
    sim.sweep(world(), AXES, folder=tmp_path)
    sim.sweep(world(), {"agent.turns": [2]}, folder=tmp_path)
    assert list(sim.gather(tmp_path)["agent.turns"]) == ["2"]


def test_half_written_files_are_removed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / ".summary.csv.part").write_text("met")
    sim.sweep(world(), {"agent.turns": [2]}, folder=tmp_path)
    assert not list(tmp_path.rglob(".*.part"))


def test_two_sweeps_do_not_share_a_folder_at_the_same_time(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(sim.ConfigError, match="another run or sweep is writing there"), starting(tmp_path, patience_s=0.1):
            pytest.fail("it shared")
        other.kill()
    assert len(sim.sweep(world(), AXES, folder=tmp_path).runs) == 4


TYPED = ["-m", "agent=chat", "workload.tasks=3", "replications=2", "log=none", "processes=1"]


@pytest.mark.slow
def test_the_same_command_finds_its_runs_and_another_does_not(tmp_path: Path) -> None:
    own = tmp_path / "mine" / "experiment"
    own.mkdir(parents=True)
    params = "hydra:\n  sweeper:\n    params:\n      seed: 1,2,3\n"
    (own / "dice.yaml").write_text(f"# @package _global_\nname: dice\n{params}")
    typed = ["--config-dir=mine", "experiment=dice", *TYPED[1:]]
    first = shell(tmp_path, *typed)
    assert first.returncode == 0, first.stderr
    assert "were kept" not in first.stdout
    (own / "dice.yaml").write_text(f"# @package _global_\nname: dice\n{params.replace('2', '7')}")
    again = shell(tmp_path, *typed, "processes=2")
    assert "2 of 3 runs were kept" in again.stdout
    [folder] = (tmp_path / "outputs").iterdir()
    assert folder.name.startswith("dice-")
    assert list(pd.read_csv(folder / "results.csv")["seed"]) == [1, 7, 3]
    assert shell(tmp_path, *typed, "workload.tasks=4").returncode == 0
    assert len(list((tmp_path / "outputs").iterdir())) == 2


@pytest.mark.slow
def test_ctrl_c_leaves_a_table_of_what_has_ended_and_the_next_start_the_whole(tmp_path: Path) -> None:
    typed = [*TYPED, "hydra.sweep.dir=out", "workload.tasks=3,200000"]
    end = stopped(typed, tmp_path, (tmp_path / "out" / "0" / NOTE).exists)
    assert end.status == 130
    assert end.stderr.splitlines()[-1].startswith("sim: stopped; ")
    assert list(pd.read_csv(tmp_path / "out" / "results.csv")["status"]) == ["ok"]
    note = json.loads((tmp_path / "out" / "0" / NOTE).read_text())
    assert note["digest"]
    assert not (tmp_path / "out" / "1" / NOTE).exists()


@pytest.mark.slow
def test_a_sweep_killed_at_any_moment_goes_on_to_the_same_table(tmp_path: Path) -> None:
    found = survive(tmp_path, scenarios=4, kills=2)
    assert found.kills == 2
    assert (found.twice, found.left_over, found.equal) == (0, 0, True)


@pytest.mark.slow
def test_every_value_of_a_sweep_is_tried_before_anything_runs(tmp_path: Path) -> None:
    ran = shell(tmp_path, *TYPED, "seed=1,2", "agent.depth=1,2,lots")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "sim: agent.depth: 'lots' is not a whole number"
    assert list(tmp_path.iterdir()) == []
