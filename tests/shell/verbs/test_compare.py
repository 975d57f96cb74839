"""sim compare: folders in, a table and a page out."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

import sim
from sim.shell.cli import main
from tests.worlds import agent, backend, scenario


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["compare", *words])
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


@pytest.fixture
def short_and_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs of a day, where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name, turns in (("short", 5), ("long", 10)):
        sizes = {"dist": "exponential", "mean": 300}
        world = scenario(agent(turns=turns, output_tokens=sizes), backend(), tasks=2, replications=2, horizon_s=86_400.0)
        sim.simulate(world).save(name)
    return tmp_path


def test_two_runs_give_a_table_a_page_and_a_budget(short_and_long: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "short", "long", "budget_usd_per_month=900")
    assert status == 0
    assert "cost per task" in out
    assert "chance to cost more" in out
    page = (short_and_long / "outputs" / "compare" / "report.html").read_text()
    assert "A month against its budget" in page
    assert "sim compare short long budget_usd_per_month=900" in page
    assert str(short_and_long) not in page
    for wrong in ("0", "nan", "much"):
        said = f"sim: budget_usd_per_month={wrong}: must be dollars, above 0\n"
        assert ended(capsys, "short", "long", f"budget_usd_per_month={wrong}") == (1, "", said)


def test_machines_get_json_spreadsheets_a_workbook_and_slides_pdf(short_and_long: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ended(capsys, "short", "long", "--json", "--out", "there", "--xlsx", "--pdf")
    assert status == 0
    rows = {row["metric"]: row for row in json.loads(out)}
    assert rows["cost_per_task_usd"]["verdict"] == "more"
    figures = short_and_long / "there" / "figures"
    assert {path.stem for path in figures.glob("*.pdf")} == {path.stem for path in figures.glob("*.svg")} > {"waterfall", "money_by_kind"}
    assert (figures / "waterfall.pdf").read_bytes().startswith(b"%PDF")
    book = openpyxl.load_workbook(short_and_long / "there" / "comparison.xlsx")
    assert book.sheetnames == ["differences", "settings", "all metrics"]
    [heads, first, *_] = book["differences"].iter_rows(values_only=True)
    assert dict(zip(heads, first, strict=True))["difference"] == pytest.approx(rows["cost_per_task_usd"]["difference"], rel=1e-12)
    assert [row[0] for row in book["all metrics"].iter_rows(values_only=True)] == ["folder", "short", "long"]


def test_one_folder_or_none_is_a_mistake_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, str(tmp_path)) == (1, "", "sim: compare takes two folders or more: sim compare FOLDER FOLDER\n")
    status, out, err = ended(capsys, str(tmp_path), str(tmp_path))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "holds no run" in err
    told = "sim: budget=900: compare takes budget_usd_per_month=900\n"
    assert ended(capsys, str(tmp_path), str(tmp_path), "budget=900") == (1, "", told)


def test_a_page_goes_into_no_run_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose own page it would replace."""
    monkeypatch.chdir(tmp_path)
    sim.simulate(scenario(agent(), backend())).save("run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    status, out, err = ended(capsys, "run", "run", "--out", "run")
    assert (status, out, err) == (1, "", "sim: run: holds a run or a sweep, whose files stay as they are; say another folder\n")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
    assert ended(capsys, "run", "run", "--out", "run/summary.csv/x")[2].endswith("run/summary.csv: is a file, not a folder\n")
