"""A command without a result takes away what it has made, and nothing of anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.shell.cli import main
from sim.shell.footprint import Footprint

REFUSED = ["agent=chat", "agent.fanout=0"]


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


RUN, SWEEP = ["hydra.run.dir={}"], ["-m", "hydra.sweep.dir={}", "agent.fanuot=1,2"]
PLACES = ["pre/mine", ".", "pre/mine/deep/er", "new", "noted"]
SLOW = [pytest.param(SWEEP, place, marks=pytest.mark.slow) for place in PLACES[1:]]


@pytest.mark.slow
@pytest.mark.parametrize(("words", "folder"), [*((RUN, place) for place in PLACES), (SWEEP, PLACES[0]), *SLOW])
def test_a_refused_setting_leaves_folders_as_they_were(
    words: list[str], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pre/mine").mkdir(parents=True)
    Path("noted/.hydra").mkdir(parents=True)
    for name in ("noted/.hydra/notes.txt", "noted/.hydra/config.yaml", "noted/sweep.txt"):
        Path(name).write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(SystemExit) as end:
        main([each.format(folder) for each in (*words, *REFUSED)])
    assert end.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert everything(tmp_path) == before
    assert {Path(name).read_text() for name in before if Path(name).is_file()} == {"mine"}


def test_only_what_is_new_goes_and_only_if_nothing_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "sweep.json").write_text("before")
    footprint = Footprint(tmp_path / "a" / "b"), Footprint(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "1").mkdir()
    for file in (tmp_path / "a" / "theirs", tmp_path / "a" / "b" / "sweep.json", tmp_path / "multirun.yaml"):
        file.write_text("")
    for each in footprint:
        each.undo()
    assert everything(tmp_path) == ["0", "a", "a/theirs", "sweep.json"]


@pytest.mark.slow
def test_a_sweep_of_which_every_scenario_is_refused_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["-m", "agent.fanout=1,2,3", "backends=[glm5]"])
    assert (end.value.code, everything(tmp_path)) == (1, [])
    assert capsys.readouterr().err.count("\n") == 2
