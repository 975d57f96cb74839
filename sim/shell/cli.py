"""The command line: `sim SETTING=VALUE ...` runs, `sim VERB ...` does the rest; a mistake is one line on stderr.

Exit status: 0 when all went well, 1 after a mistake, 3 where a threshold is not met, 130 when stopped by Ctrl-C, 143 by SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from threading import Thread, main_thread
from threading import enumerate as threads
from typing import NoReturn

from sim.shell.ending import WELL, complain, ended
from sim.shell.guide import GUIDE, help_text
from sim.shell.verbs import VERBS, call
from sim.shell.words import refuse_stray_words


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Do what the words of the command line say, and exit."""
    given = sys.argv[1:] if words is None else list(words)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell, `2>&-`: whoever writes there has to find something
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    status = ended(lambda: _dispatch(given))
    if any(type(each) is Thread and not each.daemon and each is not main_thread() for each in threads()):
        complain("all is done; a thread that code of your own has begun still runs, Ctrl-C ends it", status)
    elif words is None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python, as it ends, would tell where Ctrl-C has met it
    sys.exit(status)


def _dispatch(words: Sequence[str]) -> int:
    """The exit status of a verb, or of a run."""
    if words == ["--version"]:
        from sim.results.provenance import SOFTWARE

        print(SOFTWARE)
        return WELL
    if not words or list(words) in (["--help"], ["-h"]):
        print(help_text() if words else GUIDE)
        return WELL
    if words[0] in VERBS:
        return call(words[0], words[1:])
    refuse_stray_words(words, VERBS)
    from sim.shell.run import run

    return run(words)
