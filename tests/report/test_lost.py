"""Work that was lost comes first: in the sentence, above the table, in it, among the figures and the notes; where none was, nowhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.report.findings.finding import finding
from sim.report.folder import Folder
from sim.report.grid import study
from sim.report.lost import lost_finding, unranked
from sim.report.page import show_run
from sim.report.plots.gallery import of_grid, of_run
from sim.report.plots.lost import work_lost
from sim.report.tables import grid
from sim.settings.market import WorkSettings
from sim.settings.run import RetrySettings
from sim.settings.work import Work, WorkChoice
from sim.sweeps.sweep import row
from tests.worlds import agent, backend, scenario, with_

LIMIT = "market.models.one.requests_per_min"


def crowd() -> sim.Scenario:
    """A session begins every 2 s and asks every 2 s; two attempts each."""
    work = agent(turns={"dist": "geometric", "mean": 4}, tool_time_s=1.0)
    served = backend(requests_per_min=60, limit_burst_s=10, quality=0.75)
    retry = RetrySettings(attempts=2)
    return scenario(work, served, tasks=60, every_s={"dist": "exponential", "mean": 2}, replications=4, retry=retry)


@pytest.fixture(scope="module")
def quotas() -> pd.DataFrame:
    """The same crowd on less and less of a quota, and on enough."""
    return sim.sweep(crowd(), {LIMIT: [20, 60, 10_000]}).results


def test_what_was_lost_leads_the_finding_and_nothing_is_called_cheapest(quotas: pd.DataFrame) -> None:
    said = " ".join(finding(quotas).paragraphs)
    assert said.startswith("Overload with request limit 20/min: ")
    assert "of attempts turned away (429); none lost from 10k/min on. " in said
    assert "is cheapest" not in said
    assert "times the tokens" not in said
    one = study(quotas)
    assert "request limit 20/min (" in lost_finding(one)
    assert [unranked(one, scenario) for _, scenario in one.rows.iterrows()] == [True, True, False]


def test_the_table_leads_with_shares_lost_and_turned_away(quotas: pd.DataFrame) -> None:
    heading = grid(study(quotas, {"one": "Model One"}), {}).splitlines()[0].split()
    assert heading[:5] == ["request", "limit", "of", "Model", "One"]
    assert heading[5:9] == ["lost", "429s", "USD/success", "USD/finished"]


def test_a_figure_shows_them_where_there_are_any(quotas: pd.DataFrame) -> None:
    assert next(iter(of_grid(quotas, {}, {}))) == "work_lost"
    unhurt = quotas[quotas["lost_share"] == 0]
    assert len(unhurt) == 1
    assert "work_lost" not in of_grid(unhurt, {}, {})
    assert lost_finding(study(unhurt)) == ""
    assert "429s" not in grid(study(unhurt), {})


def test_of_many_scenarios_the_worst_is_named(quotas: pd.DataFrame) -> None:
    many = pd.concat([quotas.assign(seed=seed) for seed in range(3)], ignore_index=True)
    many = many[["seed", *quotas.columns]]
    assert ": 6 of 9 scenarios lose some, most with " in lost_finding(study(many))


def test_a_run_that_lost_work_says_so_before_its_table_and_first_of_its_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = sim.simulate(crowd())
    show_run(result, tmp_path)
    assert capsys.readouterr().out.startswith("Work was lost: ")
    assert next(iter(result.notes)) == "lost"
    lost, tasks = sum(tally.lost for tally in result.tallies), len(result.tasks)
    assert result.notes["lost"].startswith(f"Work was lost: {lost} of {tasks} tasks")
    assert (tmp_path / "figures" / "work_lost.png").exists()


def test_who_waits_and_loses_nothing_is_told_of_the_wait() -> None:
    """One call every 10 s: of three at once one is refused once, another twice."""
    patient = sim.simulate(scenario(agent(turns=1), backend(requests_per_min=6, limit_burst_s=1), tasks=3))
    assert "lost" not in patient.notes
    assert patient.notes["refused"].startswith("Rate limits or full queues turned away 50 % of attempts (429), 67 % of calls at least once")


def test_who_fails_at_a_task_has_not_lost_it() -> None:
    """Quality 0: no task is solved, and all have their answers."""
    result = sim.simulate(scenario(agent(turns=2), backend(quality=0.0), tasks=5))
    assert (result.mean("success_rate"), result.mean("lost_share")) == (0, 0)


@pytest.mark.slow
def test_a_guessed_speed_is_starred_in_the_figure_and_said() -> None:
    small = ["agent=chat", "workload.tasks=3", "replications=1"]
    guessed, known = (sim.simulate(sim.load(*small, f"backends=[{name}]")) for name in ("kimi_k2_5", "claude_opus_4_6"))
    assert guessed.notes["speed"].startswith("Speeds of Kimi K2.5 are assumed")
    assert "speed" not in known.notes
    names = {"kimi_k2_5": "Kimi K2.5", "claude_opus_4_6": "Claude Opus 4.6"}
    for result, marked in ((guessed, True), (known, False)):
        table = pd.DataFrame([row({"backends": ",".join(result.scenario.backends)}, result.summary)])
        figure = of_run(result, table, names)["latency_by_backend"]
        texts = [text.get_text() for text in (*figure.texts, *figure.axes[0].get_yticklabels())]
        assert any("nobody has measured its seconds" in text for text in texts) is marked
        assert any(text.endswith(" *") for text in texts) is marked


@pytest.mark.parametrize(("verbosity", "marked"), [(5.0, True), (1.5, False)])
def test_seconds_that_rest_on_words_nobody_has_counted_are_starred_too(tmp_path: Path, verbosity: float, marked: bool) -> None:
    served = backend(speed_sure="S", works={"mini_v2": WorkSettings(verbosity=verbosity)})
    world = scenario(agent(turns=2), served, tasks=3, work=WorkChoice(Work.measured))
    result = sim.simulate(world)
    table = pd.DataFrame([row({"backends": ",".join(world.backends)}, result.summary)])
    labels = [text.get_text() for text in of_run(result, table, {})["latency_by_backend"].axes[0].get_yticklabels()]
    assert any(text.endswith(" *") for text in labels) is marked
    sim.sweep(world, {"seed": [1, 2]}, folder=tmp_path)
    assert bool(Folder(tmp_path).guessed) is marked


def test_of_many_scenarios_the_figure_shows_those_that_lost(quotas: pd.DataFrame) -> None:
    unhurt = quotas[quotas["lost_share"] == 0]
    many = pd.concat([quotas, *(unhurt.assign(**{LIMIT: unhurt[LIMIT] + more}) for more in range(1, 15))], ignore_index=True)
    shown = work_lost(study(many)).axes[0].get_yticks()
    assert len(shown) == (quotas["lost_share"] > 0).sum() < len(many)


def test_notes_of_a_sweep_name_a_scenario_by_what_tells_it_from_others_and_count_all_replications(tmp_path: Path) -> None:
    sim.sweep(crowd(), {LIMIT: [60, 100_000]}, folder=tmp_path)
    [said] = [note for note in Folder(tmp_path).notes.values() if "Work was lost" in note]
    assert said.startswith("1 of 2 scenarios, such as request limit 60/min: Work was lost: ")
    means = pd.read_csv(tmp_path / "0" / "summary.csv").set_index("metric")["mean"]
    assert f"${4 * means['lost_usd']:,.4g} of ${4 * means['cost_usd']:,.4g} went into them" in said


def test_a_setting_without_effect_is_told_of_a_sweep_where_it_has_none_in_any_run_or_the_sweep_sets_it(tmp_path: Path) -> None:
    few = with_(crowd(), workload=with_(crowd().workload, tasks=2))
    sim.sweep(few, {"retry.attempts": [1, 3], "retry.backoff_base_s": [4.0]}, folder=tmp_path / "swept")
    assert "retry.backoff_base_s" in Folder(tmp_path / "swept").notes["unused"]
    two: dict[str, list[float]] = {"retry.attempts": [1, 3], "retry.backoff_base_s": [4.0], "retry.backoff_cap_s": [9.0]}
    sim.sweep(few, two, folder=tmp_path / "second")
    assert "backoff_cap_s" in Folder(tmp_path / "second").notes["unused"]
    longer = with_(few, retry=RetrySettings(backoff_base_s=4.0))
    sim.sweep(longer, {"retry.attempts": [1, 3]}, folder=tmp_path / "some")
    assert "unused" not in Folder(tmp_path / "some").notes
    sim.sweep(with_(longer, retry=RetrySettings(attempts=1, backoff_base_s=4.0)), {"seed": [1, 2]}, folder=tmp_path / "all")
    said = Folder(tmp_path / "all").notes["unused"]
    assert said.startswith("2 of 2 scenarios, such as seed 1: Without effect here: retry.backoff_base_s")


def test_where_no_task_was_finished_none_has_a_price() -> None:
    nobody = scenario(agent(), backend(error_rate=1.0), tasks=3, retry=RetrySettings(attempts=1))
    assert finding(sim.sweep(nobody, {"seed": [1]}).results).said.endswith("o task was finished, so none has a price.")
    assert "all 3 tasks, all replications together, ended without an answer" in sim.simulate(nobody).notes["lost"]
