"""The desk whose tasks the twin lives, from their arrival to their end, while the clock turns from one to the next."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from simpy import Event

from sim.agents.agent import Office
from sim.backends.backend import Backend
from sim.clock import Clock
from sim.engine.compiled.books import Books, may_keep
from sim.engine.compiled.library import CALLED, Library
from sim.engine.compiled.tables import Lived, Tables
from sim.engine.desk import Desk
from sim.engine.dispatch import Dispatch
from sim.errors import SimError
from sim.meter.digest import of_word
from sim.meter.meter import Meter
from sim.scenario.scenario import Scenario
from sim.settings.workload import WorkloadSettings
from sim.task import Task

STUCK, FAILED, COMPLETED = range(3)
"""As in `model.h`."""
_SUBSTITUTE, _STAGE, _VERIFIES = -1, -1, -2
"""The same, of an agent's path."""


class BeyondError(Exception):
    """Numbers came up that the twin does not hold: the clock has to say what comes of them."""


class TwinDesk(Desk):
    """Takes tasks in and sees them to their end, without an event in between."""

    on_clock = False
    """Whether calls may meet one another, so that the twin turns a clock of its own."""

    def __init__(
        self, settings: WorkloadSettings, office: Office, meter: Meter, dispatch: Dispatch, clock: Clock, horizon_s: float, *,
        library: Library, scenario: Scenario, index: int, backends: Sequence[Backend],
    ) -> None:  # fmt: skip
        super().__init__(settings, office, meter, dispatch, clock, horizon_s)
        self._dispatch = dispatch
        self._backends = backends
        self._library = library
        self._tables = Tables(scenario, index, backends, meter.prices)
        self._world = ctypes.byref(self._tables.world)
        self._engine = library.new(len(backends), len(scenario.agent.staged), may_keep(scenario, meter.prices), self.on_clock)
        if not self._engine:
            raise MemoryError
        self._state = self._engine.contents
        weakref.finalize(self, library.free, ctypes.addressof(self._state))  # by its address: the pointer knows what refers to the desk
        self._lived = Lived()
        self._error: BaseException | None = None
        self._paths: list[str] = []
        self._stages = scenario.agent.order
        self._room: Any = None
        """The meter's buffer, as C sees it: kept as long as the twin writes there."""
        self._called = CALLED(self._make_room), CALLED(self._name_paths)
        self._state.more_room, self._state.named = (ctypes.cast(each, ctypes.c_void_p) for each in self._called)
        if self._state.sums:
            meter.books = Books(self._state.sums.contents)
        self._look_for_room()

    def work(self, number: int, user: int) -> Event:
        """Live a task at once; the event comes when it has ended."""
        task, over, job = self._task(number, user), self._clock.event(), self._lived.job
        self._look_for_room()
        self._library.live(self._engine, self._world, number, self._clock.now, self._lived)
        self._take_rows()
        if self._state.sums:
            self._meter.open_tasks.put(number, np.array(job.spent))
        self._office.heard(job.requests)
        task.tries, task.agents, task.thinking_s, task.capped = 1, job.agents, job.thinking_s, bool(job.capped)
        if job.state != STUCK:
            task.finished = job.state == COMPLETED
            self._end_at(job.t_end_s, task, task.finished and self._right(task, self._lived), over)
        return over

    def in_line(self, backends: Sequence[Backend]) -> list[int]:
        """Calls that wait for a slot, by backend."""
        return [self._state.in_line[backend.index] for backend in backends]

    def close(self) -> None:
        """Tell the others what they would have counted. The twin's memory stays for the meter's last look, and goes with the desk."""
        state = self._state
        self._dispatch.requested, self._dispatch.trying_again = state.requested, state.trying_again
        for backend in self._backends:
            backend.slots.taken = state.in_service[backend.index]
        self._meter.started_verifiers = state.verifiers
        self._meter.started_agents, self._meter.given_up = state.agents, state.given_up

    def _right(self, task: Task, lived: Lived) -> bool:
        """As `sim.agents.tries.solved`."""
        quality, helpers = self._backends[lived.job.backend].quality, list[float]()
        if quality is None:
            return True
        for backend in self._backends if lived.helpers else ():
            helpers += [1.0 if backend.quality is None else backend.quality] * lived.helpers[backend.index]
        return self._score(task) < self._office.outcome.chance(quality, lived.job.turn + 1, helpers)

    def _look_for_room(self) -> None:
        """Write where the meter's next row goes."""
        buffer, rows, most = self._meter.room()
        if self._room is None or self._room[0] is not buffer:
            self._room = buffer, (ctypes.c_char * len(buffer)).from_buffer(buffer)
            self._state.rows = ctypes.addressof(self._room[1])
            self._state.row_room = most
        self._state.row_count = rows

    def _make_room(self) -> int:
        """The buffer is full in the middle of a task. What goes wrong is kept, since nothing can be raised through C."""
        try:
            self._outlast()
            self._meter.written(self._state.row_count, None if self.on_clock else self._state.arrived_s)
            self._look_for_room()
        except BaseException as error:
            self._error = error
            return 1
        return 0

    def _take_rows(self) -> None:
        """The twin has written some. Raises what went wrong on its side."""
        self._check()
        self._outlast()
        self._meter.written(self._state.row_count)

    def _check(self) -> None:
        """Raise what went wrong while the twin was at it."""
        if self._error is not None:
            raise self._error
        if self._state.beyond:
            raise BeyondError
        if self._state.stopped:
            raise SimError("the compiled twin has no memory left: use engine=simpy")

    def _outlast(self) -> None:
        """Attempts that outlast the run."""
        state = self._state
        for place in range(state.outlasting_count):
            each = state.outlasting[place]
            self._meter.outlasts(each.backend, each.start_s, each.end_s)
        state.outlasting_count = 0

    def _name_paths(self) -> int:
        """Paths that are new, in the order in which they were met."""
        state, meter = self._state, self._meter
        for number in range(len(self._paths), state.path_count):
            path = state.paths[number]
            above = self._paths[path.parent] if path.parent >= 0 else ""
            if path.parent < 0:
                name = "0"
            elif path.wave == _STAGE:
                name = f"{above}.{self._stages[path.index]}"
            elif path.index == _SUBSTITUTE:
                name = f"{above}r"
            else:
                mark = "v" if path.wave == _VERIFIES else f"w{path.wave}" if path.wave else ""
                name = f"{above}.{path.index}{mark}"
            self._paths.append(name)
            meter.paths[name] = number
            path.word = of_word(name)
        return 0
