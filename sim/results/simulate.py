"""Run scenarios, and make results of what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.engine.parallel import Runs
from sim.engine.replication import Progress, Replication
from sim.results.result import Result
from sim.scenario.scenario import Scenario
from sim.statistics import FIRST_LOOK, next_look


def simulate(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Run all replications of a scenario and return what came out.

    `progress` is called with the number of calls that have ended since it was last called. Raises `ConfigError` or
    `DataError` before anything runs.
    """
    [result] = simulate_each([scenario.check()], progress)
    return result


def simulate_each(scenarios: Sequence[Scenario], progress: Progress | None = None) -> Iterator[Result]:
    """Run scenarios, each checked before, on one pool of processes; results come in their order. Raises the first error met."""
    with Runs(rounds, progress, len(scenarios)) as runs:
        for scenario in scenarios:
            runs.put(scenario)
        for outcome in runs.outcomes():
            if outcome.error is not None:
                raise outcome.error
            yield Result(outcome.scenario, outcome.replications, outcome.read)


def rounds(scenario: Scenario, done: Sequence[Replication]) -> range:
    """Which replications come next: `replications` of them, or as many as `precision` takes, whatever the number of processes."""
    have = len(done)
    if scenario.precision is None:
        return range(have, scenario.replications)
    if not have:
        return range(min(max(scenario.replications, FIRST_LOOK), scenario.replications_most))
    widest = max(Result(scenario, done).estimates.widths.values(), default=0.0)
    return range(have, next_look(have, widest, scenario.precision, scenario.replications_most))
