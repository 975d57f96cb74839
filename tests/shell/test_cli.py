"""What an analyst meets: one command, one line for a mistake, nothing half-written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.typed import typed as sim

TRACE = "trace,agent,call_index,t_s,input_tokens,output_tokens\n"
BAD_TRACES = {
    "negative.csv": TRACE + "a,main,0,0,100,5\na,main,1,9,-3,5\n",
    "words.csv": TRACE + "a,main,0,0,many,5\n",
    "fraction.csv": TRACE + "a,main,0,0,100.5,5\n",
    "column.csv": "trace,agent,call_index,t_s,input_tokens\na,main,0,0,100\n",
    "empty.csv": TRACE,
    "torn.csv": '"trace,agent\n1,2,3',
    "noise.parquet": "not a table",
}

MISTAKES = {
    "agnet=solo": "'agnet' is not a setting; did you mean 'agent'?",
    "agent=teem": "agent=teem: not on the menu; did you mean 'team'?",
    "agent=Solo": "agent=Solo: not on the menu; did you mean 'solo'?",
    "market=2027": "market=2027: not on the menu; known: feb_2026, nov_2026",
    "experiment=fanuot": "experiment=fanuot: not on the menu; did you mean 'fanout'?",
    "fanout=3": "fanout: is not a setting at the top; did you mean agent.fanout?",
    "tasks=3": "tasks: is not a setting at the top; did you mean workload.tasks?",
    "horizon_s=1h": "horizon_s: '1h' is not a number of seconds",
    "workload.tasks=2.5": "workload.tasks: '2.5' is not a whole number",
    "market.models.claude_opus_4_6.windows=[{from_h: 9am}]": "windows, from_h: '9am' is not a number of hours",
    "budgets={team: {usd: x}}": "budgets.team.usd: 'x' is not a number",
    "router.weights=[1]": "router.weights: must be a mapping such as {NAME: VALUE}, not a list",
    "hydra.foo=3": "hydra.foo: is no setting of Hydra",
    "retry=3": "retry: is a group of settings: give a mapping such as {NAME: VALUE}",
    "backends=[gpt_5_6_sol]": "'gpt_5_6_sol' is not in market feb_2026 but in nov_2026: say market=nov_2026",
    "backends=[MiniMax-M2.5]": "did you mean 'minimax_m2_5'?",
    "router.custom=mine:f": "router.custom=mine:f: needs router.policy=custom, not fixed",
    "agent.workflow=mine:f": "agent.workflow=mine:f: needs agent.kind=custom, not orchestrator",
    "workload.trace=mine.csv": "workload.trace=mine.csv: needs workload=trace, not open",
    "baseline={agent: chat}": "baseline: names a scenario of a sweep, and this is one run",
    "-m seed=1,2 baseline={sead: 1}": "baseline.sead: not an axis of the sweep; did you mean 'seed'?",
    "-m seed=1,2 baseline={seed: 3}": "baseline.seed=3: not in the sweep; known: 1, 2",
    "agent.fanuot=8": "did you mean 'fanout'?",
    "agent.trns={dist: geometric, mean: 5}": "did you mean 'turns'?",
    "agent.fanout=0": "agent.fanout=0: must be at least 1",
    "agent.fanout=lots": "agent.fanout='lots': must be a number or a mapping with 'dist'",
    "agent.fanout=2.5": "agent.fanout=2.5: must be a whole number",
    "agent.reasoning_share=0,5": "a number has no comma inside: 0.5?",
    "agent.fanout=1,2,4": "agent.fanout=1,2,4: several values: -m runs each, agent.fanout=[...] is a list",
    "agent.fanout": "'agent.fanout' is not KEY=VALUE; give it a value, agent.fanout=VALUE; sim explain agent.fanout says which",
    "agent.fanout=1000 agent.depth=3": "1,660,317,412 agents a task, must be at most 100,000",
    "agent.output_tokens=-5": "agent.output_tokens=-5.0: must be at least 1",
    "agent.turns=nan": "agent.turns=nan: must be a finite number",
    "agent.turns=[3]": "must be a number or a mapping with 'dist'",
    "agent.turns={dist: geometrc, mean: 3}": "did you mean 'geometric'?",
    "agent.turns={dist: geometric, mean: 0.5}": "a geometric count starts at 1",
    "agent.turns={dist: lognormal, median: 3, sigma: -1}": "agent.turns.sigma=-1: must be from 0 to 5",
    "agent.turns={dist: geometric, mean: 3, skew: 1}": "agent.turns.skew: geometric has no such parameter",
    "agent.think_time_s={dist: normal, mean: 9, sd: 3}": "add low: 0",
    "agent=chat agent.turns=3": "agent.turns: a chat has one call a message",
    "agent.system_tokens=300000 backends=[minimax_m2_5]": "more than the context window of minimax_m2_5",
    "market=mars_2030": "market=mars_2030: not on the menu",
    "backends=[claude_opus_46]": "did you mean 'claude_opus_4_6'?",
    "backends=[]": "backends=[]: name at least one",
    "backends=[glm_5,glm_5]": "names one twice",
    "market.models.claude_opus_4_6.error_rate=1.2": "error_rate=1.2: must be at most 1",
    "market.models.claude_opus_4_6.input_usd_per_mtok=null": "input_usd_per_mtok",
    "market.models.claude_opus_4_6.slots=0": "slots=0: must be at least 1",
    "router.policy=cheepest": "Invalid value 'cheepest'",
    "router.backend=glm_6": "router.backend=glm_6: not among backends",
    "router=by_role": "router.roles.worker=minimax_m2_5: not among backends",
    "router=weighted router.weights={claude_opus_4_6: 0}": "at least one must be above 0",
    "workload.interarrival_s=inf": "must be a finite number",
    "workload.tasks=null": "needs horizon_s",
    "workload=trace workload.trace=/nowhere.csv": "/nowhere.csv: no such file",
    "agent.tries.backends=[glm_5]": "agent.tries.backends: 'glm_5' is not among backends",
    "agent.tries.most=0": "agent.tries.most=0: must be at least 1",
    "agent.tries.stop_when_lost=true": "needs outcome.length_exponent above 0",
    "router=thompson router.per=agent": "router.per=agent: must be task",
    "router.policy=custom router.custom=nowhere:f": "router.custom=nowhere:f: No module named 'nowhere'",
    "budget.usd=-1": "budget.usd=-1.0: must be more than 0",
    "budget.usd=5 budget.per=run budget.then=wait": "never comes back",
    "outcome.correlation=1.5": "outcome.correlation=1.5: must be at most 1",
    "backends={a: 1}": "backends: must be a list such as [a,b], not a mapping",
    "~agent.fanout": "~agent.fanout: a setting cannot be taken away; give it another value",
    "agent.turns=ü": "agent.turns=ü: cannot be read; a text goes in quotes, in the shell \"agent.turns='ü'\"",
    "workload.tasks=1000000000": "this would take some 326,803,996,170 calls, about",
    "workload.tasks=null workload.interarrival_s=1e-9 horizon_s=3600": "--yes (in Python and in files yes=true) goes ahead",
    "-m seed=range(1,1001) agent.fanout=range(1,1001)": "this sweep has 1,000,000 scenarios: to compose them alone takes 42 hours",
    "seed:1": "'seed:1' is not KEY=VALUE; as in seed=1",
    "-m seed=range(5,1)": "seed: this sweep has no scenarios, its range is empty",
    "start=yesterday": "start='yesterday': must be a date and time",
    "start='9999-12-31T23:59:59-12:00'": "must be in a year from 1900 to 2999",
    "start='0001-01-01T00:00:00+14:00'": "must be in a year from 1900 to 2999",
    "replications=0": "replications=0: must be at least 1",
    "horizon_s=0": "horizon_s=0.0: must be more than 0",
    "seed=-1": "seed=-1: must be at least 0",
    "hydra.run.dir=/dev/null/runs": "Not a directory",
    "agent=null": "takes the name of a file of its menu",
    "agent.turns={}": "an empty mapping changes nothing",
    "agent=solo --nope seed=2": "unrecognized arguments: --nope",
    "hydra.run.dir=~/runs": "hydra.run.dir=~/runs: nobody fills in the ~; write $HOME, which the shell does",
    "-m seed=1,2 hydra.sweep.subdir=x": "hydra.sweep.subdir=x: would be one folder for all scenarios",
    "--hydra-help": "--hydra-help: is Hydra's own, and of no use here; see sim --help",
    "name=${oc.env:HOME}": "${oc.env:HOME}: settings take nothing from the environment",
    "--config-dir=/nowhere agent=solo": "--config-dir /nowhere: no such folder",
}


@pytest.mark.slow
def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    for typed in (["agent.fanuot=8"], ["agent=chat", "workload.tasks=2", "replications=1", "hydra.run.dir=out"]):
        ran = subprocess.run([sys.executable, "-m", "sim", *typed], cwd=tmp_path, capture_output=True, text=True, check=False)
        here = sim(tmp_path, *typed)
        told = [line for line in ran.stderr.splitlines(keepends=True) if "still at work" not in line]  # on a busy machine
        assert (ran.returncode, "".join(told), untimed(ran.stdout)) == (here.returncode, here.stderr, untimed(here.stdout))


def untimed(text: str) -> str:
    """What was printed, without the seconds that it took."""
    return re.sub(r"[\d.]+ s\b", "", text)


def words(line: str) -> list[str]:
    """Overrides of one line: they are separated by spaces outside of braces."""
    out: list[str] = []
    for word in line.split(" "):
        if out and out[-1].count("{") > out[-1].count("}"):
            out[-1] += " " + word
        else:
            out.append(word)
    return out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "told"), [pytest.param(*each, marks=pytest.mark.slow if number % 8 else ()) for number, each in enumerate(MISTAKES.items())]
)
def test_a_mistake_gets_one_line_and_leaves_nothing_behind(tmp_path: Path, typed: str, told: str) -> None:
    ran = sim(tmp_path, *words(typed))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith("sim: ")
    assert told in ran.stderr
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD_TRACES)
def test_a_broken_trace_is_told_by_row_and_column(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BAD_TRACES[name])
    ran = sim(tmp_path, "workload=trace", f"workload.trace={name}")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert name in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_row_of_a_trace_is_named_as_an_editor_counts_it(tmp_path: Path) -> None:
    (tmp_path / "negative.csv").write_text(BAD_TRACES["negative.csv"])
    ran = sim(tmp_path, "workload=trace", "workload.trace=negative.csv")
    assert "negative.csv: row 3, input_tokens=-3: must be a whole number from 0 to 1,000,000,000" in ran.stderr


def test_a_missing_price_is_named(tmp_path: Path) -> None:
    backend = tmp_path / "mine" / "backend"
    backend.mkdir(parents=True)
    (backend / "my_llm.yaml").write_text("# @package market.models.my_llm\noutput_usd_per_mtok: 1\n")
    ran = sim(tmp_path, "--config-dir=mine", "+backend=my_llm", "backends=[my_llm]")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "input_usd_per_mtok" in ran.stderr


@pytest.mark.slow
def test_a_backend_of_ones_own(tmp_path: Path) -> None:
    backend = tmp_path / "mine" / "backend"
    backend.mkdir(parents=True)
    (backend / "my_llm.yaml").write_text("# @package market.models.my_llm\ninput_usd_per_mtok: 0\noutput_usd_per_mtok: 0\n")
    ran = sim(tmp_path, "--config-dir=mine", "+backend=my_llm", "backends=[my_llm]", "agent=chat", "workload.tasks=5", "replications=2")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_a_run_leaves_its_files(tmp_path: Path) -> None:
    ran = sim(tmp_path, "agent=team", "workload.tasks=5", "replications=2", "hydra.run.dir=out")
    assert ran.returncode == 0, ran.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"summary.csv", "tasks.parquet", "calls.parquet", "timeline.csv", "scenario.yaml", "figures"} <= names
    assert list((tmp_path / "out" / "figures").glob("*.png"))
    summary = pd.read_csv(tmp_path / "out" / "summary.csv", index_col="metric")
    assert list(summary.columns) == ["unit", "mean", "ci_low", "ci_high", "n"]


@pytest.mark.slow
def test_a_sweep_goes_on_when_a_scenario_is_refused(tmp_path: Path) -> None:
    ran = sim(tmp_path, "-m", "agent.fanout=0,1,2", "workload.tasks=3", "replications=2", "hydra.sweep.dir=out")
    assert ran.returncode == 1
    assert "agent.fanout=0: must be at least 1" in ran.stderr
    assert "Traceback" not in ran.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert list(table["agent.fanout"]) == [0, 1, 2]
    assert [status.split(":")[0] for status in table["status"]] == ["failed", "ok", "ok"]
    assert table.columns[0] == "agent.fanout"


@pytest.mark.slow
def test_a_backend_of_your_own_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine" / "backend").mkdir(parents=True)
    file = "# @package market.models.my_llm\ninput_usd_per_mtok: 0.8\noutput_usd_per_mtok: 2.4\n"
    (tmp_path / "mine" / "backend" / "my_llm.yaml").write_text(file)
    typed = ["--config-dir", "mine", "+backend=my_llm", "backends=[my_llm]", "agent=chat", "workload.tasks=2", "hydra.run.dir=out"]
    ran = sim(tmp_path, *typed)
    assert ran.returncode == 0, ran.stderr
    assert "my_llm" in (tmp_path / "out" / "summary.csv").read_text()


@pytest.mark.slow
def test_a_sweep_is_compared_with_a_baseline_and_says_which_is_best(tmp_path: Path) -> None:
    typed = [
        "-m",
        "agent.fanout=1,2",
        "backends=[minimax_m2_5],[glm_5]",
        "workload.tasks=3",
        "replications=3",
    ]
    ran = sim(tmp_path, *typed, "baseline={agent.fanout: 1}", "log=none", "hydra.sweep.dir=out")
    assert ran.returncode == 0, ran.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv").set_index(["agent.fanout", "backends"])
    more = table.loc[(2, "glm_5"), "cost_per_task_usd"] - table.loc[(1, "glm_5"), "cost_per_task_usd"]
    assert table.loc[(2, "glm_5"), "cost_per_task_usd_difference"] == pytest.approx(more)
    assert list(table.loc[1]["cost_per_task_usd_verdict"]) == ["no difference seen"] * 2
    assert set(table["best_cost_per_success_usd"]) <= {"yes", "maybe", "no"}
    [said] = [line for line in ran.stdout.splitlines() if "gainst the baseline, dollars per task: " in line]
    verdicts = table.loc[2]["cost_per_task_usd_verdict"].value_counts()
    assert all(f"{count} {verdict}" in said.partition("dollars per task: ")[2] for verdict, count in verdicts.items())
