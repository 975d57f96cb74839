"""Compile the twin. Uses nothing but Python, so that whoever builds a wheel can run it before anything is installed.

`python sim/engine/compiled/build.py` (`make .venv/twin`) builds it here, where there is a compiler, and says so.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY = HERE / "twin.so"
"""Where it lies, in a checkout and in a wheel."""
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-fast-math", "-fPIC", "-shared", "-fvisibility=hidden")
"""Contraction is off, or a sum of a product would be rounded once on machines that can, and not twice as in Python."""


def sources(folder: Path = HERE) -> str:
    """A digest of all that it is built from: what was built from something else is no twin."""
    files = sorted([*folder.glob("*.c"), *folder.glob("*.h")])
    text = b"".join(file.name.encode() + b"\0" + file.read_bytes() + b"\0" for file in files)
    return hashlib.sha256(text + " ".join(FLAGS).encode()).hexdigest()[:32]


def compiler() -> list[str]:
    """The C compiler's command: `CC`, or the one that Python was built with, or cc; empty where there is none."""
    for command in (os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang"):
        words = shlex.split(command or "")
        if words and shutil.which(words[0]):
            return words[:1]
    return []


def build(library: Path = LIBRARY, folder: Path = HERE, flags: Sequence[str] = FLAGS) -> str:
    """Compile it into a file, which appears whole or not at all; returns why not, empty where it has."""
    command = compiler()
    if not command:
        return "no C compiler was found"
    handle, name = tempfile.mkstemp(dir=library.parent, prefix=".twin-", suffix=".so")
    os.close(handle)
    one = "".join(f'#include "{file.name}"\n' for file in sorted(folder.glob("*.c")))  # so that the compiler sees all of it at once
    words = [*command, *flags, f'-DSOURCES="{sources(folder)}"', "-iquote", str(folder), "-x", "c", "-", "-lm", "-o", name]
    try:
        ran = subprocess.run(words, input=one, capture_output=True, text=True, check=False)
        if ran.returncode:
            return f"{command[0]} failed: {(ran.stderr.strip().splitlines() or ['without a word'])[-1]}"
        Path(name).chmod(0o755)
        Path(name).replace(library)
    except OSError as error:
        return f"{command[0]} failed: {error}"
    finally:
        Path(name).unlink(missing_ok=True)
    return ""


if __name__ == "__main__":
    print(build() or f"built {LIBRARY.name}")
