"""How settings are written, from their types: for whoever has written them otherwise."""

from __future__ import annotations

import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from sim.scenario.scenario import Scenario


def kinds(kind: Any) -> dict[str, Any]:
    """The classes of settings by name: this one, and all that it is made of."""
    if not is_dataclass(kind):
        parts = [kinds(part) for part in typing.get_args(kind)]
    else:
        parts = [{getattr(kind, "__name__", ""): kind}, *(kinds(hint) for hint in typing.get_type_hints(kind).values())]
    return {name: found for part in parts for name, found in part.items()}


def list_form(key: str) -> str:
    """How the list at a key is written: of names, or of mappings with what has to be in each, or the first that may."""
    hints = [typing.get_type_hints(kind).get(key.rpartition(".")[2]) for kind in kinds(Scenario).values()]
    held = [typing.get_args(hint)[0] for hint in hints if typing.get_origin(hint) is list]
    group = next(filter(is_dataclass, held), None)
    if group is None:
        return "a list such as [a,b]"
    needed = [each.name for each in fields(group) if each.default is MISSING and each.default_factory is MISSING]
    return f"a list of mappings such as [{{{', '.join(f'{each}: ...' for each in needed or [fields(group)[0].name])}}}]"


def deeper(name: str) -> list[str]:
    """The keys of settings of this name inside groups: the least deep ones."""
    groups: list[tuple[str, Any]] = [("", Scenario)]
    while groups:
        hints = [(f"{key}{each}", hint) for key, kind in groups for each, hint in typing.get_type_hints(kind).items()]
        if found := [key for key, _ in hints if key.rpartition(".")[2] == name]:
            return found
        mine = [(key, hint) for key, hint in hints if typing.get_origin(hint) is not dict]
        groups = [(f"{key}.", kind) for key, hint in mine for kind in (hint, *typing.get_args(hint)) if is_dataclass(kind)]
    return []


def holder(kind: str) -> str:
    """The setting at the top that holds a list of groups of this class, or mappings of them; empty for the top itself and other groups."""
    hints = typing.get_type_hints(Scenario).items()
    return next((name for name, hint in hints if kind in (getattr(each, "__name__", "") for each in typing.get_args(hint))), "")
