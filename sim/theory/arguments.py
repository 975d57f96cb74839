"""What closed forms may be asked: a formula answers whatever it is given, so an argument out of its bounds is refused by name."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from numbers import Real
from typing import Any, ParamSpec, TypeVar, get_type_hints

from sim.errors import ConfigError, of_kind

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def bounded(
    *, shares: str = "", chances: str = "", counts: str = "", above_zero: str = "", from_one: str = "", any_sign: str = "", others: str = ""
) -> Callable[[Callable[_Asked, _Answer]], Callable[_Asked, _Answer]]:
    """Arguments of a formula by name, spaces between: `shares` lie from 0 to 1, `chances` are shares above 0, `counts` are whole and at
    least 1, `others` are no numbers, or may be unknown.

    Whatever is not named is at least 0; None, where it is the default, is not held to anything. `ConfigError` for what is out of bounds.
    """
    bounds = {_share: shares, _chance: chances, _count: counts, _above_zero: above_zero, _from_one: from_one, _any: any_sign}
    rules = {name: rule for rule, names in bounds.items() for name in names.split()}

    def decorated(formula: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
        signature = inspect.signature(formula)
        checked = [(name, rules.get(name, _at_least_zero)) for name in signature.parameters if name not in others.split()]
        defaults = {name: each.default for name, each in signature.parameters.items()}
        kinds = {name: hint for name, hint in get_type_hints(formula).items() if name in others.split() and isinstance(hint, type)}

        @functools.wraps(formula)
        def asked(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
            given: dict[str, Any] = kwargs
            if args or kwargs.keys() != defaults.keys():
                try:
                    given = signature.bind(*args, **kwargs).arguments
                except TypeError as error:
                    raise ConfigError(f"{formula.__name__}: {error}; takes {', '.join(f'{name}=' for name in defaults)} by name") from None
            for name, rule in checked:
                if name not in given or (given[name] is None and defaults[name] is None):
                    continue
                value = given[name]
                if (type(value) is not float and (not isinstance(value, Real) or isinstance(value, bool))) or math.isnan(value):
                    raise ConfigError(f"{name}={value!r}: must be a number")
                if wrong := rule(float(value)):
                    raise ConfigError(f"{name}={value}: must be {wrong}")
            for name, kind in kinds.items():
                if name in given and kind not in (int, float, bool):
                    of_kind(given[name], kind, f"{formula.__name__}: {name} takes {kind.__name__}")
            return formula(*args, **kwargs)

        return asked

    return decorated


def _share(value: float) -> str:
    return "" if 0 <= value <= 1 else "from 0 to 1"


def _chance(value: float) -> str:
    return "" if 0 < value <= 1 else "above 0 and at most 1"


def _from_one(value: float) -> str:
    return "" if value >= 1 else "at least 1"


def _count(value: float) -> str:
    return "" if value >= 1 and value % 1 == 0 else "a whole number of at least 1"


def _above_zero(value: float) -> str:
    return "" if value > 0 else "above 0"


def _at_least_zero(value: float) -> str:
    return "" if value >= 0 else "at least 0"


def _any(value: float) -> str:
    return ""
