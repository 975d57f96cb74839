"""How a command ends: its exit status, and a mistake in one line on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.stop import Stopped, heard, stop_if_noted
from sim.errors import SimError
from sim.results.escape import one_line

if TYPE_CHECKING:
    from sim.theory.expected.effort import Effort

WELL = 0
MISTAKE = 1
"""Something was refused, or came out otherwise than it must; a line on stderr says what."""
THRESHOLD = 3
"""What was asked for is not met: for scripts that stop there."""
STOPPED = 130
"""By Ctrl-C, as shells count it: 128 and the number of the signal. By SIGTERM it is 143."""


def ended(action: Callable[[], int]) -> int:
    """The exit status of a command. What is neither a mistake of the user nor a full disk is a fault of ours and goes on up."""
    try:
        with heard():
            return action()
    except Stopped as stop:
        return complain(f"stopped; {stop.kept}" if stop.kept else "stopped", 128 + stop.number)
    except KeyboardInterrupt:
        return complain("stopped", STOPPED)
    except BrokenPipeError:
        return _unread()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        return complain(told(error))


def told(error: Exception) -> str:
    """An error in one line. Raises it again where it is a fault of the software, and `Stopped` where a stop has led to it."""
    stop_if_noted()
    if isinstance(error, MemoryError):
        return "out of memory; try log=none, fewer processes or fewer tasks"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    if isinstance(error, SimError):
        return str(error)
    from sim.scenario.hydra_errors import explain, is_hydras

    if is_hydras(error):
        return explain(error)
    raise error


def complain(message: str, status: int = MISTAKE) -> int:
    """Say in one line on stderr what is wrong; returns the exit status."""
    print(f"sim: {one_line(' '.join(message.split()))}", file=sys.stderr)
    return status


def tell_effort(whole: Effort) -> None:
    """Say on stderr what will take more than a minute, before it begins."""
    if whole.minutes > 1:
        print(f"sim: {whole} (an estimate)", file=sys.stderr)


def _unread() -> int:
    """Whoever read the output has gone (`sim --help | head`): nothing is left to say, and Python must not try at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return MISTAKE
