"""sim compare: folders in, a table and a page out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim
from sim.shell.cli import main
from tests.worlds import agent, backend, scenario


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["compare", *words])
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_two_runs_give_a_table_a_page_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name, turns in (("short", 5), ("long", 10)):
        sim.simulate(scenario(agent(turns=turns), backend(), tasks=2, replications=2)).save(name)
    status, out, _ = ended(capsys, "short", "long")
    assert status == 0
    assert "cost per task" in out
    page = (tmp_path / "outputs" / "compare" / "report.html").read_text()
    assert "sim compare short long" in page
    assert str(tmp_path) not in page
    status, out, _ = ended(capsys, "short", "long", "--json", "--out", "there")
    rows = {row["metric"]: row for row in json.loads(out)}
    assert rows["cost_per_task_usd"]["verdict"] == "more"
    assert (tmp_path / "there" / "figures" / "waterfall.svg").exists()


def test_one_folder_or_none_is_a_mistake_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, str(tmp_path)) == (1, "", "sim: compare takes two folders or more: sim compare FOLDER FOLDER\n")
    status, out, err = ended(capsys, str(tmp_path), str(tmp_path))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "holds no run" in err


def test_a_page_goes_into_no_run_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose own page it would replace."""
    monkeypatch.chdir(tmp_path)
    sim.simulate(scenario(agent(), backend())).save("run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    status, out, err = ended(capsys, "run", "run", "--out", "run")
    assert (status, out, err) == (1, "", "sim: run: holds a run or a sweep, whose files stay as they are; say another folder\n")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
    assert ended(capsys, "run", "run", "--out", "run/summary.csv/x")[2].endswith("run/summary.csv: is a file, not a folder\n")
