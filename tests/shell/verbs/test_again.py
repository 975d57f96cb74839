"""Runs run again, those of strangers too: nothing in a folder runs, nothing of ours gets into it, nothing leads out of it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.report.page import show_run, show_sweep
from sim.results.kept.manifest import read_note
from sim.scenario.text import as_yaml
from sim.settings.agent import AgentKind
from sim.shell.cli import main
from sim.shell.verbs import VERBS
from sim.sweeps.folder import starting
from tests.report.html.checked import checked
from tests.worlds import agent, backend, scenario, with_

SECRET = "hunter2-of-the-reader"
NAME = "<script>alert(1)</script> ![x](http://evil/x.png) =1+1 $\\frac{$ ```"


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status, and all that was said."""
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out + said.err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in the folder `run` of the working directory, where a module `evil` lies that tells when it is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\ndef choose(known): return lambda call, draws: known.backends[0]\n")
    world = scenario(agent(), {"=cmd": with_(backend(), label=NAME), "other": backend()}, tasks=2, name=NAME, processes=1)
    return sim.simulate(world).save("run")


def changed(run: Path, change: Callable[[sim.Scenario], None]) -> None:
    there = sim.load_run(run)
    change(there)
    (run / "scenario.yaml").write_text(as_yaml(there))


def test_the_same_comes_out_or_it_is_said_what_does_not(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ended(capsys, "again", "run")
    assert (status, said) == (0, f"run: same digest {read_note(run)['digest']}, same tables (agent-token-sim {sim.__version__}, seed 1)\n")
    summary = (run / "summary.csv").read_text()
    (run / "summary.csv").write_text(summary.replace("total_tokens,tokens,1", "total_tokens,tokens,2", 1))
    status, said = ended(capsys, "again", "run")
    assert (status, said) == (1, "sim: run: same digest; other tables: summary.csv; not as they were saved: summary.csv\n")
    (run / "summary.csv").write_text(summary)
    changed(run, lambda there: setattr(there.workload, "tasks", 3))
    status, said = ended(capsys, "again", "run")
    assert status == 1
    assert said.startswith("sim: run: another digest; other tables: ")
    assert "not as they were saved: scenario.yaml" in said


def own_policy(there: sim.Scenario) -> None:
    there.router = sim.load("router.policy=custom", "router.custom=json:loads").router
    there.router.custom = "evil:choose"


def test_a_strangers_trace_is_read_only_as_what_it_says_it_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a folder that names a file of the reader's would have its first line told."""
    (tmp_path / "mine.txt").write_text("my secret\n")
    (tmp_path / "run").mkdir()
    there = sim.load("agent=chat", "workload=trace")
    there.workload.trace, there.workload.trace_sha256 = "../mine.txt", ""
    (tmp_path / "run" / "scenario.yaml").write_text(as_yaml(there))
    with pytest.raises(sim.ConfigError, match=r"workload\.trace=\.\./mine\.txt without its workload\.trace_sha256 is not read"):
        sim.load_run(tmp_path / "run")
    there.workload.trace_sha256 = "0" * 64
    (tmp_path / "run" / "scenario.yaml").write_text(as_yaml(there))
    status, said = ended(capsys, "again", str(tmp_path / "run"))
    assert (status, "secret" in said) == (1, False)


@pytest.mark.slow
def test_a_strangers_code_is_imported_by_those_who_trust_it_alone(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(run, own_policy)
    status, said = ended(capsys, "again", "run")
    assert (status, said.count("\n")) == (1, 1)
    assert "router.custom=evil:choose is code, imported only if you trust it: sim again --trust" in said
    with pytest.raises(sim.ConfigError, match="imported only if you trust it"):
        sim.load_run(run)
    text = (run / "scenario.yaml").read_text()
    workflow = sim.load("agent=chat")
    workflow.agent.kind, workflow.agent.workflow = AgentKind.custom, "evil:choose"
    (run / "scenario.yaml").write_text(as_yaml(workflow))
    with pytest.raises(sim.ConfigError, match=r"agent\.workflow=evil:choose is code"):
        sim.load_run(run)
    assert not Path("ran").exists()
    (run / "scenario.yaml").write_text(text)
    assert "seed 1" in ended(capsys, "again", "run", "--trust")[1]
    assert Path("ran").exists()


FILLED_IN = ["${oc.env:SECRET}", "a ${oc.env:SECRET} b", "${name}", "${oc.create:{a: 1}}", "\\${oc.env:SECRET}"]


@pytest.mark.parametrize("text", FILLED_IN)
def test_a_saved_scenario_is_plain_values(text: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(run, lambda there: setattr(there.market.models["other"], "label", text))
    status, said = ended(capsys, "again", "run")
    assert (status, said.count("\n")) == (1, 1)
    assert "would be filled in; a saved scenario is plain values" in said
    assert SECRET not in said


HOSTILE = {
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "code": "!!python/object/apply:os.mkdir [ran]\n",
    "depth": "a: " + "[" * 5000,
    "no text": "\x00\x01",
    "no mapping": "- 1\n",
    "directive": "%YAML 9.9\n---\n{}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_settings_that_no_run_writes_are_refused_in_a_line(kind: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "scenario.yaml").write_text(HOSTILE[kind])
    status, said = ended(capsys, "again", "run")
    assert (status, said.count("\n")) == (1, 1), said
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", ["scenario.yaml", "summary.csv", "calls.parquet", "origin.json"])
def test_links_out_of_a_folder_are_not_read(name: str, run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes((run / name).read_bytes())
    (run / name).unlink()
    (run / name).symlink_to(tmp_path / "mine")
    status, said = ended(capsys, "again", "run")
    assert (status, said.count("\n")) == (1, 1), said
    assert "is a link" in said


@pytest.mark.parametrize("name", ["summary.csv", ".summary.csv.part", ".run.json.part", "figures", ".lock"])
def test_links_out_of_a_folder_are_not_written_through(name: str, run: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir() if name == "figures" else target.write_text("mine")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    result = sim.simulate(sim.load_run(run))
    with contextlib.suppress(sim.DataError, OSError):
        show_run(result, result.save(run))
    assert list(target.iterdir()) == [] if name == "figures" else target.read_text() == "mine"


def test_a_run_of_a_sweep_that_is_a_link_is_not_followed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "0").symlink_to(run)
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    with pytest.raises(sim.DataError, match="is a link, which is not followed"):
        sim.sweep(sim.load_run(run), {"seed": [1]}, folder=tmp_path / "sweep")
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


@pytest.mark.parametrize("text", ["\x1b]0;mine\x07", "two\nlines", "\u202etxt.exe", "a\u2028b"])
def test_names_are_a_line_that_can_be_printed(text: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = sim.load_run(run)
    (run / "scenario.yaml").write_text(as_yaml(with_name(there, text)))
    status, said = ended(capsys, "again", "run")
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("sim: name=")
    assert "cannot be printed; leave it out" in said
    assert said.isascii()


def with_name(there: sim.Scenario, name: str) -> sim.Scenario:
    there.name = name
    return there


@pytest.mark.slow
def test_what_is_shown_of_a_strangers_names_is_text(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    show_run(sim.simulate(sim.load_run(run)), run)
    sim.sweep(sim.load_run(run), {"name": [NAME], "backends": [["=cmd"], ["other"]]}, folder="sweep", baseline=None)
    show_sweep(sim.gather("sweep"), Path("sweep"))
    assert "\x1b" not in capsys.readouterr().out
    for page in (run / "report.md", Path("sweep/report.md")):
        fenced = page.read_text().split("`````" if "`````" in page.read_text() else "````")
        outside = "".join(fenced[::2])
        assert "<script" not in outside
        assert not re.search(r"(?<!\\)\]\(http", outside)
        assert "\x1b" not in page.read_text()
    for page in (run / "report.html", Path("sweep/report.html")):
        shown = checked(page.read_text())
        assert not {"img", "iframe"} & {tag for tag, _ in shown.tags}
        assert NAME in shown.text
    for table in (run / "timeline.csv", Path("sweep/results.csv")):
        cells = [cell for line in table.read_text().splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert set(pd.read_csv(run / "timeline.csv")["backend"]) == {"'=cmd"}
    written = b"".join(file.read_bytes() for place in (run, Path("sweep")) for file in place.rglob("*") if file.is_file())
    assert str(tmp_path).encode() not in written


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_runs_or_leaks_what_a_folder_holds(verb: str, run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Every verb that takes a folder."""
    changed(run, own_policy)
    (tmp_path / "sweep").mkdir()
    with starting(Path("sweep")):
        shutil.copytree(run, tmp_path / "sweep" / "0")
    started = json.loads(Path("sweep/sweep.json").read_text())["start"]
    (tmp_path / "sweep" / "0" / "run.json").write_text(
        json.dumps({"start": started, "axes": {"x": "${oc.env:SECRET}"}, "failed": "", "files": {}})
    )
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    if "FOLDER" not in capsys.readouterr().out.split("\n\n")[0]:
        pytest.skip("takes no folder")
    for folder in ("run", "sweep"):
        status, said = ended(capsys, verb, folder)
        assert status in (0, 1), said
        assert SECRET not in said
    assert not Path("ran").exists()
