"""What speaks of a word that is no name: the settings, choices, metrics and columns that have it in their name or their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sim.report.reference.menus import menus
from sim.report.reference.settings import every_setting

_EMPTY = frozenset({"a", "an", "and", "by", "for", "how", "in", "is", "many", "much", "of", "on", "per", "the", "to", "what"})
"""Words that say nothing of what is looked for."""


class Near(NamedTuple):
    """Something that speaks of it."""

    kind: str
    word: str
    """As `sim explain` takes it."""
    meaning: str

    @property
    def first(self) -> str:
        """The first sentence of what it means."""
        return re.split(r"(?<=[^.A-Z])[.;] ", self.meaning)[0].rstrip(".") + "."


def named(asked: str) -> list[Near]:
    """Those of them whose name it is in."""
    wanted = [_stem(word) for word in _words(asked)]
    return [one for one in near(asked) if set(wanted) <= set(map(_stem, _words(one.word)))]


def near(asked: str) -> list[Near]:
    """What has all the words asked for, the likeliest first: in its name before in its meaning, whole before begun."""
    wanted = [_stem(word) for word in _words(asked) if word not in _EMPTY]
    ranked = [(_hits(wanted, one), place, one) for place, one in enumerate(_all())]
    return [one for hits, _, one in sorted(ranked, key=lambda each: (-each[0], each[1])) if hits]


def _hits(wanted: list[str], one: Near) -> int:
    """0 unless all words are there."""
    name, meaning = _words(one.word), _words(one.meaning)
    hits = [_hit(word, name, meaning) for word in wanted]
    return sum(hits) if hits and all(hits) else 0


def _hit(word: str, name: list[str], meaning: list[str]) -> int:
    if word in map(_stem, name[-4:]):  # the end of a key is what it is of
        return 4
    if any(part.startswith(word) for part in name):
        return 3
    return 2 if word in map(_stem, meaning) else int(any(part.startswith(word) for part in meaning))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())


def _stem(word: str) -> str:
    """`seeds` and `seed` are one; so are `retry` and `retries`."""
    for end, stem in (("ies", "y"), ("ss", "ss"), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 2:
            return word.removesuffix(end) + stem
    return word


def _all() -> Iterator[Near]:
    """Of a field that stands in several places the shortest key alone."""
    fields: dict[tuple[str, str], Near] = {}
    for key, one in every_setting().items():
        said = Near("settings", key, one.meaning)
        known = fields.setdefault((one.leaf, one.meaning), said)
        if len(key) < len(known.word):
            fields[one.leaf, one.meaning] = said
    yield from fields.values()
    for choices in menus().values():
        yield from (Near("choices", one.word, one.line) for one in choices if "/" not in one.menu)
    from sim import columns
    from sim.results.metrics import METRICS

    yield from (Near("metrics", metric.name, metric.meaning) for metric in METRICS)
    names = {column.name: column.meaning for column in (*columns.TIMELINE, *columns.TASKS, *columns.CALLS)}
    yield from (Near("columns", name, meaning) for name, meaning in names.items())
