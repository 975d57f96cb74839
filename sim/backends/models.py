"""Which backend of a market serves a model that a log names. Never a guess: what follows from no rule here has to be said.

1. What the user says (`--model name=backend`).
2. A backend's id: `claude-opus-4-6`, `Claude.Opus_4.6` are `claude_opus_4_6`.
3. The vendor's id that the backend's prices come from (the end of its `source`): `gemini-3-pro-preview` is `gemini_3_pro`.
In 2 and 3 a path before the name (`anthropic/`) and a date behind it (`-20251001`, `-2025-08-07`, `@20251001`) do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sim.errors import ConfigError, did_you_mean
from sim.settings.market import BackendSettings

_DATE = re.compile(r"[-@](20\d{6}|20\d\d-\d\d-\d\d)$")


def backends_of(models: Iterable[str], market: Mapping[str, BackendSettings], said: Mapping[str, str]) -> dict[str, str]:
    """The id of the backend of each model that has one. Raises `ConfigError` for a backend that there is not."""
    for name, backend in said.items():
        if backend not in market:
            raise ConfigError(f"--model {name}={backend}: is no backend of this market; {did_you_mean(backend, market)}")
    ids = {_plain(backend): backend for backend in market}
    vendors: dict[str, list[str]] = {}
    for backend, settings in market.items():
        vendors.setdefault(_plain(settings.source), []).append(backend)
    found = {}
    for model in models:
        name = _plain(model)
        sold = vendors.get(name, [])
        if model in said:
            found[model] = said[model]
        elif name in ids:
            found[model] = ids[name]
        elif name and len(sold) == 1:
            found[model] = sold[0]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[._]", "-", _DATE.sub("", name.strip().lower().rpartition("/")[2]))


def names_of(market: Mapping[str, BackendSettings]) -> dict[str, str]:
    """By backend, the model that a log of its calls names: the vendor's id where that leads back to it, else its own with hyphens."""
    vendors = {backend: settings.source.rpartition("/")[2] for backend, settings in market.items() if "/" in settings.source}
    back = backends_of(vendors.values(), market, {})
    return {name: vendors[name] if name in vendors and back.get(vendors[name]) == name else name.replace("_", "-") for name in market}
