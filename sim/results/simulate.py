"""Run scenarios, and make results of what comes out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from sim.engine.compiled.library import chosen
from sim.engine.parallel import Runs
from sim.engine.recorded import sessions_of
from sim.engine.replication import Progress, Replication
from sim.errors import of_kind
from sim.results.result import Result
from sim.scenario.coupling import ways
from sim.scenario.custom import check_progress
from sim.scenario.scenario import Scenario
from sim.statistics import FIRST_LOOK, next_look
from sim.theory.expected.effort import Effort, check_effort, effort


def simulate(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Run all replications of a scenario and return what came out.

    `progress` is called with the number of calls that have ended since it was last called. Raises `ConfigError` or
    `DataError` before anything runs; also for what would take more than an hour, unless the scenario says `yes`.
    """
    of_kind(scenario, Scenario, "simulate takes a scenario, as sim.load returns it")
    check_progress(progress, "a number of calls")
    [result] = simulate_each([copy.deepcopy(scenario.check())], progress)  # whoever changes theirs later changes no result
    return result


def simulate_each(scenarios: Sequence[Scenario], progress: Progress | None = None) -> Iterator[Result]:
    """Run scenarios, each checked before, on one pool of processes; results come in their order. Raises the first error met."""
    weigh(scenarios)
    with Runs(rounds, progress, len(scenarios)) as runs:
        for scenario in scenarios:
            runs.put(scenario)
        for outcome in runs.outcomes():
            if outcome.error is not None:
                raise outcome.error
            yield Result(outcome.scenario, outcome.replications, outcome.read)


def weigh(scenarios: Sequence[Scenario]) -> None:
    """Raise `ConfigError` where those that do not say `yes` would together take more than anybody waits for unasked."""
    what = "this" if len(scenarios) == 1 else f"these {len(scenarios):,} runs"
    check_effort([effort_of(scenario) for scenario in scenarios if not scenario.yes], what)


def effort_of(scenario: Scenario) -> Effort:
    """What a run will take, an estimate. Raises `DataError` for a trace that cannot be read."""
    sessions = sessions_of(scenario)
    calls = sum(len(agent.calls) for session in sessions for agent in session.agents)
    found = effort(scenario, (len(sessions), calls) if sessions else None)
    if found.minutes < 1:
        return found
    alone, left = ways(scenario)
    twin = chosen(scenario, on_clock=not alone, left=left) is not None
    return effort(scenario, (len(sessions), calls) if sessions else None, compiled=twin) if twin else found


def rounds(scenario: Scenario, done: Sequence[Replication]) -> range:
    """Which replications come next: `replications` of them, or as many as `precision` takes, whatever the number of processes."""
    have = len(done)
    if scenario.precision is None:
        return range(have, scenario.replications)
    if not have:
        return range(min(max(scenario.replications, FIRST_LOOK), scenario.replications_most))
    widest = max(Result(scenario, done).estimates.widths.values(), default=0.0)
    return range(have, next_look(have, widest, scenario.precision, scenario.replications_most))
