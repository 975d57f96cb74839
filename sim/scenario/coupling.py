"""What ties calls and tasks to one another: the traits of everything that is set in a scenario, and what follows from them.

Lookahead, shards, theory and forecasts ask here. A setting counts once it is not its default; a choice among kinds always does.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

from sim.errors import ConfigError
from sim.sampling.distributions import compiled
from sim.scenario.custom import imported
from sim.scenario.sources import chance_in
from sim.settings.agent import AgentKind
from sim.settings.router import Policy
from sim.settings.scenario import ScenarioSettings
from sim.settings.traits import CAUTIOUS, Feature, Traits, known


def features(scenario: ScenarioSettings) -> list[tuple[str, Traits]]:
    """Everything in force in a scenario, by its dotted key, with its traits; of the market only the backends in use."""
    used = dataclasses.replace(scenario.market, models=scenario.chosen())
    found = dict(traits_of(dataclasses.replace(scenario, market=used)))
    choices = {"router.custom": "router.policy", "agent.workflow": "agent.kind"}
    found |= {choices[key]: _own_code(name, key) for key, name in own_code(scenario)}
    return list(found.items())


def own_code(scenario: ScenarioSettings) -> list[tuple[str, str]]:
    """Functions of the user's that a scenario uses: the key that names each, and its name."""
    policy = [("router.custom", scenario.router.custom)] if scenario.router.policy is Policy.custom else []
    workflow = [("agent.workflow", scenario.agent.workflow)] if scenario.agent.kind is AgentKind.custom else []
    return policy + workflow


def told_of_chance(scenario: ScenarioSettings) -> str:
    """Whether functions of the user's take what no seed decides; empty where nothing of it is seen in their text."""
    said = [f"{key}={name} ({where})" for key, name in own_code(scenario) if (where := chance_in(name))]
    given = "draw from the random numbers that the function is given, or from a generator that it seeds itself for each run"
    return f"The same seed need not give these numbers again, by what {' and '.join(said)} takes or keeps: {given}." if said else ""


_PLAIN = frozenset((str, int, float, bool, type(None)))
"""Kinds of value that are no choice among kinds and hold no settings: most are of these, and as they were."""


def traits_of(settings: Any, path: str = "") -> Iterator[tuple[str, Traits]]:
    """Traits of whatever is set under a group of settings, in its order."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value.__class__ in _PLAIN and value == field.default:
            continue
        key = f"{path}.{field.name}" if path else field.name
        if isinstance(value, Feature):
            yield key, _worded(value.traits(settings), key, value.value)
        elif dataclasses.is_dataclass(value):
            yield from traits_of(value, key)
        elif isinstance(value, dict) and any(map(dataclasses.is_dataclass, value.values())):
            for name, each in value.items():
                yield from traits_of(each, f"{key}.{name}")
        elif isinstance(value, enum.Enum) or value != _default(field):
            traits = _worded(known(field.metadata.get("traits", CAUTIOUS), settings), key, value)
            unknown = traits.twin and field.metadata.get("quantity") and not compiled(value)
            yield key, traits._replace(twin=False) if unknown else traits


def may_look_ahead(scenario: ScenarioSettings) -> bool:
    """Whether calls can touch one another only by filling all slots of a backend."""
    return ways(scenario)[0]


def uncompiled(scenario: ScenarioSettings) -> list[str]:
    """What the compiled twin does not have of a scenario, by key."""
    return ways(scenario)[1]


def ways(scenario: ScenarioSettings) -> tuple[bool, list[str]]:
    """Both at one look: whether it may look ahead, and what the twin does not have."""
    found = features(scenario)
    return all(traits.alone for _, traits in found), [key for key, traits in found if not traits.twin]


def unsolved(scenario: ScenarioSettings) -> list[str]:
    """What theory cannot say of a scenario, in words; a policy over one backend has no choice."""
    alone = len(scenario.backends) == 1
    return [traits.unsolved for key, traits in features(scenario) if traits.unsolved and not (alone and key.startswith("router."))]


def check_shards(scenario: ScenarioSettings) -> None:
    """Raise `ConfigError` for the first thing that keeps tasks from being dealt to shards."""
    for _, traits in features(scenario) if scenario.shards > 1 else ():
        if traits.undealt:
            raise ConfigError(f"shards={scenario.shards}: {traits.undealt}; use shards=1")


def _own_code(name: str, key: str) -> Traits:
    """What a function of the user's declares as its attribute `traits`."""
    function = imported(name, key)
    try:
        declared = getattr(function, "traits", CAUTIOUS)
    except Exception as error:  # it answers by code of its own
        raise ConfigError(f"{key}={name}: its traits cannot be had: {type(error).__name__}: {error}") from error
    if not isinstance(declared, Traits):
        raise ConfigError(f"{key}={name}: its traits must be sim.Traits(...)")
    return _worded(declared, key, name)._replace(twin=False)


def _worded(traits: Traits, key: str, value: Any) -> Traits:
    if not (traits.unsolved or traits.undealt):
        return traits
    try:
        unsolved, undealt = (why.format(key=key, value=value) for why in (traits.unsolved, traits.undealt))
    except (AttributeError, LookupError, TypeError, ValueError):
        raise ConfigError(f"{key}={value}: its traits say why not in texts, in which {{key}} and {{value}} alone are filled in") from None
    return traits._replace(unsolved=unsolved, undealt=undealt)


def _default(field: Any) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
