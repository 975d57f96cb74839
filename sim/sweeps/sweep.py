"""Many scenarios: sweep(), which goes on where it was stopped, and the table of a folder of runs."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import hashlib
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.parallel import Runs
from sim.engine.replication import Progress
from sim.errors import ConfigError, DataError, did_you_mean, of_kind, of_path
from sim.results.files import ORIGIN, RESULTS, Files
from sim.results.kept.manifest import altered, read_note
from sim.results.metrics import MORE_IS_BETTER
from sim.results.provenance import origin, read_origin
from sim.results.result import Result
from sim.results.sample import Sample
from sim.results.saved import SavedResult
from sim.results.simulate import rounds, simulate_each, weigh
from sim.scenario.custom import check_progress
from sim.scenario.load import choice
from sim.scenario.scenario import Scenario
from sim.scenario.text import SETTINGS
from sim.settings.scenario import ScenarioSettings
from sim.sweeps.comparison import against, best, check_baseline, judged
from sim.sweeps.folder import RunFolder, check_runs, runs_of, settings_of, starting
from sim.sweeps.goal import check_goal
from sim.sweeps.told.headline import of_sweep, sweep_html

if TYPE_CHECKING:
    import pandas as pd

MOST_SCENARIOS = 10_000
"""Of a sweep, unasked: each is checked before the first is run, which takes a millisecond."""
Axes = Mapping[str, Sequence[Any]]
"""Values by dotted key."""


class Sweep:
    """Scenarios that differ along axes; `results` has one row each, its axes first."""

    def __init__(
        self, axes: Sequence[dict[str, Any]], runs: Sequence[Result | SavedResult], baseline: Mapping[str, Any] | None = None
    ) -> None:
        self.axes = list(axes)
        self.runs = list(runs)
        if len(self.axes) != len(self.runs):
            raise ConfigError(f"Sweep takes as many runs as values of its axes, not {len(self.runs)} and {len(self.axes)}")
        self.baseline = dict(baseline or {})

    @property
    def results(self) -> pd.DataFrame:
        """Columns: the axes, each metric with its interval (`<metric>_ci_low`, `<metric>_ci_high`), then `sim.columns.VERDICTS`."""
        import pandas as pd

        table = pd.DataFrame([row(axes, run.summary) for axes, run in zip(self.axes, self.runs, strict=True)])
        return judged(table, [_words(axes) for axes in self.axes], self.samples, _words(self.baseline))

    @property
    def samples(self) -> list[Sample]:
        """What each scenario brings to a comparison."""
        return [run.sample for run in self.runs]

    def __repr__(self) -> str:
        return of_sweep(list(self.axes[0]), self.results)

    def _repr_html_(self) -> str:
        return sweep_html(list(self.axes[0]), self.results)


def sweep(
    scenario: Scenario,
    axes: Axes,
    progress: Progress | None = None,
    baseline: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
) -> Sweep:
    """Run a scenario once for each combination of values, e.g. `sweep(scenario, {"agent.fanout": [1, 2, 4]})`.

    `baseline`, e.g. `{"agent.fanout": 1}`: compare each scenario with the one that has these values and otherwise its own.
    `folder`: save each run there as it ends, and do not run again what is there already (`sim.sweeps.folder`); `runs` are then read
    from it. All scenarios share their random numbers, so differences between them are paired. Raises `ConfigError` before the first run
    when one of them cannot be.
    """
    of_kind(scenario, Scenario, "sweep takes a scenario, as sim.load returns it")
    of_kind(axes, Mapping, 'sweep takes axes, lists of values by key such as {"agent.fanout": [1, 2, 4]}')
    check_progress(progress, "a number of calls")
    of_kind(baseline, Mapping | None, 'baseline takes values by key such as {"agent.fanout": 1}')
    if folder is not None:
        _check_folder(folder)
    scenario, axes = copy.deepcopy(scenario), {key: copy.deepcopy(_listed(key, values)) for key, values in axes.items()}
    count = math.prod(map(len, axes.values()))
    if count > MOST_SCENARIOS and not scenario.yes:
        raise ConfigError(f"these axes make {count:,} scenarios, must be at most {MOST_SCENARIOS:,} unless yes=true")
    combinations = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    scenarios = [replaced(scenario, combination).check() for combination in combinations]
    for each in scenarios:
        check_goal(each.goal)
    against([_words(each) for each in combinations], [None] * len(combinations), _words(baseline or {}))
    if folder is None:
        return Sweep(combinations, list(simulate_each(scenarios, progress)), baseline)
    root = Path(folder)
    scenarios = [dataclasses.replace(each, baseline=dict(baseline or {})) for each in scenarios]
    with starting(root):
        places = [RunFolder(root / str(number), _words(given), root) for number, given in enumerate(combinations)]
        missing = [(place, each) for place, each in zip(places, scenarios, strict=True) if not place.keep(each)]
        try:
            _run_missing(missing, progress)
        finally:
            if runs_of(root):
                gather(root)
    return Sweep(combinations, [place.saved(each) for place, each in zip(places, scenarios, strict=True)], baseline)


def _check_folder(folder: str | Path) -> None:
    """Raise `ConfigError` where runs of a sweep cannot go: into a file, or among the files of a run of its own."""
    of_path(folder, "sweep saves its runs in a folder, a path")
    if Path(folder).is_file():
        raise ConfigError(f"{folder}: is a file; sweep saves its runs in a folder")


def _listed(key: str, values: Any) -> list[Any]:
    """An axis: anything that can be gone through, an array or a range too, but a text or a mapping."""
    found = plain(values)
    listed = [] if isinstance(found, str | Mapping) or not isinstance(found, Iterable) else [plain(each) for each in found]
    if not listed:
        raise ConfigError(f"{key}={values!r}: an axis takes a list of one value or more")
    if len({_same(each) for each in listed}) < len(listed):
        raise ConfigError(f"{key}={listed!r:.200}: has a value twice, which would be one scenario run twice")
    return listed


def plain(value: Any) -> Any:
    """A number or an array of numpy's as Python has it."""
    return value.tolist() if hasattr(value, "tolist") else value


