"""What a page says of settings: which differ from a run without any, and where the numbers come from (S, R, A)."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd
import yaml

from sim.report.html.content import Table
from sim.report.reference.explained import general
from sim.report.reference.menus import PROFILE, Choice, Value, menus, set_in
from sim.report.reference.settings import every_setting
from sim.scenario.load import load
from sim.scenario.text import plain

Plain = Mapping[str, Any]
MARKS = "S: seen in a primary source or computed from its data. R: reported by others. A: an assumption. No mark: nobody has said."
MOST_VALUES = 12
"""Of a list, that are written out."""
_NO_MATTER = ("processes", "yes", "shards_run", "shards", "shards_on", "name")
"""Settings that leave the numbers as they are."""
_MARKED = re.compile(r"([SRA]): ")
_SAID = {"recorded": "S", "measured": "S", "reported": "R", "assumed": "A", "assumption": "A", "a guess": "A"}
_ORDER = ("A", "R", "S", "")
_PARTS = {PROFILE: ("agent", "agent.worker", "matched_chat")}
"""Where what a menu sets may stand."""


@functools.cache
def _default() -> Any:
    return plain(load())


def changed(settings: Plain, axes: Mapping[str, Collection[str]], backends: Collection[str]) -> Table:
    """What differs from a run without any settings; of `axes` all values. Backends that nobody asks are left out."""
    before, now = _flat(_default()), _flat(settings)
    rows = [(axis, ", ".join(values), _text(before.get(axis, "")), _meaning(axis)) for axis, values in axes.items()]
    for key, value in now.items():
        owner = key.split(".")
        of_others = owner[:2] == ["market", "models"] and owner[2] not in backends
        varied = any(key == axis or key.startswith(f"{axis}.") for axis in axes)
        if key in _NO_MATTER or of_others or varied or before.get(key, _ABSENT) == value:
            continue
        if owner[:2] == ["market", "models"] and f"{'.'.join(owner[:3])}.label" not in before:
            if owner[3] == "label":
                rows.append((".".join(owner[:3]), _text(value), "", "a backend of its own"))
            continue
        rows.append((key, _text(value), _text(before[key]) if key in before else "", _meaning(key)))
    return Table("Settings that differ from a run without any", pd.DataFrame(rows, columns=["setting", "here", "otherwise", "meaning"]))


def assumed(settings: Plain, backends: Collection[str]) -> Table:
    """Where the numbers come from, as far as the menus say and as long as they are still those of the menus; assumptions first."""
    rows = [row for name in backends for row in _of_backend(settings, name)]
    rows += [row for choice, part in _chosen(settings) for row in _of_choice(choice, part)]
    rows.sort(key=lambda row: _ORDER.index(row[2][-1:]))
    known = pd.DataFrame(list(dict.fromkeys(rows)), columns=["setting", "value", "mark", "source"])
    return Table("Numbers, and where they come from", known, MARKS)


_ABSENT = object()


def between(many: Mapping[str, Plain], backends: Collection[str]) -> Table:
    """What is not set alike in scenarios, by their names. Backends that none of them asks are left out."""
    flat = {name: _flat(settings) for name, settings in many.items()}
    rows = []
    for key in dict.fromkeys(key for each in flat.values() for key in each):
        owner, values = key.split("."), [each.get(key, _ABSENT) for each in flat.values()]
        if key in _NO_MATTER or (owner[:2] == ["market", "models"] and owner[2] not in backends):
            continue
        told = [value for value in values if value is not _ABSENT]
        if len(told) < len(values) and all(_unsaid(key) in (_text(value), str(value)) for value in told):
            continue  # a setting that came later than one of these runs
        if any(value != values[0] for value in values):
            rows.append((key, *("" if value is _ABSENT else _text(value) for value in values), _meaning(key)))
    return Table("Settings that are not alike", pd.DataFrame(rows, columns=["setting", *many, "meaning"]))


def _unsaid(key: str) -> str:
    """What a setting is where nobody says anything."""
    known = general(key)
    return every_setting()[known].default if known else ""


def _flat(settings: Any, path: str = "") -> dict[str, Any]:
    """By dotted key; lists and distributions are one value."""
    if not isinstance(settings, Mapping) or "dist" in settings or not settings:
        return {path: settings}
    return {key: value for name, each in settings.items() for key, value in _flat(each, f"{path}.{name}" if path else str(name)).items()}


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_text(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        told = [*map(_text, value[:3]), f"... {len(value)} in all"] if len(value) > MOST_VALUES else map(_text, value)
        return f"[{', '.join(told)}]"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _meaning(key: str) -> str:
    known = general(key)
    if not known:
        return ""
    said = re.split(r"(?<=\.) ", every_setting()[known].meaning)[0]
    return said if len(said) <= 120 else f"{said[:117]}..."


def _of_backend(settings: Plain, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Its prices, success and work, then what its file says of each number."""
    model = settings["market"]["models"].get(name)
    if model is None:
        return
    who = model["label"] or name
    if model["source"]:
        yield f"{who}: prices", f"as of {model['as_of']}" if model["as_of"] else "", "S", model["source"]
    harness, of = settings["work"]["harness"], settings["outcome"]["quality_source"]
    if settings["work"]["kind"] != "same" and (work := model["works"].get(harness)):
        yield f"{who}: turns and words ({harness})", f"{work['turn_multiplier']:g} x, {work['verbosity']:g} x", work["sure"], work["source"]
    if of and (solved := model["qualities"].get(of)):
        yield f"{who}: success ({of})", f"{solved['solved']:.1%}".replace("%", " %"), solved["sure"], solved["source"]
    menu = menus().get(f"backend/{settings['market']['name']}", [])
    for choice in (each for each in menu if each.name == name):
        now = _flat(settings)
        for value in set_in(choice):
            mark, source = _marked(value.comment)
            if not mark:
                continue
            if value.key in now and now[value.key] != _read(value):
                mark, source = "", f"set here; the menu has {value.text}"
            yield f"{who}: {value.key.rpartition('.')[2]}", _text(now.get(value.key, "")), mark, source


def _of_choice(choice: Choice, part: str) -> Iterator[tuple[str, str, str, str]]:
    for value in set_in(choice):
        mark, source = _marked(value.comment)
        if source:
            yield f"{part}.{value.key}" if choice.menu == PROFILE else value.key, value.text, mark, source


def _chosen(settings: Plain) -> Iterator[tuple[Choice, str]]:
    """The choice of each menu that the settings agree with in every point, the one that sets most."""
    now = _flat(settings)
    for menu, choices in menus().items():
        if menu.startswith("backend/") or menu in ("experiment", "market"):
            continue
        for part in _PARTS.get(menu, ("",)):
            agreeing = [each for each in choices if set_in(each) and all(_agrees(now, value, part) for value in set_in(each))]
            if agreeing:
                yield max(agreeing, key=lambda each: len(set_in(each))), part


def _agrees(now: Mapping[str, Any], value: Value, part: str) -> bool:
    key = f"{part}.{value.key}" if part else value.key
    return key in now and bool(now[key] == _read(value))


@functools.cache
def _parsed(text: str) -> Any:
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return _ABSENT


def _read(value: Value) -> Any:
    return _parsed(value.text)


def _marked(comment: str) -> tuple[str, str]:
    """The mark of a comment, and what it says."""
    if found := _MARKED.match(comment):
        return found[1], comment[found.end() :]
    word = next((word for word in _SAID if comment.lower().startswith(word)), "")
    mark = _SAID.get(word, "")
    return (f"{mark}, A" if mark in ("S", "R") and "assum" in comment else mark), comment
