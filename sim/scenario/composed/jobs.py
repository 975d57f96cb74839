"""Jobs of a sweep in this process: their choices are composed once, and each begins without a configuration of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.scenario.composed.kept import KEPT, Composed, parsed
from sim.scenario.hydra_private import composing_less, files_looked_at, launched, without
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF

Begin = Callable[[Scenario, Any, int, Sequence[str]], Any]
"""Given a scenario that is not yet checked, Hydra's settings of the sweep, the job's number and its words."""


@contextmanager
def jobs_quickly(begin: Begin) -> Iterator[None]:
    """While it lasts, `begin` begins those jobs of a sweep that are plain; the others are composed and begun by Hydra."""
    with composing_less(_plain_scenario), launched(lambda *given: _launch(begin, *given)):
        yield


def _launch(begin: Begin, launcher: Any, jobs: Sequence[Sequence[str]], first: int, theirs: Callable[..., Any]) -> list[Any]:
    """What a launcher of Hydra's returns."""
    from hydra.core.utils import JobReturn, JobStatus

    ended: list[Any] = []
    plain = _is_plain(launcher.config.hydra)
    for number, words in enumerate(jobs, first):
        scenario = _scenario(launcher, words) if plain else None
        if scenario is None:
            ended += theirs(launcher, [words], number)
            continue
        job = JobReturn(overrides=words, status=JobStatus.COMPLETED)
        try:
            job.return_value = begin(scenario, launcher.config.hydra, number, words)
        except Exception as error:  # it is told when all others have begun, as Hydra does
            job.status, job.return_value = JobStatus.FAILED, error
        ended.append(job)
    return ended


def _plain_scenario(sweeper: Any, words: Sequence[str]) -> Scenario | None:
    return _scenario(sweeper, words) if _is_plain(sweeper.config.hydra) else None


def _scenario(part: Any, words: Sequence[str]) -> Scenario | None:
    """The scenario of a job of a sweep, not yet checked, for its sweeper or launcher; None where only Hydra can say what it is."""
    from omegaconf import OmegaConf

    hydra = part.config.hydra
    try:
        read = parsed(words)
        if read is None:
            return None

        def make() -> Composed:
            files: list[Path] = []
            with files_looked_at(files.append):
                whole = without(part.hydra_context.config_loader.load_sweep_config(part.config, list(read.chosen)), ["hydra"])
            scenario: Any = OmegaConf.to_object(whole)
            return Composed(whole, scenario, files)

        return KEPT.of(["a job", *_hydras(hydra), *read.chosen], make).with_values(read.values)
    except Exception:
        return None


def _is_plain(hydra: Any) -> bool:
    """Whether nothing happens to a job of this sweep but that it is run, in a folder of its number, from settings that ship."""
    from omegaconf import OmegaConf

    told: Any = OmegaConf.to_container(hydra, resolve=False)
    job, sweep, chosen = told["job"], told["sweep"], told["runtime"]["choices"]
    return (
        sweep["subdir"] == "${hydra.job.num}"
        and "${" not in sweep["dir"]
        and told["output_subdir"] is None
        and not (told["searchpath"] or told["callbacks"] or told["verbose"] or job["chdir"] or job["env_set"])
        and {chosen["hydra/job_logging"], chosen["hydra/hydra_logging"]} == {"none"}
        and all(Path(each["path"]).is_relative_to(CONF) for each in told["runtime"]["config_sources"] if each["schema"] == "file")
    )


def _hydras(hydra: Any) -> list[str]:
    """What was set of Hydra itself, as it was typed."""
    return [str(word) for word in hydra.overrides.hydra]
