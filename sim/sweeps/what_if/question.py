"""What is asked of a log: a line of words, some of them settings of a run, some short for what a log alone can answer.

BACKEND                       every call at that backend          lead=BACKEND sub_agents=BACKEND   those of some
MODEL=BACKEND                 every call of a model of the log    batch                             through the batch queue
cache=1h  cache=5m            how long caches keep a prompt       compact=60k                       prompts summarised at that length
fanout=half                   every second sub-agent less         fanout=4                          at most so many, or a distribution
sessions=2x                   every session twice
flat=200/month,10/5h,50/week  a flat rate, USD, with what it allows of list prices in any 5 hours and any week
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from sim.errors import ConfigError, did_you_mean
from sim.sweeps.what_if.fanout import HALF, size_of

HOUR_S = 3600.0
_LIVES = {"5m": 300.0, "1h": HOUR_S}
_WINDOWS_H = {"h": 1.0, "d": 24.0, "day": 24.0, "week": 168.0}
SHORT = ("lead", "sub_agents", "cache", "compact", "fanout", "sessions", "flat")
"""Words with a value that are no settings."""


class FlatRate(NamedTuple):
    """A subscription."""

    usd_per_month: float
    allowances: tuple[tuple[float, float], ...]
    """(hours, USD of list prices in any so many hours)."""


class Question(NamedTuple):
    """One what-if, read."""

    text: str
    settings: tuple[str, ...] = ()
    """Of a run, as `sim.load` takes them."""
    moves: tuple[tuple[str, str], ...] = ()
    """(whose calls, to which backend): `*` all, `lead`, `sub_agents`, or a model of the log."""
    cache_s: float | None = None
    compact_tokens: int | None = None
    fanout: str | None = None
    """How many sub-agents one begins at most, as it was written (`sim.sweeps.what_if.fanout`)."""
    batch: bool = False
    sessions: int = 1
    flat: FlatRate | None = None

    @property
    def replays(self) -> int:
        """How many times the log's calls are replayed, about: for each end of a range, and of who waits at a flat rate."""
        return self.sessions * (2 if self.fanout is not None or self.compact_tokens is not None else 1) * (1 if self.flat is None else 2)


def asked(text: str, backends: list[str], models: list[str]) -> Question:
    """Read a what-if; `backends` are those of the market, `models` those of the log. Raises `ConfigError`."""
    found, met = Question(text.strip()), set[str]()
    for word in words(text):
        key, equals, value = word.partition("=")
        what = "every call's backend" if key == "backends" or (not equals and key in backends) else key
        if what in met:
            raise ConfigError(f"--what-if {text.strip()}: says {what} twice; ask once for each")
        met.add(what)
        if not equals:
            found = _bare(found, word, backends)
        elif key == "agent.fanout":
            found = _short(found, "fanout", value, backends)
        elif key in models:
            found = _moved(found, key, value, backends)
        elif key in SHORT:
            found = _short(found, key, value, backends)
        elif key == "backends" and (alone := re.fullmatch(r"\[\s*([\w.]+)\s*\]", value)):
            found = _moved(found, "*", alone[1], backends)
        elif "." not in key and value in backends:
            there = ", ".join(each or "calls that name none" for each in models)
            raise ConfigError(f"--what-if {word}: the log has no model '{key}'; it has {there}")
        elif "." not in key and (near := difflib.get_close_matches(key, SHORT, n=1, cutoff=0.7)):
            raise ConfigError(f"--what-if {word}: '{key}' is no setting; did you mean '{near[0]}'?")
        else:
            found = found._replace(settings=(*found.settings, word))
    if not found.text:
        raise ConfigError("--what-if: says nothing; a backend, settings, or one of " + ", ".join(f"{each}=..." for each in SHORT))
    return found


def words(text: str) -> list[str]:
    """Split at blanks that are in no brackets and no quotes."""
    found, depth, quote, word = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter in "{[(") - (letter in "}])")
        if letter.isspace() and depth <= 0 and not quote:
            found.append(word)
            word = ""
        else:
            word += letter
    return [each for each in (*found, word) if each]


def _bare(found: Question, word: str, backends: list[str]) -> Question:
    if word == "batch":
        return found._replace(batch=True)
    if word not in backends:
        known = [*backends, "batch", *(f"{each}=" for each in SHORT)]
        raise ConfigError(f"--what-if {word}: is no backend of this market and no setting; {did_you_mean(word, known)}")
    return _moved(found, "*", word, backends)


def _moved(found: Question, whose: str, backend: str, backends: list[str]) -> Question:
    if backend not in backends:
        raise ConfigError(f"--what-if {whose}={backend}: is no backend of this market; {did_you_mean(backend, backends)}")
    return found._replace(moves=(*found.moves, (whose, backend)))


def _short(found: Question, key: str, value: str, backends: list[str]) -> Question:
    if key in ("lead", "sub_agents"):
        return _moved(found, key, value, backends)
    if key == "cache":
        if value not in _LIVES:
            raise ConfigError(f"--what-if cache={value}: must be 5m or 1h, as it is sold; market.models.<id>.cache_ttl_s=... is any other")
        return found._replace(cache_s=_LIVES[value])
    if key == "compact":
        return found._replace(compact_tokens=_tokens(value))
    if key == "fanout":
        if value != HALF:
            size_of(value)
        return found._replace(fanout=value)
    if key == "sessions":
        many = re.fullmatch(r"(\d{1,3})x", value)
        if many is None or not 2 <= int(many[1]) <= 100:
            raise ConfigError(f"--what-if sessions={value}: must be 2x, 3x, ... 100x")
        return found._replace(sessions=int(many[1]))
    return found._replace(flat=_flat(value))


def _tokens(value: str) -> int:
    read = re.fullmatch(r"(\d+(?:\.\d+)?)(k|M)?", value)
    tokens = round(float(read[1]) * {None: 1, "k": 1_000, "M": 1_000_000}[read[2]]) if read else 0
    if not 1_000 <= tokens <= 10**9:
        raise ConfigError(f"--what-if compact={value}: must be a number of tokens from 1k, e.g. 60k")
    return tokens


def _flat(value: str) -> FlatRate:
    usd_per_month: float | None = None
    allowances = []
    for part in value.split(","):
        read = re.fullmatch(r"(\d+(?:\.\d+)?)/(\d*)(month|week|day|d|h)", part)
        if read is None or not float(read[1]) or read[2] == "0" or (read[3] == "month" and read[2]):
            raise ConfigError(
                f"--what-if flat={value}: '{part}' must be USD/month, USD/5h, USD/week or the like, e.g. flat=200/month,10/5h,50/week"
            )
        if read[3] == "month":
            usd_per_month = float(read[1])
        else:
            allowances.append((int(read[2] or 1) * _WINDOWS_H[read[3]], float(read[1])))
    if usd_per_month is None or not allowances:
        raise ConfigError(f"--what-if flat={value}: needs its price (USD/month) and what it allows, e.g. flat=200/month,10/5h,50/week")
    return FlatRate(usd_per_month, tuple(sorted(allowances)))
