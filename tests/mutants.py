"""Mutants: small changes of one expression each, made by mutmut, and which of them the fast tests of a module notice.

`python -m tests.mutants [WORD...]` (`make mutants`) takes all modules, or those whose path contains one of the words, one after
another, each with its own tests, and prints its score and what survived. It works in `mutants/<module>`, where
`mutmut show NAME` shows one of them. The score is in `docs/contributing/mutants.md`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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
    "sim/backends/success.py": ("tests/backends/test_success.py",),
    "sim/statistics.py": ("tests/test_statistics.py",),
    "sim/meter/histogram.py": ("tests/meter/test_histogram.py",),
    "sim/meter/tally.py": ("tests/meter/test_tally.py",),
    "sim/results/metrics.py": ("tests/results/test_metrics.py",),
}
"""Each with the fast tests that say what is right there."""
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
        scores[module] = found = run(module)
        print(
            f"{module:<24} {found.caught:4} of {found.of:4} fail a test, {found.late:2} do not end: {100 * found.share:5.1f} %", flush=True
        )
        for name in found.survived:
            print(f"    {name}", flush=True)
    return 0 if all(found.share >= FLOOR for found in scores.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
