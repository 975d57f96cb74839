"""A log with fewer sub-agents: who would have begun fewer, and who does the work of those that are not begun, or nobody.

The fan-out of a log is how many sub-agents an agent began in its session, in whatever waves. Of more than there were a log says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import yaml

from sim.errors import ConfigError
from sim.logs.log import Log
from sim.sampling.distributions import distribution, whole
from sim.sweeps.what_if.recast import agents_of, is_sub, other

HALF = "half"
_SPREAD = (math.sqrt(5) - 1) / 2
"""Steps of this length, modulo 1, fall evenly into any part of 0 to 1: so every distribution is met by few draws, and by the same."""


def narrowed(log: Log, fanout: str, redivided: bool) -> tuple[Log, int]:
    """Each that began more sub-agents than `fanout` (a number, a distribution, or half of its own) begins so many; how many are not begun.

    Work of those that are not begun is dropped, with all that they had others do; or, `redivided`, the others take it on by turns (of a
    half: who was begun just before), after their own and on top of their own context. Prompts of those who read the reports are as
    recorded. Raises `ConfigError` where nobody began more.
    """
    into: dict[int, int] = {}
    for family, many in _families(log, fanout):
        into |= _pairs(family) if many is None else {gone: family[place % many] for place, gone in enumerate(family[many:])}
    if not into:
        than = "two" if fanout == HALF else "more"
        raise ConfigError(f"fanout={fanout}: nobody in this log began {than} sub-agents; what more than it has would do it does not say")
    return (_redivided(log, into) if redivided else _dropped(log, into)), len(into)


def _families(log: Log, fanout: str) -> list[tuple[list[int], int | None]]:
    """Sub-agents of each that began any, as they began, and how many it would begin; None: half."""
    sub = is_sub(log)
    families: dict[tuple[str, str], list[int]] = {}
    for agent in np.argsort(_began(log), kind="stable").tolist():
        if sub[agent]:
            families.setdefault((log.agents[agent].session, log.agents[agent].parent), []).append(agent)
    if fanout == HALF:
        return [(family, None) for family in families.values()]
    size = whole(distribution(size_of(fanout)), 1)
    return [(family, size((0.5 + number * _SPREAD) % 1)) for number, family in enumerate(families.values())]


def size_of(fanout: str) -> Any:
    """A number of sub-agents, or a distribution of it. Raises `ConfigError` for what is neither, or may be less than one."""
    try:
        value = yaml.safe_load(fanout)
        lowest = distribution(value).support()[0]
    except (yaml.YAMLError, ConfigError) as error:
        why = str(error).splitlines()[0].removeprefix("value")
        raise ConfigError(f"--what-if fanout={fanout}: must be {HALF}, a number or a distribution ({why})") from None
    if lowest < 1 or (isinstance(value, float) and value % 1):
        raise ConfigError(f"--what-if fanout={fanout}: must be a whole number from 1, or a distribution of such")
    return value


def _pairs(family: Sequence[int]) -> dict[int, int]:
    return dict(zip(family[1::2], family[::2], strict=False))


def _began(log: Log) -> np.ndarray:
    """By agent, its first call."""
    began = np.full(len(log.agents), np.inf)
    np.minimum.at(began, log.calls["agent"], np.nan_to_num(log.calls["start_s"]))
    return began


def _dropped(log: Log, gone: dict[int, int]) -> Log:
    names = {(each.session, each.name): place for place, each in enumerate(log.agents)}
    out = set(gone)
    for place, each in enumerate(log.agents):  # and whoever was begun by one of them, at any depth
        above, seen = place, set[int]()
        while above not in out and above not in seen:
            seen.add(above)
            above = names.get((each.session, log.agents[above].parent), above)
        if above in out:
            out.add(place)
    kept = ~np.isin(log.calls["agent"], sorted(out))
    return other(log, log.calls[kept], log.agents)


def _redivided(log: Log, into: dict[int, int]) -> Log:
    calls = log.calls.copy()
    of = {int(log.calls["agent"][rows[0]]): rows for rows in agents_of(log)}
    for second, first in into.items():
        if second in of and first in of:
            _take_over(calls, of[first], of[second], first)
            of[first] = np.concatenate([of[first], of[second]])
    heirs = {log.agents[second][:2]: log.agents[first].name for second, first in into.items()}
    agents = [each._replace(parent=heirs.get((each.session, each.parent), each.parent)) for each in log.agents]
    return other(log, calls, agents)


def _take_over(calls: np.ndarray, mine: np.ndarray, theirs: np.ndarray, agent: int) -> None:
    """Their calls become mine, later than mine and on top of my context; what both began with is there once."""
    last = mine[-1]
    stands = int(calls["input_tokens"][last] + calls["output_tokens"][last])
    common = int(min(calls["input_tokens"][mine[0]], calls["input_tokens"][theirs[0]]))
    ended = np.nanmax([calls["end_s"][last], calls["start_s"][last]])
    later = max(0.0, float(ended - calls["start_s"][theirs[0]]))
    moved = calls[theirs]
    moved["agent"], moved["cost_usd"] = agent, math.nan
    moved["input_tokens"] += stands - common
    moved["cache_read_tokens"] = np.where(moved["cache_read_tokens"] > 0, moved["cache_read_tokens"] + stands - common, 0)
    moved["cache_read_tokens"][0] = calls["input_tokens"][last]
    wrote = moved["cache_write_tokens"] > 0
    moved["cache_write_tokens"][wrote] = (moved["input_tokens"] - moved["cache_read_tokens"])[wrote]
    hour = moved["cache_write_1h_tokens"] > 0
    moved["cache_write_1h_tokens"][hour] = moved["cache_write_tokens"][hour]
    moved["start_s"] += later
    moved["end_s"] += later
    calls[theirs] = moved
