"""Files of runs: what is written comes back to the bit, whole or not at all; what is not there is said so."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.results import files
from sim.results.files import CALLS, FIGURES, NOTE, ORIGIN, REPLICATIONS, RESULTS, SUMMARY, TASKS, TIMELINE, Files, remove_torn
from sim.results.kept.manifest import altered, read_note, together
from sim.results.saved import SavedResult
from sim.scenario.text import SETTINGS
from sim.settings.run import Log
from sim.sweeps.key import PACKAGE
from tests.worlds import agent, backend, scenario

NOISY = backend(noise_sigma=1.0, quality=0.6)


def test_a_saved_result_is_the_result(tmp_path: Path) -> None:
    result = sim.simulate(scenario(agent(), NOISY, tasks=5, replications=3, log=Log.full))
    saved = SavedResult(result.save(tmp_path / "deep" / "run"), result.scenario, result.digest)
    for name in ("summary", "by_replication", "timeline", "calls", "tasks"):
        pd.testing.assert_frame_equal(getattr(saved, name), getattr(result, name), check_exact=True, check_dtype=False)
    assert saved.notes == result.notes
    assert saved.sample.whole == pytest.approx(result.sample.whole, rel=0, abs=0, nan_ok=True)
    assert list(saved.sample.without) == list(result.sample.without)
    for name, values in result.sample.without.items():
        np.testing.assert_array_equal(saved.sample.without[name], values)
    made = Files(saved.folder)
    assert made.json(ORIGIN) == result.origin
    assert made.settings()["workload"]["tasks"] == 5
    note = read_note(saved.folder)
    assert set(note["files"]) == {SUMMARY, REPLICATIONS, TIMELINE, TASKS, CALLS, ORIGIN, SETTINGS, "notes.json"}
    assert (note["digest"], altered(saved.folder, note)) == (result.digest, [])


def test_files_of_somebody_else_are_not_overwritten(tmp_path: Path) -> None:
    result = sim.simulate(scenario(agent(), NOISY, tasks=2, replications=1))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "summary.csv").write_text("a,b")
    with pytest.raises(sim.DataError, match=r"mine: has a summary\.csv that is no run's, and it would be overwritten; name another"):
        result.save(tmp_path / "mine")
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["a,b"]
    result.save(tmp_path / "run")
    for gone in ("run.json", "scenario.yaml"):  # as whoever is killed leaves it
        (tmp_path / "run" / gone).unlink()
    result.save(tmp_path / "run")
    sim.sweep(result.scenario, {"seed": [1, 2]}, folder=tmp_path / "sweep")
    with pytest.raises(sim.DataError, match="sweep: holds a sweep; a run of its own goes into another folder"):
        result.save(tmp_path / "sweep")
    with pytest.raises(sim.DataError, match=r"mine: has a summary\.csv that is no run's"):
        sim.sweep(result.scenario, {"seed": [1, 2]}, folder=tmp_path / "mine")


def test_a_log_that_is_no_longer_asked_for_goes(tmp_path: Path) -> None:
    for log, there in ((Log.full, True), (Log.none, False)):
        sim.simulate(scenario(agent(), NOISY, tasks=2, log=log)).save(tmp_path)
        assert Files(tmp_path).has(CALLS) == Files(tmp_path).has(TASKS) == there
    assert list(Files(tmp_path).log(CALLS, ["task"])) == ["task"]


def test_what_is_not_there_or_torn_is_empty(tmp_path: Path) -> None:
    none = Files(tmp_path / "nowhere")
    assert none.sample() is None
    assert (none.json(NOTE), none.settings()) == ({}, {})
    for torn in ("[]", '{"axes": ', "\x00"):
        (tmp_path / NOTE).write_text(torn)
        assert Files(tmp_path).json(NOTE) == {}


def test_settings_are_written_where_they_differ(tmp_path: Path) -> None:
    made = Files(tmp_path)
    made.write_settings(scenario(agent(), NOISY))
    stamp = (tmp_path / SETTINGS).stat().st_mtime_ns
    made.write_settings(scenario(agent(), NOISY))
    assert (tmp_path / SETTINGS).stat().st_mtime_ns == stamp
    made.write_settings(scenario(agent(), NOISY, seed=5))
    assert made.settings()["seed"] == 5


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    made = Files(tmp_path)
    made.write_table(RESULTS, pd.DataFrame({"a": [0.1 + 0.2]}))

    def broken(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        made.write(RESULTS, broken)
    with pytest.raises(OSError, match="disk full"):
        made.write_figure("one", broken)
    assert made.table(RESULTS)["a"].tolist() == [0.1 + 0.2]
    assert list((tmp_path / FIGURES).iterdir()) == []
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / ".summary.csv.part").write_text("met")
    remove_torn(tmp_path)
    assert not list(tmp_path.rglob("*.part"))


def test_what_cannot_be_written_says_which_file_that_is(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    def together_full() -> None:
        with together(tmp_path) as files:
            files.write(SUMMARY, full)

    for write in (lambda: Files(tmp_path).write(SUMMARY, full), together_full):
        with pytest.raises(OSError) as told:
            write()
        assert told.value.filename == str(tmp_path / SUMMARY)
    assert list(tmp_path.iterdir()) == []


def test_names_of_files_stand_in_one_place() -> None:
    names = {value for name, value in vars(files).items() if name.isupper() and isinstance(value, str)} - {FIGURES}
    assert {SUMMARY, SETTINGS, NOTE, "sweep.json", "report.md"} <= names
    said: dict[str, list[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                said.setdefault(str(node.value), []).append(file.name)
    assert {name: places for name, places in said.items() if len(places) > 1} == {}
    assert set(said) == names


def test_links_in_a_folder_are_not_followed_and_links_to_it_are(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "seen").symlink_to(tmp_path / "run")
    assert Files(tmp_path / "seen").path(f"{FIGURES}/a.png") == tmp_path / "seen" / FIGURES / "a.png"
    (tmp_path / "run" / FIGURES).symlink_to(tmp_path)
    (tmp_path / "run" / NOTE).symlink_to(tmp_path / NOTE)  # to nothing
    for name in (FIGURES, f"{FIGURES}/a.png", NOTE, "../a.json", f"{FIGURES}/../../a.json"):
        with pytest.raises(sim.DataError, match="is a link, or in one"):
            Files(tmp_path / "run").path(name)


def test_rows_are_written_as_a_table_is(tmp_path: Path) -> None:
    heads, rows = ["name", "value"], [("a,b", 0.1 + 0.2), ("=1+1", math.nan), ("-5", math.inf), ('"', -0.0), ("ü", 1e300), ("x\ny", 3.0)]
    Files(tmp_path).write_rows("rows.csv", heads, rows)
    Files(tmp_path).write_table("table.csv", pd.DataFrame(rows, columns=heads))
    columns = {"name": np.array([name for name, _ in rows], object), "value": np.array([value for _, value in rows])}
    Files(tmp_path).write_columns("columns.csv", columns)
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "table.csv").read_bytes() == (tmp_path / "columns.csv").read_bytes()
    numbers = {"whole": np.array([3, -(2**53)]), "part": np.array([0.1 + 0.2, 1e-300])}
    Files(tmp_path).write_columns("columns.csv", numbers)
    Files(tmp_path).write_table("table.csv", pd.DataFrame(numbers))
    assert (tmp_path / "columns.csv").read_bytes() == (tmp_path / "table.csv").read_bytes()
