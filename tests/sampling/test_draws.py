"""Draws as they are made: each decision's numbers lie where the table says, nobody reads another's, and a number decides what it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

import sim
from sim.backends.backend import Backend
from sim.call import Call, Status
from sim.engine.world import World
from sim.router.knowledge import Knowledge
from sim.sampling import decisions
from sim.sampling.decisions import RETRY, TASK, TRY, Decisions
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind, Split
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings, Tastes
from sim.settings.run import RetrySettings
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario, stage, stages, team

TWO = {name: backend(error_rate=0.2, quality=0.5, ttft_s=9.0) for name in ("one", "two")}
PEOPLE: dict[str, Any] = {"workload": WorkloadSettings(kind=WorkloadKind.users, users=5, tasks_per_user=3, session_gap_s=9.0)}
VARYING = {"dist": "exponential", "mean": 90}
SOMETIMES = {"dist": "geometric", "mean": 3}
EVERYWHERE: dict[str, Callable[[], sim.Scenario]] = {
    "agents that compact, a backend for each call": lambda: scenario(
        agent(turns=25, compact_at_tokens=9000), TWO, tasks=3, router=RouterSettings(policy=Policy.weighted, per=ChoosePer.call)
    ),
    "a divided job, tasks in batches, chats among them": lambda: scenario(
        team(2, loop(turns=9), fanout=4, split=Split.divide), TWO,
        workload=WorkloadSettings(tasks=9, interarrival_s=9.0, batch_size=SOMETIMES, chat_share=0.3),
    ),
    "teams in waves": lambda: scenario(team(9, loop(turns=2), fanout=2, waves=3, resumed_share=0.5), TWO, tasks=3),
    "stages one after another": lambda: scenario(
        stages({"find": stage(items=SOMETIMES, report_tokens=VARYING), "check": stage(each="find", width=SOMETIMES, passes=0.5)}),
        TWO, tasks=9,
    ),
    "a debate": lambda: scenario(agent(kind=AgentKind.debate, fanout=3, turns=SOMETIMES), TWO, tasks=3),
    "tries of which one is taken": lambda: scenario(
        agent(turns=2, tries=TriesSettings(most=4, parallel=True, true_positive=0.5, verifier=loop(turns=2))), TWO, tasks=4
    ),
    "people with likings and several messages": lambda: scenario(
        agent(turns=2, requests=3), TWO, router=RouterSettings(policy=Policy.logit, per=ChoosePer.task, tastes=Tastes.user), **PEOPLE
    ),
    "people with likings who hear of things": lambda: scenario(
        agent(turns=2), TWO, **PEOPLE,
        router=RouterSettings(policy=Policy.logit, per=ChoosePer.task, tastes=Tastes.user, heard_after_h={"two": 0.01}),
    ),
    "calls that lose patience": lambda: scenario(
        team(2, loop(turns=3), fanout=6), backend(slots=2, error_rate=0.2), tasks=3, retry=RetrySettings(patience_s=3.0)
    ),
}  # fmt: skip


class Watched(Streams):
    """The numbers of a replication, and who has taken them from where."""

    def __init__(self, seed: int, replication: int) -> None:
        super().__init__(seed, replication)
        self.seen: set[Decisions] = set()
        self.by: dict[tuple[int, ...], Decisions] = {}
        """Who has read a number: by purpose, task, branch, page and column."""

    def draws(self, what: Decisions, task: int, branch: int = 0, page: int = 0, count: int = 0) -> tuple[float, ...]:
        """The same; raises where the place is not that of the table."""
        self.seen.add(what)
        assert what.branch in (None, branch), f"{what.names} of {what.purpose.name} drawn on branch {branch}, not {what.branch}"
        assert page >= what.from_page if what.page is None else page == what.page, f"{what.names} of {what.purpose.name}: page {page}"
        drawn = super().draws(what, task, branch, page, count)
        for column in range(len(drawn)):
            who = self.by.setdefault((int(what.purpose), task, branch, page, column), what)
            assert who is what, f"{what.names} of {what.purpose.name} are drawn from where {who.names} are"
        return drawn


def test_every_draw_is_made_where_the_table_says_and_nowhere_else() -> None:
    """In worlds in which everything is drawn that there is."""
    seen: set[Decisions] = set()
    for world in EVERYWHERE.values():
        settings = world()
        streams = Watched(settings.seed, 0)
        World(settings, 0, Shard(), streams=streams).run()
        seen |= streams.seen
    named = {what for what in vars(decisions).values() if isinstance(what, Decisions)}
    by_row = {
        decisions.AGENT,
        decisions.FIRST_MESSAGE,
        decisions.FIRST_TURNS,
        decisions.TURNS,
        decisions.DEBATE_ROUNDS,
        decisions.MESSAGE,
        decisions.ITEM,
    }
    assert seen == named - by_row, "those by row are read from pages (`agents/agent.py`, `agents/pipeline.py`)"


class Given(Streams):
    """Numbers of one kind of decision as they are said, the others as ever."""

    def __init__(self, what: Decisions, *numbers: float) -> None:
        super().__init__(1, 0)
        self._what, self._numbers = what, numbers

    def draws(self, what: Decisions, task: int, branch: int = 0, page: int = 0, count: int = 0) -> tuple[float, ...]:
        """As said."""
        return self._numbers if what is self._what else super().draws(what, task, branch, page, count)


def rows(what: Decisions, numbers: Sequence[float], *given: Any, **changes: Any) -> Any:
    """Calls of a world in which these numbers decide, in the order of time."""
    world = World(scenario(*given, **changes), 0, Shard(), streams=Given(what, *numbers))
    return world.run().calls


def test_what_the_numbers_of_a_retry_decide() -> None:
    """(backoff, noise, error, patience): a quarter of the cap, the median latency, just above an error rate of 0.9."""
    shaky, retry = backend(error_rate=0.9, noise_sigma=2.0, ttft_s=3.0), RetrySettings(attempts=5, backoff_base_s=8.0)
    calls = rows(RETRY, (0.25, 0.5, 0.95, 0.0), agent(turns=1), shaky, retry=retry, tasks=30, every_s=100.0)
    again = calls[calls["attempt"] > 0]
    first = {row["task"]: row for row in calls if row["attempt"] == 0}
    assert len(again) > 20
    assert set(again["status"]) == {0}, "0.95 is above the error rate; the noise's 0.5 would fail again"
    assert (again["t_end_s"] - again["t_start_s"]).tolist() == pytest.approx([3.0] * len(again)), "the median"
    waits = [row["t_request_s"] - first[row["task"]]["t_end_s"] for row in again]
    assert waits == pytest.approx([0.25 * 8.0] * len(again))


def test_what_the_number_of_patience_decides() -> None:
    """Up to 100 s, of which 0.6: whoever finds the slot taken leaves after a minute."""
    long, retry = backend(slots=1, ttft_s=1000.0), RetrySettings(attempts=1, patience_s={"dist": "uniform", "low": 0, "high": 100})
    calls = rows(RETRY, (0.1, 0.2, 0.3, 0.6), agent(turns=1), long, retry=retry, tasks=3)
    left = calls[calls["status"] == Status.timeout]
    assert (left["t_end_s"] - left["t_request_s"]).tolist() == pytest.approx([60.0, 60.0])


class Asked:
    """A policy that remembers which of the tasks are urgent, and which are chats."""

    def __init__(self, known: Knowledge) -> None:
        self.only = known.backends[0]
        self.tasks: list[tuple[bool, bool]] = []

    def __call__(self, call: Call, luck: Sequence[float]) -> Backend:
        """The only one there is."""
        self.tasks.append((call.task.urgent, call.task.chats))
        return self.only


@pytest.mark.parametrize(
    ("numbers", "urgent", "chats", "solved"),
    [((0.9, 0.1, 0.5), True, False, False), ((0.1, 0.5, 0.1), False, True, True), ((0.1, 0.5, 0.5), False, False, True)],
)
def test_what_the_numbers_of_a_task_decide(numbers: tuple[float, ...], urgent: bool, chats: bool, solved: bool) -> None:
    """(difficulty, urgent, chats) against shares of 0.3, and against half of all tasks that are solved whatever the try's own luck."""
    work = WorkloadSettings(tasks=2, urgent_share=0.3, chat_share=0.3)
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.sampling.test_draws:Asked")
    settings = scenario(agent(turns=1), backend(quality=0.5), workload=work, router=router, outcome=OutcomeSettings(correlation=1.0))
    world = World(settings, 0, Shard(), streams=Given(TASK, *numbers))
    ended = world.run()
    assert world.router.choose.tasks == [(urgent, chats)] * 2  # type: ignore[attr-defined]
    assert ended.tasks["success"].tolist() == [solved] * 2


def test_what_the_numbers_of_a_try_decide() -> None:
    """(score, accepted, kept): 0.2 is right where half are, 0.7 is not accepted where half are, 0.9 of up to 1,000 tokens are kept."""
    tries = TriesSettings(most=2, true_positive=0.5, keep_tokens={"dist": "uniform", "low": 0, "high": 1000})
    calls = rows(TRY, (0.2, 0.7, 0.9), agent(turns=1, tries=tries), backend(quality=0.5))
    assert calls["input_tokens"].tolist() == [2000, 2900]
