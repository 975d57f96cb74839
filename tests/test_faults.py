"""The table of planted faults is not stale: each still has its place, and tests that are there and say what is right.

That they do catch it is seen by `make faults`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sim
from tests.faults import ROOT, planted
from tests.planted import FAULTS, Fault

SAY_NOTHING = ("tests/test_golden.py", "tests/test_properties.py", "tests/scenario/test_fuzz.py")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_can_be_planted_and_what_is_python_still_is(name: str) -> None:
    fault = FAULTS[name]
    text = planted(fault, (ROOT / fault.file).read_text(encoding="utf-8"))
    if fault.file.endswith(".py"):
        ast.parse(text)
    assert fault.old != fault.new


@pytest.mark.parametrize("text", ["nothing of it", "twice, twice"])
def test_a_fault_without_a_place_of_its_own_has_to_be_rewritten(text: str) -> None:
    with pytest.raises(ValueError, match="rewrite the fault"):
        planted(Fault("a.py", "twice", "once", ()), text)


def test_every_fault_names_tests_that_are_there_and_say_what_is_right() -> None:
    for test in {test for fault in FAULTS.values() for test in fault.tests}:
        file, _, function = test.partition("::")
        assert file not in SAY_NOTHING
        body = ast.parse(Path(ROOT / file).read_text(encoding="utf-8")).body
        [found] = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == function.partition("[")[0]]
        assert not any("given" in ast.dump(each) for each in found.decorator_list), f"{test} is of generated worlds"


def test_there_are_twenty_and_more_and_no_two_are_the_same() -> None:
    assert len({(fault.file, fault.old, fault.new) for fault in FAULTS.values()}) == len(FAULTS) >= 20


def test_the_simulator_that_is_tested_is_the_one_beside_the_tests() -> None:
    """In a copy of the repository, that copy's; not one that is installed."""
    assert Path(sim.__file__).parents[1] == ROOT
