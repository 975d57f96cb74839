"""Settings as plain values and as YAML: written as OmegaConf would, in a thirtieth of its time; read only if they mean what they say."""

from __future__ import annotations

import dataclasses
import enum
import functools
import pickle
import re
from collections.abc import Callable, Collection, Mapping
from numbers import Number
from pathlib import Path, PurePath
from typing import Any

import yaml

from sim.errors import ConfigError, DataError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SETTINGS = "scenario.yaml"
"""In a run's folder: its scenario, as `as_yaml` writes and `read_settings` reads it."""

_BLOCKS = re.compile(rb"^\w+:(?=[ \n]).*\n(?:(?!\w+:[ \n]).*\n)*", re.MULTILINE)
"""Settings of a scenario as they are written: a name that begins its line, and all lines up to the next."""
_DOCUMENTS = re.compile(rb"^(?:---|\.\.\.|%)", re.MULTILINE)
"""What begins or ends one of several documents."""
_MOST_BYTES, _MOST_VALUES, _DEEPEST = 256 * 1024, 10_000, 40
"""Of a file of settings, aliases followed: OmegaConf takes half a millisecond a value."""
_OTHERWISE = {
    r"[-+]?0[0-7_]*[0-7]": "an octal number",
    r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?": "a number to the base 60",
    r"yes|Yes|YES|on|On|ON": "true",
    r"no|No|NO|off|Off|OFF": "false",
}
"""What YAML 1.1 takes plain words for, which hardly anybody means."""


_UNREAD = {
    "could not find expected ':'": "has no colon behind its name",
    "mapping values are not allowed": "has a colon too many, or the line before has none, or is indented less",
    "cannot start any token": "a text that begins with @, %, ` or the like goes in quotes",
    "expected ',' or": "begins a bracket that is not closed, or lacks a comma",
    "end of stream": "begins a quote that is not closed",
    "expected node content": "ends where a value or a bracket is missing",
    "expected key": "does not fit to how the lines before are indented",
    "expected '-'": "begins a list that goes on as something else: each line of it begins with -",
    "<document start>": "stands behind the end of the settings, or of a value in brackets",
    "unknown escape": r"has a \ in double quotes: write it twice, or take single quotes",
}
"""What a parser of YAML misses, in words for those who write settings."""
_PLAIN = frozenset((str, int, float, bool, type(None)))
"""Kinds of value of which nothing need be asked: most are."""


