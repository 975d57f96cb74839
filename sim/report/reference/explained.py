"""What is known of a word: a setting, a choice of a menu, a metric, a column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sim.errors import ConfigError, did_you_mean
from sim.report.reference.menus import PROFILE, Choice, Value, default_of, menus, set_in, values_of
from sim.report.reference.near import near
from sim.report.reference.settings import NAME, NUMBER, Setting, every_setting

HOME = Path(__file__).resolve().parents[2]
ALMOST = 0.85
"""Of a key that is misspelt: how alike the one is that was meant."""


@dataclass(frozen=True)
class Explained:
    """One word, and what is known of it."""

    word: str
    meaning: str
    facts: dict[str, str] = field(default_factory=dict)
    """By what they are facts of: type, unit, default, ..."""
    choices: dict[str, str] = field(default_factory=dict)
    """What it may be, and what each means."""
    values: list[tuple[str, str, str]] = field(default_factory=list)
    """Which choice of a menu sets it, to what, and what is said of that."""
    also: list[str] = field(default_factory=list)
    """Other keys of the same setting: of a worker, a stage, a chat baseline."""


def explained(word: str) -> list[Explained]:
    """All that a word may mean, or nothing where others speak of it (`near`). Raises `ConfigError` where none does."""
    found = _named(word)
    if found:
        return found
    known = [*every_setting(), *(one.leaf for one in every_setting().values()), *_menus(), *_metric_meanings()]
    bare = re.sub(r"[\W_]+", "", word.casefold())  # fan-out, Fan out and fanout are one word
    alike = sorted({name for name in known if bare and re.sub(r"[\W_]+", "", name.casefold()) == bare})
    if alike:
        return [one for name in alike for one in _named(name)]
    likely = difflib.get_close_matches(word, known, n=1, cutoff=ALMOST) if "." in word else []
    if not likely and near(word):
        return []
    nearest = did_you_mean(word, likely or known)
    told = nearest if nearest.startswith("did") else "sim list settings has all keys, sim list metrics all metrics"
    raise ConfigError(f"sim explain {word}: neither setting, menu, metric nor column; {told}")


def _named(word: str) -> list[Explained]:
    found = [*_settings(word), *_menu(word), *_choice(word)]
    if "." not in word or not found:  # the whole key of a setting is nothing else; metrics take a while to import
        found += [*_metrics(word), *_columns(word)]
    return found


def general(key: str) -> str:
    """A key with its names and places left open: market.models.glm_5.ttft_s -> market.models.<name>.ttft_s."""
    if key in every_setting():
        return key
    for known in every_setting():
        pattern = re.escape(known).replace(re.escape(NAME), r"[\w-]+").replace(re.escape(f"[{NUMBER}]"), r"(\[\d+\]|\.\d+)")
        if re.fullmatch(pattern, key):
            return known
    return ""


def _settings(word: str) -> Iterator[Explained]:
    known = general(word)
    keys = [known] if known else [key for key, one in every_setting().items() if one.leaf == word]
    fields: dict[tuple[str, str], list[str]] = {}  # one of an agent is one of its workers, stages, verifiers and chat baselines too
    for key in keys:
        fields.setdefault((every_setting()[key].kind, every_setting()[key].meaning), []).append(key)
    for key, *also in fields.values():
        one = every_setting()[key]
        written = list(dict.fromkeys(each for place in (key, *also) for each in values_of(word if known else place)))
        written = written or (list(_any(key)) if NAME in key else [])
        values = [(each.choice.word, each.text, each.comment) for each in written]
        facts = {"type": one.kind, "unit": one.unit, "default": _default(one, written), "read in": ", ".join(_readers(one))}
        yield Explained(
            word if known else key, one.meaning, {name: said for name, said in facts.items() if said}, one.choices, values, also
        )


def _default(one: Setting, written: list[Value]) -> str:
    """As a run without any settings has it, where a menu's default says so itself."""
    for each in written:
        if each.choice.menu in ("config", PROFILE):
            continue
        if each.choice.name == default_of(each.choice.menu) and each.text != one.default:
            return f"{one.default}; {each.text} by the menu's default, {each.choice.word}"
    return one.default


def _any(key: str) -> Iterator[Value]:
    """What the choices set a setting of each name to: every backend's ttft_s."""
    pattern = re.compile(re.escape(key).replace(re.escape(NAME), r"[\w-]+"))
    yield from (each for choices in menus().values() for choice in choices for each in set_in(choice) if pattern.fullmatch(each.key))


def _readers(one: Setting) -> list[str]:
    """Files in which a setting of this name is read: those that say `.name`."""
    said = re.compile(rf"(?<!math)(?<!np)\.{re.escape(one.leaf)}\b(?!=)")
    files = (file for file in sorted(HOME.rglob("*.py")) if not {"settings", "reference", "shell"} & set(file.relative_to(HOME).parts))
    found = [file.relative_to(HOME.parent).as_posix() for file in files if said.search(file.read_text(encoding="utf-8"))]
    return found if len(found) <= 6 else [*found[:6], f"and {len(found) - 6} more"]


def _menus() -> list[str]:
    return [name for name in menus() if "/" not in name]


def _menu(word: str) -> Iterator[Explained]:
    if word in _menus():
        facts = {"default": default_of(word) or "none of it"}
        yield Explained(word, "A menu.", facts, {choice.word: choice.line for choice in menus()[word]})


def _choice(word: str) -> Iterator[Explained]:
    menu, equals, name = word.partition("=")
    if not equals:
        yield from (_chosen(choice) for choices in menus().values() for choice in choices if choice.name == word)
        return
    if menu not in _menus():
        raise ConfigError(f"sim explain {word}: no such menu; {did_you_mean(menu, _menus())}")
    found = [choice for choice in menus()[menu] if choice.name == name]
    if not found:
        raise ConfigError(f"sim explain {word}: not on that menu; {did_you_mean(name, [choice.name for choice in menus()[menu]])}")
    yield _chosen(found[0])


def _chosen(choice: Choice) -> Explained:
    values = [(each.key, each.text, each.comment) for each in set_in(choice)]
    return Explained(choice.word, f"{choice.line}.", {"file": str(choice.file)}, values=values)


def _metric_meanings() -> dict[str, tuple[str, str]]:
    from sim.results.metrics import METRICS

    return {metric.name: (metric.unit, metric.meaning) for metric in METRICS}


def _metrics(word: str) -> Iterator[Explained]:
    for name, (unit, meaning) in _metric_meanings().items():
        if word == name or re.fullmatch(re.sub(r"<\w+>", r"[\\w-]+", re.escape(name)), word):
            yield Explained(name, meaning, {"a metric of": "summary.csv, Result.summary", **({"unit": unit} if unit else {})})


def _columns(word: str) -> Iterator[Explained]:
    from sim import columns
    from sim.results.files import CALLS, TASKS, TIMELINE

    tables = {CALLS: columns.CALLS, TASKS: columns.TASKS, TIMELINE: columns.TIMELINE}
    for table, each in tables.items():
        for column in each:
            if column.name == word:
                yield Explained(word, f"{column.meaning}.", {"a column of": table, **({"unit": column.unit} if column.unit else {})})
