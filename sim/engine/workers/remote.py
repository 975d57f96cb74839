"""One shard in a worker of Ray's, which may be on another machine: with the same software and files, or not at all."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import platform
from collections.abc import Mapping
from importlib.metadata import version

from sim.engine.replicate import replicate_shard
from sim.engine.replication import Replication
from sim.errors import SimError
from sim.meter.leftover import clear_leftovers
from sim.scenario.scenario import Scenario
from sim.scenario.sources import HERE, sources


def shard_there(
    scenario: Scenario, number: int, shard: int, in_line: bool, wanted: Mapping[str, str], folder: str, files: list[tuple[str, str]]
) -> bytes:
    """In a worker of Ray's: how many calls have ended and the shard with all rows of its log, or what it has met.

    Pickled here, so that a copy arrives: arrays that Ray hands over are read-only, and hold its memory.
    """
    told: list[int] = []
    ended: Replication | Exception
    try:
        _clear_once()
        with contextlib.suppress(OSError):
            os.chdir(folder)
        _check_same(scenario, wanted, files)
        ended = replicate_shard(scenario, number, shard, told.append, in_line=in_line)
    except Exception as error:
        ended = error
    return pickle.dumps((sum(told), ended))


_clear_once = functools.cache(clear_leftovers)


def _check_same(scenario: Scenario, wanted: Mapping[str, str], files: list[tuple[str, str]]) -> None:
    """Raise `SimError` where this machine would compute something else, or with other files."""
    said = [f"another {name} ({found}, not {wanted[name]})" for name, found in versions().items() if found != wanted[name]]
    there = {content.sha256 for content in sources(scenario).values()}
    said += [f"not the same {file} at the same place" for file, sha256 in files if sha256 not in there]
    if said:
        raise SimError(f"shards_on=ray: {platform.node()} has {said[0]}; all of Ray's machines need the same")


@functools.cache
def versions() -> dict[str, str]:
    """What decides numbers, in its version; this package by its modules but studies. Ray itself wants one version of Python and of Ray."""
    modules = sorted(path for path in HERE.rglob("*.py") if path.relative_to(HERE).parts[0] != "experiments")
    content = b"".join(str(path.relative_to(HERE)).encode() + path.read_bytes() for path in modules)
    return {name: version(name) for name in ("numpy", "scipy", "simpy")} | {"sim": hashlib.sha256(content).hexdigest()[:8]}