def _same(value: Any) -> str:
    """Equal for equal settings: 3 and 3.0 are one."""
    return repr(float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53 else value)


def check_named_baseline(baseline: Mapping[str, Any], axes: Mapping[str, Collection[str]]) -> None:
    """Raise `ConfigError` where a sweep with these values, as the shell writes them, has not the baseline that it names."""
    check_baseline(_words(baseline), {key: {_short(value) for value in values} for key, values in axes.items()})


def _run_missing(missing: Sequence[tuple[RunFolder, Scenario]], progress: Progress | None) -> None:
    """Save each result as it comes; the first that fails says so in its folder and ends the sweep."""
    weigh([scenario for _, scenario in missing])
    with Runs(rounds, progress, len(missing)) as runs:
        places = {}
        for place, scenario in missing:
            with _telling(place):
                places[runs.put(scenario)] = place
        for outcome in runs.outcomes(in_order=False):
            with _telling(places[outcome.number]) as place:
                if outcome.error is not None:
                    raise outcome.error
                place.complete(Result(outcome.scenario, outcome.replications, outcome.read))


@contextlib.contextmanager
def _telling(place: RunFolder) -> Iterator[RunFolder]:
    """What fails says so in its folder."""
    try:
        yield place
    except Exception as error:
        place.fail(str(error))
        raise


def rank(swept: Sweep, metric: str = "cost_per_success_usd", confidence: float = 0.95) -> pd.DataFrame:
    """Scenarios by a metric, the best first: its value and interval, and `best`: yes, maybe or no (`sim.sweeps.comparison.best`)."""
    of_kind(swept, Sweep, "rank takes a sweep, as sim.sweep returns it")
    of_kind(metric, str, "rank: a metric is a text such as 'cost_per_task_usd'")
    table, known = swept.results, swept.runs[0].summary.index
    if metric not in known:
        raise ConfigError(f"rank: '{metric}' is not a metric; {did_you_mean(metric, known)}")
    columns = [*swept.axes[0], metric, f"{metric}_ci_low", f"{metric}_ci_high"]
    ranked = table[columns].assign(best=best(swept.samples, metric, confidence))
    return ranked.sort_values(metric, ascending=metric not in MORE_IS_BETTER, ignore_index=True)


