"""What holds of the house as text: tests read and change nothing private, they mirror the tree, and rooms and files stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("sim", "calibration", "benchmarks", "experiments", "docs")
"""Packages that tests take as they are."""
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PUBLIC = {"_replace", "_asdict", "_fields", "_make", "_exit", "_repr_html_"}
"""For all their underscore: of a named tuple, and of `os`."""
NO_MIRROR = {
    "backends/test_bills_by_hand.py": "the price lists that ship, against bills done by hand",
    "backends/test_gateway.py": "calls that admission holds back, from the setting to their waits",
    "benchmarks/test_benchmarks.py": "all benchmarks, at tiny sizes",
    "docs/test_blocks.py": "every block of code of the README and the pages of the site",
    "docs/test_contributing.py": "the pages for contributors",
    "docs/test_house.py": "docs/contributing/house.py, a floor further down",
    "docs/test_site.py": "the site as a whole, mkdocs.yml",
    "docs/test_style.py": "the words of all that users read, docs/contributing/style.md",
    "engine/test_memory.py": "what a whole run leaves to a garbage collector",
    "engine/test_warmup.py": "the warm-up, from its setting to the metrics",
    "experiments/test_dated_studies.py": "studies of seats, routes and promotions",
    "experiments/test_experiments.py": "all studies",
    "results/test_metrics_by_hand.py": "every metric of one tally, done by hand",
    "sampling/test_draws.py": "whoever draws: no two decisions from one column",
    "logs/test_hostile.py": "strange values anywhere in the log of anybody",
    "scenario/test_fuzz.py": "hostile settings, from the words of a command line to a run",
    "sweeps/test_clusters.py": "launchers of Hydra",
    "theory/test_formulas.py": "all closed forms, each held to the simulator",
    "theory/test_price_lists.py": "what formulas say of the price lists that ship",
    "validate/test_validate.py": "the suite as a whole",
}
"""Files of tests in a room that stand for no single file of it, and what they stand for."""
CROSSING = {"recipes"}
"""Folders of tests that are not about one room."""


def underscored(name: str) -> bool:
    """Whether a name is somebody's own business."""
    return name.startswith("_") and not name.endswith("__") and name not in PUBLIC


def owner(node: ast.expr) -> str:
    """The first name of `name.name...`, of `sys.modules["name..."]`, or of a text with dots."""
    while isinstance(node, ast.Attribute):
        node = node.value
    if isinstance(node, ast.Subscript):
        node = node.slice
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition(".")[0]
    return node.id if isinstance(node, ast.Name) else ""


def offences(source: str) -> Iterator[str]:
    """What a test does that it should not, a line each."""
    tree = ast.parse(source)
    taken = set(OURS)
    """Names that stand for something of ours, as long as a file does not use them for something else too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            taken |= {each.asname or each.name.partition(".")[0] for each in node.names if each.name.partition(".")[0] in OURS}
        elif isinstance(node, ast.ImportFrom):
            package = (node.module or "").partition(".")[0]
            names = {each.name: each.asname or each.name for each in node.names}
            if package in OURS:
                taken |= set(names.values())
            if package in (*OURS, "tests"):
                yield from (f"line {node.lineno}: imports {name}" for name in names if underscored(name))
            if package == "unittest" and (node.module == "unittest.mock" or "mock" in names):
                yield f"line {node.lineno}: imports unittest.mock"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if underscored(node.attr) and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield f"line {node.lineno}: reads {ast.unparse(node)}"
            if not isinstance(node.ctx, ast.Load) and isinstance(node.value, (ast.Name, ast.Attribute)) and owner(node) in taken:
                yield f"line {node.lineno}: sets {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("setattr", "delattr") and owner(node.args[0]) in taken:
                yield f"line {node.lineno}: sets {ast.unparse(node.args[0])} by {called}"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("from sim.engine.workers.pool import _begin", "imports _begin"),
        ("from sim.meter import calllog as log\nlog._held", "reads log._held"),
        ("import sim\nsim.engine.workers.pool.pool(2)._workers", "_workers"),
        ("from sim.meter import calllog\ncalllog.GROUP = 1", "sets calllog.GROUP"),
        ("from sim.validate import facts\nmonkeypatch.setattr(facts, 'CHECKS', [])", "sets facts by setattr"),
        ("from sim.backends.backend import Backend\nsetattr(Backend, 'release', twice)", "sets Backend by setattr"),
        ("there.setattr('sim.engine.world.gc.collect', found)", "by setattr"),
        ("monkeypatch.setattr(sys.modules['sim.sweeps.sweep'], 'simulate_each', counted)", "by setattr"),
        ("monkeypatch.delattr(sim.clock.Clock, 'at')", "by delattr"),
        ("from unittest import mock", "imports unittest.mock"),
        ("from unittest.mock import patch", "imports unittest.mock"),
    ],
)
def test_an_offence_is_seen(source: str, said: str) -> None:
    assert said in "\n".join(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "from sim.meter.calllog import MEMORY\nwith MEMORY.limited(0): pass",
        "row._replace(number=2)\nrow.__class__",
        "class Mine:\n    def __init__(self):\n        self._rows = []",
        "monkeypatch.setattr('sys.argv', [])\nmonkeypatch.setattr('tempfile.tempdir', '')",
        "from sim.settings.market import BackendSettings\nsettings = BackendSettings()\nsettings.slots = 3\nsetattr(settings, 'slots', 4)",
    ],
)
def test_what_is_no_offence(source: str) -> None:
    assert not list(offences(source))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT / "tests").as_posix())
def test_no_test_reads_or_changes_what_is_private(path: Path) -> None:
    assert not list(offences(path.read_text(encoding="utf-8")))


def test_tests_mirror_the_tree() -> None:
    strays = []
    for path in TESTS:
        place = path.relative_to(ROOT / "tests")
        if not path.name.startswith("test_") or len(place.parts) == 1 or place.parts[0] in CROSSING or place.as_posix() in NO_MIRROR:
            continue
        tested = place.with_name(path.name.removeprefix("test_"))
        if not any(each.exists() for each in (ROOT / "sim" / tested, ROOT / "sim" / tested.with_suffix(""), ROOT / tested)):
            strays.append(f"tests/{place} tests no sim/{tested}")
    assert not strays
    assert all((ROOT / "tests" / name).is_file() for name in NO_MIRROR), "an exception that is gone"


def test_files_and_rooms_stay_small() -> None:
    """A file that is larger has two nouns in it; a room that is fuller is a drawer."""
    files = sorted((ROOT / "sim").rglob("*.py"))
    long = {path.relative_to(ROOT).as_posix(): lines for path in files if (lines := path.read_text(encoding="utf-8").count("\n")) > 300}
    assert not long
    full = {
        folder.relative_to(ROOT).as_posix(): many
        for folder in {path.parent for path in files}
        if (many := len(list(folder.glob("*.py")))) > 14
    }
    assert not full
    assert len([entry for entry in (ROOT / "sim").iterdir() if entry.name != "__pycache__"]) <= 30
