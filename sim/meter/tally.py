"""The sums a run leaves: small whatever its length, and additive, so that replications and shards merge exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.backends.pricing import Price
from sim.call import Role, Status
from sim.clock import MINUTE_S
from sim.meter.capacity.seats import SeatSums
from sim.meter.capacity.sums import CapacitySums
from sim.meter.capacity.teams import TeamsSums, WaitsOfTeams
from sim.meter.digest import added
from sim.meter.histogram import Sketch
from sim.meter.minutes import Minutes
from sim.meter.sums import exact, grouped, real, split, where
from sim.meter.switches import Switches
from sim.meter.waits import Waits, WaitsOfCalls

TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
DOLLARS = ("fresh_input", "cache_read", "cache_write", "output", "fees")
_ADDED = ("latency", "task_latency", "lost_latency", "task_cents", "waits", "switches", "seats", "capacity", "teams")
"""Fields that know how to add themselves up."""


@dataclass
class Tally:
    """Totals of one replication, or of several added up. Arrays have one row a backend."""

    tokens: np.ndarray
    """(backends, 5) whole numbers, in the order of `TOKENS`."""
    dollar_units: np.ndarray
    """(backends, 5) bills in units of `sim.meter.sums`, in the order of `DOLLARS`; so are all fields called units."""
    attempts: np.ndarray
    """(backends, statuses) by `Status`."""
    answers: np.ndarray
    """(roles, 2) attempts that succeeded: how many, and their tokens."""
    cost_units: int = 0
    """The bill as it was summed call by call: must equal the sum of `dollars`."""
    failed_units: int = 0
    """Of it, what attempts without an answer cost."""
    compactions: int = 0
    given_up: int = 0
    """Calls whose last attempt failed, or whose prompt did not fit."""
    busy_units: np.ndarray = field(default_factory=lambda: _units(0))
    """(backends,) service, summed over calls."""
    waited_units: np.ndarray = field(default_factory=lambda: _units(0))
    """(backends,) waits in line, summed over calls."""
    latency: Sketch = field(default_factory=Sketch)
    """Request to last token of attempts that succeeded."""
    task_latency: Sketch = field(default_factory=Sketch)
    """Arrival to end of a task that finished, less its user's thinking."""
    lost_latency: Sketch = field(default_factory=Sketch)
    """The same of tasks that ended without an answer."""
    waits: Waits = field(default_factory=Waits)
    switches: Switches = field(default_factory=Switches)
    seats: SeatSums = field(default_factory=SeatSums)
    capacity: CapacitySums = field(default_factory=CapacitySums)
    teams: TeamsSums = field(default_factory=TeamsSums)
    task_cents: Sketch = field(default_factory=Sketch)
    """Bill of a task, in cents."""
    minutes: Minutes = field(default_factory=Minutes)
    """Of the calls that ended in each; of the first replication only, once merged."""
    peaks: list[int] = field(default_factory=list)
    """Most tokens in a minute, one number a replication."""
    tasks: int = 0
    successes: int = 0
    finished: int = 0
    """Tasks that ended with an answer, right or wrong."""
    lost_busy_units: int = 0
    """As `task_busy_units`, of those that ended without."""
    lost_cost_units: int = 0
    task_busy_units: int = 0
    task_cost_units: int = 0
    """Bill of the tasks that ended."""
    task_tokens: int = 0
    """Input and output of the tasks that ended."""
    task_calls: int = 0
    task_sums: np.ndarray = field(default_factory=lambda: np.zeros(len(TOKENS) + 1))
    """Calls and tokens by kind of the tasks that ended."""
    task_stay_units: int = 0
    """Arrival to end of the tasks that ended, their users' thinking included."""
    task_arrival_units: int = 0
    """Moments of arrival of the tasks that ended, added up."""
    requested: int = 0
    started_tasks: int = 0
    blocked: int = 0
    """Tasks refused for want of money."""
    wasted_units: int = 0
    """Bill of the tasks that ended and failed."""
    wasted_tokens: int = 0
    tries: int = 0
    """Of the tasks that ended."""
    agents: int = 0
    verifiers: int = 0
    messages: int = 0
    """Of users, for the tasks that were begun; those of a later try are the same ones again."""
    message_pairs: int = 0
    """m (m - 1) / 2 of the m messages of each: how often a chat of as many would send one of them again."""
    capped: int = 0
    """Tasks that came to a cap on their agents or tokens, of those that ended."""
    stage_counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    """(stages, 2) of a pipeline: agents whose first attempt has ended, and tokens."""
    stage_cost_units: np.ndarray = field(default_factory=lambda: _units(0))
    """(stages,) of the bill."""
    role_units: np.ndarray = field(default_factory=lambda: _units(len(Role)))
    """(roles,) of the bill: what the attempts of each role cost."""
    ended_s: float = 0.0
    replications: float = 1
    """Whole runs that the sums are of: less than one where only some of the shards were run."""
    cut_s: float = 0.0
    """Only what was asked for from this second on is in the sums; the timeline is of the whole run."""
    left_out: int = 0
    """Tasks that ended and came before it."""
    digests: list[str] = field(default_factory=list)

    @classmethod
    def empty(cls, backends: int, stages: int = 0) -> Tally:
        """Nothing spent yet."""
        return cls(
            tokens=np.zeros((backends, len(TOKENS)), np.int64),
            dollar_units=_units(backends, len(DOLLARS)),
            attempts=np.zeros((backends, len(Status)), np.int64),
            answers=np.zeros((len(Role), 2), np.int64),
            busy_units=_units(backends),
            waited_units=_units(backends),
            stage_counts=np.zeros((stages, 2), np.int64),
            stage_cost_units=_units(stages),
        )

    def add_calls(self, rows: Any, prices: Sequence[Price], *, priced: bool) -> None:
        """Add a chunk of call rows, and write what each of them costs into it, unless they come `priced`."""
        status, backends = rows["status"], np.unique(rows["backend"])
        self.compactions += int(((rows["role"] == Role.compaction) & (status == Status.ok)).sum())
        good = where(status == Status.ok)
        roles, tokens = rows["role"][good], rows["input_tokens"][good].astype(np.int64) + rows["output_tokens"][good]
        self.latency.add(rows["t_end_s"][good] - rows["t_request_s"][good])
        self.answers[:, 0] += np.bincount(roles, minlength=len(Role))
        self.answers[:, 1] += np.bincount(roles, tokens, minlength=len(Role)).astype(np.int64)
        for index in backends.tolist():
            mine = where(rows["backend"] == index)
            ours = rows[mine]
            dollars = prices[index].dollars_of(ours)
            cost = np.ascontiguousarray(ours["cost_usd"]) if priced else dollars.sum(axis=1)
            if priced:
                dollars[cost == 0] = 0.0  # taken by reserved units
            else:
                rows["cost_usd"][mine] = cost
            self._add_backend(index, ours, dollars, cost)

    def _add_backend(self, index: int, rows: Any, dollars: np.ndarray, cost: np.ndarray) -> None:
        self.tokens[index] += [int(rows[kind].sum(dtype=np.int64)) for kind in TOKENS]
        self.attempts[index] += np.bincount(rows["status"], minlength=len(Status))
        self.busy_units[index] += exact(rows["t_end_s"] - rows["t_start_s"])
        self.waited_units[index] += exact(rows["t_start_s"] - rows["t_request_s"])
        self.dollar_units[index] += [exact(dollars[:, kind]) for kind in range(len(DOLLARS))]
        self.cost_units += exact(cost)
        for role in np.flatnonzero(np.bincount(rows["role"])).tolist():
            self.role_units[role] += exact(cost[rows["role"] == role])
        self.failed_units += exact(cost[rows["status"] != Status.ok])
        self._add_minutes(index, rows, cost)

    def _add_minutes(self, backend: int, rows: Any, cost: np.ndarray) -> None:
        minutes, place = grouped((rows["t_end_s"] / MINUTE_S).astype(np.int64))
        columns = [rows[kind] for kind in TOKENS[:4]] + split(cost)
        sums = np.stack([np.bincount(place)] + [np.bincount(place, column) for column in columns], axis=1)
        self.minutes.add(minutes, backend, sums)

    def add_stages(self, rows: Any, places: np.ndarray) -> None:
        """Add a chunk of priced call rows, each to the stage at its place; below 0: to none."""
        begins = (rows["turn"] == 0) & (rows["attempt"] == 0) & (rows["role"] != Role.compaction)
        tokens = rows["input_tokens"].astype(np.int64) + rows["output_tokens"]
        for place in np.unique(places[places >= 0]).tolist():
            mine = places == place
            self.stage_counts[place] += [int(begins[mine].sum()), int(tokens[mine].sum())]
            self.stage_cost_units[place] += exact(np.ascontiguousarray(rows["cost_usd"][mine]))

    def add_tasks(self, rows: Any) -> None:
        """Add a chunk of task rows."""
        busy = rows["t_end_s"] - rows["t_arrive_s"] - rows["thinking_s"]
        self.tasks += len(rows)
        self.successes += int(rows["success"].sum())
        self.tries += int(rows["tries"].sum())
        self.task_busy_units += exact(busy)
        self.task_stay_units += exact(rows["t_end_s"] - rows["t_arrive_s"])
        self.task_arrival_units += exact(rows["t_arrive_s"])
        self.task_sums = self.task_sums + [float(rows[name].sum()) for name in ("calls", *TOKENS)]
        self.task_cost_units += exact(rows["cost_usd"])
        failed, finished = rows[~rows["success"]], rows["finished"]
        self.finished += int(finished.sum())
        self.lost_busy_units += exact(busy[~finished])
        self.lost_cost_units += exact(np.ascontiguousarray(rows["cost_usd"][~finished]))
        self.wasted_units += exact(failed["cost_usd"])
        self.wasted_tokens += int(failed["input_tokens"].sum(dtype=np.int64) + failed["output_tokens"].sum(dtype=np.int64))
        self.task_tokens += int(rows["input_tokens"].sum(dtype=np.int64) + rows["output_tokens"].sum(dtype=np.int64))
        self.task_calls += int(rows["calls"].sum(dtype=np.int64))
        self.task_latency.add(np.maximum(busy[finished], 0.0))
        self.lost_latency.add(np.maximum(busy[~finished], 0.0))
        self.task_cents.add(100 * rows["cost_usd"])

    def closed(self, *, ended_s: float, digest: str, **counts: int) -> Tally:
        """The finished tally of one replication; `counts` are fields that somebody else has counted."""
        closed = dataclasses.replace(self, peaks=[self.minutes.peak(self.cut_s)], ended_s=ended_s, digests=[digest])
        for name, count in counts.items():
            setattr(closed, name, count)
        return closed

    def beside(self, other: Tally) -> Tally:
        """Another shard of the same replication added."""
        digest, minutes = added(int(self.digests[0], 16), int(other.digests[0], 16)), self.minutes.plus(other.minutes)
        ended_s = max(self.ended_s, other.ended_s)
        return dataclasses.replace(self.plus(other), minutes=minutes, ended_s=ended_s, digests=[f"{digest:016x}"], replications=1)

    def standing_for(self, times: float) -> Tally:
        """All shards of a replication that were run, each of which stands for so many."""
        peaks = [self.minutes.peak(self.cut_s)]
        return dataclasses.replace(self, minutes=self.minutes.times(times), peaks=peaks, replications=1 if times == 1 else 1 / times)

    def plus(self, other: Tally) -> Tally:
        """Two tallies as one; the timeline stays with the tallies it came from."""
        values: dict[str, Any] = {name: getattr(self, name).plus(getattr(other, name)) for name in _ADDED}
        values["minutes"], values["cut_s"] = Minutes(), self.cut_s
        for field_ in dataclasses.fields(self):
            if field_.name not in values:
                values[field_.name] = getattr(self, field_.name) + getattr(other, field_.name)
        return Tally(**values)

    @property
    def dollars(self) -> np.ndarray:
        """(backends, 5) USD, in the order of `DOLLARS`."""
        found: np.ndarray = real(self.dollar_units)
        return found

    @property
    def busy_s(self) -> np.ndarray:
        """(backends,) seconds of service, summed over calls."""
        found: np.ndarray = real(self.busy_units)
        return found

    @property
    def waited_s(self) -> np.ndarray:
        """(backends,) seconds in line, summed over calls."""
        found: np.ndarray = real(self.waited_units)
        return found

    @property
    def task_busy_s(self) -> float:
        """Arrival to end of the tasks that ended, less their users' thinking, added up."""
        return float(real(self.task_busy_units))

    @property
    def task_cost_usd(self) -> float:
        """Bill of the tasks that ended."""
        return float(real(self.task_cost_units))

    @property
    def lost(self) -> int:
        """Tasks that ended without an answer."""
        return self.tasks - self.finished

    @property
    def calls_in_flight(self) -> int:
        """Calls under way, in line or waiting to try again when the run ended."""
        return self.requested - self.given_up - int(self.attempts[:, Status.ok].sum())

    @property
    def calls(self) -> int:
        """Attempts that ended."""
        return int(self.attempts.sum())


def waits_of(tally: Tally, team_of: Sequence[int]) -> WaitsOfCalls:
    """Who follows calls for a tally: over all of them, and by team where there are any."""
    return WaitsOfTeams(tally.waits, tally.teams, np.array(team_of)) if len(team_of) else WaitsOfCalls(tally.waits)


def _units(*shape: int) -> np.ndarray:
    return np.full(shape, 0, dtype=object)
