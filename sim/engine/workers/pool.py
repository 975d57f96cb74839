"""Worker processes: made once and kept, counting calls as they go, gone when their parent is."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import util
from multiprocessing.connection import wait
from typing import Any, TypeVar

from sim.meter.leftover import clear_leftovers, prefix

T = TypeVar("T")
LOOK_S = 1.0
"""How often a worker looks whether its parent still lives."""
MOURN_S = 10.0
"""How long the end of workers that were killed is waited for, at most."""


class Pool:
    """So many worker processes, a counter of ended calls that they share with their parent, and a folder for what they put aside.

    The folder goes with the pool, so that a worker that is killed leaves nothing behind; what is worth keeping the parent moves out of it.
    """

    def __init__(self, processes: int) -> None:
        clear_leftovers()
        self._counter = multiprocessing.Value("q", 0)
        self._folder = tempfile.mkdtemp(prefix=prefix("pool"))
        weakref.finalize(self, _sweep_out, self._folder, os.getpid())
        self._workers = ProcessPoolExecutor(processes, initializer=_begin, initargs=(self._counter, self._folder))

    @property
    def ended(self) -> int:
        """Calls that have ended in all of its workers, ever. Read without the lock, which a worker that is killed may hold."""
        return int(self._counter.get_obj().value)

    @property
    def workers(self) -> list[int]:
        """The numbers of its processes, as the system has them; none before the first work."""
        return list(self._workers._processes or ())

    def submit(self, function: Callable[..., T], *given: Any) -> Future[T]:
        """Have a function of some module called in a worker, after those submitted before."""
        return self._workers.submit(function, *given)

    def kill(self) -> None:
        """End the workers in the middle of their work; the next `pool()` starts others."""
        pool.cache_clear()
        for worker in list((self._workers._processes or {}).values()):
            worker.kill()
        manager: Any = self._workers._executor_manager_thread
        self._workers.shutdown(wait=False, cancel_futures=True)
        if manager is not None:  # Python wakes it at its end, while it closes what it is woken by
            manager.join(MOURN_S)
        _sweep_out(self._folder, os.getpid())


@functools.cache
def pool(processes: int) -> Pool:
    """The one pool of that many workers."""
    return Pool(processes)


def count(calls: int) -> None:
    """In a worker: so many more calls have ended."""
    with _ended.get_lock():
        _ended.value += calls


_ended: Any = None


def _begin(counter: Any, folder: str) -> None:
    """A worker's first act. Ctrl-C reaches the whole group; what becomes of the work is the parent's to say."""
    global _ended
    _ended = counter
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    util.Finalize(None, _leave, exitpriority=-1000)
    threading.Thread(target=_end_with_parent, args=(os.getppid(), folder), daemon=True).start()


def _leave() -> None:
    """A worker's last act: what threads code of the user's has begun nobody waits for."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


def _end_with_parent(parent: int, folder: str) -> None:
    """A parent that is killed tells nobody: its sentinel says so, or, where siblings hold that open, another parent's number."""
    family = multiprocessing.parent_process()
    while os.getppid() == parent and not (family and wait([family.sentinel], LOOK_S)):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _sweep_out(folder: str, process: int) -> None:
    """Not by a child that was forked from the pool's owner."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
