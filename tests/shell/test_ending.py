"""How a command ends: its exit status, and one line on stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.engine.stop import Stopped
from sim.errors import ConfigError
from sim.shell.ending import MISTAKE, STOPPED, THRESHOLD, WELL, complain, ended, told
from tests.pressed import stopped


def raising(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


def kept(what: str) -> Stopped:
    stop = Stopped(signal.SIGINT)
    stop.kept = what
    return stop


ENDS = {
    "well": (lambda: WELL, 0, ""),
    "a threshold is not met": (lambda: THRESHOLD, 3, ""),
    "a mistake": (raising(ConfigError("seed=-1: must be at least 0")), 1, "sim: seed=-1: must be at least 0\n"),
    "a full disk": (raising(OSError(28, "No space left on device", "out/x.csv")), 1, "sim: out/x.csv: No space left on device\n"),
    "no memory": (raising(MemoryError()), 1, "sim: out of memory; try log=none, fewer processes or fewer tasks\n"),
    "Ctrl-C": (raising(KeyboardInterrupt()), 130, "sim: stopped\n"),
    "SIGTERM": (raising(Stopped(signal.SIGTERM)), 143, "sim: stopped\n"),
    "Ctrl-C, something kept": (raising(kept("3 of 4 runs are kept in out")), 130, "sim: stopped; 3 of 4 runs are kept in out\n"),
    "help was printed": (raising(SystemExit(0)), 0, ""),
    "a library gave up": (raising(SystemExit(2)), 2, ""),
    "a library said why": (raising(SystemExit("why")), 1, ""),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_end_has_a_status_and_at_most_a_line(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    action, status, line = ENDS[case]
    assert ended(action) == status
    assert capsys.readouterr().err == line


def test_statuses_are_those_of_the_contract() -> None:
    assert (WELL, MISTAKE, THRESHOLD, STOPPED) == (0, 1, 3, 130)


def test_a_fault_of_the_software_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        ended(raising(ZeroDivisionError("ours")))
    with pytest.raises(KeyError):
        told(KeyError("ours"))


def test_a_line_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("two\n  lines") == MISTAKE
    assert capsys.readouterr().err == "sim: two lines\n"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_one_line_and_its_status_and_leaves_nothing(number: signal.Signals, status: int, tmp_path: Path) -> None:
    words = ["agent=chat", "workload.tasks=2000000", "processes=1", "hydra.run.dir=out"]
    end = stopped(words, tmp_path, (tmp_path / "out" / ".lock").exists, number)
    told = "sim: stopped; it had not ended, so nothing of it is kept; the same command begins anew"
    assert (end.status, end.stderr.splitlines()[-1]) == (status, told)  # behind how long it would take
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_unread_end_is_no_fault(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run([sys.executable, "-m", "sim", "--help"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    said = [line for line in ran.stderr.splitlines() if b"still at work" not in line]  # on a busy machine
    assert (ran.returncode, said) == (1, [])


def test_an_error_that_a_stop_has_led_to_is_a_stop() -> None:
    """A library has caught the signal and made something else of it: a verb that goes on to its next folder must not."""

    def caught() -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        except Stopped:
            return complain(told(ConfigError("x/scenario.yaml: 'NoneType' object has no attribute 'y'")))
        return WELL

    assert ended(caught) == 143
