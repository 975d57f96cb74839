"""What Hydra made of choices from menus, kept: values that are set beside them touch a part of it, and only that part is made anew."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.scenario.composed.typed import menus
from sim.scenario.hydra_private import apply, stamp, without
from sim.scenario.scenario import Scenario

_PARTS = frozenset(Scenario.__dataclass_fields__)


class Composed:
    """A configuration and the scenario of it. Both are kept pickled, as who gets them may change them."""

    def __init__(self, configuration: Any, scenario: Scenario, files: Iterable[Path]) -> None:
        self._configuration = pickle.dumps(configuration)
        self._scenario = pickle.dumps(scenario)
        self._stamps = {file: stamp(file) for file in files}
        self._parts: dict[frozenset[str], bytes] = {}

    def is_current(self) -> bool:
        """Whether every file it was made of is as it was; a file of the user's may have changed unseen."""
        return all(each is not None and each == stamp(file) for file, each in self._stamps.items())

    def with_values(self, values: Sequence[Any]) -> Scenario:
        """The scenario in which these overrides, as Hydra parsed them, are set. Raises what OmegaConf and Hydra raise."""
        from omegaconf import OmegaConf

        names = frozenset(each.key_or_group.partition(".")[0] for each in values)
        if not names <= _PARTS:
            raise KeyError(*(names - _PARTS))
        if names not in self._parts:
            whole = pickle.loads(self._configuration)
            self._parts[names] = pickle.dumps(without(whole, set(whole) - names))
        touched = pickle.loads(self._parts[names])
        apply(values, touched)
        scenario: Scenario = pickle.loads(self._scenario)
        for name in _PARTS & set(touched):
            part = touched[name]
            setattr(scenario, name, OmegaConf.to_object(part) if OmegaConf.is_config(part) else part)
        return scenario


class Kept:
    """What was composed in this process, by the words that chose from menus; what was asked for longest ago goes first."""

    MOST = 100
    """Some 0.5 MB each."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Composed] = {}

    def of(self, choices: Sequence[str], make: Callable[[], Composed]) -> Composed:
        """Made anew where it was not made before, or of files that may have changed since."""
        found = self._kept.pop(tuple(choices), None)
        if found is None or not found.is_current():
            found = make()
        if len(self._kept) >= self.MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[tuple(choices)] = found
        return found

    def __len__(self) -> int:
        return len(self._kept)


KEPT = Kept()


class Words(NamedTuple):
    """Of a command line, as Hydra parsed it."""

    chosen: list[str]
    """Those that take a file from a menu, as they are typed."""
    values: list[Any]
    """Overrides of single settings."""


def parsed(words: Sequence[str]) -> Words | None:
    """None where only Hydra can say what the words come to: its own settings, and what is filled in or called. Raises what Hydra raises."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    if any(part in word for word in words for part in ("hydra", "_target_", "${")):
        return None
    read = OverridesParser.create().parse_overrides(list(words))
    chosen = [str(each.input_line) for each in read if _chooses(each)]
    return Words(chosen, [each for each in read if not _chooses(each)])


def _chooses(override: Any) -> bool:
    """As Hydra decides it."""
    return not isinstance(override.value(), dict) and re.split("[/@]", override.key_or_group, maxsplit=1)[0] in menus()
