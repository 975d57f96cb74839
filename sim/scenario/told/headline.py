"""A scenario in a line, in words that can be typed, and in a table."""

from __future__ import annotations

from sim.errors import SimError
from sim.scenario.told.card import card
from sim.scenario.told.numbers import counted
from sim.settings.bounds import check
from sim.settings.scenario import ScenarioSettings
from sim.settings.workload import WorkloadKind

_OF_ANOTHER_KIND = (TypeError, ValueError, AttributeError)
ON = "Settings are attributes (.agent.fanout); sim.replaced changes some, sim.simulate runs it."


def headline(scenario: ScenarioSettings) -> str:
    """`Scenario 'scenario': 5 tasks, agent.kind=react, backends=[minimax_m2_5], market=feb_2026, replications=5, seed=1`."""
    try:
        return f"Scenario {scenario.name!r}: {', '.join(f'{key}={value}' if key else value for key, value in _parts(scenario))}"
    except _OF_ANOTHER_KIND:  # it is shown before it is checked
        return f"Scenario {scenario.name!r} cannot be run: {_why_not(scenario)}"


def html(scenario: ScenarioSettings) -> str:
    """The same as a table, and what each backend's tokens cost by the list."""
    try:
        _parts(scenario)
    except _OF_ANOTHER_KIND:
        return card(headline(scenario), ("setting", "value"), [], [])
    rows = [(key or "work", value) for key, value in _parts(scenario)]
    there = {name: scenario.market.models[name] for name in scenario.backends if name in scenario.market.models}
    prices = [
        f"{model.label or name}: {model.input_usd_per_mtok:g} USD/Mtok in, {model.output_usd_per_mtok:g} USD/Mtok out"
        for name, model in there.items()
    ]
    return card(f"Scenario {scenario.name!r}", ("setting", "value"), rows, [*prices[:8], ON])


def _why_not(scenario: ScenarioSettings) -> str:
    try:
        check(scenario)
    except (SimError, *_OF_ANOTHER_KIND) as error:
        return str(error)
    return "a setting is of another kind"


def _parts(scenario: ScenarioSettings) -> list[tuple[str, str]]:
    """Settings that say most, as they are typed; what is to be done has no key."""
    return [
        ("", _work(scenario)),
        *([] if scenario.workload.kind is WorkloadKind.trace else [("agent.kind", scenario.agent.kind.value)]),
        ("backends", f"[{','.join(scenario.backends)}]"),
        ("market", scenario.market.name),
        ("replications", str(scenario.replications)),
        ("seed", str(scenario.seed)),
    ]


def _work(scenario: ScenarioSettings) -> str:
    """What is to be done, and until when."""
    work = scenario.workload
    until = "" if scenario.horizon_s is None else f" in {scenario.horizon_s:g} s"
    if work.kind is WorkloadKind.trace:
        return f"recorded sessions ({work.trace}){until}"
    if work.kind is WorkloadKind.users:
        each = "" if work.tasks_per_user is None else f" with {counted(work.tasks_per_user, 'session')} each"
        return f"{counted(work.users, 'user')}{each}{until}"
    return f"{'tasks' if work.tasks is None else counted(work.tasks, 'task')}{until}"
