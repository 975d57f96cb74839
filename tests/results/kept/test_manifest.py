"""Files of a run: all of them or none, of one run and no other; what has changed since is told by its content."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.engine.stop import Stopped, heard
from sim.results.files import CALLS, NOTE, ORIGIN, REPORT, SUMMARY, Files
from sim.results.kept.manifest import Together, add_shown, altered, is_plain, read_note, together
from sim.scenario.text import SETTINGS
from sim.settings.run import Log
from tests.worlds import agent, backend, scenario


def ran(seed: int = 1, log: Log = Log.full) -> sim.Result:
    return sim.simulate(scenario(agent(), backend(noise_sigma=1.0), tasks=2, seed=seed, log=log))


def test_a_save_that_fails_changes_nothing(tmp_path: Path) -> None:
    ran().save(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OSError, match="disk full"):
        written_until_the_disk_is_full(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def written_until_the_disk_is_full(folder: Path) -> None:
    with together(folder, digest="new") as files:
        files.write_text(REPORT, "new")
        files.write_json(ORIGIN, {"digest": "new"})
        files.write_log(CALLS, 0, lambda path: None)
        files.write(SUMMARY, half_written)


def half_written(path: Path) -> None:
    path.write_text("half")
    raise OSError("disk full")


def test_nothing_of_the_run_before_is_left_beside_the_new_one(tmp_path: Path) -> None:
    ran().save(tmp_path)
    (tmp_path / "figures").mkdir()
    for name in (REPORT, "figures/spend.png", "figures/mine.png", "my notes.txt"):
        (tmp_path / name).write_text("shown")
    add_shown(tmp_path, [REPORT, "figures/spend.png", "../elsewhere", "/etc/passwd"])
    (tmp_path.parent / "elsewhere").write_text("another's")
    new = ran(seed=5, log=Log.none)
    new.save(tmp_path)
    assert not {CALLS, REPORT} & {file.name for file in tmp_path.iterdir()}
    assert [file.name for file in (tmp_path / "figures").iterdir()] == ["mine.png"]
    assert (tmp_path.parent / "elsewhere").exists()
    assert (tmp_path / "my notes.txt").exists()
    note = read_note(tmp_path)
    assert note["digest"] == new.digest == Files(tmp_path).json(ORIGIN)["digest"]
    assert altered(tmp_path, note) == []
    assert SETTINGS in note["files"]


def test_who_is_killed_between_two_files_leaves_no_run(tmp_path: Path) -> None:
    ran().save(tmp_path)

    def killed() -> None:
        with together(tmp_path, digest="new") as files:
            files.write_text(SUMMARY, "new")
            files.write_text(ORIGIN, "new")
            (tmp_path / ORIGIN).unlink()
            (tmp_path / ORIGIN).mkdir()  # so that it cannot be put in its place

    with pytest.raises(OSError):
        killed()
    assert not (tmp_path / NOTE).exists()
    assert not list(tmp_path.glob(".*.part"))


def test_a_signal_waits_until_all_files_are_in_their_places(tmp_path: Path) -> None:
    old, new = ran(), ran(seed=5)
    old.save(tmp_path)

    class Signalled(Together):
        """A signal comes as soon as the old list is gone."""

        def put(self, **said: object) -> None:
            (tmp_path / NOTE).unlink()
            signal.raise_signal(signal.SIGTERM)
            super().put(**said)

    def save() -> None:
        with heard(), together(tmp_path, Signalled, digest=new.digest) as files:
            files.write_summary(new.summary)

    with pytest.raises(Stopped):
        save()
    assert (read_note(tmp_path)["digest"], altered(tmp_path, read_note(tmp_path))) == (new.digest, [])


def test_what_has_changed_is_told_by_its_content(tmp_path: Path) -> None:
    ran().save(tmp_path)
    note = read_note(tmp_path)
    for name in (SUMMARY, CALLS, SETTINGS):
        held = (tmp_path / name).read_bytes()
        stamp = os.stat(tmp_path / name)
        (tmp_path / name).write_bytes(bytes([held[0] ^ 1]) + held[1:])
        os.utime(tmp_path / name, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert altered(tmp_path, note) == [name]
        (tmp_path / name).write_bytes(held)
        assert altered(tmp_path, note) == []
    assert altered(tmp_path, {}) == altered(tmp_path, {"files": []}) == [NOTE]
    assert altered(tmp_path, {"files": {SUMMARY: os.stat(tmp_path / SUMMARY).st_size, ORIGIN: 1}}) == [ORIGIN], "sizes, as once"
    assert altered(tmp_path, {"files": {"nowhere": ""}}) == ["nowhere"]


def test_a_note_names_files_of_its_own_folder_only() -> None:
    assert all(map(is_plain, (SUMMARY, "figures/spend.png")))
    assert not any(map(is_plain, ("", "..", "../a", "/etc/passwd", "a/b/c", 3, None)))


def test_the_list_is_plain_text(tmp_path: Path) -> None:
    result = ran()
    result.save(tmp_path, said={"key": "k"})
    said = json.loads((tmp_path / NOTE).read_text())
    assert (said["key"], said["digest"]) == ("k", result.digest)
    pd.testing.assert_frame_equal(Files(tmp_path).summary(), result.summary, check_dtype=False)
