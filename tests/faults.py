"""Faults of wiring, planted one after another in a copy of the house, and the tests that have to see each of them.

`python -m tests.faults [WORD...]` (`make faults`) plants all of them, or those whose name contains one of the words, and says which
test caught each and how long that took. A fault that survives, or whose tests take more than a minute, is an error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.planted import FAULTS, Fault

ROOT = Path(__file__).parents[1]
NEEDED = ("sim", "tests", "conf", "calibration", "pyproject.toml")
"""What of the repository the named tests run on."""
LONGEST_S = 60.0
"""Seconds of CPU in which a fault has to be seen."""
HANGS_S = 300
"""Seconds on the wall after which a run is given up: nothing has been caught then."""
PLACE = "tests/test_faults.py::test_the_simulator_that_is_tested_is_the_one_beside_the_tests"
"""Holds that what is tested is the copy."""


class Seen(NamedTuple):
    """How one run of some tests went."""

    code: int
    """Of pytest: 0 all passed, 1 some failed, anything else: they could not be run."""
    by: str
    """The first test that failed."""
    cpu_s: float
    """Without that of importing libraries (`tests.nursery`)."""
    said: str


class Copy:
    """A context: a copy of the repository in which one fault at a time is planted, and a process that runs tests in it."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="sim-faults-")
        self._folder = Path(self._kept.name).resolve()
        for name in NEEDED:
            if (ROOT / name).is_dir():
                left = shutil.ignore_patterns("__pycache__", "*.so")  # runs take the clock, where most faults are planted
                shutil.copytree(ROOT / name, self._folder / name, ignore=left)
            else:
                shutil.copy2(ROOT / name, self._folder / name)
        env = os.environ | {"PYTHONPATH": str(self._folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], cwd=self._folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Copy:
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.kill()
        self._nursery.communicate()
        self._kept.cleanup()

    def test(self, tests: Sequence[str], *, stop: bool = True) -> Seen:
        """Run these tests here, up to the first that fails."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        said = self._folder / "said"
        words = ["-q", "-rfE", "-p", "no:cacheprovider", *(["-x"] if stop else []), *tests]
        print(json.dumps([words, str(said), HANGS_S]), file=self._nursery.stdin, flush=True)
        code, cpu_s = json.loads(self._nursery.stdout.readline())
        text = said.read_text(encoding="utf-8")
        first = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", text, re.MULTILINE)
        return Seen(code, first.group(1) if first else "", cpu_s, text)

    def with_fault(self, fault: Fault) -> Seen:
        """The same with the fault in its place, which is taken out again."""
        file = self._folder / fault.file
        text = file.read_text(encoding="utf-8")
        file.write_text(planted(fault, text), encoding="utf-8")
        try:
            return self.test(fault.tests)
        finally:
            file.write_text(text, encoding="utf-8")


def planted(fault: Fault, text: str) -> str:
    """A file's text with the fault in it. Raises `ValueError` where its place is not there, or not the only one."""
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.file}: {fault.old!r} stands there {text.count(fault.old)} times, not once; rewrite the fault")
    return text.replace(fault.old, fault.new)


def _plant(copy: Copy, faults: dict[str, Fault]) -> Iterable[bool]:
    """Whether each is caught; says so as they come."""
    width = max(map(len, faults))
    for name, fault in faults.items():
        try:
            seen = copy.with_fault(fault)
        except ValueError as stale:
            seen = Seen(2, "", 0.0, str(stale))
        caught = seen.code == 1 and seen.cpu_s <= LONGEST_S
        words = {0: "SURVIVED", 1: "caught" if caught else "LATE"}.get(seen.code, "DOES NOT RUN")
        print(f"{name:<{width}}  {words:<8}  {seen.cpu_s:5.1f} s  {seen.by}", flush=True)
        if seen.code not in (0, 1):
            print(seen.said)
        yield caught


def main(words: Sequence[str]) -> int:
    """Returns the exit status: 1 where a fault is not caught in time."""
    faults = {name: fault for name, fault in FAULTS.items() if not words or any(word in name for word in words)}
    if not faults:
        print(f"no fault is called {' or '.join(words)}; there are: {', '.join(FAULTS)}")
        return 1
    with Copy() as copy:
        whole = copy.test([PLACE, *sorted({test for fault in faults.values() for test in fault.tests})], stop=False)
        if whole.code:
            print(whole.said)
            print("these tests have to pass where nothing is planted")
            return 1
        print(f"without a fault: every test passes, in {whole.cpu_s:.1f} s of CPU")
        caught = list(_plant(copy, faults))
    print(f"{sum(caught)} of {len(caught)} faults caught, each within {LONGEST_S:g} s")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
