"""Jobs of a sweep in this process: their choices are composed once, and Hydra carries no more than what each sets itself."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.scenario.composed.kept import KEPT, Composed, parsed
from sim.scenario.hydra_private import BASIC, files_looked_at, jobs_composed, without
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF


@contextmanager
def jobs_quickly() -> Iterator[None]:
    """While it lasts, a job of a sweep is composed of what was composed before, where that is the same."""
    with jobs_composed(_job):
        yield


def _job(master: Any, words: Sequence[str], by_hydra: Callable[[Sequence[str]], Any]) -> Any:
    """What Hydra hands to a launcher for these words: of the settings only those parts that the words set."""
    from omegaconf import OmegaConf

    hydra = master.hydra
    plain = str(hydra.launcher._target_) == BASIC and hydra.output_subdir is None and not hydra.searchpath
    plain = plain and not any("override_dirname" in word for word in _hydras(hydra))  # a name that all words make
    plain = plain and all(Path(each.path).is_relative_to(CONF) for each in hydra.runtime.config_sources if each["schema"] == "file")
    try:
        read = parsed(words) if plain else None
        if read is None:
            return by_hydra(words)

        def make() -> Composed:
            files: list[Path] = []
            with files_looked_at(files.append):
                whole = by_hydra(read.chosen)
            alone: Any = OmegaConf.to_object(without(pickle.loads(pickle.dumps(whole)), ["hydra"]))
            return Composed(whole, alone, files)

        base = KEPT.of(_key(hydra, read.chosen), make)
        job = base.touched(read.values, also="hydra")
        job.hydra.overrides.task = list(words)
        OmegaConf.copy_cache(from_config=master, to_config=job)
        return job
    except Exception:
        return by_hydra(words)


def of_job(composed: Any, hydra: Any) -> Scenario | None:
    """The scenario of a job, not yet checked; None where Hydra composed all of it. Raises what OmegaConf raises."""
    if set(Scenario.__dataclass_fields__) <= set(composed):
        return None
    read = parsed(list(hydra.overrides.task))
    assert read is not None
    return KEPT.last(_key(hydra, read.chosen)).with_parts(composed)


def _key(hydra: Any, chosen: Sequence[str]) -> list[str]:
    return ["a job", *_hydras(hydra), *chosen]


def _hydras(hydra: Any) -> list[str]:
    """What was set of Hydra itself, as it was typed."""
    from omegaconf import OmegaConf

    words: Any = OmegaConf.to_container(hydra.overrides.hydra, resolve=False)
    return list(words)
