"""What is typed, as Hydra has to read it to take it as it was meant."""

from __future__ import annotations

import functools
import itertools
import re
import typing
from collections.abc import Sequence
from dataclasses import is_dataclass
from typing import Any

from sim.errors import ConfigError
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF
from sim.scenario.text import quoted

_LONGEST = 20_000
"""Characters of all settings that are typed: Hydra parses some 3,000 a second."""
_DEEPEST = 40


def check_length(overrides: Sequence[str]) -> None:
    """Raise `ConfigError` for what Hydra would parse for many seconds, or so deep that Python's stack ends."""
    for text in overrides:
        key = text.partition("=")[0][:60]
        depth = max(itertools.accumulate((letter in "{[(") - (letter in "}])") for letter in text), default=0)
        if depth > _DEEPEST:
            raise ConfigError(f"{key}: brackets in brackets, {depth} deep, must be at most {_DEEPEST}")
    length = sum(map(len, overrides))
    if length > _LONGEST:
        key, _, value = max(overrides, key=len).partition("=")
        raise ConfigError(
            f"{key[:60]}: {len(value):,} characters; all settings together have {length:,}, must be at most {_LONGEST:,}: "
            "write them into a file (experiment=NAME --config-dir=FOLDER); of many values, quantiles will do"
        )


_NAME = r"(?!null\b)[A-Za-z][\w-]*"
"""Of a backend."""
_ONE_OR_MORE = rf"(?:{_NAME}|\[[^\[\]]*\])"
"""Of backends: one, or a list."""


def open_mappings(overrides: Sequence[str]) -> list[str]:
    """`agent.turns={dist: geometric, mean: 8}` as Hydra wants it (`++`) where the old value was of another kind."""
    for text in overrides:
        if re.fullmatch(r"[A-Za-z_][\w.]*=\s*\{\s*\}", text):
            raise ConfigError(f"{text}: an empty mapping changes nothing")
    many = bool({"-m", "--multirun"} & set(overrides))
    return [_opened(_as_typed(text, many)) for text in overrides]


def refuse_thousands(key: str, value: str) -> None:
    """Raise `ConfigError` for `1,000`, which would be two values, 1 and 0."""
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", value) and ",0" in value and not _is_text(key):
        raise ConfigError(f"{key}={value}: would be {value.count(',') + 1} values; a number has no comma inside: {value.replace(',', '')}")


def _as_typed(text: str, many: bool) -> str:
    """A name or a path in quotes, where Hydra would read it otherwise (`1e3`, `it's.csv`) or not at all; in a sweep each of several."""
    gone = re.fullmatch(r"~([A-Za-z_][\w.]*)(=.*)?", text, re.DOTALL)
    if gone is not None and gone[1] in menus():
        raise ConfigError(f"{text}: a choice of a menu cannot be taken away, and none is no choice; take another, see sim list {gone[1]}")
    if gone is not None:
        raise ConfigError(f"{text}: a setting cannot be taken away; give it another value, e.g. null where it may be absent")
    found = re.fullmatch(r"(\+{0,2}([A-Za-z_][\w.@/]*))=(.*)", text, re.DOTALL)
    if found is None or text.startswith("hydra.searchpath"):
        return text
    word, key, value = found.groups()
    if key == "backends" and (re.fullmatch(_NAME, value) or (many and re.fullmatch(rf"{_ONE_OR_MORE}(,{_ONE_OR_MORE})+", value))):
        each = re.findall(_ONE_OR_MORE, value)
        return f"{word}={','.join(one if one.startswith('[') else f'[{one}]' for one in each)}"  # one backend is a list of one
    takes_name = _is_text(key)
    read = _parsed_value(text)
    refuse_thousands(key, value)
    if isinstance(read, int) and read not in (0, 1) and bool in (_hint(key)[0], *typing.get_args(_hint(key)[0])):
        raise ConfigError(f"{key}={value}: must be true or false")
    if read is None:
        if not takes_name and _parsed_value(f"{word}=1") is None:
            raise ConfigError(f"{key}: is no name of a setting: each of its parts is letters, digits and _, a letter first")
        if not takes_name:
            raise ConfigError(f"{key}={value}: cannot be read; {_how_to_quote(key, value)}")
        return f"{word}={','.join(map(quoted, value.split(',') if many else [value]))}"
    menu = key in menus()
    is_number = takes_name and isinstance(read, (bool, int, float)) and (menu or str(read) != value)
    return f"{word}={quoted(value)}" if is_number else text


