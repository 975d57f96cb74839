"""The menus of `conf/`: what can be chosen in each, in a line, and what a choice sets, with the comment that says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from sim.scenario.sources import CONF

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PROFILE = "profile"
"""A menu of loops: what one sets may stand under `agent`, `agent.worker`, a stage, a chat baseline."""

ENOUGH = 25
"""Letters that say what a choice is: "People differ" does not."""


class Choice(NamedTuple):
    """A file of a menu."""

    menu: str
    name: str
    file: Path
    line: str
    """What it is, from the first sentence of the file."""

    @property
    def word(self) -> str:
        """As it is typed; of a backend its id and market."""
        market = self.menu.removeprefix("backend/")
        return f"{self.menu}={self.name}" if market == self.menu else f"{self.name} (market={market})"


class Value(NamedTuple):
    """What a choice sets a setting to."""

    choice: Choice
    key: str
    text: str
    """As it is written in the file."""
    comment: str
    """What stands beside it: where it comes from, or that it is assumed."""


@cache
def menus() -> dict[str, list[Choice]]:
    """Every menu with its choices, by name; backends are one a market: `backend/feb_2026`."""
    found: dict[str, list[Choice]] = {}
    for file in sorted(CONF.rglob("*.yaml")):
        menu = file.parent.relative_to(CONF).as_posix()
        if menu != ".":
            found.setdefault(menu, []).append(Choice(menu, file.stem, file, _first(file)))
    return found


def default_of(menu: str) -> str:
    """Which of a menu is taken where nobody says otherwise; empty: none."""
    listed = yaml.load((CONF / "config.yaml").read_text(encoding="utf-8"), _LOADER)["defaults"]
    return next((str(each[menu]) for each in listed if isinstance(each, dict) and menu in each and each[menu] is not None), "")


def values_of(key: str) -> list[Value]:
    """What the choices set a setting to: `agent.fanout`, `market.models.glm_5.ttft_s`. A profile has the last part of the key alone."""
    return [each for choices in menus().values() for choice in choices for each in _values(choice) if _same(each, key)]


def set_in(choice: Choice) -> list[Value]:
    """All that a choice sets."""
    return _values(choice)


def _same(value: Value, key: str) -> bool:
    if value.choice.menu == PROFILE:
        return key.split(".", maxsplit=1)[0] in ("agent", "matched_chat", "chat_baselines") and value.key == key.rpartition(".")[2]
    return value.key == key


def _first(file: Path) -> str:
    """The first sentence of the comment that a file begins with, or the part of it before a colon that says enough by itself."""
    lines: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# @package") or (not lines and not line.strip()):
            continue
        if not line.startswith("#") or line.startswith(("#  ", "# Prices:")):  # commands to try; where prices are from
            break
        lines.append(line.lstrip("# "))
    text = f"{' '.join(lines)} "
    part, sentence = (re.split(rf"(?<=[a-z0-9)])[{ends}] (?![^(]*\))", text)[0].strip(" .:") for ends in (".:;", ".;"))
    return part if len(part) >= ENOUGH else sentence


@cache
def _values(choice: Choice) -> list[Value]:
    text = choice.file.read_text(encoding="utf-8")
    package = next(iter(re.findall(r"^# @package (\S+)", text, re.M)), choice.menu)
    head = "" if package == "_global_" or choice.menu == PROFILE else f"{package}."
    lines = text.splitlines()
    root = yaml.compose(text, _LOADER)
    return [Value(choice, f"{head}{key}", *_written(lines, node)) for key, node in _leaves(root, "") if not key.startswith("defaults")]


def _leaves(node: yaml.Node | None, path: str) -> Iterator[tuple[str, yaml.Node]]:
    """Everything that is no mapping of names to more; what looks like a distribution is one value."""
    if not isinstance(node, yaml.MappingNode) or any(name.value == "dist" for name, _ in node.value):
        if node is not None and path:
            yield path, node
        return
    for name, under in node.value:
        yield from _leaves(under, f"{path}.{name.value}" if path else str(name.value))


def _written(lines: list[str], node: yaml.Node) -> tuple[str, str]:
    begin, end = node.start_mark, node.end_mark
    if begin.line == end.line:
        text = lines[begin.line][begin.column : end.column]
    else:
        text = " ".join([lines[begin.line][begin.column :], *lines[begin.line + 1 : end.line + bool(end.column)]])
    rest = lines[end.line][end.column :] if begin.line == end.line else ""
    return " ".join(re.sub(r"\s+#.*", "", text).split()), rest.partition("#")[2].strip()
