"""Shared decoding, by hand: who ends when, what is billed to whom, and what a call that breaks leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from sim.backends.cache import PromptCache
from sim.backends.sharing import SharedService
from sim.call import Call, Status
from sim.clock import Clock
from sim.settings.market import BackendSettings, Billed, CacheKind
from sim.task import Task
from sim.usage import Usage
from tests.worlds import agent, backend, run


class Row(NamedTuple):
    """What a recorder is told of an attempt."""

    task: int
    start_s: float
    first_s: float
    end_s: float
    billed: Usage
    broke: bool = False


class Desk:
    """A recorder and a client that write down what they are told, and when."""

    def __init__(self, clock: Clock) -> None:
        self.rows: list[Row] = []
        self.failed: list[tuple[int, float]] = []
        self.resumed: list[tuple[int, float]] = []
        self._clock = clock

    def answered(self, call: Call, start_s: float, first_token_s: float, end_s: float, read_tokens: int, write_tokens: int) -> None:
        billed = Usage(call.input_tokens, read_tokens, write_tokens, call.output_tokens)
        self.rows.append(Row(call.task.id, start_s, first_token_s, end_s, billed))

    def broke(self, call: Call, start_s: float, first_token_s: float, end_s: float, billed: Usage, *, status: int = 1) -> None:
        self.rows.append(Row(call.task.id, start_s, first_token_s, end_s, billed, broke=status == 1))

    def refused(self, call: Call, status: int, now: float) -> None:
        raise AssertionError

    def gave_up(self, call: Call) -> None:
        raise AssertionError

    def attempt_failed(self, call: Call) -> None:
        self.failed.append((call.task.id, self._clock.now))

    def attempt_refused(self, call: Call, retry_after_s: float) -> None:
        raise AssertionError

    def patience_s(self, call: Call) -> float:
        raise AssertionError

    def deadline_s(self, call: Call) -> float:
        raise AssertionError

    def resume(self, call: Call) -> Callable[[Any], None]:
        return lambda event: self.resumed.append((event.task.id, self._clock.now))


SHARED: dict[str, Any] = {"decode_tokens_per_s": 100.0, "decode_slowdown": 0.5}


def served(*calls: tuple[float, int, float], cache: CacheKind = CacheKind.none, **changes: Any) -> Desk:
    """Calls of (second at which it has its slot, output tokens, number of whether it fails), each of a prompt of 1,000 tokens."""
    clock = Clock()
    desk = Desk(clock)
    settings: BackendSettings = backend(**SHARED | {"cache": cache} | changes)
    service = SharedService(clock, settings, PromptCache(settings), desk)
    for number, (start_s, output, u_error) in enumerate(calls):
        call = Call(clock, Task(number, 0, 0, 0.0), 0, 0, b"", desk)
        call.input_tokens, call.output_tokens, call.u_error, call.u_noise = 1000, output, u_error, 0.5
        call.callbacks = [desk.resume(call)]
        clock.at(start_s).callbacks.append(serve(service, call, clock))
    clock.run()
    return desk


def serve(service: SharedService, call: Call, clock: Clock) -> Callable[[Any], None]:
    """What happens when a call has its slot."""

    def begin(event: Any) -> None:
        service.answer(call, clock.now)

    return begin


def ends(desk: Desk) -> dict[int, float]:
    return {row.task: row.end_s for row in desk.rows}


def test_who_is_alone_decodes_at_full_speed() -> None:
    """A second to the first token, 200 tokens at 100 a second."""
    [row] = served((3.0, 200, 0.9)).rows
    assert row == Row(0, 3.0, 4.0, 6.0, Usage(1000, 0, 0, 200))


def test_two_at_once_share_and_who_is_left_goes_on_at_full_speed() -> None:
    """Two at a slowdown of a half take 1.5 s for a second of work. The short one has 1 s of work: done at 1 + 1.5. The long one has 1 s
    of its 2 left then, alone: 3.5."""
    desk = served((0.0, 100, 0.9), (0.0, 200, 0.9))
    assert ends(desk) == pytest.approx({0: 2.5, 1: 3.5})
    assert dict(desk.resumed) == pytest.approx({0: 2.5, 1: 3.5}), "each agent goes on when its last token is there"


def test_three_at_once_take_twice_as_long() -> None:
    """1 + 0.5 x (3 - 1) = 2."""
    assert ends(served(*[(0.0, 100, 0.9)] * 3)) == pytest.approx({0: 3.0, 1: 3.0, 2: 3.0})


def test_who_joins_later_slows_the_first_down_from_then_on() -> None:
    """The first has decoded 1 of its 2 s at t = 2 when the second joins; its other second takes 1.5: 3.5. The second has had 1 of its
    3 s by then: 5.5."""
    assert ends(served((0.0, 200, 0.9), (1.0, 300, 0.9))) == pytest.approx({0: 3.5, 1: 5.5})


def test_who_joins_two_finds_them_as_far_as_their_shared_speed_has_taken_them() -> None:
    """Two with 4 s of work each from t = 1; at t = 4 they have done 3 / 1.5 = 2 s. The third has 1 s of work, at 1 + 0.5 x 2: until 6.
    By then the two have 1 s left, at 1.5: 7.5."""
    assert ends(served((0.0, 400, 0.9), (0.0, 400, 0.9), (3.0, 100, 0.9))) == pytest.approx({0: 7.5, 1: 7.5, 2: 6.0})


def test_an_idle_hour_does_no_work() -> None:
    """The clock of work stands still while nobody decodes."""
    assert ends(served((0.0, 100, 0.9), (3600.0, 100, 0.9), (3600.0, 100, 0.9))) == pytest.approx({0: 2.0, 1: 3602.5, 2: 3602.5})


def test_equal_calls_end_in_the_order_in_which_they_came() -> None:
    assert [row.task for row in served((0.0, 100, 0.9), (0.0, 100, 0.9), (0.0, 100, 0.9)).rows] == [0, 1, 2]


def test_an_answer_without_output_is_over_with_its_first_token() -> None:
    """It joins the other at t = 2 and takes nothing of it."""
    assert ends(served((0.0, 300, 0.9), (1.0, 0, 0.9))) == pytest.approx({0: 4.0, 1: 2.0})


BREAKS: dict[str, Any] = {"error_rate": 0.5, "cache": CacheKind.explicit}


def test_what_breaks_and_is_billed_in_full_decodes_to_its_end_beside_the_others() -> None:
    """Both take 1 + 1.5 s; the one that breaks is billed its output and its cache write, and its client is told at its end."""
    desk = served((0.0, 100, 0.1), (0.0, 100, 0.9), error_billed=Billed.everything, **BREAKS)
    bill = Usage(1000, 0, 1000, 100)
    assert desk.rows == [Row(0, 0.0, 1.0, 2.5, bill, broke=True), Row(1, 0.0, 1.0, 2.5, bill)]
    assert desk.failed == [(0, 2.5)]
    assert desk.resumed == [(1, 2.5)], "of what has failed nobody is handed an answer"


@pytest.mark.parametrize(("billed", "bill"), [(Billed.input, Usage(1000, 0, 1000, 0)), (Billed.nothing, Usage(0, 0, 0, 0))])
def test_what_breaks_otherwise_breaks_at_its_first_token_and_slows_nobody(billed: Billed, bill: Usage) -> None:
    desk = served((0.0, 100, 0.1), (0.0, 100, 0.9), error_billed=billed, **BREAKS)
    assert sorted(desk.rows) == [Row(0, 0.0, 1.0, 1.0, bill, broke=True), Row(1, 0.0, 1.0, 2.0, Usage(1000, 0, 1000, 100))]
    assert desk.failed == [(0, 1.0)]


def test_a_run_reads_what_shared_calls_have_written() -> None:
    """Two turns of 2,000 and 3,000 tokens: the second reads the first one's prompt."""
    calls = run(agent(turns=2), backend(**SHARED)).calls
    assert calls["cache_read_tokens"].tolist() == [0, 2000]
    assert calls["cache_write_tokens"].tolist() == [2000, 1000]
    assert calls["t_first_token_s"].tolist() == [1.0, 5.0]
    assert calls["t_end_s"].tolist() == [4.0, 8.0]


def test_failed_calls_of_a_run_are_tried_again_when_they_have_broken() -> None:
    result = run(agent(turns=1), backend(**SHARED, error_rate=0.5, error_billed=Billed.everything), tasks=30)
    calls = result.calls.sort_values(["task", "attempt"])
    broken = calls[calls["status"] == Status.error.name]
    assert len(broken) > 5
    again = calls.set_index(["task", "attempt"])["t_request_s"]
    for task, attempt, end in zip(broken["task"], broken["attempt"], broken["t_end_s"], strict=True):
        assert (task, attempt + 1) not in again.index or again[task, attempt + 1] >= end