_QUOTED_NAME = r"""([{,]\s*)(["'])([\w.-]+)\2(?=\s*:)"""
"""As in JSON."""


def _mistyped(key: str, value: str) -> str:
    """Of a value with a character that stands for another one; empty for other values."""
    if value.startswith("="):
        return f"one = is enough: {key}={value.lstrip('= ')}"
    if re.match(r"[\u2010-\u2015\u2212\ufe63\uff0d]\s*[\d.]", value):
        return f"its minus is another letter than that of the keyboard: {key}=-{value[1:].lstrip()}"
    if re.search("[\u2018-\u201f\u00ab\u00bb]", value):
        return "it has typographic quotes, as a text editor makes them: write plain ones, or none"
    return ""


def _how_to_quote(key: str, value: str) -> str:
    if mistyped := _mistyped(key, value):
        return mistyped
    if key == "backends":
        return "write a list of names with commas between, such as [glm_5,kimi_k2_5]"
    if (plain := re.sub(_QUOTED_NAME, r"\1\3", value)) != value:
        return f"a name before a colon goes without quotes: {plain}"
    if value.startswith(("{", "[")):
        return "inside, a text goes in quotes where it has more than letters, digits and -_./: (and brackets must match)"
    return f'a text goes in quotes, in the shell "{key}={quoted(value)}"'


def _parsed_value(text: str) -> Any:
    """What Hydra's grammar makes of a value; None where it makes nothing of it."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        read = OverridesParser.create().parse_override(text)
        return "" if read.is_sweep_override() or read.value() is None else read.value()
    except (HydraException, RecursionError):
        return None


def _is_text(key: str) -> bool:
    """Whether a setting takes a name: one of the menus, a folder, or what is text by its type."""
    if re.split("[/@]", key, maxsplit=1)[0] in menus() or key in ("hydra.run.dir", "hydra.sweep.dir"):
        return True
    hint = _hint(key)[0]
    return hint is str or set(typing.get_args(hint)) == {str, type(None)}


@functools.cache
def menus() -> frozenset[str]:
    """Names of the folders of settings, each a group of Hydra's."""
    return frozenset(each.name for each in CONF.iterdir() if each.is_dir())


def _opened(text: str) -> str:
    """A group that may be absent is set through the group around it: Hydra would not know the type of its settings."""
    found = re.match(r"([A-Za-z_][\w.]*)=\s*(\{.*)", text, re.DOTALL)
    if found is None:
        return text
    key, mapping = found.groups()
    around, _, name = key.rpartition(".")
    depths = list(itertools.accumulate((letter == "{") - (letter == "}") for letter in mapping.strip()))
    one = depths[-1] == 0 and all(depths[:-1])
    return f"++{around}={{{name}: {mapping}}}" if one and _may_be_absent(key) else f"++{text}"


def _may_be_absent(key: str) -> bool:
    """Whether a key names a group of settings that need not be there: a verifier, a budget by name, a backend of one's own."""
    _, kind, absent = _hint(key)
    return absent and is_dataclass(kind)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _hint(key: str) -> tuple[Any, Any, bool]:
    """Of a dotted key: its type, the group of settings in it, and whether it may be absent."""
    kind: Any = Scenario
    hint: Any = None
    absent = False
    for name in key.split("."):
        if typing.get_origin(kind) is dict:
            kind = hint = typing.get_args(kind)[1]
            absent = True
        else:
            hint = _hints(kind).get(name) if isinstance(kind, type) and is_dataclass(kind) else None
            groups = [each for each in (hint, *typing.get_args(hint)) if is_dataclass(each)]
            absent = type(None) in typing.get_args(hint)
            kind = hint if typing.get_origin(hint) is dict else groups[0] if groups else None
    return hint, kind, absent