def plain(settings: Any) -> Any:
    """Dataclasses as mappings, enums by name, numbers as Python's own; a copy throughout."""
    if settings.__class__ in _PLAIN:
        return settings
    if dataclasses.is_dataclass(settings):
        return {field.name: plain(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
    if isinstance(settings, enum.Enum):
        return settings.name
    if isinstance(settings, dict):
        return {str(key): plain(value) for key, value in settings.items()}
    if isinstance(settings, (list, tuple)):
        return [plain(value) for value in settings]
    return float(settings) if isinstance(settings, float) else settings


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes what Hydra, though not YAML 1.1, would read as a number: `1e3`."""


def _text(dumper: Any, text: str) -> Any:
    try:
        float(text)
    except ValueError:
        style = None
    else:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.ignore_aliases = lambda *_: True


def as_yaml(settings: Any) -> str:
    """A dataclass of settings as text that Hydra reads back."""
    return "".join(_block(field.name, pickle.dumps(getattr(settings, field.name))) for field in dataclasses.fields(settings))


@functools.lru_cache(maxsize=64)
def _block(name: str, pickled: bytes) -> str:
    """One setting of a scenario as text: those of a sweep share most of theirs, and the market is nearly all there is to write."""
    one = {name: plain(pickle.loads(pickled))}
    return str(yaml.dump(one, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False))


def read_settings(file: Path) -> dict[str, Any]:
    """What `as_yaml` has written to a file, as plain values; {} where it holds no mapping. Raises `DataError` for what it never writes."""
    held = file.read_bytes()
    try:
        if b"&" in held and b"*" in held and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(held, Loader=_LOADER)):
            raise DataError(f"{file}: has YAML aliases, which no run writes")  # a few lines of them can stand for gigabytes
        found = _by_block(held)
    except (yaml.YAMLError, RecursionError, ValueError, LookupError) as error:
        raise DataError(f"{file}: is no file of settings ({' '.join(str(error).split())[:200]})") from None
    return found if isinstance(found, dict) else {}


def _by_block(held: bytes) -> Any:
    """The mapping in a file, block by block, so that what many files share is read once; as a whole where a block alone is no setting."""
    found: dict[str, Any] = {}
    try:
        for block in _BLOCKS.findall(held):
            found |= pickle.loads(_read(block))
    except (yaml.YAMLError, TypeError, ValueError, LookupError):
        found = {}
    whole = b"".join(_BLOCKS.findall(held)) == held and not _DOCUMENTS.search(held)
    return found if found and whole else yaml.load(held, Loader=_LOADER)


@functools.lru_cache(maxsize=64)
def _read(block: bytes) -> bytes:
    """A block as a pickled mapping of one setting."""
    return pickle.dumps(dict(yaml.load(block, Loader=_LOADER)))


def check_written(file: Path, names: Collection[str] = (), typed: Callable[[Any, str], str] = lambda event, key: "") -> None:
    """Raise `ConfigError` for YAML that means something else than it says, or that would take minutes to read.

    `names`: keys whose values are names, of which `1.10` is one; `typed`: what is wrong with the type that stands before a value.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise ConfigError(f"{file}: more than {_MOST_BYTES >> 10} KB of settings; of many values, quantiles will do")
    reading = _Reading(names, typed)
    try:
        if not (text := file.read_text(encoding="utf-8-sig")).strip():
            raise ConfigError(f"{file}: is empty")
        for event in yaml.parse(text, Loader=_LOADER if "\t" not in text else yaml.SafeLoader):  # which takes fewer tabs, as Hydra's
            wrong = reading.take(event)
            if wrong:
                line = event.start_mark.line + 1 if event.start_mark else "?"
                raise ConfigError(f"{file}, line {line}: {wrong}")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not text in UTF-8 ({error.reason} at byte {error.start}); save it as that") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}{_unread(error, text)}") from None


def _unread(error: yaml.YAMLError, text: str) -> str:
    """Where a file is no YAML, and why, in words of ours."""
    problem, of = str(getattr(error, "problem", "") or "it cannot be read"), getattr(error, "context_mark", None)
    mark = of if of is not None and re.search("expected ':'|expected ','|end of stream", problem) else getattr(error, "problem_mark", None)
    if mark is None:
        return f": is no YAML ({problem})"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    why = next((ours for words, ours in _UNREAD.items() if words in problem), problem)
    if "\\t" in problem or line.startswith("\t") or "\t" in line[: len(line) - len(line.lstrip())]:
        why = "has a tab where blanks belong"
    return f", line {mark.line + 1}: {why}{f': {line.strip()[:60]}' if line.strip() else ''}"


@dataclasses.dataclass
class _Open:
    """A mapping or a list that has begun."""

    mapping: bool = False
    anchor: str | None = None
    before: int = 0
    """Values that came before it."""
    key: str = ""
    """The one whose value comes next; in a list the one that the list is the value of."""
    keyed: bool = False
    """Whether that key has been read."""
    met: set[str] = dataclasses.field(default_factory=set)
    """Its keys so far."""


class _Reading:
    """The events of a file of YAML, one after another; nothing is built."""

    def __init__(self, names: Collection[str], typed: Callable[[Any, str], str]) -> None:
        self._names, self._typed = names, typed
        self._open = [_Open()]
        self._held: dict[str | None, int] = {}
        """Values under an anchor, once it has ended."""
        self._count = 0

    def take(self, event: Any) -> str:
        """What is wrong with it, in words; nothing where nothing is."""
        wrong = ""
        if isinstance(event, yaml.CollectionStartEvent):
            inner = _Open(isinstance(event, yaml.MappingStartEvent), event.anchor, self._count, self._open[-1].key)
            self._open.append(inner)
            wrong = self._typed(event, inner.key)
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self._open.pop()
            self._held[ended.anchor] = self._count - ended.before + 1
            self._value()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._held:
                return f"*{event.anchor} stands in itself, or nowhere"
            self._count += self._held[event.anchor]
            self._value()
        elif isinstance(event, yaml.ScalarEvent):
            wrong = self._scalar(event)
        if self._count > _MOST_VALUES:
            return f"more than {_MOST_VALUES:,} values, aliases followed; of many values, quantiles will do"
        return wrong if len(self._open) <= _DEEPEST else f"more than {_DEEPEST} levels, one in another"

    def _scalar(self, event: Any) -> str:
        around, plain_word = self._open[-1], event.implicit[0] and event.style in (None, "")
        self._count += 1
        self._held[event.anchor] = 1
        is_key = around.mapping and not around.keyed
        wrong = _misread(event.value, not is_key and around.key in self._names) if plain_word else ""
        if is_key:
            around.key, around.keyed = event.value, True
            if event.value in around.met:
                return f"the key {event.value} is there twice: leave one out"
            around.met.add(event.value)
            return f"the key {event.value} {wrong}" if wrong else ""
        self._value()
        return f"{around.key}: {event.value} {wrong}" if wrong else self._typed(event, around.key)

    def _value(self) -> None:
        """One has ended: in a mapping a key comes next."""
        self._open[-1].keyed = False


def _misread(word: str, name: bool) -> str:
    """What else YAML makes of a word without quotes."""
    for pattern, meaning in _OTHERWISE.items():
        if re.fullmatch(pattern, word):
            return f"is {meaning} in YAML: write what it is, or '{word}' in quotes"
    if name:
        try:
            number = float(word)
        except ValueError:
            return f"is a truth value in YAML: write '{word}' in quotes" if word.lower() in ("true", "false") else ""
        if word not in (str(number), f"{number:.0f}"):
            return f"is the number {number:g} in YAML: write '{word}' in quotes"
    return ""


def quoted(text: str) -> str:
    """As a string of Hydra's grammar: backslashes count where a quote follows."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def words_of(settings: Any) -> list[str]:
    """Texts, lists of them and mappings by key as the shell's `KEY=VALUE`. Raises `ConfigError` for anything else."""
    if isinstance(settings, str):
        return [settings]
    if isinstance(settings, Mapping):
        return [f"{_key(key)}={value if isinstance(value, str) else _typed(value, str(key))}" for key, value in settings.items()]
    if isinstance(settings, (list, tuple)):
        return [word for each in settings for word in words_of(each)]
    raise ConfigError(f"load: takes 'KEY=VALUE', a list of such, or a mapping of values by key, not {_told(settings)}")


def _typed(value: Any, key: str) -> str:
    """A value as it is typed in the shell."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, (str, PurePath)):
        return quoted(str(value))
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_key(name)}:{_typed(each, key)}' for name, each in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_typed(each, key) for each in value)}]"
    raise ConfigError(f"{key}: must be a number, a text, a list or a mapping, not {_told(value)}")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise ConfigError(f"load: names of settings are texts such as 'agent.fanout', not {_told(key)}")


def _told(value: Any) -> str:
    return f"{value!r:.60}" if isinstance(value, (Number, type(None))) else f"a {type(value).__name__}"
