"""What was spent: a row for every attempt and task, and sums that are always on and stay small.

Rows are packed into one buffer. When it is full, numpy adds the whole chunk to the tally at once, so the
hot path does nothing but pack; rows are kept only as far as the log asks for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sim.backends.pricing import Price
from sim.call import Call, Status
from sim.clock import Clock, after
from sim.columns import CALLS, TASKS, row_type
from sim.meter.calllog import CallLog, Early
from sim.meter.digest import RunDigest
from sim.meter.laws import Occupancy, Presence
from sim.meter.rows import AGENT, CALL, TASK, Books, OpenTasks, TaskRow, larger
from sim.meter.stages import StageOfPath
from sim.meter.sums import PARTS, reals, where
from sim.meter.switches import Switches
from sim.meter.tally import TOKENS, Tally, waits_of
from sim.settings.run import Log
from sim.task import Task
from sim.usage import Usage

CHUNK = 16384
"""Rows between two additions to the tally, once there are many: a small run needs no large buffer."""
_FIRST = CHUNK // 16
"""The sooner a line is seen, too, the less has been in vain (`sim.engine.lookahead`)."""
OK, ERROR = int(Status.ok), int(Status.error)


class LineFormedError(Exception):
    """More calls at once than there are slots, where all were served at once (`sim.engine.lookahead`)."""


class Meter:
    """Counts for one replication."""

    def __init__(
        self, clock: Clock, prices: Sequence[Price], slots: Sequence[float], log: Log, sample: int, horizon_s: float,
        progress: Callable[[int], object] | None = None, cut_s: float = 0.0, *, lookahead: bool = False, priced: bool = False,
        stages: Sequence[str] = (), team_of: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """`prices` and `slots` have one entry a backend (inf: no limit).

        With `lookahead` attempts are recorded before the clock has reached them, and out of order. With `priced` somebody
        says with each attempt what it costs (`sim.engine.ledger`); else it is priced with its chunk. `stages` of a pipeline, by name.
        `team_of`: by user, the place of their team.
        """
        self._clock = clock
        self._lookahead = lookahead
        self._horizon_s = horizon_s
        self.open_tasks = OpenTasks()
        self.given_up = self.started_tasks = 0
        self.present = Presence()
        self._blocked = 0
        """Tasks that were refused for want of money."""
        self.started_agents = self.started_verifiers = 0
        self._messages = self._message_pairs = 0
        self.paths: dict[str, int] = {}
        self.capped = 0
        """Tasks that came to a cap."""
        self.tally = Tally.empty(len(prices), len(stages))
        self._stages = StageOfPath(stages) if stages else None
        self._cut_s = cut_s
        self._kept = Tally.empty(len(prices), len(stages)) if cut_s else None
        """The same sums without the warm-up."""
        self._waits, self._kept_waits = (waits_of(tally, team_of) for tally in (self.tally, self._kept or Tally.empty(0)))
        self._before: dict[str, int] = {}
        if cut_s:
            after(clock, cut_s, lambda event: self._warmed_up())
        self.prices = list(prices)
        self._priced = priced
        self.books: Books | None = None  # where somebody else adds its rows up
        self.slots = list(slots)
        self.occupancy = [Occupancy(each) for each in self.slots]
        self._limited = [index for index, slots in enumerate(self.slots) if slots < math.inf]
        self._outlast: list[tuple[int, float, float]] = []
        """(backend, start, end) of attempts that outlast the run, since the last chunk."""
        self._log, self._sample, self._progress = log, sample, progress
        self._digest = RunDigest()
        self._call_log = CallLog()
        self._task_log: list[bytes] = []
        self._calls, self._call_at = bytearray(CALL.size * _FIRST), 0
        self._tasks, self._task_at = bytearray(TASK.size * _FIRST), 0
        self._call_end, self._task_end = len(self._calls), len(self._tasks)
        self._call_size = CALL.size
        self._early = Early()
        self._pack_call = CALL.pack_into

    def enroll(self, task: Task, path: str, depth: int) -> bytes:
        """Count an agent; returns the head of its calls' rows, in which a number stands for its path."""
        self.started_agents += 1
        self.started_verifiers += path.endswith("v")
        return AGENT.pack(task.id, self.paths.setdefault(path, len(self.paths)), depth)

    def heard(self, messages: int, tasks: int = 1) -> None:
        """A task begins, whose user has so many messages for it; or so many tasks."""
        self._messages += tasks * messages
        self._message_pairs += tasks * messages * (messages - 1) // 2

    def room(self) -> tuple[bytearray, int, int]:
        """For those who write rows themselves: the buffer, how many rows are in it, how many go into it."""
        return self._calls, self._call_at // self._call_size, self._call_end // self._call_size

    def written(self, rows: int, until: float | None = None) -> None:
        """So many rows are in the buffer now; a full one is exchanged. `until`: all that start before are recorded, if not the clock's."""
        self._call_at = rows * self._call_size
        if self._call_at == self._call_end:
            self._flush_calls(until)

    def outlasts(self, backend: int, start_s: float, end_s: float) -> None:
        """An attempt that has begun, and ends after the run."""
        self._outlast.append((backend, start_s, end_s))

    def answered(
        self, call: Call, start_s: float, first_token_s: float, end_s: float, read_tokens: int, write_tokens: int, usd: float = 0.0
    ) -> None:
        """An attempt that succeeds: write its row, unless the run ends first. `usd` where rows come priced."""
        index = call.backend.index  # type: ignore[union-attr]
        if end_s >= self._horizon_s:
            self._outlast.append((index, start_s, end_s))
            return
        at = self._call_at
        self._pack_call(
            self._calls, at, call.agent, call.turn, call.attempt, call.role, index, OK, call.t_request, start_s, first_token_s, end_s,
            call.input_tokens, read_tokens, write_tokens, call.output_tokens, call.reasoning_tokens, usd,
        )  # fmt: skip
        self._call_at = at = at + self._call_size
        if at == self._call_end:
            self._flush_calls()

    def broke(
        self, call: Call, start_s: float, first_token_s: float, end_s: float, billed: Usage, usd: float = 0.0, *, status: int = ERROR
    ) -> None:
        """An attempt that fails while it is served, or is given up."""
        index = call.backend.index  # type: ignore[union-attr]
        if end_s >= self._horizon_s:
            self._outlast.append((index, start_s, end_s))
            return
        prompt, read, write, output, _ = billed
        self._pack_call(
            self._calls, self._call_at, call.agent, call.turn, call.attempt, call.role, index, status,
            call.t_request, start_s, first_token_s, end_s, prompt, read, write, output, min(call.reasoning_tokens, output), usd,
        )  # fmt: skip
        self._call_at += self._call_size
        if self._call_at == self._call_end:
            self._flush_calls()

    def refused(self, call: Call, status: int, now: float) -> None:
        """An attempt that never had a slot."""
        self.broke(call, now, now, now, Usage(), status=status)

    def gave_up(self, call: Call) -> None:
        """A call ends without an answer."""
        self.given_up += 1

    def task_begun(self, task: Task) -> None:
        """A task has arrived."""
        self.started_tasks += 1
        self.present.come(task.t_arrive)

    def task_blocked(self, task: Task) -> None:
        """A task is refused for want of money."""
        self._blocked += 1

    def task_ended(self, task: Task) -> None:
        """A task's root agent has ended."""
        self.present.go(task.t_end)
        self.capped += task.capped
        if task.broke_s:
            for waits in (self._waits, self._kept_waits)[: 1 + (task.t_arrive >= self._cut_s)]:
                waits.add_money(task.broke_s)
        row = TaskRow(
            task=task.id, user=task.user, kind=task.kind, t_arrive_s=task.t_arrive, t_end_s=task.t_end, thinking_s=task.thinking_s,
            success=task.success, tries=task.tries, agents=task.agents, finished=task.finished,
        )  # fmt: skip
        TASK.pack_into(self._tasks, self._task_at, *row)
        self._task_at += TASK.size
        if self._task_at == self._task_end:
            self._flush_tasks()

    def close(self, ended_s: float, requested: int, switches: Switches | None = None) -> Tally:
        """Add what is left in the buffers; whatever has not ended by now is in flight."""
        self.tally.switches = switches or Switches()
        self._flush_tasks()
        self._flush_calls(math.inf)
        if self.books is not None:
            self._digest.add(self.books.close(self.tally, self._waits))
        return self.tally.closed(ended_s=ended_s, requested=requested, digest=str(self._digest), **self._counts())

    def _counts(self) -> dict[str, int]:
        """What is counted as it happens."""
        return {
            "given_up": self.given_up,
            "started_tasks": self.started_tasks,
            "blocked": self._blocked,
            "agents": self.started_agents,
            "verifiers": self.started_verifiers,
            "messages": self._messages,
            "message_pairs": self._message_pairs,
            "capped": self.capped,
        }

    def _warmed_up(self) -> None:
        """From now on it counts."""
        self._before = self._counts()

    def kept(self, whole: Tally) -> Tally:
        """The closed tally of what came after the warm-up; its timeline, digest and calls in flight are those of the whole run."""
        if self._kept is None:
            return whole
        counts = {name: number - self._before[name] for name, number in self._counts().items()}
        asked = whole.calls_in_flight + counts["given_up"] + int(self._kept.attempts[:, Status.ok].sum())
        left_out = whole.tasks - self._kept.tasks
        kept = replace(self._kept, minutes=whole.minutes, switches=whole.switches, cut_s=self._cut_s, left_out=left_out)
        return kept.closed(ended_s=whole.ended_s, digest=whole.digests[0], requested=asked, **counts)

    def logged(self) -> tuple[CallLog, np.ndarray]:
        """The kept rows of calls, and of tasks as a structured array."""
        return self._call_log.finish(), np.frombuffer(b"".join(self._task_log), dtype=row_type(TASKS))

    def _flush_calls(self, until: float | None = None) -> None:
        """Add the buffered attempts; `until`: all that start before have been recorded."""
        if until is None:
            until = self._clock.reached if self._lookahead else math.inf
        rows = np.frombuffer(self._calls, dtype=row_type(CALLS), count=self._call_at // self._call_size)
        if self._call_at == self._call_end:
            self._calls = larger(self._calls, self._call_size * CHUNK)
        self._call_at, self._call_end = 0, len(self._calls)
        if self.books is not None:
            self.books.chunk(self.tally, self._waits)
        elif len(rows):
            self._add_up(rows)
        self._watch_slots(rows, until)
        if self._log is not Log.none:
            kept = rows if self._log is Log.full else rows[rows["task"] % self._sample == 0]
            self._call_log.append(self._early.ripe(kept, until) if self._lookahead else kept.copy())
        if self._progress is not None:
            self._progress(len(rows))

    def _add_up(self, rows: np.ndarray) -> None:
        self.tally.add_calls(rows, self.prices, priced=self._priced)
        self._waits.add_calls(rows)
        places = self._stages.of(rows, self.paths) if self._stages is not None else None
        if places is not None:
            self.tally.add_stages(rows, places)
        if self._kept is not None:
            mask = rows["t_request_s"] >= self._cut_s
            late = rows[mask]
            self._kept.add_calls(late, self.prices, priced=True)
            self._kept_waits.add_calls(late)
            if places is not None:
                self._kept.add_stages(late, places[mask])
        self.open_tasks.add(rows)
        self._digest.add_calls(rows, self.paths)

    def _watch_slots(self, rows: np.ndarray, until: float) -> None:
        """Raises `LineFormedError` for more calls at once than slots, where the backend itself did not look."""
        for index in self._limited:
            mine = where(rows["backend"] == index)
            more = np.array([times for backend, *times in self._outlast if backend == index]).reshape(-1, 2).T
            starts, ends = (np.concatenate([rows[name][mine], late]) for name, late in zip(("t_start_s", "t_end_s"), more, strict=True))
            self.occupancy[index].add(starts, ends, until)
            if self._lookahead and self.occupancy[index].most > self.slots[index]:
                raise LineFormedError
        self._outlast.clear()

    def _flush_tasks(self) -> None:
        if self._call_at:
            self._flush_calls()
        rows = np.frombuffer(self._tasks[: self._task_at], dtype=row_type(TASKS))
        if self._task_at == self._task_end:
            self._tasks = larger(self._tasks, TASK.size * CHUNK)
        self._task_at, self._task_end = 0, len(self._tasks)
        if not len(rows):
            return
        spent = self.open_tasks.take(rows["task"].tolist())
        for column, name in enumerate(("calls", *TOKENS)):
            rows[name] = spent[:, column]
        rows["cost_usd"] = reals(spent[:, -PARTS:])
        self.add_tasks(rows)

    def add_tasks(self, rows: np.ndarray) -> None:
        """Complete rows of tasks that have ended, in the order of their ends."""
        self._digest.add_tasks(rows)
        self.tally.add_tasks(rows)
        self._waits.add_tasks(rows["task"])
        self._kept_waits.add_tasks(rows["task"])
        if self._kept is not None:
            self._kept.add_tasks(rows[rows["t_arrive_s"] >= self._cut_s])
        if self._log is not Log.none:
            self._task_log.append(rows.tobytes())
