"""Settings as plain values and as YAML, the same text as OmegaConf's in a thirtieth of its time."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import Path
from typing import Any

import yaml

from sim.errors import DataError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SETTINGS = "scenario.yaml"
"""In a run's folder: its scenario, as `as_yaml` writes and `read_settings` reads it."""


def plain(settings: Any) -> Any:
    """Dataclasses as mappings, enums by name, numbers as Python's own; a copy throughout."""
    if dataclasses.is_dataclass(settings):
        return {field.name: plain(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
    if isinstance(settings, enum.Enum):
        return settings.name
    if isinstance(settings, dict):
        return {str(key): plain(value) for key, value in settings.items()}
    if isinstance(settings, (list, tuple)):
        return [plain(value) for value in settings]
    if isinstance(settings, float):
        return float(settings)
    return settings


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes what Hydra, though not YAML 1.1, would read as a number: `1e3`."""


def _text(dumper: Any, text: str) -> Any:
    try:
        float(text)
    except ValueError:
        style = None
    else:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.ignore_aliases = lambda *_: True


def as_yaml(settings: Any) -> str:
    """A dataclass of settings as text that Hydra reads back."""
    return str(yaml.dump(plain(settings), Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False))


def read_settings(file: Path) -> dict[str, Any]:
    """What `as_yaml` has written to a file, as plain values; {} where it holds no mapping. Raises `DataError` for what it never writes."""
    held = file.read_bytes()
    try:
        if b"&" in held and b"*" in held and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(held, Loader=_LOADER)):
            raise DataError(f"{file}: has YAML aliases, which no run writes")  # a few lines of them can stand for gigabytes
        found = yaml.load(held, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError(f"{file}: is no file of settings ({' '.join(str(error).split())[:200]})") from None
    return found if isinstance(found, dict) else {}
