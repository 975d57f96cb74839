"""Types of YAML, written before a value (`!!int 5`) or read out of it (a date): values that are not of their type are told."""

from __future__ import annotations

import re
from typing import Any

import yaml

_STANDARD = "tag:yaml.org,2002:"
_HELD = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")


def mistagged(event: Any, key: str) -> str:
    """What is wrong with a value or a group by its type; nothing where it is of that type, or none is said."""
    tag, value = event.tag, getattr(event, "value", None)
    if tag is None and value is not None and event.style in (None, "") and re.match(r"\d{4}-\d\d?-\d\d?(?!\d)", value):
        loader: Any = yaml.SafeLoader("")
        tag = loader.resolve(yaml.ScalarNode, value, (True, False))
    if tag is None or tag == "!":
        return ""
    kind = tag.removeprefix(_STANDARD)
    if not tag.startswith(_STANDARD) or kind not in _HELD:
        return f"{key}: has a type before it, {tag.replace(_STANDARD, '!!')[:60]}, of which settings have none; leave it out"
    try:
        if value is not None:
            yaml.SafeLoader("").construct_object(yaml.ScalarNode(tag, value))
    except (yaml.YAMLError, LookupError, ValueError, AttributeError):
        if event.tag is None:
            return f"{key}: {value} is no day of a calendar"
        return f"{key}: {value!r} is no {kind}, as !!{kind} before it says; leave that out"
    return ""
