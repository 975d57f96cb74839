"""Shards by Ray: on the cluster that RAY_ADDRESS names, or on workers that Ray starts on this machine."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import pickle
import signal
import socket
import threading
import warnings
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from sim.engine.replication import Replication
from sim.engine.workers.remote import shard_there, versions
from sim.errors import ConfigError, SimError
from sim.scenario.scenario import Scenario
from sim.scenario.sources import Content, named

REACHED_S = 10.0
"""For so long at most a cluster may take to answer."""


class Cluster:
    """Ray, as this process is connected to it. Who has begun Ray before (a notebook, a program around us) keeps it.

    Unlike a pool's, calls are counted when their shard has come back: its workers may be on other machines.
    """

    def __init__(self) -> None:
        """Connect. Raises `ConfigError` where Ray is not installed, cannot be reached, or runs this process itself."""
        self._ray = _imported()
        self._mine = not self._ray.is_initialized()
        if self._mine:
            _begin(self._ray)
        elif self._ray.get_runtime_context().get_task_id() is not None:
            raise ConfigError("shards_on=ray: this is a task of Ray's already, and would wait for its own core; take shards_on=local")
        self._task = self._ray.remote(max_retries=0)(shard_there)  # more, and Ray would retry for ever what has no room in memory
        self._given: tuple[Scenario, Any] | None = None
        """The latest scenario, and Ray's name for it: sent once, not with each shard."""
        self._flying: set[Any] = set()
        self._killed = False
        self.ended = 0
        """Calls of the shards that have come back, ever."""
        self.most = 2 * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        """Shards to have out at once: one running and one waiting a core, so that what has come back does not pile up."""

    def shard(self, scenario: Scenario, read: Mapping[str, Content], number: int, shard: int, in_line: bool) -> Future[Replication]:
        """Have one shard of a replication run; `read`: what the scenario reads from disk, which must be the same over there.

        A shard whose worker or machine is lost is sent out once more; then its future ends with `BrokenProcessPool`.
        """
        if self._given is None or self._given[0] is not scenario:
            self._given = scenario, self._ray.put(scenario)
        files = [(named(file), content.sha256) for file, content in read.items()]
        future: Future[Replication] = Future()
        self._send(future, (self._given[1], number, shard, in_line, versions(), os.getcwd(), files))
        return future

    def kill(self) -> None:
        """End what is under way; the next `cluster()` connects anew."""
        cluster.cache_clear()
        self._killed = True
        for task in list(self._flying):
            with contextlib.suppress(Exception):  # it has just ended, or Ray has
                self._ray.cancel(task, force=True)
        if self._mine:
            self._ray.shutdown()

    def _send(self, future: Future[Replication], given: tuple[Any, ...], again: bool = True) -> None:
        task = self._task.remote(*given)
        self._flying.add(task)

        def landed(result: Future[bytes]) -> None:
            self._flying.discard(task)
            try:
                calls, ended = pickle.loads(result.result())
            except self._ray.exceptions.RayTaskError as error:  # ours are in what it sends back
                ended, calls = SimError(f"shards_on=ray: {_said(error)}; is this package installed on all of its machines?"), 0
            except self._ray.exceptions.RayError:
                if again and not self._killed:
                    self._send(future, given, again=False)
                    return
                ended, calls = BrokenProcessPool(), 0
            except Exception as error:  # no room for its log, perhaps
                ended, calls = error, 0
            self.ended += calls
            if isinstance(ended, Exception):
                future.set_exception(ended)
            else:
                future.set_result(ended)

        task.future().add_done_callback(landed)


@functools.cache
def cluster() -> Cluster:
    """The one connection of this process."""
    return Cluster()


def _imported() -> Any:
    """Ray. What it says of its workers while a run goes on it would print among our output: a line like this it does not (`.`: any)."""
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    try:
        import ray.exceptions
    except ImportError:
        raise ConfigError("shards_on=ray needs Ray, which is not installed here: pip install 'agent-token-sim[ray]'") from None
    return ray


def _begin(ray: Any) -> None:
    """Connect to a cluster or start workers here, without a word. Ray takes SIGTERM for itself, and is made to give it back."""
    address, heard = os.environ.get("RAY_ADDRESS") or "local", signal.getsignal(signal.SIGTERM)
    host, colon, port = address.rpartition(":")
    try:
        if colon and port.isdigit() and "/" not in host:  # where nobody listens Ray tries for minutes
            socket.create_connection((host, int(port)), REACHED_S).close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise ConfigError(f"shards_on=ray: RAY_ADDRESS={address}: {_said(error)}") from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, heard)


def _said(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip().rstrip(".")
