"""The README's Python: it compiles, what it names of ours is there, and a capacity team's script says what its YAML says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import sim

TEXT = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
[CAPACITY] = [block for block in BLOCKS if "sim.capacity(" in block]


def test_every_block_names_what_there_is() -> None:
    assert len(BLOCKS) > 2
    for block in BLOCKS:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sim":
                assert hasattr(sim, node.attr), node.attr


def test_a_capacity_teams_script_is_short_and_its_yaml_is_the_same_day() -> None:
    assert CAPACITY.count("\n") <= 25
    head, _, _ = CAPACITY.partition("print(")
    said: dict[str, Any] = {}
    exec(head, said)
    in_python = sim.load(said["TEAM"] | {"workload.users": 60, "events": [said["OUTAGE"] | {"length_h": 0.3333}], "name": "capacity_team"})
    assert in_python == sim.load("experiment=capacity_team")


@pytest.mark.slow
def test_a_capacity_teams_script_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """One day each instead of eight: what counts in the quota decides how many are turned away, and an outage turns some away."""
    exec(CAPACITY.replace('"replications": 8', '"replications": 1'), {})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 1 + 8 + 2
    refused = [float(row[-4].rstrip("%")) for row in rows[1:9]]
    assert refused[0] == refused[2] == 0
    assert 0 < refused[1] < 5
    assert refused[6] > 20
    assert "should ask for" in " ".join(rows[-1])
