"""Which settings act on recorded sessions: what they do not touch is refused, with what does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.errors import ConfigError
from sim.scenario.scenario import Scenario
from sim.scenario.text import plain

ACTING = ("backends", "batch", "budget", "budgets", "market", "place", "retry", "router", "web_searches_per_call")
"""Groups and settings that change what a recorded session costs, or when."""
_OF_NO_CALL = {
    "label", "vendor", "origin", "serving", "source", "as_of", "speed_sure", "works", "qualities", "quality", "turn_multiplier",
    "verbosity", "reasoning_share",
}  # fmt: skip
"""Of a backend: what says something of it or of work that is yet to be done."""
_RATHER = {
    "work": "a swap of models shows the range of what bills say anyway",
    "agent": "recorded turns, prompts and answers are as they were; compact=60k and fanout=4 change those of the log",
    "workload": "sessions come when they came; sessions=2x doubles them",
    "start": "sessions come when they came",
    "horizon_s": "sessions come when they came",
    "outcome": "a log does not say what was solved",
    "tries": "a log does not say what was solved",
    "provider": "it says what serving takes, and moves nothing",
}


def check_acting(before: Scenario, after: Scenario, text: str) -> None:
    """Raise `ConfigError` for the first setting that a what-if changes and that no recorded call would notice."""
    old, new = dict(_flat(plain(before))), dict(_flat(plain(after)))
    for key in sorted(set(old) | set(new)):
        if old.get(key) == new.get(key) or key == "name" or (key.startswith("market.") and before.market.name != after.market.name):
            continue
        group, *inner = key.split(".")
        if group not in ACTING or (group == "market" and len(inner) > 2 and inner[2] in _OF_NO_CALL):
            why = _RATHER.get(group, "recorded turns, prompts and answers are as they were")
            raise ConfigError(f"--what-if {text}: {key} does nothing to recorded sessions: {why}. What acts: {', '.join(ACTING)}")


def _flat(settings: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(settings, dict) and settings:
        for name, value in settings.items():
            yield from _flat(value, f"{path}.{name}" if path else name)
    else:
        yield path, settings