def replaced(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """A copy of a scenario with settings changed, each named by its dotted key, a group by a choice of its menu (`{"agent": "solo"}`).

    A choice takes the place of all that the group had; keys inside of it come after. Raises `ConfigError`.
    """
    of_kind(scenario, ScenarioSettings, "replaced takes a scenario, as sim.load returns it")
    of_kind(values, Mapping, 'replaced takes values by key such as {"agent.fanout": 4}')
    for key in values:
        of_kind(key, str, "names of settings are texts such as 'agent.fanout'")
    for key in sorted(values, key=lambda key: key.count(".")):
        value = plain(values[key])
        chosen = choice(key, value) if isinstance(value, str) and dataclasses.is_dataclass(getattr(scenario, key, None)) else value
        scenario = _replaced(scenario, key.split("."), chosen, key)
    return scenario


def _replaced(settings: Any, path: list[str], value: Any, key: str) -> Any:
    name, rest = path[0], path[1:]
    if isinstance(settings, dict):
        if name not in settings:
            raise ConfigError(f"{key}: '{name}' is unknown; {did_you_mean(name, settings)}")
        return settings | {name: _replaced(settings[name], rest, value, key) if rest else value}
    known = [field.name for field in dataclasses.fields(settings)] if dataclasses.is_dataclass(settings) else []
    if name not in known:
        raise ConfigError(f"{key}: '{name}' is unknown; {did_you_mean(name, known)}")
    new = _replaced(getattr(settings, name), rest, value, key) if rest else value
    return dataclasses.replace(settings, **{name: new})


def row(axes: Mapping[str, Any], summary: pd.DataFrame) -> dict[str, Any]:
    """One scenario as a row of a sweep's table."""
    out: dict[str, Any] = {key: value if isinstance(value, (int, float, str)) else _written(value) for key, value in axes.items()}
    for metric, mean, low, high in zip(summary.index, summary["mean"], summary["ci_low"], summary["ci_high"], strict=True):
        out[str(metric)], out[f"{metric}_ci_low"], out[f"{metric}_ci_high"] = mean, low, high
    return out


def digest_of(folder: str | Path) -> str:
    """16 hex digits over the digests of a sweep's runs, whatever their order."""
    digests = sorted(read_note(run)["digest"] for run in runs_of(folder))
    return hashlib.sha1("".join(digests).encode(), usedforsecurity=False).hexdigest()[:16]


def gather(folder: str | Path) -> pd.DataFrame:
    """The table of a sweep's folder, failed scenarios too (`status`), also written to `results.csv` there.

    Settings that all scenarios share are left out. Raises `DataError` where the folder holds no runs.
    """
    import pandas as pd

    of_path(folder, "gather takes the folder of a sweep, a path")
    root = Path(folder)
    runs = runs_of(root)
    if not runs:
        raise DataError(f"{root}: holds no runs of a sweep")
    check_runs(root)
    notes = [read_note(run) for run in runs]
    varied = [key for key in notes[0]["axes"] if len({note["axes"].get(key) for note in notes}) > 1] or list(notes[0]["axes"])
    failures = [_failure(run, note) for run, note in zip(runs, notes, strict=True)]
    rows = []
    for run, note, failed in zip(runs, notes, failures, strict=True):
        axes = {key: _short(note["axes"].get(key, "")) for key in varied}
        rows.append({**axes, "status": f"failed: {failed}"} if failed else {**axes, "status": "ok"} | row({}, Files(run).summary()))
    samples = [None if failed else Files(run).sample() for run, failed in zip(runs, failures, strict=True)]
    said = [{key: _short(value) for key, value in note["axes"].items()} for note in notes]
    table = judged(pd.DataFrame(rows), said, samples, _words(settings_of(runs).get("baseline") or {}))
    made = [read_origin(run) for run in runs]
    name, seed = (", ".join(sorted({each.get(key, "") for each in made} - {""})) for key in ("scenario", "seed"))
    Files(root).write_json(ORIGIN, origin(name, seed, digest_of(root)))
    Files(root).write_table(RESULTS, table)
    return table


def _failure(run: Path, note: Mapping[str, Any]) -> str:
    """Why a run has no row of numbers; empty where it has one."""
    if note["failed"]:
        return str(note["failed"])
    others = [name for name in altered(run, note) if name != SETTINGS]  # a start writes those again
    return f"{', '.join(others)}: not as saved; the same sweep started again mends that" if others else ""


def _words(values: Mapping[str, Any]) -> dict[str, str]:
    """Settings as the shell would write them, and a table would show them."""
    return {key: _short(value) if isinstance(value, str) else _written(value) for key, value in values.items()}


def _written(value: Any) -> str:
    """A setting as the shell would write it."""
    return _short(f"[{','.join(map(str, value))}]") if isinstance(value, (list, tuple)) else str(value)


def _short(value: str) -> str:
    """`[claude_opus_4_6]` reads better as `claude_opus_4_6`."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") and "," not in value else value
