"""What a scenario reads is known by content: whatever the path, the stamp or the size, and through what it imports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.scenario.sources import content, local_modules, named, sources
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.workload import EXCERPT, WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, scenario


def test_a_file_is_what_it_holds(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same")
    other.write_text("same")
    assert content(one).sha256 == content(other).sha256 == "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5"
    old = os.stat(one)
    os.utime(one, (1, 1))
    before = content(one)
    one.write_text("SAME")
    os.utime(one, (1, 1))
    assert content(one) != before, "size and modification are as they were"
    os.utime(one, ns=(old.st_atime_ns, old.st_mtime_ns + 1))
    assert content(one).changed_ns == old.st_mtime_ns + 1


def test_what_is_no_file_has_no_content_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nowhere"):
        assert content(path).sha256 == ""


MODULES = {
    "mine_a.py": "import json, numpy, sim\nimport mine_b as b\ndef late():\n    from mine_pack import part\n",
    "mine_b.py": "import mine_a  # a circle\n",
    "mine_pack/__init__.py": "from . import other\n",
    "mine_pack/part.py": "from .deep.down import x\n",
    "mine_pack/other.py": "from nowhere import *\n",
    "mine_pack/deep/down.py": "x = 1\n",
    "mine_pack/unused.py": "",
    "mine_wrong.py": "def (:",
}


def test_imported_local_modules_are_found_without_running_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"raise SystemExit\n{text}" if name != "mine_wrong.py" else text)
    monkeypatch.chdir(tmp_path)
    found = {module: str(file.relative_to(tmp_path)) for module, file in local_modules("mine_a").items()}
    assert found == {
        "mine_a": "mine_a.py",
        "mine_b": "mine_b.py",
        "mine_pack": "mine_pack/__init__.py",
        "mine_pack.part": "mine_pack/part.py",
        "mine_pack.other": "mine_pack/other.py",
        "mine_pack.deep.down": "mine_pack/deep/down.py",
    }
    assert list(local_modules("mine_wrong")) == ["mine_wrong"]
    assert local_modules("json") == local_modules("numpy.linalg") == local_modules("sim.theory") == local_modules("nowhere") == {}


def test_sources_are_those_that_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_policy.py").write_text("")
    plain = scenario(agent(), backend())
    assert sources(plain) == {}
    plain.router.custom, plain.workload.trace = "mine_policy:choose", EXCERPT
    assert sources(plain) == {}
    plain.workload = WorkloadSettings(kind=WorkloadKind.trace, trace=EXCERPT)
    plain.router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="mine_policy:choose")
    assert sorted(named(file) for file in sources(plain)) == ["excerpt.csv", "mine_policy.py"]


def test_names_for_people_tell_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = (tmp_path / "a" / "b.csv", "a/b.csv", "../c.csv", "/etc/passwd")
    assert [named(path) for path in paths] == ["a/b.csv", "a/b.csv", "c.csv", "passwd"]
