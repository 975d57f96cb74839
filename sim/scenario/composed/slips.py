"""Slips of the hand in words and values, and how each would be written."""

from __future__ import annotations

import re
import typing

from sim.errors import did_you_mean
from sim.scenario.scenario import Scenario

_MENUS = ("agent", "budget", "market", "outcome", "router", "work", "workload")
"""Groups of settings that have a menu of their name."""
_UNITS = {"_usd_per_mtok": "dollars a million tokens", "_usd": "dollars", "_tokens": "tokens", "_s": "seconds", "_h": "hours"}
_MULTIPLES = {"%": 0.01, "k": 1e3, "K": 1e3, "M": 1e6}
"""What is written behind a number, and what it makes of it."""
_SECONDS = {"ms": 0.001, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Of a unit of time, by its first letter."""


def as_meant(word: str) -> str:
    """How a word without an equals sign, or with blanks around it, would be typed."""
    if re.fullmatch(r"[A-Za-z_][\w.]*", word):
        return f"give it a value, {word}=VALUE; sim explain {word} says which"
    if (parted := re.fullmatch(r"([A-Za-z_][\w.]*)\s*(?::|:?=+)\s*(.*)", word)) is not None:
        meant = f"{parted[1]}={parted[2].strip() or 'VALUE'}"
        return f"as in {meant}" if re.fullmatch(r"[^\s{}]+", meant) else f'as in "{meant}"'
    return f"what belongs to a value with spaces goes in quotes with it, \"KEY='... {word}'\""


def number_meant(written: str) -> str:
    """The number in a text with a unit or a sign of money, as it would be written; empty where there is none."""
    found = re.fullmatch(r"\s*[$\u20ac]?\s*(-?\d+(?:\.\d+)?)\s*(%|[kKM]?)\s*(?:[A-Za-z$\u20ac]*)", written)
    return "" if found is None else f"{float(found[1]) * _MULTIPLES.get(found[2], 1.0):.10g}"


def seconds_meant(written: str) -> str:
    """The seconds in a text with another unit of time; empty where there is none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)\s*", written)
    return "" if found is None else f"{float(found[1]) * _SECONDS[found[2] if found[2] == 'ms' else found[2][0]]:.10g}"


def of_type(message: str, name: str) -> str:
    """Of a value of another type than its setting has; empty for other messages."""
    number = re.match(r"Value '(.*)' of type '\w+' could not be converted to (Integer|Float)$", message)
    if number:
        unit = next((f" of {words}" for end, words in _UNITS.items() if name.endswith(end)), "")
        meant, whole = number_meant(number[1]), number[2] == "Integer"
        meant = (seconds_meant(number[1]) if name.endswith("_s") else "") or meant
        form = f": write {meant}" if meant and not (whole and "." in meant) else ""
        return f"'{number[1]}' is not a {'whole ' * whole}number{unit}{form}"
    chosen = re.match(r"(Invalid value '(.*)'), expected one of \[(.*)\]$", message)
    if chosen:
        return f"{chosen[1]}; {did_you_mean(chosen[2], chosen[3].split(', '))}"
    group = re.search(r"is not a subclass of (\w+)|Cannot assign \w+ to Dict", message)
    if group:
        hints = typing.get_type_hints(Scenario).items()
        whose = name or next((key for key, hint in hints if group[1] == getattr(hint, "__name__", "")), "")
        menu = f"; to choose from the menu in a file: defaults: [override /{whose}: CHOICE]" if whose in _MENUS else ""
        return f"{f'{whose}: ' if whose != name else ''}is a group of settings: give a mapping such as {{NAME: VALUE}}{menu}"
    if number_key := re.match(r"Key (.*) \(\w+\) is incompatible with \(str\)", message):
        return f"a name that is a number or a truth value goes in quotes: '{number_key[1]}'"
    if held := re.match(r"Value (.*) \(\w+\) is incompatible with type hint '(?:typing\.)?[Ll]ist", message):
        return f"must be a list such as [{held[1]}, {held[1]}]"
    return "must be a text" if re.match(r"Cannot convert '\w+' to string", message) else ""
