"""What a setting may be: declared beside the field, checked once for a whole tree of settings."""

from __future__ import annotations

import dataclasses
import enum
import math
import pickle
import types
import typing
import unicodedata
from typing import Any

from sim.errors import ConfigError, did_you_mean
from sim.sampling.distributions import distribution
from sim.settings.traits import ALONE, CAUTIOUS, TWIN, Declared

LARGEST = 1e9
"""More tokens, seconds (31 years), dollars or things than this are a typing error."""


def setting(
    default: Any = dataclasses.MISSING,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    quantity: bool = False,
    whole: bool = False,
    traits: Declared = CAUTIOUS,
) -> Any:
    """A dataclass field with bounds: `low <= value <= high`, or `value > above`; nothing is above `LARGEST` unless `high` says so.

    `traits` say what it touches once it is not its default (`sim.settings.traits`); undeclared: everything.

    `quantity` marks a field that takes a number or a distribution; the bounds then hold for
    every value that the distribution can take, `LARGEST` for all but one in a thousand. `whole` marks a quantity that is a count: a
    number has to be a whole one, and what a distribution draws is rounded.
    """
    bounds = {"low": low, "high": high, "above": above, "quantity": quantity, "whole": whole, "null": default is None, "traits": traits}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=bounds)
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=bounds)
    return dataclasses.field(default=default, metadata=bounds)


def alone(default: Any = dataclasses.MISSING, **bounds: Any) -> Any:
    """A setting that concerns one agent, one call or one backend's list by itself, so touches no other."""
    return setting(default, traits=ALONE, **bounds)


def twin(default: Any = dataclasses.MISSING, **bounds: Any) -> Any:
    """The same, where the compiled twin knows what it does, or where it does nothing before the run is over (`sim.engine.compiled`)."""
    return setting(default, traits=TWIN, **bounds)


def check(settings: Any, path: str = "") -> None:
    """Raise `ConfigError` naming the first setting under `settings` that is out of bounds."""
    hints = _hints(type(settings))
    for unknown in set(vars(settings)) - set(hints):
        raise ConfigError(f"{path}.{unknown}: '{unknown}' is not a setting; {did_you_mean(unknown, hints)}".lstrip("."))
    for field in dataclasses.fields(settings):
        key = f"{path}.{field.name}" if path else field.name
        value = getattr(settings, field.name)
        value = _as_enum(settings, field.name, hints[field.name], value, key)
        if path or not dataclasses.is_dataclass(value):
            _check_value(value, key, field.metadata, hints[field.name])
        elif pickle.dumps(value) not in _PASSED:
            _check_value(value, key, field.metadata, hints[field.name])
            if len(_PASSED) >= _MOST_PASSED:
                _PASSED.clear()
            _PASSED.add(pickle.dumps(value))  # as it is now: names of choices have become choices


_PASSED: set[bytes] = set()
"""Groups of settings that have passed: scenarios of a sweep share most of theirs, above all the market."""
_MOST_PASSED = 200

_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def _as_enum(settings: Any, name: str, hint: Any, value: Any, key: str) -> Any:
    """An enum field given by its name, as Python users do: turned into the member."""
    if not (isinstance(hint, type) and issubclass(hint, enum.Enum)) or isinstance(value, hint):
        return value
    if str(value) not in hint.__members__:
        raise ConfigError(f"{key}={value}: {did_you_mean(str(value), hint.__members__)}")
    setattr(settings, name, hint[str(value)])
    return hint[str(value)]


def _check_value(value: Any, key: str, bounds: Any, hint: Any) -> None:
    if bounds.get("quantity"):
        _check_quantity(value, key, bounds)
        return
    if hint is Any:  # a sweep's baseline: values of any setting, told apart when it is gathered
        return
    _check_type(value, key, hint)
    inner = typing.get_args(hint)
    if dataclasses.is_dataclass(value):
        check(value, key)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check_value(item, f"{key}[{index}]", bounds, inner[0])
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(str(name), f"{key}.{name}")
            _check_value(item, f"{key}.{name}", bounds, inner[1])
    elif isinstance(value, str):
        _check_text(value, key)
    else:
        _check_number(value, key, bounds)


_TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of writing: a text would read otherwise than it is."""


def _check_text(text: str, key: str) -> None:
    """Names and labels are printed, drawn and put into tables: they are one line, and none of it is an order to a terminal."""
    for letter in text if not text.isprintable() else "":
        if letter in _TURNING or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"):
            raise ConfigError(f"{key}={text!a}: {letter!a} cannot be printed; leave it out")


_WORDS = {str: "a text", bool: "true or false", list: "a list", dict: "a mapping"}


def _check_type(value: Any, key: str, hint: Any) -> None:
    """What Hydra has checked for the shell, for those who set fields in Python."""
    options = [typing.get_origin(option) or option for option in (typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,))]
    if value is None and type(None) in options:
        return
    if int in options or float in options:
        _check_is_number(value, key, whole=float not in options)
        return
    allowed = tuple(option for option in options if option is not type(None))
    if not isinstance(value, (*allowed, tuple) if list in allowed else allowed):
        raise ConfigError(f"{key}={value!r}: must be {_WORDS.get(allowed[0], allowed[0].__name__)}")


def _check_is_number(value: Any, key: str, *, whole: bool) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{key}={value!r}: must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{key}={value}: must be a finite number")
    if whole and int(value) != value:
        raise ConfigError(f"{key}={value!r}: must be a whole number")


def _check_number(value: Any, key: str, bounds: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, above = bounds.get("low"), bounds.get("above")
    high = LARGEST if bounds.get("high") is None else bounds["high"]
    if above is not None and not value > above:
        raise ConfigError(f"{key}={value}: must be more than {above:g}")
    if low is not None and value < low:
        raise ConfigError(f"{key}={value}: must be at least {low:g}")
    if value > high:
        shown = value if abs(value) < 1e15 else "a huge number"
        raise ConfigError(f"{key}={shown}: must be at most {high:,g}")


def _check_quantity(value: Any, key: str, bounds: Any) -> None:
    if value is None and bounds.get("null"):
        return
    law = distribution(value, key)
    least, most = law.support()
    if least == most:
        if bounds.get("whole") and int(least) != least:
            raise ConfigError(f"{key}={value!r}: must be a whole number")
        _check_number(int(least) if bounds.get("whole") else least, key, bounds)
        return
    floor = min(0.0, bounds.get("low") or 0.0)
    if least < floor:
        raise ConfigError(f"{key}: goes down to {least:g}, must not go below {floor:g} (add low: {floor:g} to clip it)")
    high = bounds.get("high")
    if high is not None and most > high:
        raise ConfigError(f"{key}: goes up to {most:g}, must be at most {high:g} (add high: {high:g} to clip it)")
    if most > LARGEST and law.quantile()(0.999) > LARGEST:
        raise ConfigError(f"{key}: one in a thousand is above {LARGEST:,.0f}, which must be rare")
