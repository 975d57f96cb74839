"""A JSON schema of a scenario, so that an editor completes settings and marks what cannot be."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from typing import Any

from sim.report.reference.settings import meanings
from sim.scenario.scenario import Scenario

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[Any, str] = {type(None): "null", str: "string", bool: "boolean", int: "integer", float: "number"}


def schema() -> dict[str, Any]:
    """Of a file of settings: every key may be left out, and no other may be there but Hydra's own."""
    found = _group(Scenario)
    found["properties"] |= {"defaults": {"type": "array", "description": "Hydra's: which choices of which menus this file begins from."}}
    return {"$schema": DRAFT, "title": "A scenario of agent-token-sim", **found}


def _group(owner: type) -> dict[str, Any]:
    hints, said = typing.get_type_hints(owner), meanings(owner)
    properties = {}
    for field in dataclasses.fields(owner):
        one = _quantity(field.metadata) if field.metadata.get("quantity") else _of(hints[field.name], field.metadata)
        properties[field.name] = one | ({"description": said[field.name]} if said.get(field.name) else {})
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _quantity(bounds: Any) -> dict[str, Any]:
    """A number or a distribution."""
    options: list[dict[str, Any]] = [{"type": "integer" if bounds.get("whole") else "number"} | _bounds(bounds)]
    options.append({"type": "object", "required": ["dist"], "properties": {"dist": {"type": "string"}}})
    return {"anyOf": [*options, {"type": "null"}] if bounds.get("null") else options}


def _of(hint: Any, bounds: Any) -> dict[str, Any]:
    if isinstance(hint, types.UnionType):
        return {"anyOf": [_of(option, bounds) for option in typing.get_args(hint)]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _group(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": list(hint.__members__)}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1], bounds)}
    if origin in (list, tuple):
        return {"type": "array", "items": _of(arguments[0], bounds)}
    return {"type": _PLAIN[hint]} | (_bounds(bounds) if hint in (int, float) else {}) if hint in _PLAIN else {}


def _bounds(bounds: Any) -> dict[str, float]:
    words = {"low": "minimum", "high": "maximum", "above": "exclusiveMinimum"}
    return {word: bounds[name] for name, word in words.items() if bounds.get(name) is not None}
