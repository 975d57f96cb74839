"""The tables as measured, in `benchmarks/README.md`: which machine, which day, and one block for each command that measures."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"


def machine() -> str:
    """A line on the processor, its cores, the interpreter and how it was built, and the day."""
    built = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    pgo = "with" if "--enable-optimizations" in built else "without"
    lto = "with" if "--with-lto" in built else "without"
    python = f"{platform.python_implementation()} {platform.python_version()} built {pgo} PGO and {lto} LTO"
    return f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({_processor()}), {python}, {platform.system()}"


def _processor() -> str:
    """Its name, where the system says it."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found.group(1) if found else platform.machine()


def fill(block: str, text: str, readme: Path = README) -> None:
    """Put a measured text between the marks `<!-- block -->` and `<!-- /block -->`. Raises `ValueError` where they are missing."""
    written = readme.read_text()
    pattern = re.compile(rf"(<!-- {block} -->\n).*?(<!-- /{block} -->)", re.DOTALL)
    if not pattern.search(written):
        raise ValueError(f"{readme}: has no block '{block}'")
    readme.write_text(pattern.sub(lambda marks: f"{marks[1]}```text\n{text}\n```\n{marks[2]}", written))
