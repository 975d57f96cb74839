"""A command as somebody types it, without the second that a process of its own takes to start."""

from __future__ import annotations

import io
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from sim.shell.cli import main


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`sim WORDS` in a folder. `tests/shell` shows that it leaves this process as it was, and that one of its own says the same."""
    out, told = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(told), pytest.raises(SystemExit) as end:
        main(words)
    assert isinstance(end.value.code, int)
    return subprocess.CompletedProcess(words, end.value.code, out.getvalue(), told.getvalue())
