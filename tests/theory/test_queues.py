"""The textbook's means against the simulator, one system after another: equivalence, not "no difference was seen".

A case runs 24 replications. Its estimate is the intercept of a regression of the replications' means on what they happened to be sent, the
mean gap and the mean service, whose expectations are known (control variates). Two one-sided tests at 5 %: the 90 % interval of
ours / theory must lie within 1 -+ margin. Power: its half-width must be at most 0.6 margins, so that an error as large as the margin passes
once in 20 times, and one of twice the margin is always caught (over 4 standard errors): each case shows that on its own numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim
from sim.errors import ConfigError
from sim.router.knowledge import Choose, Knowledge
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.theory import queues, stations
from tests.worlds import agent, backend, scenario, urgent_tasks, values

SPEED = 10_000
"""Tokens a second: a call of 1 s has so many that rounding to whole ones is nothing."""
UNEVEN = {"dist": "empirical", "values": [4000, 4000, 4000, 4000, 34_000]}
"""Service of 1 s in the mean, with a squared coefficient of variation of 1.44."""
UNEVEN_CV2 = 1.44
WAIT, STAY, REFUSED, LEFT = "mean_line_wait_s", "task_latency_mean_s", "rate_limited_share", "timeout_share"


def exponential(mean: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean}


@dataclass(frozen=True)
class Case:
    """One-call tasks with service of 1 s in the mean at one backend, and what theory says of them."""

    expected: dict[str, float]
    margin: float
    tasks: int
    rate: float
    """Arrivals (of tasks, or of batches) a second."""
    work: Any = field(default_factory=lambda: exponential(SPEED))
    backend: dict[str, Any] = field(default_factory=dict)
    workload: dict[str, Any] = field(default_factory=dict)
    size: float = 1
    """Mean batch."""
    patience_s: Any = None
    halves: bool = False
    """Each task is two calls, one to each of two such backends."""

    def run(self, log: Log = Log.none) -> sim.Result:
        one = backend(**{"ttft_s": 0.0, "decode_tokens_per_s": SPEED, "slots": 1} | self.backend)
        sent: dict[str, Any] = {"tasks": self.tasks, "interarrival_s": exponential(1 / self.rate)} | self.workload
        workload = WorkloadSettings(**sent)
        tries = TriesSettings(most=2, parallel=True) if self.halves else TriesSettings()
        halving = RouterSettings(policy=Policy.custom, per=ChoosePer.call, custom="tests.theory.test_queues:a_half_each")
        return sim.simulate(
            scenario(
                agent(turns=1, output_tokens=self.work, tries=tries), {"a": one, "b": one} if self.halves else one, workload=workload,
                router=halving if self.halves else None, retry=RetrySettings(attempts=1, patience_s=self.patience_s),
                replications=24, processes=None, log=log, horizon_s=self.tasks / self.rate if workload.tasks is None else None,
            )
        )  # fmt: skip

    def controls(self, result: sim.Result) -> list[np.ndarray]:
        """Mean gap and mean service of each replication, over what is expected; only those that vary and are known beforehand."""
        gaps = np.array([tally.ended_s / tally.started_tasks for tally in result.tallies]) * self.rate * self.size
        services = np.array([tally.busy_s.sum() / tally.attempts[:, 0].sum() for tally in result.tallies])
        known = isinstance(self.work, dict) and "decode_slowdown" not in self.backend
        return [gaps] * (result.scenario.workload.kind is WorkloadKind.open) + [services] * known


def a_half_each(known: Knowledge) -> Choose:
    """A policy: the first call of a task to one backend, the second, which comes at the same moment, to the other."""
    return lambda call, luck: known.backends[call.branch != 0]


def estimate(values: np.ndarray, controls: list[np.ndarray]) -> tuple[float, float]:
    """(mean, half-width of its 90 % interval), less what the controls explain."""
    design = np.column_stack([np.ones(len(values)), *(control - 1 for control in controls)])
    fitted, *_ = np.linalg.lstsq(design, values, rcond=None)
    free = len(values) - design.shape[1]
    variance = np.sum((values - design @ fitted) ** 2) / free * np.linalg.inv(design.T @ design)[0, 0]
    return float(fitted[0]), float(stats.t.ppf(0.95, free) * np.sqrt(variance))


def assert_means(values: np.ndarray, controls: list[np.ndarray], expected: float, margin: float) -> None:
    """Equivalent to what is expected, and, as a proof of power, not to what is twice the margin more or less."""
    mean, half = estimate(values, controls)

    def equivalent(to: float) -> bool:
        return to * (1 - margin) < mean - half and mean + half < to * (1 + margin)

    assert half <= 0.6 * margin * expected, (half / expected, margin)
    assert equivalent(expected), (mean / expected, half / expected, margin)
    assert not equivalent(expected * (1 + 2 * margin))
    assert not equivalent(expected * (1 - 2 * margin))


LEAVING = stations.impatient(rate=3, service_s=1, slots=3, patience_s=2)
SHORT = queues.short_line(rate=2, service_s=1, slots=2, room=4)
CASES: dict[str, Case] = {
    "M/M/1": Case({WAIT: queues.line(rate=0.6, service_s=1).wait_s}, 0.04, 3800, 0.6),
    "M/M/2": Case({WAIT: queues.line(rate=1.2, service_s=1, slots=2).wait_s}, 0.04, 5500, 1.2, backend={"slots": 2}),
    "M/D/1": Case({WAIT: queues.general_line(rate=0.6, service_s=1, cv2=0).wait_s}, 0.03, 3800, 0.6, work=SPEED),
    "M/G/1": Case({WAIT: queues.general_line(rate=0.5, service_s=1, cv2=UNEVEN_CV2).wait_s}, 0.04, 3000, 0.5, work=UNEVEN),
    "M/G/4/4 loss": Case(
        {REFUSED: queues.erlang_b(offered=4, slots=4)}, 0.02, 2000, 4, work=UNEVEN, backend={"slots": 4, "queue_limit": 0}
    ),
    "M/M/2/6": Case({REFUSED: SHORT.lost, WAIT: SHORT.wait_s}, 0.03, 2500, 2, backend={"slots": 2, "queue_limit": 4}),
    "closed, 8 users": Case(
        {WAIT: stations.closed_line(users=8, think_s=4, service_s=1, slots=2).wait_s}, 0.02, 3000, 1.0, backend={"slots": 2},
        workload={"kind": WorkloadKind.users, "users": 8, "tasks_per_user": None, "session_gap_s": exponential(4), "tasks": None},
    ),
    "geometric batches": Case(
        {WAIT: queues.batch_line(rate=0.25, size=2, size2=6, service_s=1).wait_s}, 0.04, 3800, 0.25, size=2,
        workload={"batch_size": {"dist": "geometric", "mean": 2}},
    ),
    "fork and join": Case({STAY: stations.fork_join(rate=0.5, service_s=1)}, 0.02, 2200, 0.5, halves=True),
    "shared, no limit": Case(
        {STAY: stations.shared(rate=1.8, service_s=1, slowdown=0.3).stay_s}, 0.04, 3500, 1.8, work=UNEVEN,
        backend={"slots": None, "decode_slowdown": 0.3},
    ),
    "impatient": Case({LEFT: LEAVING.lost, WAIT: LEAVING.wait_s}, 0.02, 3500, 3, backend={"slots": 3}, patience_s=exponential(2)),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_means_are_the_textbooks(name: str) -> None:
    case = CASES[name]
    result = case.run()
    for metric, expected in case.expected.items():
        assert_means(np.array(values(result, metric)), case.controls(result), expected, case.margin)


@pytest.mark.slow
def test_the_urgent_wait_as_cobham_says() -> None:
    """Two classes of the same service, 40 % urgent, nobody interrupted; waits of each class, margin 4 %."""
    rate, share = 0.6, 0.4
    case = Case({}, 0.04, 4500, rate, workload={"urgent_share": share})
    result = case.run(Log.full)
    calls = result.calls
    urgent = [np.isin(np.arange(case.tasks), urgent_tasks(share, case.tasks, replication=each)) for each in range(24)]
    waits = (calls["t_start_s"] - calls["t_request_s"]).groupby([calls["replication"], calls["task"]]).sum().to_numpy().reshape(24, -1)
    expected = queues.priority_waits(rates=[share * rate, (1 - share) * rate], services_s=[1, 1], cv2s=[1, 1])
    for mine, wait_s in ((urgent, expected[0]), ([~each for each in urgent], expected[1])):
        means = np.array([row[which].mean() for row, which in zip(waits, mine, strict=True)])
        assert_means(means, case.controls(result), wait_s, case.margin)


def test_formulas_meet_where_their_systems_do() -> None:
    """Each is also a special case of another one, derived in another way."""
    one = queues.line(rate=0.6, service_s=1)
    assert one.wait_s == pytest.approx(1.5)
    for same in (
        queues.general_line(rate=0.6, service_s=1, cv2=1),
        queues.short_line(rate=0.6, service_s=1, slots=1, room=400),
        queues.batch_line(rate=0.6, size=1, size2=1, service_s=1),
        stations.shared(rate=0.6, service_s=1, slowdown=0, slots=1),
        stations.closed_line(users=20_000, think_s=20_000 / 0.6, service_s=1),
        stations.impatient(rate=0.6, service_s=1, slots=1, patience_s=1e6),
    ):
        assert same == pytest.approx(one, rel=1e-3, abs=1e-5)
    assert sum(
        w * r for w, r in zip(queues.priority_waits(rates=[0.2, 0.4], services_s=[1, 1], cv2s=[1, 1]), (1 / 3, 2 / 3), strict=True)
    ) == (pytest.approx(one.wait_s)), "who is served first does not change the work"
    assert stations.shared(rate=0.6, service_s=1, slowdown=0.9, slots=300).stay_s == pytest.approx(
        stations.shared(rate=0.6, service_s=1, slowdown=0.9).stay_s, rel=1e-9
    )
    assert stations.impatient(rate=3, service_s=1, slots=5, patience_s=1).present == pytest.approx(3), "as M/M/inf"
    assert stations.fork_join(rate=1e-9, service_s=1) == pytest.approx(1.5), "the longer of two"


@pytest.mark.parametrize("slots", [1, 10, 1000])
def test_formulas_survive_many_slots(slots: int) -> None:
    offered = 0.99 * slots
    endless = queues.line(rate=offered, service_s=1, slots=slots)
    for same in (
        queues.short_line(rate=offered, service_s=1, slots=slots, room=20_000),
        stations.shared(rate=offered, service_s=1, slowdown=0, slots=slots),
        stations.impatient(rate=offered, service_s=1, slots=slots, patience_s=1e8),
    ):
        assert same.wait_s == pytest.approx(endless.wait_s, rel=1e-3)
    full = queues.short_line(rate=3 * offered, service_s=1, slots=slots, room=0)
    assert full.lost == pytest.approx(queues.erlang_b(offered=3 * offered, slots=slots), rel=1e-9)


@pytest.mark.parametrize(
    "formula",
    [
        lambda: queues.line(rate=4, service_s=1, slots=4),
        lambda: queues.general_line(rate=1, service_s=1, cv2=0),
        lambda: queues.priority_waits(rates=[0.5, 0.5], services_s=[1, 1], cv2s=[1, 1]),
        lambda: queues.batch_line(rate=0.5, size=2, size2=4, service_s=1),
        lambda: stations.shared(rate=2, service_s=1, slowdown=0.5),
        lambda: stations.shared(rate=2, service_s=1, slowdown=1, slots=10),
        lambda: stations.fork_join(rate=1, service_s=1),
    ],
)
def test_a_line_that_grows_without_end_has_no_mean(formula: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"^load="):
        formula()


def test_what_cannot_be_is_said_by_name() -> None:
    with pytest.raises(ConfigError, match=r"^slots=0"):
        queues.erlang_b(offered=1, slots=0)
    with pytest.raises(ConfigError, match=r"^patience_s="):
        stations.impatient(rate=2, service_s=1, slots=1, patience_s=1e9)
