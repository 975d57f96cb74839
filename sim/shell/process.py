"""What a command changes in its process, each until the context ends."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def arguments(words: Sequence[str]) -> Iterator[None]:
    """`sys.argv` without the program's name: what Hydra reads."""
    before = sys.argv
    sys.argv = [*before[:1], *words]
    try:
        yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def heard(seconds: float = 8.0, words: Sequence[str] = ()) -> Iterator[None]:
    """A line on stderr once it has lasted that long: whoever waits knows that it is not broken, and how to stop it.

    Code of one's own that the words name may never end: nobody can tell but who wrote it."""
    own = next((word for word in words if word.startswith(("agent.workflow=", "router.custom="))), "")
    asked = f"; {own} is yours: does it end?" if own else ""

    def say() -> None:
        if sys.stderr is sys.__stderr__:  # not where a program around us collects what is said
            print(f"sim: still at work after {seconds:g} s; Ctrl-C stops it{asked}", file=sys.stderr, flush=True)

    timer = threading.Timer(seconds, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def whole_errors() -> Iterator[None]:
    """Hydra hands errors on as they are, to this process and to those that it starts, instead of printing and exiting."""
    name = "HYDRA_FULL_ERROR"
    before = os.environ.get(name)
    os.environ.setdefault(name, "1")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)


@contextlib.contextmanager
def aside(machine: bool) -> Iterator[None]:
    """Where a machine reads stdout, what code of the user's own prints goes to stderr; from workers that begin meanwhile too."""
    with contextlib.redirect_stdout(sys.stderr) if machine else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what Optuna tells of itself."""
    level = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="``multivariate`` option is an experimental")
        logging.disable(max(level, logging.INFO))
        try:
            yield
        finally:
            logging.disable(level)
