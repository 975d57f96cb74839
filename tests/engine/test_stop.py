"""A signal stops at once, or where that would leave something half-done after it, and is not lost where Python drops it."""

from __future__ import annotations

import os
import signal
import weakref

import pytest

import sim
from sim.engine.stop import Stopped, heard, held_off, keeping, stop_if_noted
from sim.settings.run import Log
from tests.worlds import agent, backend, scenario


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_once_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stop, heard():
        signal.raise_signal(number)
    assert stop.value.number == number
    assert signal.getsignal(number) is before


def test_what_must_not_be_half_done_is_done_first() -> None:
    done: list[str] = []

    def work() -> None:
        with heard(), held_off():
            with held_off():
                signal.raise_signal(signal.SIGTERM)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Stopped):
        work()
    assert done == ["inner", "outer"]
    stop_if_noted()


class Thing:
    """Something that is freed."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_drops_stops_the_run_all_the_same() -> None:
    things = [Thing()]
    weakref.finalize(things[0], signal.raise_signal, signal.SIGINT)
    long = scenario(agent(), backend(), tasks=100_000, replications=1, processes=1, log=Log.none)

    def run() -> None:
        with heard():
            things.clear()
            sim.simulate(long)

    with pytest.raises(Stopped):
        run()


def test_an_error_of_what_a_signal_left_half_done_is_a_stop() -> None:
    def half_done() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise AttributeError("'NoneType' object has no attribute 'value'")

    with pytest.raises(Stopped), heard():
        half_done()
    with pytest.raises(AttributeError), heard():
        raise AttributeError("no signal has come")


def test_a_process_that_is_deaf_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard():
            signal.raise_signal(signal.SIGINT)
            stop_if_noted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_fork_that_hears_ends_without_a_word() -> None:
    with heard():
        child = os.fork()
        if not child:
            signal.raise_signal(signal.SIGTERM)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 128 + signal.SIGTERM


def test_who_stops_hears_what_is_kept_from_the_innermost_that_knows() -> None:
    with pytest.raises(Stopped) as stop, heard(), keeping(lambda: "outer"), keeping(lambda: "inner"):
        signal.raise_signal(signal.SIGINT)
    assert stop.value.kept == "inner"
    with pytest.raises(ValueError, match="mine"), keeping(lambda: "nothing"):
        raise ValueError("mine")


def half_done() -> None:
    """A library that makes an error of its own of a signal."""
    try:
        signal.raise_signal(signal.SIGTERM)
    except Stopped:
        raise ValueError("half done") from None


def test_an_error_that_a_stop_has_led_to_keeps_as_much() -> None:
    with pytest.raises(Stopped) as stop, heard(), keeping(lambda: "two runs"):
        half_done()
    assert (stop.value.kept, stop.value.number) == ("two runs", signal.SIGTERM)
