"""What building a wheel does beside packing files: it compiles the twin (`sim/engine/compiled/`), where there is a C compiler.

Without one the wheel is the same for every machine, and its runs take the clock: the same numbers, later.
"""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILDS = Path("sim", "engine", "compiled", "build.py")
"""Knows how; it needs nothing that is not there yet."""


class TwinHook(BuildHookInterface):  # type: ignore[type-arg]
    """For wheels, and for installs that point to the checkout (`pip install -e .`)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile it beside its sources; a wheel that carries it is for machines of this kind, with any Python."""
        builds = runpy.run_path(str(Path(self.root) / BUILDS))
        failed = builds["build"]()
        if failed:
            self.app.display_warning(f"without the compiled twin: {failed}")
        elif version == "standard":
            place = builds["LIBRARY"].relative_to(self.root).as_posix()
            build_data["artifacts"].append(place)
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
