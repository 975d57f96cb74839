"""The table of formulas against the simulator (F18 so far)."""

from __future__ import annotations

import numpy as np
import pytest

from sim import theory
from sim.settings import WorkloadKind, WorkloadSettings
from tests.worlds import agent, run

DAY_S = 86_400.0


def test_f18_adoption() -> None:
    """Bass: F(t) = (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t). Users whose one session begins when they take it up (`dist: bass`).

    All along the curve within 2 points: the largest gap, and a 95 % band of Dvoretzky, Kiefer and Wolfowitz around it.
    """
    p, q = 0.03 / DAY_S, 0.38 / DAY_S
    people = WorkloadSettings(kind=WorkloadKind.users, users=5000, tasks_per_user=1, session_gap_s={"dist": "bass", "p": p, "q": q})
    begun = np.sort(run(agent(turns=1), workload=people, replications=4, processes=None).tasks["t_arrive_s"])
    share = np.array([theory.bass_share(t, p=p, q=q) for t in begun])
    n = len(begun)
    gap = np.abs(share - (np.arange(n) + 0.5) / n).max()
    assert gap + np.sqrt(np.log(2 / 0.05) / (2 * n)) < 0.02
    assert begun.mean() == pytest.approx(np.log(1 + q / p) / q, rel=0.02)
