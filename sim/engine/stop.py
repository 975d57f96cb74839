"""Stopped from outside, by Ctrl-C or SIGTERM: at once wherever the program is, and once more where Python has lost it.

An exception that a signal raises inside a callback of Python's own (a lock of its imports, an object that is freed) is printed or
dropped, and the program goes on. So it is noted too, and raised again by who asks as calls end. One that it raises inside a library
may come out as another error, of what was left half-done: that is a stop too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Which signal it was."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.kept = ""
        """What of the work is kept, in words, said by who knows; empty: nobody has."""


_owner = 0
"""The process that hears."""
_noted = 0
"""The signal that has come and is not yet obeyed."""
_held = 0
"""What is being done must not be left half-done: so many ask for that."""


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """While it lasts both signals raise `Stopped`; one that the process was started deaf to stays unheard. In the main thread only."""
    global _noted, _owner
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    _noted, _owner = 0, os.getpid()
    try:
        for number, usual in before.items():
            if usual in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, _come)
        yield
    except Exception:
        stop_if_noted()  # an error that the stop itself has led to, in what it left half-done
        raise
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
        _noted = 0


def _come(number: int, _frame: FrameType | None) -> None:
    global _noted
    if os.getpid() != _owner:  # a worker that has just been forked, and has no say in this yet
        os._exit(128 + number)
    _noted = number
    if not _held:
        raise Stopped(number)


def stop_if_noted() -> None:
    """Raise `Stopped` where a signal has come."""
    if _noted:
        raise Stopped(_noted)


@contextlib.contextmanager
def keeping(told: Callable[[], str]) -> Iterator[None]:
    """Who stops what is done within it hears what of that is kept: `told()`, asked then."""
    try:
        yield
    except BaseException as error:
        stop = error if isinstance(error, Stopped) else Stopped(_noted) if _noted else None
        if stop is None:
            raise
        stop.kept = stop.kept or told()
        raise stop from None


@contextlib.contextmanager
def held_off() -> Iterator[None]:
    """What must not be left half-done is done first; a signal that comes meanwhile is obeyed at its end."""
    global _held
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if not _held:
        stop_if_noted()
