"""Every setting of a scenario: key, type, unit, default, bounds, meaning, as the dataclasses of `sim.settings` and their texts have it."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sim.scenario.scenario import Scenario
from sim.settings.bounds import LARGEST

NAME, NUMBER = "<name>", "<number>"
"""In a key: any name of a mapping, any place in a list."""
UNITS = {
    "_usd_per_1k_searches": "USD per thousand searches",
    "_usd_per_1k": "USD per thousand",
    "_usd_per_mtok": "USD per million tokens",
    "_usd_per_month": "USD a month",
    "_usd_per_h": "USD an hour",
    "_usd_per_kwh": "USD per kilowatt-hour",
    "_wh_per_mtok": "watt-hours per million tokens",
    "_kw": "kilowatts",
    "_tokens_per_min": "tokens a minute",
    "_tokens_per_s": "tokens a second",
    "_per_min": "a minute",
    "_per_week": "a week",
    "_per_h": "an hour",
    "_s_per_100k_tokens": "seconds per 100,000 tokens",
    "_tokens": "tokens",
    "_usd": "USD",
    "_s": "seconds",
    "_h": "hours",
    "_days": "days",
    "_weeks": "weeks",
    "_share": "share, 0 to 1",
    "_rate": "share, 0 to 1",
}
"""By the end of a name, the longest that fits."""
_PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number"}


class Setting(NamedTuple):
    """One setting."""

    key: str
    kind: str
    """What it takes, in words, bounds included."""
    unit: str
    default: str
    """Of the dataclass; the menus of `conf/` set most (`sim.report.reference.menus`)."""
    meaning: str
    owner: str
    """The dataclass that it is a field of."""
    choices: dict[str, str] = {}
    """What it may be, and what each means, where that is a list of words."""

    @property
    def leaf(self) -> str:
        """The last part of the key."""
        return self.key.rpartition(".")[2]


@cache
def every_setting() -> dict[str, Setting]:
    """All of a scenario's, by key, in the order in which they are written; `market.models.<name>.ttft_s` stands for each backend's."""
    return {each.key: each for each in _under(Scenario, "")}


def unit_of(name: str) -> str:
    """By the end of its name; empty for counts, names, choices."""
    return UNITS.get(ending(name), "")


def ending(name: str) -> str:
    """The end of a setting's name that says its unit, the longest that fits; empty for counts, names, choices."""
    return next((end for end in sorted(UNITS, key=len, reverse=True) if f"_{name}".endswith(end)), "")


def _under(owner: type, path: str) -> Iterator[Setting]:
    hints, said = typing.get_type_hints(owner), meanings(owner)
    for field in dataclasses.fields(owner):
        key = f"{path}.{field.name}" if path else field.name
        hint = hints[field.name]
        inner, mark = _inner(hint)
        if inner is not None:
            if said.get(field.name):
                yield Setting(key, _mapping(mark), "", "", said[field.name], owner.__name__)
            yield from _under(inner, f"{key}{mark}")
            continue
        choices = _choices(hint)
        meaning = said.get(field.name) or _text_of(hint.__doc__ if choices else owner.__doc__)
        yield Setting(key, _kind(hint, field.metadata), unit_of(field.name), _default(field), meaning, owner.__name__, choices)


def _mapping(mark: str) -> str:
    return {"": "group of settings", f".{NAME}": "mapping of names to groups of settings", f"[{NUMBER}]": "list of groups of settings"}[
        mark
    ]


def _inner(hint: Any) -> tuple[Any, str]:
    """The dataclass that a field holds, and how the key goes on: alone, by name, by number."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if dataclasses.is_dataclass(option) and isinstance(option, type):
            return option, ""
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if origin in (dict, list) and dataclasses.is_dataclass(arguments[-1]):
            return arguments[-1], f".{NAME}" if origin is dict else f"[{NUMBER}]"
    return None, ""


def _kind(hint: Any, bounds: Any) -> str:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    null = type(None) in options or (bounds.get("null") and bounds.get("quantity"))
    if bounds.get("quantity"):
        said = f"{'whole ' if bounds.get('whole') else ''}number{_bounds(bounds)}, or a distribution"
    else:
        said = " or ".join(_one(option, bounds) for option in options if option is not type(None))
    return f"{said}; or null" if null else said


def _one(hint: Any, bounds: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"one of {', '.join(hint.__members__)}"
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is dict:
        return f"mapping of names to {_one(arguments[1], bounds)}"
    if origin in (list, tuple):
        return f"list of {_one(arguments[0], bounds)}"
    if hint in (int, float):
        return _PLAIN[hint] + _bounds(bounds)
    return _PLAIN.get(hint, "any value")


def _bounds(bounds: Any) -> str:
    said = []
    if bounds.get("above") is not None:
        said.append(f"above {bounds['above']:g}")
    if bounds.get("low") is not None:
        said.append(f"at least {bounds['low']:g}")
    if bounds.get("high") is not None and bounds["high"] <= LARGEST:
        said.append(f"at most {bounds['high']:g}")
    return f", {' and '.join(said)}" if said else ""


def _default(field: dataclasses.Field) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "has to be given"
    if isinstance(value, enum.Enum):
        return value.name
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _choices(hint: Any) -> dict[str, str]:
    """Of an enum: what is written below each member."""
    if not (isinstance(hint, type) and issubclass(hint, enum.Enum)):
        return {}
    body, said = _classes(hint.__module__)[hint.__name__], dict.fromkeys(hint.__members__, "")
    for statement, after in pairwise([*body, ast.Pass()]):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            said[statement.targets[0].id] = _text(after)
    return said


@cache
def meanings(owner: type) -> dict[str, str]:
    """What is written below each field, those that it takes over included."""
    found: dict[str, str] = {}
    for one in reversed(owner.__mro__):
        if dataclasses.is_dataclass(one):
            found |= _written(one)
    return found


def _written(owner: type) -> dict[str, str]:
    found: dict[str, str] = {}
    body = _classes(owner.__module__).get(owner.__name__, [])
    for statement, after in pairwise([*body, ast.Pass()]):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = _text(after)
    return found


@cache
def _classes(module: str) -> dict[str, list[ast.stmt]]:
    tree = ast.parse(Path(inspect.getfile(sys.modules[module])).read_text(encoding="utf-8"))
    return {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}


def _text(statement: ast.stmt) -> str:
    """A docstring on one line; empty if the statement is none."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
        return _text_of(statement.value.value)
    return ""


def _text_of(docstring: str | None) -> str:
    return " ".join((docstring or "").split())
