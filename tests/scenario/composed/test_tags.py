"""A value of YAML that is not of the type which stands before it is told; one that is goes through."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.scenario.composed.tags import mistagged
from sim.scenario.text import check_written

REFUSED = {
    "seed: !!int 'x'": "seed: 'x' is no int, as !!int before it says; leave that out",
    "value_usd: !!float 'x'": "value_usd: 'x' is no float, as !!float before it says; leave that out",
    "batch: !!bool 'x'": "batch: 'x' is no bool, as !!bool before it says; leave that out",
    "start: 2026-02-30": "start: 2026-02-30 is no day of a calendar",
    "name: !!python/object/apply:os.getcwd []": "name: has a type before it, !!python/object/apply:os.getcwd",
    "name: !mine x": "name: has a type before it, !mine",
}


@pytest.mark.parametrize(("text", "told"), REFUSED.items())
def test_a_value_of_another_type_than_it_says(text: str, told: str, tmp_path: Path) -> None:
    (file := tmp_path / "x.yaml").write_text(text + "\n")
    with pytest.raises(ConfigError) as refused:
        check_written(file, (), mistagged)
    assert f"line 1: {told}" in str(refused.value)


@pytest.mark.parametrize(
    "text", ["seed: !!int 5", "name: !!str 5", "start: 2026-03-01", "start: 2026-03-01 08:00:00", "start: '2026-02-30'"]
)
def test_a_value_of_its_type(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "x.yaml").write_text(text + "\n")
    check_written(file, (), mistagged)
