"""The JSON schema: what an editor completes is what a scenario takes."""

from __future__ import annotations

from typing import Any

import yaml

from sim.report.reference.schema import schema
from sim.report.reference.settings import NAME, NUMBER, every_setting
from sim.scenario.sources import CONF


def at(found: dict[str, Any], key: str) -> dict[str, Any]:
    for part in key.replace(f"[{NUMBER}]", f".{NUMBER}").split("."):
        options = [found, *found.get("anyOf", [])]
        found = next(
            each["items"] if part == NUMBER else each["additionalProperties"] if part == NAME else each["properties"][part]
            for each in options
            if {NUMBER: "items", NAME: "additionalProperties"}.get(part, "properties") in each
            and (part in (NAME, NUMBER) or part in each["properties"])
        )
    return found


def test_every_setting_is_in_it_with_its_bounds() -> None:
    whole = schema()
    for key in every_setting():
        assert at(whole, key), key
    assert at(whole, "replications") | {"description": ""} == {"type": "integer", "minimum": 1, "maximum": 10_000, "description": ""}
    assert at(whole, "precision")["anyOf"] == [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "null"}]
    assert "enum" in at(whole, "router.policy")


def test_files_of_the_menus_fit() -> None:
    """Each key of `agent/*.yaml` is one that the schema has, and its numbers are within the bounds."""
    properties = at(schema(), "agent")["properties"]
    for file in (CONF / "agent").glob("*.yaml"):
        for name, value in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            if name == "defaults":
                continue
            assert name in properties, (file.stem, name)
            if isinstance(value, int) and "minimum" in properties[name]:
                assert properties[name]["minimum"] <= value
