"""Words of a command line that are neither a setting, a flag nor a verb."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields

from sim.errors import ConfigError, did_you_mean

_WITH_VALUE = {f"--{name}" for name in ("package", "config-path", "config-name", "config-dir", "cfg", "info", "experimental-rerun")}
_WITH_VALUE |= {"-p", "-cp", "-cn", "-cd", "-c", "-i"}


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Flags, each followed by its value if it takes one, and what is left: settings."""
    flags: list[str] = []
    settings: list[str] = []
    before = ""
    for word in words:
        (flags if word.startswith("-") or before in _WITH_VALUE else settings).append(word)
        before = word
    return flags, settings


def refuse_stray_words(words: Sequence[str], verbs: Collection[str]) -> None:
    """Raise `ConfigError` with the likely word for the first that is a plain name, and for what the shell has cut at a space: settings
    have a value, verbs come first."""
    _, settings = split(words)
    _refuse_dashes(words)
    _refuse_dealt_out(settings)
    for place, word in enumerate(settings):
        _refuse_cut(settings[place:])
        if re.match(r"\s*[+~]*=", word):
            raise ConfigError(f"'{word}': names no setting before its =; write KEY=VALUE, see sim --help")
        if (other := re.fullmatch(r"(\+{0,2}[A-Za-z_][\w.]*)\s*:\s*=\s*(.*)", word)) is not None:
            raise ConfigError(f"'{word}': is written {other[1]}={other[2]}")
        if re.fullmatch(r"[A-Za-z][\w-]*", word):
            raise ConfigError(_told(word, verbs))


def _refuse_cut(words: Sequence[str]) -> None:
    """Raise `ConfigError` with the form in quotes where a mapping or a list is open at the end of the first word."""
    begun = re.match(r"\+{0,2}([A-Za-z_][\w.]*)=[\[{]", words[0])
    if begun is None or not _open(words[0]):
        return
    for end in range(2, len(words) + 1):
        whole = " ".join(words[:end])
        if "=" in words[end - 1]:
            break
        if not _open(whole):
            raise ConfigError(f'{begun[1]}: the shell has cut this at its spaces; in quotes it is one word: "{whole}"')
    closed = words[0].rstrip(",: ") + "".join(reversed(_open(words[0])))
    raise ConfigError(f'{begun[1]}: a bracket is not closed; in quotes, in the shell: "{closed}"')


def _refuse_dashes(words: Sequence[str]) -> None:
    """Raise `ConfigError` with the form of a setting for one that is written as a flag."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        flag = re.fullmatch(r"--([A-Za-z_][\w.]*)(?:=(.*))?", word)
        if flag and flag[1] not in ("yes", "budget") and flag[1].partition(".")[0] in set(_settings()):
            value = flag[2] or ("VALUE" if "=" in after or after.startswith("-") or not after else after)
            raise ConfigError(f"{word}: settings have no dashes; write {flag[1]}={value}")
        if flag and flag[2] is not None and f"--{flag[1]}" not in _WITH_VALUE and (meant := _deeper(flag[1])):
            raise ConfigError(f"{word}: settings have no dashes; did you mean {' or '.join(f'{each}={flag[2]}' for each in meant)}?")


def _deeper(name: str) -> list[str]:
    from sim.scenario.composed.forms import deeper  # late: a verb does not wait for it

    return deeper(name) if name != "budget" else []


def _refuse_dealt_out(settings: Sequence[str]) -> None:
    """Raise `ConfigError` with the form in quotes where the shell has made a word of each part of a mapping's braces."""
    parts: dict[str, list[str]] = {}
    for word in settings:
        if word.partition("=")[0] in ("agent.workflow", "router.custom"):  # module:function
            continue
        if dealt := re.fullmatch(r"(\+{0,2}[A-Za-z_][\w.]*)=(\[?)(\w+:[^{}=\]]*)\]?", word):
            parts.setdefault("=".join(dealt.group(1, 2)), []).append(dealt[3])
    for begun, found in parts.items():
        if len(found) > 1:
            whole = f"{begun}{{{', '.join(each.replace(':', ': ') for each in found)}}}{']' * begun.endswith('[')}"
            raise ConfigError(
                f"{begun.partition('=')[0]}: the shell has dealt out what stands in braces; in quotes it is one word: '{whole}'"
            )


def _open(text: str) -> list[str]:
    """What would close the brackets that are open at the end of a text, the innermost last; what is in quotes counts for nothing."""
    closing: list[str] = []
    for letter in re.sub(r"'[^']*'|\"[^\"]*\"", "", text):
        if letter in "[{":
            closing.append("]" if letter == "[" else "}")
        elif closing and letter == closing[-1]:
            closing.pop()
    return closing


def outdone(words: Sequence[str]) -> list[tuple[str, str]]:
    """Words that set what a later one sets to something else, each with that one: the last holds, which a slip of the hand hides."""
    _, settings = split(words)
    last = {word.partition("=")[0]: word for word in settings if "=" in word}
    return [(word, last[key]) for word in settings if (key := word.partition("=")[0]) in last and word != last[key]]


def _told(word: str, verbs: Collection[str]) -> str:
    if word in verbs:
        return f"'{word}' is a verb: it comes first, as in sim {word} --help"
    known = set(_settings())
    if word in known:
        return f"'{word}' is a setting: give it a value, as in {word}=VALUE"
    near = difflib.get_close_matches(word, verbs, n=1, cutoff=0.7) or difflib.get_close_matches(word, known, n=1)
    return f"'{word}' is not a verb or a setting; {did_you_mean(word, near or verbs or known)}; see sim --help"


def _settings() -> Iterator[str]:
    """Settings and groups of settings at the top."""
    from sim.scenario.load import CONF  # late: a verb waits for neither
    from sim.scenario.scenario import Scenario

    yield from (field.name for field in fields(Scenario))
    yield from (folder.name for folder in CONF.iterdir() if folder.is_dir())
