"""What is typed is read as typed; the settings that ship say where their numbers come from (that each runs: `tests/test_menus.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import sim
from sim.scenario.composed.typed import check_length, open_mappings
from sim.scenario.load import CONF

PATHS = ["ünï.csv", "a=b.csv", "calls, March (v2).csv", "it's.csv", "{x}.csv", "[y].csv", "C:\\Users\\me\\calls.csv", "日本語", "#x", "x;y",
         '"q".csv', "~x", "a b", "1e3", "007", "0x10", "true", "no", "-x.csv", "*.csv", "ends in \\", "x'\\'y",
         "%41", "a:b", "😀"]  # fmt: skip


def menu(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def small(*overrides: str) -> sim.Result:
    return sim.simulate(sim.load(*overrides, "replications=1"))


@pytest.mark.slow
def test_the_vendors_gap_and_the_measured_one_are_scenarios() -> None:
    for outcome, gap in (("same_harness", 0.042), ("mini_v2", -0.002), ("vendor_gap", 0.006)):
        opus, m2_5 = sim.load(f"outcome={outcome}", "backends=[claude_opus_4_6,minimax_m2_5]").chosen().values()
        assert opus.quality is not None
        assert m2_5.quality is not None
        assert opus.quality - m2_5.quality == pytest.approx(gap)


@pytest.mark.slow
@pytest.mark.parametrize("market", menu("market"))
def test_every_backend_of_every_market_serves_and_has_a_source(market: str) -> None:
    models = sim.load(f"market={market}", f"backends=[{first_of(market)}]").market.models
    for name, model in models.items():
        assert model.source
        assert model.as_of
        assert model.label
        assert model.origin in ("us", "cn", "fr"), name
        assert small(f"market={market}", f"backends=[{name}]", "agent=solo", "workload.tasks=1").mean("tasks") == 1


def first_of(market: str) -> str:
    return menu(f"backend/{market}")[0]


@pytest.mark.slow
def test_the_article_has_its_models_and_their_peers() -> None:
    named = {"claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "minimax_m2_5", "kimi_k2_5", "glm_5", "deepseek_v3_2"}
    assert named <= set(menu("backend/feb_2026"))
    models = sim.load().market.models
    ratio = models["claude_opus_4_6"].input_usd_per_mtok / models["minimax_m2_5"].input_usd_per_mtok
    assert ratio == pytest.approx(16.7, abs=0.05)


def backends() -> list[Path]:
    return sorted((CONF / "backend").glob("*/*.yaml"))


@pytest.mark.parametrize("path", backends(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_number_of_a_backend_says_whether_it_was_seen_reported_or_assumed(path: Path) -> None:
    lines = path.read_text().splitlines()
    priced = "usd_per_mtok"
    for key, value in yaml.safe_load(path.read_text()).items():
        if isinstance(value, (int, float)) and priced not in key:
            line = next(line for line in lines if line.startswith(f"{key}:"))
            assert any(mark in line for mark in ("# S:", "# R:", "# A:")), line


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_what_was_typed(path: str) -> None:
    assert sim.load("workload=trace", f"workload.trace={path}").workload.trace == path


def test_in_a_sweep_each_of_several_names_is_quoted() -> None:
    assert open_mappings(["-m", "name=ü,a"]) == ["-m", "name='ü','a'"]
    assert open_mappings(["-m", "name=a,b", "experiment=ü"]) == ["-m", "name=a,b", "experiment='ü'"]


def test_a_path_from_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.csv").write_text("trace,agent,call_index,t_s,input_tokens,output_tokens\ns,main,0,0,100,5\n")
    assert sim.simulate(sim.load("workload=trace", "workload.trace=~/x.csv", "replications=1")).mean("input_tokens") == 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["agent.turns={dist: ü}"], "agent.turns={dist: ü}: cannot be read; inside, a text goes in quotes"),
        (["seed=1;2"], "seed=1;2: cannot be read; a text goes in quotes"),
        (["~seed"], "~seed: a setting cannot be taken away"),
        (["~agent"], "~agent: a choice of a menu cannot be taken away, and none is no choice; take another, see sim list agent"),
        (['agent.turns={"dist": "geometric", "mean": 8}'], 'a name before a colon goes without quotes: {dist: "geometric", mean: 8}'),
        (
            ["agent.turns={dist: \u201cgeometric\u201d, mean: 8}"],
            "it has typographic quotes, as a text editor makes them",
        ),
        (["workload.hours=9-18"], "workload.hours: must be a list of mappings such as [{times: ...}]"),
        (["model=claude"], "model: who is used is a list, backends=[NAME]; sim list backends shows them"),
        (["+backend=glm_5"], "+backend=glm_5: backends=[glm_5] is all it needs, it ships with market=feb_2026"),
        (["backends=[claude_opus_4_6 glm_5]"], "'claude_opus_4_6 glm_5' is not in market feb_2026; commas stand between names"),
        (["profile=chat"], "profile=chat: say whose loop it is: profile@agent=chat"),
        (["+experiment=fanout"], "experiment=fanout: without the +"),
        (["agent.turns=10k"], "agent.turns='10k': must be a number or a mapping with 'dist'; a number has no unit, and no range"),
        (["retry.attempts=${nosuch}"], "retry.attempts: names a setting in ${...} that is not there"),
        (["backends=[claude_opus_4_6,null]"], "backends[1]: cannot be null: the whole is a list such as [a,b]"),
        (["market.models.claude_opus_4_6.input_usd_per_mtok=null"], "market.models.claude_opus_4_6.input_usd_per_mtok: cannot be null"),
        (["workload.hours=[9,18]"], "workload.hours[0]: must be a mapping: the whole is a list of mappings such as [{times: ...}]"),
        (["provider.usd_per_kwh={us: 0.1}"], "provider.usd_per_kwh.us: must be a list such as [0.1, 0.1]"),
        (["reserved=gpt_5_2"], "reserved=NAME: is added to what there is: +reserved=NAME; see sim list reserved"),
        (["+backend=our_llm"], "+backend=our_llm: needs a file backend/our_llm.yaml in a --config-dir"),
        (["market.models.minimax.fee=0"], "did you mean 'minimax_m2_5' (market=feb_2026) or 'minimax_m3' (market=nov_2026)?"),
        (
            ["agent.turns=" + "{dist: mixture, weights: [1], parts: [" * 500],
            "agent.turns: brackets in brackets, 1000 deep, must be at most 40",
        ),
        (
            ["backends=[" + ",".join(f"x{number}" for number in range(100_000)) + "]"],
            "backends: 688,891 characters; all settings together have",
        ),
    ],
)
def test_what_cannot_be_read_names_its_key(words: list[str], told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(*words)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("words", "turns"),
    [
        (("agent=research_task", "agent.turns={dist: geometric, mean: 200}"), {"dist": "geometric", "mean": 200}),
        (("agent=research_task", "agent.turns={dist: lognormal, median: 9, sigma: 1}"), {"dist": "lognormal", "median": 9, "sigma": 1}),
        (("agent=research_task", "agent.turns={median: 9}"), {"dist": "lognormal", "median": 9, "sigma": 1.3, "high": 100}),
        (("agent=research_task", "agent.turns.median=9"), {"dist": "lognormal", "median": 9, "sigma": 1.3, "high": 100}),
    ],
)
def test_a_distribution_replaces_the_one_before_whole(words: tuple[str, ...], turns: dict[str, Any]) -> None:
    """Its own is lognormal, median 4.4, sigma 1.3, at most 100: a geometric one of mean 200 is not to be clipped there."""
    assert sim.load(*words).agent.turns == turns


def test_a_distribution_in_a_file_replaces_the_one_before_whole(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "defaults:\n  - override /agent: pipeline\nagent: {stages: {verify: {turns: {dist: geometric, mean: 40}}}}\n"
    )
    assert sim.load("experiment=mine", config_dir=tmp_path).agent.stages["verify"].turns == {"dist": "geometric", "mean": 40}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("agent=research_task", "agent.turns={dist: lognormal, mean: 30, sigma: 1}"), "agent.turns.mean: lognormal has no such parameter"),
        (
            ("agent=solo", "+agent.turns.mean=20"),
            "agent.turns.mean: empirical has no such parameter; give it whole: agent.turns={",
        ),
        (("agent=solo", "agent.turns.dist=geometric"), "agent.turns.quantiles: geometric has no such parameter; give it whole"),
        (("agent=solo", "agent.turns.mean=20"), "agent.turns.mean: there is no 'mean'; give it whole: agent.turns={dist: ..., mean: ...}"),
        (("batch=2",), "batch=2: must be true or false"),
        (("agent.success_measured=3",), "agent.success_measured=3: must be true or false"),
        (("-m", "agent.system_tokens=20,000"), "agent.system_tokens=20,000: would be 2 values; a number has no comma inside: 20000"),
    ],
)
def test_what_would_be_another_number_in_silence_is_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(*words)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("experiment/mine", "batch: 2\n", "batch: 2: must be true or false"),
        ("experiment/mine", "agent: {success_measured: 7}\n", "agent.success_measured: 7: must be true or false"),
        ("agent/mine", "kind: pipeline\norder: {find: 1}\n", "agent.order: must be a list such as [a,b], not a mapping"),
        (
            "workload/mine",
            "hours: {from_h: 9, until_h: 18, times: 1}\n",
            "workload.hours: must be a list of mappings such as [{times: ...}], not a mapping",
        ),
        ("router/mine", "weights: [0.7, 0.3]\n", "router.weights: must be a mapping such as {NAME: VALUE}, not a list"),
        ("tries/mine", "# @package agent.tries\nbackends: {a: 1}\n", "agent.tries.backends: must be a list such as [a,b], not a mapping"),
        (
            "backend/mine",
            "tiers: {above_tokens: 9}\n",
            "market.models.mine.tiers: must be a list of mappings such as [{above_tokens: ...}], not a mapping",
        ),
        (
            "backend/mine",
            "# @package market.models.my_llm\nshare_system: 3\n",
            "market.models.my_llm.share_system: 3: must be true or false",
        ),
    ],
)
def test_what_a_file_of_any_menu_holds_in_the_wrong_shape_is_told_with_file_and_key(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    file = tmp_path / f"{name}.yaml"
    file.parent.mkdir()
    file.write_text(text)
    group, choice = name.split("/")
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(f"{'+' * (group == 'backend')}{group}={choice}", config_dir=tmp_path)
    assert str(refused.value) == f"{file}: {told}"


def test_a_choice_of_a_menu_in_a_file_is_told_how(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("agent: chat\n")
    with pytest.raises(sim.ConfigError, match=r"agent: .*to choose from the menu in a file: defaults: \[override /agent: CHOICE\]$"):
        sim.load("experiment=mine", config_dir=tmp_path)


def test_usual_lengths_and_depths_are_not_asked_about() -> None:
    check_length(
        ["agent.turns={dist: mixture, weights: [1, 2], parts: [{dist: geometric, mean: 3}, 4]}", "backends=[" + "glm_5," * 500 + "]"]
    )


def test_a_list_or_a_mapping_of_settings_is_as_typed() -> None:
    """As `sim agent=team workload.tasks=5 ...` would be."""
    mapping = {
        "agent": "team", "workload.tasks": 5, "agent.turns": {"dist": "geometric", "mean": 8}, "backends": ["glm_5", "kimi_k2_5"],
        "horizon_s": None, "batch": True, "name": "it's a=b, {c}", "precision": 0.05, "router": "weighted",
        "router.weights": {"glm_5": 1, "kimi_k2_5": 0.5},
    }  # fmt: skip
    words = [
        "agent=team", "workload.tasks=5", "agent.turns={dist: geometric, mean: 8}", "backends=[glm_5,kimi_k2_5]", "horizon_s=null",
        "batch=true", "name=it's a=b, {c}", "precision=0.05", "router=weighted", "router.weights={glm_5: 1, kimi_k2_5: 0.5}",
    ]  # fmt: skip
    assert sim.load(mapping) == sim.load(words) == sim.load(*words)
    assert sim.load("workload.tasks=5", agent="team", backends=["glm_5"], seed=2) == sim.load(
        "workload.tasks=5", "agent=team", "backends=[glm_5]", "seed=2"
    )


@pytest.mark.parametrize("wrong", [5, None, ["agent=chat", 5], {"agent": object()}, {3: 4}])
def test_what_is_no_settings_is_one_line(wrong: object) -> None:
    with pytest.raises(sim.ConfigError, match=r"^(load|agent): .*, not "):
        sim.load(wrong)  # type: ignore[arg-type]


def test_one_backend_is_a_list_of_one_and_a_sweep_runs_each() -> None:
    assert sim.load("backends=minimax_m2_5").backends == sim.load(backends="minimax_m2_5").backends == ["minimax_m2_5"]
    assert open_mappings(["-m", "backends=glm_5,kimi_k2_5"]) == ["-m", "backends=[glm_5],[kimi_k2_5]"]
    assert open_mappings(["-m", "backends=glm_5,[glm_5,kimi_k2_5]"]) == ["-m", "backends=[glm_5],[glm_5,kimi_k2_5]"]
    with pytest.raises(sim.ConfigError, match=r"^backends=glm_5,kimi_k2_5: several values: -m runs each"):
        sim.load("backends=glm_5,kimi_k2_5")
    with pytest.raises(sim.ConfigError, match=r"glm_6.*did you mean 'glm_5'"):
        sim.load("backends=glm_6")
