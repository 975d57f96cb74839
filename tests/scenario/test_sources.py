"""What a scenario reads is known by content: whatever the path, the stamp or the size, and through what it imports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.scenario.sources import chance_in, content, local_modules, named, sources
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


CHANCE = {
    "import random\ndef f(known):\n    return random.choice([1])\n": "line 3: random.choice",
    "import numpy as np\nf = lambda known: np.random.rand()\n": "line 2: numpy.random.rand",
    "from time import time as now\ndef f(known):\n    now()\n": "line 3: time.time",
    "from datetime import datetime\nf = lambda known: datetime.now().hour\n": "line 2: datetime.datetime.now",
    "import random\nrng = random.Random(1)\n": "line 2: random.Random",
    "n = 0\ndef f(known):\n    global n\n    n += 1\n": "line 3: global n",
    "f = lambda known: hash('a')\n": "line 1: hash",
    "f = lambda known: id(known)\n": "line 1: id",
    "SEEN = []\ndef f(known):\n    SEEN.append(1)\n": "line 3: SEEN.append",
    "SEEN: dict = {}\ndef f(known):\n    SEEN['n'] = 1\n": "line 3: SEEN['n']",
    "def f(known, seen=[]):\n    def g(call, draws):\n        seen.append(1)\n    return g\n": "line 3: seen.append",
    "class f:\n    n = 0\n    def __call__(self, call, draws):\n        f.n += 1\n": "line 4: f.n",
    "import itertools\nturn = itertools.count()\nf = lambda known: next(turn)\n": "line 3: turn",
    "def f(known):\n    seen = []\n    def g(call, draws):\n        seen.append(1)\n    return g\n": "",
    "class f:\n    def __init__(self, known):\n        self.seen = []\n    def learn(self, *told):\n        self.seen.append(1)\n": "",
    "def f(agent):\n    agent.context += 1\n    yield\nf.traits = 3\n": "",
    "SEEN = []\nSEEN.append(1)\ndef f(known, SEEN):\n    SEEN.append(1)\n": "",
    "import random, numpy as np\ndef f(known):\n    return random.Random(7), np.random.default_rng(7)\n": "",
    "import time\ndef f(known):\n    time.sleep(0)\n": "",
    "def random(): ...\ndef f(known):\n    return random()\n": "",
}


@pytest.mark.parametrize(("text", "told"), CHANCE.items())
def test_code_that_takes_what_no_seed_decides_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    """A generator that a function seeds for itself gives the same again; one that a module keeps goes on from run to run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_chance.py").write_text(text)
    assert chance_in("mine_chance:f") == (f"mine_chance.py, {told}" if told else "")
