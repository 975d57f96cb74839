"""Sliders in a browser: agents, backend, tasks a day and quota move dollars, success and waits. Ctrl-C ends it.

  sim explore
  sim explore --port 2718 --no-browser    somebody else opens the page

It needs marimo (pip install marimo), serves this machine alone, and calls no network.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path

from sim.errors import ConfigError
from sim.shell.ending import MISTAKE, WELL

STAYS = True
PATIENCE_S = 10.0
"""Given to what serves the page to end."""


def arguments(parser: ArgumentParser) -> None:
    """Where, and for whom."""
    parser.add_argument("--port", type=int, help="of this machine; unless given, a free one")
    parser.add_argument("--no-browser", action="store_true", help="open none, say where the page is")


def run(asked: Namespace) -> int:
    """Serve the app until it is stopped."""
    if find_spec("marimo") is None:
        raise ConfigError("sim explore needs marimo, which is not installed here: pip install marimo")
    port = asked.port or _free()
    print(f"http://127.0.0.1:{port}  (Ctrl-C ends it)", flush=True)
    quiet = os.environ | {"MARIMO_SKIP_UPDATE_CHECK": "1"}
    process = subprocess.Popen(command(port, asked.no_browser), env=quiet, start_new_session=True)  # Ctrl-C is for us alone
    try:
        return WELL if process.wait() == 0 else MISTAKE
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _free() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def command(port: int, no_browser: bool) -> list[str]:
    """What serves the app; a file `sim.py` of the folder it is started in does not stand before ours (`-P`)."""
    import sim.report.explore

    app = Path(sim.report.explore.__file__).with_name("app.py")
    served = ["run", str(app), "--host", "127.0.0.1", "--port", str(port), *(["--headless"] if no_browser else [])]
    return [sys.executable, "-P", "-m", "marimo", "-q", *served]
