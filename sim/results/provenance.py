"""Where numbers come from: what makes the same ones again, left beside and inside everything that is written."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sim.results.files import ORIGIN, Files
from sim.scenario.sources import Content, named

__version__ = "0.1.0"
SOFTWARE = f"agent-token-sim {__version__}"


def origin(name: str, seed: int | str, digest: str, read: Mapping[str, Content] | None = None) -> dict[str, str]:
    """Scenario, seed and digest, and what they were run with; `read`: the files that they were made from, by path."""
    made_from = {f"read {named(file)}": found.sha256[:16] for file, found in (read or {}).items()}
    return {
        "software": SOFTWARE,
        "scenario": name,
        "seed": str(seed),
        "digest": digest,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        **made_from,
    }


def read_origin(folder: Path) -> dict[str, str]:
    """What `origin.json` says; nothing where there is none that can be read."""
    return Files(folder).json(ORIGIN)
