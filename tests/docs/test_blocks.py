"""Every block of code of the README and of the site's pages: commands are read, composed and run small, Python runs, files are written.

What is not run says why, in a comment before it. A block with a title is a file, which the commands of its page find.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

import sim
from sim.shell.command import read
from sim.shell.verbs import VERBS, parser
from tests.typed import typed

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "contributing" not in path.parts)]
_BLOCK = re.compile(r'(?:<!-- not run: ([^>]+) -->\n+)?^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.DOTALL | re.MULTILINE)
TUTORIAL = ROOT / "docs" / "tutorial.md"
SHOWN = {"text", "mermaid", "css"}
"""Blocks that nobody runs."""
SLOW = {"docs/how-to/command-line.md", "docs/how-to/python.md"}
"""Pages whose blocks take more than two seconds of a core."""
FEW = ("workload.tasks=2", "replications=1")
LONG_S = 36_000.0
"""A scenario of a longer horizon is composed and checked, not run."""


class Block(NamedTuple):
    """One block of a page."""

    why_not: str
    """It is not run."""
    kind: str
    title: str
    text: str


@cache
def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def of_kind(kind: str, *but: Path) -> list[Any]:
    """Pages that have such blocks."""
    pages = [page for page in PAGES if page not in but and any(block.kind == kind for block in blocks(page))]
    names = {page: page.relative_to(ROOT).as_posix() for page in pages}
    return [pytest.param(page, id=name, marks=[pytest.mark.slow] if name in SLOW else []) for page, name in names.items()]


def commands(block: Block) -> Iterator[list[str]]:
    """The words of each `sim` command of a block of the shell."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "sim":
            yield words[1:]


def write_files(page: Path, folder: Path) -> None:
    """Those that a page has its readers write."""
    for block in blocks(page):
        if block.title:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.text, encoding="utf-8")


def ends(settings: list[str]) -> list[list[str]]:
    """Of a sweep the scenario with all first values, and the one with all last ones; of a run itself."""
    values: list[tuple[str, str]] = []
    for each in OverridesParser.create().parse_overrides(settings):
        key, listed = each.get_key_element(), list(each.sweep_string_iterator()) if each.is_sweep_override() else []
        values.append((f"{key}={listed[0]}", f"{key}={listed[-1]}") if listed else 2 * (str(each.input_line),))
    first, last = ([pair[end] for pair in values] for end in (0, 1))
    return [first] if first == last else [first, last]


def check(words: list[str]) -> None:
    """Read the words of a verb, and compose its scenario if it takes one."""
    asked = parser(words[0]).parse_intermixed_args(words[1:]) if words[0] != "study" else None
    if asked is not None and hasattr(asked, "settings"):
        sim.load(asked.settings)


def try_out(words: list[str]) -> None:
    """Compose what a command runs, and run it if it is over soon; of what moves a metric the first two settings."""
    folder = words[words.index("--config-dir") + 1] if "--config-dir" in words else None
    settings = [word for word in words if "=" in word and not word.startswith("-")]
    for each in ends([word for word in settings if not word.startswith(("hydra", "baseline"))]):
        scenario = sim.load([*each, *FEW], config_dir=folder)
        if scenario.sensitivity.ranges:
            two = dict(list(scenario.sensitivity.ranges.items())[:2])
            assert len(sim.tornado(scenario, two, metric=scenario.sensitivity.metric).table) == len(two)
        elif (scenario.horizon_s or 0) <= LONG_S and scenario.workload.trace is None:
            assert sim.simulate(scenario).mean("calls") > 0


def test_every_block_is_known_and_what_is_not_run_says_why() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("\n```") == 2 * len(blocks(page)), f"{page}: a block that nobody reads"
        assert {block.kind for block in blocks(page)} <= {"sh", "python", "yaml", *SHOWN}, page
        assert text.count("<!-- not run") == sum(bool(block.why_not) for block in blocks(page)), page


@pytest.mark.parametrize("page", of_kind("sh", TUTORIAL))
def test_commands_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of verbs are read; settings are composed, checked and, with two tasks, simulated."""
    write_files(page, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with chdir(tmp_path):
        for block in blocks(page):
            for words in commands(block) if block.kind == "sh" else ():
                if words[:1] and words[0] in VERBS:
                    check(words)
                    continue
                if ("-m" in words or block.why_not) and "hydra/launcher" not in str(words):
                    read(words)
                if not block.why_not and not {"--help", "--cfg", "--version"} & set(words):
                    try_out(words)


@pytest.mark.parametrize("page", of_kind("python"))
def test_python_runs_or_is_named_right(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Few tasks instead of many; a capacity team's day has a test of its own."""
    for block in blocks(page):
        if block.kind != "python" or block.title:
            continue
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sim":
                assert hasattr(sim, node.attr), node.attr
        if block.text == CAPACITY:
            continue
        few = block.text.replace("[1, 2, 4, 8, 16]", "[1, 2]").replace("tasks=50", "tasks=3").replace("tasks=20", "tasks=3")
        with chdir(tmp_path):
            exec(few, {})
        assert capsys.readouterr().out


@pytest.mark.slow
def test_the_tutorial_as_it_is_typed(tmp_path: Path) -> None:
    """All its commands that are run, by the command line itself; the sweep on one backend."""
    write_files(TUTORIAL, tmp_path)
    for block in blocks(TUTORIAL):
        for words in commands(block) if block.kind == "sh" and not block.why_not else ():
            few = [re.sub(r"^(workload\.tasks|replications)=\d+$", r"\1=2", word.replace(",[minimax_m2_5]", "")) for word in words]
            ran = typed(tmp_path, *few, *(["horizon_s=900"] if "--config-dir" in words else []))
            assert ran.returncode == 0, ran.stderr
            assert ran.stdout


def test_the_readme_is_short() -> None:
    lines = PAGES[0].read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 130
    assert max(len(line) for line in lines) <= 130


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    made = {"reference", "changelog.md", "benchmarks.md"}
    """What docs/reference.py makes while the site is built, which checks links into it."""
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists() or made & set(Path(link).parts) or link.endswith("validation.md"), link


[CAPACITY] = [block.text for page in PAGES for block in blocks(page) if "sim.capacity(" in block.text]


def test_a_capacity_teams_script_is_short_and_its_yaml_is_the_same_day() -> None:
    assert CAPACITY.count("\n") <= 25
    head, _, _ = CAPACITY.partition("print(")
    said: dict[str, Any] = {}
    exec(head, said)
    in_python = sim.load(said["TEAM"] | {"workload.users": 60, "events": [said["OUTAGE"] | {"length_h": 0.3333}], "name": "capacity_team"})
    assert in_python == sim.load("experiment=capacity_team")


@pytest.mark.slow
def test_a_capacity_teams_script_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """One day each instead of eight: what counts in the quota decides how many are turned away, and an outage turns some away."""
    exec(CAPACITY.replace('"replications": 8', '"replications": 1'), {})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 1 + 8 + 2
    refused = [float(row[-4].rstrip("%")) for row in rows[1:9]]
    assert refused[0] == refused[2] == 0
    assert 0 < refused[1] < 5
    assert refused[6] > 20
    assert "should ask for" in " ".join(rows[-1])
