"""A population as it is written down, read and checked: what has to fit together beyond the bounds of each setting."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, DataError, did_you_mean, of_kind
from sim.scenario.text import check_written, read_settings
from sim.settings.bounds import check
from sim.settings.population.segments import PopulationSettings
from sim.settings.population.timeline import MarketEvent, MarketEventKind


def read_population(file: str | Path) -> PopulationSettings:
    """A population from a file of YAML. Raises `DataError` for a file that is none, `ConfigError` for what it must not say."""
    of_kind(file, str | PathLike, "read_population takes a file")
    if not Path(file).is_file():
        raise DataError(f"{file}: is no file")
    check_written(Path(file))
    if not (written := read_settings(Path(file))):
        raise DataError(f"{file}: holds no settings; it must be a mapping such as name: mine")
    found: PopulationSettings = _made(PopulationSettings, written, "")
    return checked(found)


def checked(population: PopulationSettings, models: Collection[str] = ()) -> PopulationSettings:
    """The population itself. Raises `ConfigError` naming the first setting that cannot be; `models` are the ids there are, if known."""
    check(population)
    if not sum(segment.people for segment in population.segments.values()) > 0:
        raise ConfigError("segments: nobody is on this market; give one segment some people")
    _day(population.from_day, "from_day")
    for name, segment in population.segments.items():
        if segment.adoption.since:
            _day(segment.adoption.since, f"segments.{name}.adoption.since")
            if segment.from_outside:
                raise ConfigError(f"segments.{name}.from_outside=true: an event brings them, so adoption.since must be empty")
    _check_events(population)
    for key, name in _named(population):
        if models and name not in models:
            raise ConfigError(f"{key}={name}: is no model of this market; {did_you_mean(name, models)}")
    return population


def _check_events(population: PopulationSettings) -> None:
    before, sent, launched = date.min, dict[str, float](), set[str]()
    for number, event in enumerate(population.events):
        key = f"events[{number}]"
        day = _day(event.day, f"{key}.day")
        if day < before:
            raise ConfigError(f"{key}.day={event.day}: comes after an event of {before}; list events in the order of their days")
        before = day
        if event.last_day and _day(event.last_day, f"{key}.last_day") < day:
            raise ConfigError(f"{key}.last_day={event.last_day}: is before its first day, {event.day}; an event lasts a day at least")
        if event.kind is MarketEventKind.terms:
            _check_terms(population, event, key)
            sent[event.segment] = sent.get(event.segment, 0.0) + event.share
            if sent[event.segment] > 1 + 1e-9:
                raise ConfigError(
                    f"{key}.share={event.share:g}: all shares of {event.segment} sum to {sent[event.segment]:g}, at most 1 may"
                )
        elif not event.model:
            raise ConfigError(f"{key}.model: a {event.kind.value} needs a model")
        elif event.kind is MarketEventKind.launch:
            if event.model in launched:
                raise ConfigError(f"{key}.model={event.model}: is launched twice")
            launched.add(event.model)


def _check_terms(population: PopulationSettings, event: MarketEvent, key: str) -> None:
    if event.segment not in population.segments:
        raise ConfigError(f"{key}.segment={event.segment or 'nobody'}: is no segment; {did_you_mean(event.segment, population.segments)}")
    if not population.segments[event.segment].from_outside:
        raise ConfigError(f"{key}.segment={event.segment}: is on this market already; set segments.{event.segment}.from_outside=true")


def _named(population: PopulationSettings) -> list[tuple[str, str]]:
    """Where a model is named, and which."""
    events = [(f"events[{number}].model", event.model) for number, event in enumerate(population.events) if event.model]
    return events + [("qualities", name) for name in population.qualities]


def _day(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{key}={text!r}: must be a day such as 2026-02-12") from None


def _made(hint: Any, value: Any, key: str) -> Any:
    """Plain values as the settings of a type: mappings as dataclasses; what they hold is checked later."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is list and isinstance(value, list):
        return [_made(arguments[0], each, f"{key}[{number}]") for number, each in enumerate(value)]
    if typing.get_origin(hint) is dict and isinstance(value, dict):
        return {str(name): _made(arguments[1], each, f"{key}.{name}") for name, each in value.items()}
    if isinstance(value, date) and hint is str:
        return value.isoformat()
    if not dataclasses.is_dataclass(hint):
        return value
    if not isinstance(value, dict):
        raise ConfigError(f"{key}={value!r}: must be a mapping")
    hints = typing.get_type_hints(hint)
    for name in value:
        if name not in hints:
            raise ConfigError(f"{key}.{name}: '{name}' is not a setting; {did_you_mean(name, hints)}".lstrip("."))
    for field in dataclasses.fields(hint):
        if field.name not in value and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{key}.{field.name}: is missing".lstrip("."))
    made: Any = hint
    return made(**{name: _made(hints[name], each, f"{key}.{name}".lstrip(".")) for name, each in value.items()})
