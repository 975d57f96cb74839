"""What Hydra refuses is said in one line, with the likely setting of the group that it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim

TYPOS = {
    "workload.taks=3": "workload.taks: 'taks' is not a setting; did you mean 'tasks'?",
    "retry.atempts=3": "retry.atempts: 'atempts' is not a setting; did you mean 'attempts'?",
    "agent.tries.mots=3": "agent.tries.mots: 'mots' is not a setting; did you mean 'most'?",
    "sensitivity.rnges={}": "an empty mapping changes nothing",
    "goal.success_flor=0.8": "goal.success_flor: 'success_flor' is not a setting; did you mean 'success_floor'?",
    "workload.tasks=1e5": "workload.tasks: '100000.0' is not a whole number: write 100000",
    "sead=3": "sead: 'sead' is not a setting; did you mean 'seed'?",
    "agent=teem": "agent=teem: not on the menu; did you mean 'team'?",
    "+market.models.mine={input_usd_per_mtok: 1}": "market.models.mine: is not in the market; a backend of your own is a file",
    "market.models.glm-5.input_usd_per_mtok=1": "market.models: 'glm-5' is not in the market; a backend of your own is a file",
    "batch=maybe": "batch: must be true or false",
    "backends=(glm_5)": "backends=(glm_5): cannot be read; write a list of names with commas between, such as [glm_5,kimi_k2_5]",
    "outputs/": "'outputs/' is not KEY=VALUE; see sim --help",
    "agent.turns=[3]": "agent.turns: must be a number or a mapping with 'dist', not a list",
    "market.models.glm_5.error_rate=5%": "market.models.glm_5.error_rate: '5%' is not a number: write 0.05",
    "budget.usd=$5": "budget.usd: '$5' is not a number: write 5",
    "workload.tasks=5k": "workload.tasks: '5k' is not a whole number: write 5000",
    "agent.turns==3": "agent.turns==3: cannot be read; one = is enough: agent.turns=3",
    "agent.turns=\u22123": "its minus is another letter than that of the keyboard: agent.turns=-3",
    "+agent.turns=3": "agent.turns: is there already, so without the +: agent.turns=3",
    "seed=${seed}": "seed: names itself in ${...}; write its value",
    "agent.turns={dist: lognormal, mean: 200, sigma: 1}": "give it whole: agent.turns={dist: lognormal, median: ..., sigma: ...}",
    "agent.turns={distribution: normal, mean: 5, sd: 1}": "called dist, as in agent.turns={dist: normal, mean: ..., sd: ...}",
    "events=[{kind: outage, backend: glm_5, at: 5, hours: 1}]": "'hours' is not a setting; known: at, backend, error_rate",
}


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "told"), TYPOS.items())
def test_a_typo_gets_the_likely_setting_of_its_group(typed: str, told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(typed)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


IN_FILES = {
    "market: {models: {glm_5: {input_usd_per_mtok: '5,00'}}}":
        "experiment/x, market.models.glm_5.input_usd_per_mtok: '5,00' is not a number of dollars a million tokens",
    "agent: {tries: {most: x}}": "experiment/x, agent.tries.most: 'x' is not a whole number",
    "agent: {trns: 3}": "experiment/x, agent.trns: 'trns' is not a setting; did you mean 'turns'?",
    "router: weighted":
        "experiment/x, router: is a group of settings: give a mapping such as {NAME: VALUE}; "
        "to choose from the menu in a file: defaults: [override /router: CHOICE]",
    "backends: glm_5": "experiment/x, backends: must be a list such as [a,b]",
    "workload.tasks: 3": "experiment/x, workload.tasks: in a file a dot is a level of its own: write workload: {tasks: ...}",
    "log: ful": "experiment/x, log: Invalid value 'ful'; did you mean 'full'?",
    "market: {models: {mine: {input_usd_per_mtok: 1}}}": "market.models.mine.output_usd_per_mtok: is missing, and has to be given",
    "- a": "{file}: must be a mapping such as {NAME: VALUE}, not a list",
    "budgets: [{usd: 5}]": "{file}: budgets: must be a mapping such as {NAME: VALUE}, not a list",
    "market: {models: {glm_5: {tiers: {0: {above_tokens: 5}}}}}":
        "{file}: market.models.glm_5.tiers: must be a list of mappings such as [{above_tokens: ...}], not a mapping",
    "agent: {worker: [1]}": "{file}: agent.worker: must be a mapping such as {NAME: VALUE}, not a list",
    "market: {models: {null: {}}}": "{file}: market.models: None is not a name",
    "workload: {hours: [9, 18]}": (
        "experiment/x, workload.hours[0]: must be a mapping: "
        "the whole is a list of mappings such as [{times: ...}]"
    ),
    "just a sentence": "{file}: must be a mapping such as {NAME: VALUE}, not a text",
}  # fmt: skip


OF_MENUS = {
    "# @package _global_\ndefaults: [agent: solo]": "experiment/x, defaults: another choice of a menu is written override /agent: solo",
    "# @package _global_\ndefaults: [override agent: solo]":
        "experiment/x, defaults: another choice of a menu is written override /agent: CHOICE",
    "# @package _global_\ndefaults: [/agent: solo]": "defaults: another choice of a menu is written override /agent: solo",
    "# @package _global_\ndefaults: [override /agnt: solo]": "experiment/x, defaults: 'agnt' is not a menu; did you mean 'agent'?",
    "# @package global\nseed: 2":
        "experiment/x, begins with a comment that says where its settings belong: write it as # @package _global_",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("held", "told"), OF_MENUS.items())
def test_what_a_file_chooses_from_a_menu_is_told_in_yaml_that_works(tmp_path: Path, held: str, told: str) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "x.yaml").write_text(held)
    with pytest.raises(sim.ConfigError) as refused:
        sim.load("experiment=x", config_dir=tmp_path)
    assert str(refused.value) == told


@pytest.mark.slow
@pytest.mark.parametrize(("held", "told"), IN_FILES.items())
def test_what_is_wrong_in_a_file_is_told_by_file_and_key(tmp_path: Path, held: str, told: str) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "x.yaml").write_text(f"# @package _global_\n{held}\n")
    with pytest.raises(sim.ConfigError) as refused:
        sim.load("experiment=x", config_dir=tmp_path)
    file = tmp_path / "experiment" / "x.yaml"
    assert str(refused.value) == told.replace("{file}", str(file))


def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "x.yml").write_text("seed: 3\n")
    with pytest.raises(sim.ConfigError, match=r"x\.yml: would not be read, since settings end in \.yaml; rename it"):
        sim.load(config_dir=tmp_path)


def test_a_folder_of_settings_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sim.ConfigError, match=r"^--config-dir .*nowhere: no such folder$"):
        sim.load(config_dir=tmp_path / "nowhere")


@pytest.mark.parametrize(("file", "word"), [("x.yaml", "experiment=x"), ("experiments/x.yaml", "experiment=x"), ("x.yaml", "+backend=x")])
def test_a_file_in_another_folder_than_its_menus_is_told(tmp_path: Path, file: str, word: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("# @package _global_\nseed: 2\n")
    menu = word.lstrip("+").removesuffix("=x")
    with pytest.raises(sim.ConfigError, match=rf"{file}: would not be read there: {menu}=x is .*/{menu}/x\.yaml; move it$"):
        sim.load(word, config_dir=tmp_path)


def test_a_backend_that_is_mistyped_in_a_file_or_alone_gets_the_likely_one(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "x.yaml").write_text("# @package _global_\nmarket: {models: {minimax_m25: {input_usd_per_mtok: 0.1}}}\n")
    with pytest.raises(sim.ConfigError, match=r"minimax_m25\.output_usd_per_mtok: is missing, .*; did you mean 'minimax_m2_5'\?$"):
        sim.load("experiment=x", config_dir=tmp_path)
    with pytest.raises(sim.ConfigError, match=r"^backend=glm5: .*; did you mean 'glm_5' \(market=feb_2026\) or 'glm_5_3'"):
        sim.load("backend=glm5")


@pytest.mark.parametrize(("word", "name"), [("backend=minimax_m2_5", "minimax_m2_5"), ("backend=[glm_5,kimi_k2_5]", "glm_5,kimi_k2_5")])
def test_one_backend_is_told_that_it_is_a_list(word: str, name: str) -> None:
    """Not Hydra's advice, which would add it to the market a second time and run on another."""
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(word)
    assert str(refused.value) == f"backend={name}: who is used is a list, backends=[{name}]; +backend= adds one of your own to the market"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "is not KEY=VALUE; see sim --help"),
        (
            "market.models.1e5.fee=1",
            "market.models.1e5.fee: is no name of a setting: each of its parts",
        ),
        ("name=${hydra:runtime.cwd}", "name=${hydra:runtime.cwd}: would be filled in with places of this machine"),
    ],
)
def test_what_cannot_be_read_or_names_this_machine_is_told(typed: str, told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(typed)
    assert str(refused.value).startswith(told)


def test_a_second_document_in_a_settings_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "x.yaml").write_text("# @package _global_\nseed: 3\n---\nseed: 4\n")
    with pytest.raises(sim.ConfigError, match=r"x\.yaml, line 3: a second document begins: leave one, without the line ---$"):
        sim.load("experiment=x", config_dir=tmp_path)


def test_a_line_that_says_again_what_settings_are_of_is_to_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "mine.yaml").write_text("# @package agent\nagent:\n  fanout: 3\n")
    with pytest.raises(sim.ConfigError) as refused:
        sim.load("agent=mine", config_dir=tmp_path)
    told = "agent/mine, agent.agent: settings of agent are meant already: leave out the line agent: above them"
    assert str(refused.value) == told
