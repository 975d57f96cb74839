"""Stages of calls: read off the paths of their agents, as new ones come."""

from __future__ import annotations

import numpy as np

import sim
from sim.call import Role
from sim.meter.stages import NO_STAGE, StageOfPath
from sim.settings.run import Warmup
from sim.settings.workload import WorkloadSettings
from tests.worlds import scenario, stage, stages

ROW = np.dtype([("agent", "<u4"), ("role", "u1")])


def test_a_path_says_whose_stage_it_is() -> None:
    found, paths = StageOfPath(["find", "check"]), ["0", "1", "0.v", "0.find.1"]
    rows = np.array([(0, Role.worker), (1, Role.worker), (2, Role.verifier), (3, Role.worker), (0, Role.chat)], ROW)
    assert found.of(rows, paths).tolist() == [0, 0, NO_STAGE, 0, NO_STAGE]
    paths += ["1.check.3.0v", "0.check.0"]
    assert found.of(np.array([(5, Role.worker), (4, Role.verifier), (0, Role.compaction)], ROW), paths).tolist() == [1, 1, 0]


def test_stages_of_parts_add_up_and_leave_chats_and_warm_ups_out() -> None:
    plain = stages({"find": stage(items=3), "check": stage(each="find")})
    work = WorkloadSettings(tasks=40, interarrival_s=1.0, chat_share=0.5)
    result = sim.simulate(scenario(plain, workload=work))
    share = result.tasks["kind"].eq("pipeline").mean()
    assert 0 < share < 1
    assert result.mean("agents_per_task.check") == 3 * share
    parts = sim.simulate(scenario(plain, workload=work, shards=4))
    assert parts.summary.equals(result.summary)
    late = sim.simulate(scenario(plain, tasks=40, every_s=10.0, warmup=Warmup.fixed, warmup_s=205.0))
    assert late.mean("agents_per_task.check") == 3
    assert late.mean("cost_per_task_usd.check") * late.mean("tasks") < late.mean("cost_usd")
