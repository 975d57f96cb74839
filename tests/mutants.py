"""Mutants: small changes of one expression each, made by mutmut, and which of them the fast tests of a module notice.

`python -m tests.mutants [WORD...]` (`make mutants`) takes all modules, or those whose path contains one of the words, one after
another, each with its own tests, and prints its score and what survived. It works in `mutants/<module>`, where
`mutmut show NAME` shows one of them. The score is in `docs/contributing/mutants.md`.

mutmut chooses a mutant when a function is called, so it sees none of the formulas that a module makes when it is imported: of
`IMPORTED` each mutant is written into the file, by the same rules but for those of words, and the tests run anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults import Copy
from tests.planted import Fault

ROOT = Path(__file__).parents[1]
NEEDED = ("sim", "tests", "conf", "calibration", "pyproject.toml")
"""What of the repository the tests below run on."""
FLOOR = 0.9
"""What share of a module's mutants its tests have to notice."""
MODULES = {
    "sim/backends/limits.py": ("tests/backends/test_limits.py", "tests/backends/test_admission.py"),
    "sim/backends/pricing.py": ("tests/backends/test_pricing.py", "tests/backends/test_bills_by_hand.py"),
    "sim/backends/tariff.py": ("tests/backends/test_tariff.py", "tests/backends/test_pricing.py"),
    "sim/backends/cache.py": ("tests/backends/test_cache.py",),
    "sim/backends/sharing.py": ("tests/backends/test_sharing.py",),
    "sim/engine/budgets.py": ("tests/engine/test_budgets.py", "tests/engine/test_ledger.py"),
    "sim/engine/ledger.py": ("tests/engine/test_ledger.py", "tests/engine/test_budgets.py"),
    "sim/success.py": ("tests/test_success.py",),
    "sim/statistics.py": ("tests/test_statistics.py",),
    "sim/meter/histogram.py": ("tests/meter/test_histogram.py",),
    "sim/meter/tally.py": ("tests/meter/test_tally.py",),
    "sim/population/adoption.py": ("tests/population/test_adoption.py", "tests/population/test_days.py"),
    "sim/population/choice.py": ("tests/population/test_choice.py", "tests/population/test_days.py"),
    "sim/population/days.py": ("tests/population/test_days.py",),
    "sim/results/metrics.py": ("tests/results/test_metrics_by_hand.py", "tests/results/test_metrics.py"),
}
"""Each with the fast tests that say what is right there."""
IMPORTED = ("sim/results/metrics.py",)
_CAUGHT, _LATE = (1, 3), (-24, 24, 36, 152, 255)
"""Of mutmut's exit codes: a test failed, and tests took far longer than they do (a loop that does not end)."""


class Score(NamedTuple):
    """How the mutants of a module fared."""

    caught: int
    """A test fails."""
    late: int
    """Tests do not end."""
    survived: list[str]

    @property
    def of(self) -> int:
        """All of them."""
        return self.caught + self.late + len(self.survived)

    @property
    def share(self) -> float:
        """Of those that were noticed."""
        return (self.caught + self.late) / self.of if self.of else 0.0


def copy_of(module: str) -> Path:
    """A folder with what is needed, in which mutmut is told of this module and its tests alone."""
    folder = ROOT / "mutants" / Path(module).stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    about = {"only_mutate": [module], "pytest_add_cli_args_test_selection": list(MODULES[module])}
    settings = (folder / "pyproject.toml").read_text(encoding="utf-8")
    more = "".join(f"{key} = {json.dumps(value)}\n" for key, value in about.items())
    (folder / "pyproject.toml").write_text(settings.replace("[tool.mutmut]\n", f"[tool.mutmut]\n{more}"), encoding="utf-8")
    return folder


def texts(text: str) -> Iterator[tuple[str, str]]:
    """A module's text in each of its mutants, with a word on what was changed: inside of functions and lambdas."""
    import libcst
    from mutmut.mutation.mutators import mutation_operators, operator_string

    tree: Any = libcst.parse_module(text)

    def inside(node: Any, within: bool) -> Iterator[Any]:
        if isinstance(node, libcst.Annotation):
            return
        within = within or isinstance(node, libcst.FunctionDef | libcst.Lambda)
        if within:
            yield node
        for child in node.children:
            yield from inside(child, within)

    for node in inside(tree, within=False):
        for kind, changed in mutation_operators:
            if isinstance(node, kind) and changed is not operator_string:
                for new in changed(node):
                    yield f"{tree.code_for_node(node)} -> {tree.code_for_node(new)}", tree.deep_replace(node, new).code


def run_anew(module: str) -> Score:
    """Write each mutant of a module into its file, and run the tests in a process that imports it then."""
    text, codes, survived = (ROOT / module).read_text(encoding="utf-8"), Counter[int](), []
    with Copy() as copy:
        for about, mutant in texts(text):
            code = copy.with_fault(Fault(module, text, mutant, MODULES[module])).code
            codes[code] += 1
            if not code:
                survived.append(about)
    late = sum(number for code, number in codes.items() if code < 0)
    return Score(sum(codes.values()) - late - len(survived), late, survived)


def run(module: str) -> Score:
    """Make all mutants of a module, and test each."""
    folder = copy_of(module)
    with (folder / "said").open("w", encoding="utf-8") as said:
        subprocess.run(
            [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 1)],
            cwd=folder, env=os.environ | {"HYPOTHESIS_PROFILE": "quick"}, stdout=said, stderr=said, check=True,
        )  # fmt: skip
    codes = json.loads((folder / "mutants" / f"{module}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    late = sum(code in _LATE for code in codes.values())
    survived = [name for name, code in codes.items() if code not in (*_CAUGHT, *_LATE)]
    return Score(len(codes) - len(survived) - late, late, survived)


def main(words: Sequence[str]) -> int:
    """Returns the exit status: 1 where too few of a module are caught."""
    modules = [module for module in MODULES if not words or any(word in module for word in words)]
    if not modules:
        print(f"no module is called {' or '.join(words)}; there are: {', '.join(MODULES)}")
        return 1
    scores = {}
    for module in modules:
        scores[module] = found = run_anew(module) if module in IMPORTED else run(module)
        print(
            f"{module:<24} {found.caught:4} of {found.of:4} fail a test, {found.late:2} do not end: {100 * found.share:5.1f} %", flush=True
        )
        for name in found.survived:
            print(f"    {name}", flush=True)
    return 0 if all(found.share >= FLOOR for found in scores.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
