"""Numbers that do not move by themselves: digests of small worlds, the same however, wherever and in whatever order they are run.

The worlds use no function whose last bit is the C library's (exponentials, logarithms, powers: noise, most
distributions), so their digests hold on any machine. Together they meet each kind of work, agent, backend and try.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import sim
from sim.again import main
from sim.report.page import show_run
from sim.results.provenance import read_origin
from sim.settings.agent import AgentKind, Split
from sim.settings.budget import At, BudgetSettings, Per, Then
from sim.settings.market import BackendSettings, Billed, CacheKind, PriceTier, PriceWindow
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import AtCap, StageRole
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario, stage, stages, team, with_

SOME = {"dist": "uniform", "low": 1.0, "high": 6.0}
LONG = {"dist": "empirical", "values": [0.0, 4.0, 45.0, 700.0]}
WORDS = {"dist": "empirical", "quantiles": [20.0, 200.0, 350.0, 2000.0]}
REAL = {"decode_tokens_per_s": 50.0, "prefill_tokens_per_s": 4000.0, "cache_read_usd_per_mtok": 0.1, "cache_min_tokens": 1024}
SESSIONS = """trace,agent,call_index,t_s,input_tokens,output_tokens,cached_tokens,think_time_s,trigger
a,main,0,0,5000,200,0,0,user
a,main,1,30,6500,300,5000,12,tool_result
a,sub,0,33,2000,150,0,0,other
a,main,2,500,8000,100,6500,400,user
b,main,0,0,1500,90,0,0,user
b,main,1,9,1800,20,1500,3,tool_result
"""


def served(**changes: object) -> BackendSettings:
    """A backend with prices, speeds and a cache."""
    return backend(**(REAL | changes))


def users(**changes: object) -> WorkloadSettings:
    """Three people, two sessions each."""
    return WorkloadSettings(**({"kind": WorkloadKind.users, "users": 3, "tasks_per_user": 2, "session_gap_s": LONG} | changes))  # type: ignore[arg-type]


def chats(folder: Path) -> sim.Scenario:
    """Conversations, on a cache that asks nobody."""
    talk = agent(kind=AgentKind.chat, turns=1, requests=SOME, request_tokens=WORDS, output_tokens=WORDS, think_time_s=LONG)
    return scenario(talk, served(cache=CacheKind.automatic, cache_ttl_s=100.0), workload=users())


def failing(folder: Path) -> sim.Scenario:
    """Agents that compact, on a backend that fails; what fails is billed."""
    work = agent(
        turns=SOME,
        tool_time_s=LONG,
        output_tokens=WORDS,
        tool_result_tokens=WORDS,
        compact_at_tokens=4000,
        reasoning_share=0.4,
        rewrite_rate=0.1,
    )
    return scenario(work, served(error_rate=0.2, error_billed=Billed.everything), tasks=9, every_s=SOME, retry=RetrySettings(attempts=3))


def teams(folder: Path) -> sim.Scenario:
    """Teams that stand in line, by tiers and hours of the day."""
    dear = served(
        slots=2,
        share_system=True,
        tiers=[PriceTier(above_tokens=5000, input_usd_per_mtok=3.0)],
        windows=[PriceWindow(from_h=0, until_h=0.02, multiplier=0.5)],
    )
    return scenario(
        team(3, loop(turns=SOME, tool_time_s=LONG), fanout=3, report_tokens=WORDS, inherit_context=True), dear, tasks=4, every_s=20.0
    )


def swarm(folder: Path) -> sim.Scenario:
    """Teams of teams that divide a job of fewer turns than workers, two at a time."""
    work = team(2, loop(turns=SOME), fanout=2, depth=2, split=Split.divide, max_parallel=1)
    return scenario(work, served(verbosity=1.5, turn_multiplier=1.2), tasks=3, horizon_s=200.0)


def debate(folder: Path) -> sim.Scenario:
    """Debaters who slow one another down."""
    return scenario(agent(kind=AgentKind.debate, fanout=3, turns=3, output_tokens=WORDS), served(decode_slowdown=0.3), tasks=3, every_s=5.0)


def pipeline(folder: Path) -> sim.Scenario:
    """Two find, some check each finding, two at a time; then one reads what has passed, as far as a cap lets them."""
    lines = {
        "find": stage(width=2, items=SOME, report_tokens=WORDS, turns=SOME),
        "check": stage(each="find", width=SOME, passes=0.6, report_tokens=50, role=StageRole.verifier),
        "merge": stage(reads=["find", "check"], output_tokens=WORDS),
    }
    return scenario(stages(lines, max_parallel=2, max_agents=9, at_cap=AtCap.skip), served(error_rate=0.1), tasks=4, every_s=5.0)


def door(folder: Path) -> sim.Scenario:
    """A short line, rate limits, little patience, urgent tasks, arrivals together."""
    narrow = served(slots=1, queue_limit=3, requests_per_min=30.0, input_tokens_per_min=90_000.0)
    arrivals = WorkloadSettings(tasks=14, interarrival_s=4.0, batch_size=SOME, urgent_share=0.3)
    return scenario(agent(turns=SOME), narrow, workload=arrivals, retry=RetrySettings(attempts=4, patience_s=SOME))


def budgets(folder: Path) -> sim.Scenario:
    """Leads and workers each on their own, until the money is short; a second budget waits for the next hour."""
    models = {"one": served(input_usd_per_mtok=5.0), "two": served(input_usd_per_mtok=0.3)}
    by_role = RouterSettings(policy=Policy.by_role, roles={"lead": "one", "worker": "two"})
    hourly = BudgetSettings(usd=0.15, per=Per.hour, at=At.task, then=Then.wait)
    limit = BudgetSettings(usd=0.05, per=Per.task, then=Then.downgrade)
    return scenario(team(4, loop(turns=SOME)), models, router=by_role, budget=limit, budgets={"all": hourly}, workload=users())


def tries(folder: Path) -> sim.Scenario:
    """A cascade whose answers are checked, weighted at first, with fallback."""
    models = {"one": served(quality=0.4, error_rate=0.1), "two": served(quality=0.8, input_usd_per_mtok=4.0)}
    again = TriesSettings(most=3, true_positive=0.9, false_positive=0.2, verifier=loop(turns=1), keep_tokens=300, backends=["one", "two"])
    return scenario(
        agent(turns=SOME, tries=again),
        models,
        tasks=8,
        every_s=3.0,
        outcome=OutcomeSettings(value_usd=2.0),
        router=RouterSettings(fallback=["two"]),
    )


def trace(folder: Path) -> sim.Scenario:
    """Recorded sessions, through the batch queue."""
    file = folder / "sessions.csv"
    file.write_text(SESSIONS)
    return scenario(agent(), served(), workload=WorkloadSettings(kind=WorkloadKind.trace, trace=str(file), trace_gap_s=7.0), batch=True)


WORLDS: dict[Callable[[Path], sim.Scenario], str] = {
    chats: "bfcc12d94775b4e0",
    failing: "310e52041cc82173",
    teams: "603c786dd7a5a2c6",
    swarm: "3e23216f0d4d3430",
    debate: "297bda4cca7b8ddb",
    pipeline: "6a049e23d722047c",
    door: "5744e806e3e40357",
    budgets: "2ecb5c91914980b0",
    tries: "e83cd37db4ad0842",
    trace: "092d59d4bd66eb52",
}
MOVED = "results have moved: if you meant it, say so in CHANGELOG under Numbers and write the new digest here"


def digest(world: sim.Scenario) -> str:
    """Of two replications."""
    return sim.simulate(with_(world, replications=2)).digest


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_results_do_not_move_by_themselves(world: Callable[[Path], sim.Scenario], tmp_path: Path) -> None:
    result = sim.simulate(with_(world(tmp_path), replications=2))
    assert len(result.calls) > 10
    assert result.digest == WORLDS[world], MOVED


@pytest.mark.parametrize("changes", [{"log": Log.none}, {"log": Log.sample, "log_sample": 3}, {"processes": 2}], ids=str)
def test_the_same_digest_however_it_is_logged_and_on_any_number_of_processes(changes: dict[str, object], tmp_path: Path) -> None:
    for world, known in WORLDS.items():
        assert digest(with_(world(tmp_path), **changes)) == known


@pytest.mark.slow
def test_the_same_digest_in_a_process_of_its_own(tmp_path: Path) -> None:
    """With another hash seed, and the worlds in reverse."""
    code = f"from tests.test_golden import *; [print(w.__name__, digest(w(Path({str(tmp_path)!r})))) for w in reversed(WORLDS)]"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "7"},
    )
    assert dict(line.split() for line in ran.stdout.splitlines()) == {world.__name__: known for world, known in WORLDS.items()}


def test_the_same_digests_in_any_order_of_a_sweep(tmp_path: Path) -> None:
    world = with_(teams(tmp_path), replications=2)
    there, back = (
        {run.scenario.agent.fanout: run.digest for run in sim.sweep(world, {"agent.fanout": order}).runs}
        for order in ([1, 3, 2], [2, 3, 1])
    )
    assert there == back
    assert there[3] == WORLDS[teams]


@pytest.mark.slow
def test_a_run_is_run_again_from_its_folder(tmp_path: Path) -> None:
    for world, known in WORLDS.items():
        folder = sim.simulate(with_(world(tmp_path), replications=2)).save(tmp_path / world.__name__)
        assert sim.simulate(sim.load_run(folder)).digest == known


def test_every_table_and_figure_says_what_made_it(tmp_path: Path) -> None:
    result = sim.simulate(with_(teams(tmp_path), replications=2, name="mine", seed=7))
    folder = result.save(tmp_path / "run")
    show_run(result, folder)
    made_by = {"software": f"agent-token-sim {sim.__version__}", "scenario": "mine", "seed": "7", "digest": result.digest}
    for found in (read_origin(folder), pd.read_parquet(folder / "calls.parquet").attrs, pd.read_parquet(folder / "tasks.parquet").attrs):
        assert made_by.items() <= found.items()
    for drawing in (folder / "figures").glob("*.svg"):
        assert f"mine, digest {result.digest}, seed 7" in drawing.read_text()
    for figure in (folder / "figures").glob("*.png"):
        with Image.open(figure) as picture:
            text = picture.info
        assert text["Software"] == made_by["software"]
        assert text["Description"] == f"mine, digest {result.digest}, seed 7"
    assert f"Made by {made_by['software']}, digest {result.digest}, seed 7." in (folder / "report.md").read_text()


def test_again_says_whether_the_same_comes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sim.simulate(debate(tmp_path)).save(tmp_path / "run")

    def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["again", *words])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out + said.err

    code, said = typed(str(folder))
    assert (code, said.splitlines()) == (
        0,
        [f"{folder}: same digest {sim.simulate(debate(tmp_path)).digest}, same tables (agent-token-sim {sim.__version__}, seed 1)"],
    )
    other = json.loads((folder / "origin.json").read_text()) | {"software": "agent-token-sim 0.0.9", "digest": "f" * 16}
    (folder / "origin.json").write_text(json.dumps(other))
    code, said = typed(str(folder))
    assert code == 1
    assert f"software agent-token-sim 0.0.9 then, agent-token-sim {sim.__version__} now" in said
    assert len(said.splitlines()) == 1
    (folder / "scenario.yaml").write_text("agent: {fanuot: 3}")
    assert "did you mean 'fanout'?" in typed(str(folder))[1]
    code, said = typed(str(tmp_path / "nowhere"))
    assert (code, len(said.splitlines())) == (1, 1)
