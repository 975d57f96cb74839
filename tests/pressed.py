"""A command that somebody stops with Ctrl-C, with no wait that a busy machine could make too short."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

AGAIN_S = 120.0
"""A signal is not lost, but a busy machine takes its time; a person presses again."""


class Stopped(NamedTuple):
    """How it ended."""

    status: int
    stderr: str


def stopped(words: Sequence[str], folder: Path, when: Callable[[], bool], number: int = signal.SIGINT) -> Stopped:
    """Run `sim WORDS` in a folder, press Ctrl-C (or send another signal) once `when()` holds; an end before that is an end as well."""
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child of a job in the background would inherit deaf ears
    with subprocess.Popen([sys.executable, "-m", "sim", *words], cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, heard)
        while process.poll() is None and not when():
            time.sleep(0.05)
        while process.poll() is None:
            process.send_signal(number)
            try:
                said = process.communicate(timeout=AGAIN_S)[1]
            except subprocess.TimeoutExpired:
                continue
            return Stopped(process.returncode, said)
        return Stopped(process.returncode, process.communicate()[1])
