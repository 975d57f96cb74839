"""A process that has imported what others have written, and for each line it reads has a fork of itself run some tests.

So a run of a second need not first import libraries for three; of the simulator and its tests a fork imports what is there by then.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys

import pytest

LIBRARIES = ("hydra", "hypothesis", "matplotlib", "numpy", "omegaconf", "pandas", "pyarrow", "scipy.stats", "simpy")


def run_here(words: list[str], said: str, most_s: int) -> None:
    """In a fork: what pytest says goes into a file; a run that hangs is ended."""
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    signal.alarm(most_s)
    code = int(pytest.main(words))
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Reads [words for pytest, file for what it says, most seconds], writes [exit code, seconds of CPU]."""
    for library in LIBRARIES:
        importlib.import_module(library)
    for line in sys.stdin:
        words, said, most_s = json.loads(line)
        fork = os.fork()
        if not fork:
            run_here(words, said, most_s)
        _, status, used = os.wait4(fork, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime]), flush=True)


if __name__ == "__main__":
    main()
