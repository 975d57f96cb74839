"""The reference: every setting, choice, backend, column, metric, command and study, written from the code when the site is built.

A hook of mkdocs (`mkdocs.yml`): pages are made in memory, so they cannot be out of date. `python -m docs.reference FOLDER` writes
them as files.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sim import columns
from sim.columns import Column
from sim.report.reference.menus import Choice, default_of, menus, set_in, values_of
from sim.report.reference.settings import NAME, Setting, every_setting
from sim.report.reference.studies import studies
from sim.results.metrics import METRICS
from sim.shell.guide import GUIDE
from sim.shell.verbs import VERBS, parser
from sim.shell.verbs.list import MENUS
from sim.theory import adoption, provider, queues, stations, success, tokens

ROOT = Path(__file__).resolve().parents[1]
MOST_VALUES = 6
"""Choices that set a setting and are told beside it; those that say where a value comes from come first."""
BESIDE = {"background/validation.md": "VALIDATION.md", "changelog.md": "CHANGELOG.md", "benchmarks.md": "benchmarks/README.md"}
"""Pages of the site that are files elsewhere."""
TABLES = {
    "calls.parquet": (columns.CALLS, "`Result.calls`: one row an attempt."),
    "tasks.parquet": (columns.TASKS, "`Result.tasks`: one row a task that ended."),
    "timeline.csv": (columns.TIMELINE, "`Result.timeline`: one row a minute and backend in which a call ended."),
    "replications.csv": (columns.REPLICATIONS, "One row a replication and metric."),
    "providers.csv": (columns.PROVIDERS, "`Result.providers`: one row for whoever gets a part of the bill (`provider=disclosed`)."),
    "results.csv": (columns.VERDICTS, "Of a sweep: one row a scenario; its axes, every metric with its interval, and these."),
    "a recorded trace": (columns.TRACE, "What `workload=trace` reads: one row a call."),
}
ROOMS = (tokens, success, queues, stations, adoption, provider)
"""Modules of theory that are functions of numbers."""
_PRICES = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok", "output_usd_per_mtok")
_HEAD = "<!-- Written by docs/reference.py from the code. -->\n\n"


def pages() -> dict[str, str]:
    """Every page of the reference as Markdown, by its path in the site."""
    written = {
        "settings": _settings(),
        "menus": _menus(),
        "backends": _backends(),
        "columns": _columns(),
        "metrics": _metrics(),
        "commands": _commands(),
        "studies": _studies(),
        "theory": _theory(),
    }
    wide = {name: "" if name == "settings" else "---\nhide: [toc]\n---\n\n" for name in written}
    return {f"reference/{name}.md": wide[name] + _HEAD + text for name, text in written.items()}


def on_files(files: Any, config: Any) -> Any:
    """What mkdocs calls when it knows its files: the pages of the reference, and those that are files elsewhere."""
    from mkdocs.structure.files import File

    beside = {page: (ROOT / file).read_text(encoding="utf-8") for page, file in BESIDE.items()}
    for path, text in (pages() | beside).items():
        files.append(File.generated(config, path, content=text))
    return files


def _settings() -> str:
    groups: dict[str, list[Setting]] = {}
    heads = [re.split(r"[.\[]", key)[0] for key in every_setting()]
    for head, one in zip(heads, every_setting().values(), strict=True):
        groups.setdefault(head if heads.count(head) > 1 else "", []).append(one)
    parts = [
        "# Settings\n",
        "Every setting: what it takes, its unit, its default and what it means. A default is that of the code; what menus set "
        "it to stands below, with where the value comes from (S: seen in a primary source, R: reported, A: an assumption). "
        "*A number or a distribution* takes `8`, or `{dist: geometric, mean: 8}`. "
        f"`{NAME}` stands for any name. In the shell, `sim explain KEY` says the same.\n",
    ]
    for group, those in groups.items():
        parts += [f"## {group or 'The run'}\n", *map(_setting, those)]
    return "\n".join(parts)


def _setting(one: Setting) -> str:
    facts = [f"Takes: {one.kind}", f"unit: {one.unit}" if one.unit else "", f"default: `{one.default}`" if one.default else ""]
    lines = [f"### `{one.key}` {{ #{_anchor(one.key)} }}\n", f"{_cell(one.meaning)}\n", f"{'; '.join(fact for fact in facts if fact)}.\n"]
    lines += [f"- `{choice}`: {_cell(said)}" for choice, said in one.choices.items() if said]
    if one.key.startswith(f"market.models.{NAME}."):
        lines.append("\nEach backend's value and its source: [backends](backends.md).\n")
    told = sorted(values_of(one.key), key=lambda each: not each.comment)
    lines += [f"- `{each.choice.word}`: `{each.text}`{f' ({_cell(each.comment)})' if each.comment else ''}" for each in told[:MOST_VALUES]]
    if len(told) > MOST_VALUES:
        lines.append(f"- and {len(told) - MOST_VALUES} more: `sim explain {one.key} --json`")
    return "\n".join(lines) + "\n"


def _menus() -> str:
    parts = ["# Menus\n", "`sim MENU=NAME` takes a choice. The star is what is taken where nobody says otherwise.\n"]
    for name, choices in menus().items():
        if name.startswith("backend/"):
            continue
        taken = default_of(name)
        rows = [(f"`{each.word}`{' *' if each.name == taken else ''}", _cell(each.line)) for each in choices]
        parts += [f"## {name}\n", f"{MENUS.get(name, '').capitalize()}.\n", _table(("choice", "what it is"), rows)]
    return "\n".join(parts)


def _backends() -> str:
    parts = [
        "# Backends\n",
        "Prices are in US dollars per million tokens, and dated. S: seen in a primary source or computed from its data; "
        "R: reported; A: an assumption. `sim market=NAME backends=[ID]` takes one; every value can be set: "
        "`market.models.ID.SETTING=VALUE`.\n",
    ]
    for menu, choices in menus().items():
        if not menu.startswith("backend/"):
            continue
        market = menu.partition("/")[2]
        parts.append(f"## {market}\n")
        rows = []
        for choice in choices:
            said = {each.key.rpartition(".")[2]: each.text.strip("'") for each in set_in(choice) if each.key.count(".") == 3}
            name = said.get("label", choice.name)
            rows.append((f"[`{choice.name}`](#{market}.{choice.name})", name, *(said.get(key, "") for key in (*_PRICES, "as_of"))))
        parts.append(_table(("backend", "model", "input", "cache read", "cache write", "output", "as of"), rows))
        parts += [_backend(market, choice) for choice in choices]
    return "\n".join(parts)


def _backend(market: str, choice: Choice) -> str:
    head = f"market.models.{choice.name}."
    rows = [
        (f"`{key}`", _unit(key), f"`{each.text}`", _cell(each.comment)) for each in set_in(choice) for key in [each.key.removeprefix(head)]
    ]
    title = f"### `{choice.name}` in {market} {{ #{market}.{choice.name} }}\n"
    return f"{title}\n{_table(('setting', 'unit', 'value', 'source and mark'), rows)}"


def _unit(leaf: str) -> str:
    one = every_setting().get(f"market.models.{NAME}.{leaf}")
    return one.unit if one else ""


def _columns() -> str:
    parts = ["# Columns\n", "Every column of every table. Seconds count from the start of the run.\n"]
    for table, (each, said) in TABLES.items():
        parts += [f"## {table}\n", f"{said}\n", _table(("column", "unit", "meaning"), map(_column, each))]
    return "\n".join(parts)


def _column(column: Column) -> tuple[str, str, str]:
    return f"`{column.name}`", column.unit or "-", _cell(column.meaning)


def _metrics() -> str:
    rows = [(f"`{metric.name}`", metric.unit or "-", _cell(metric.meaning)) for metric in METRICS]
    return "\n".join([
        "# Metrics\n",
        "What `summary.csv` and `Result.summary` hold, each with its 95 % interval; in a sweep's `results.csv` each is a column, "
        "with `_ci_low` and `_ci_high`. Counts and sums are means over replications. A unit of `-` is a count, a ratio or a share "
        "from 0 to 1: the meaning says which. A name in `<>` stands for each backend, stage, plan or place.\n",
        _table(("metric", "unit", "meaning"), rows),
    ])  # fmt: skip


def _commands() -> str:
    parts = ["# Commands\n", "`sim` alone says:\n", _code(GUIDE)]
    for verb in VERBS:
        parts += [f"## sim {verb}\n", _code(_help(verb))]
    ends = "Every command ends with 0 when all went well, 1 after a mistake (one line says which), 3 where a threshold is not met, "
    return "\n".join([*parts, f"## How a command ends\n\n{ends}130 when stopped by Ctrl-C, 143 by SIGTERM.\n"])


def _help(verb: str) -> str:
    """As `sim VERB --help` prints it on a terminal of 100 letters."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    try:
        return parser(verb).format_help()
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def _studies() -> str:
    rows = [(f"`sim study {name}`", _cell(asked)) for name, asked in studies().items()]
    text = "Each prints a table and a finding, says what is calibrated and what assumed, and leaves a figure in `outputs/<study>/`."
    return "\n".join(["# Studies\n", f"{text}\n", _table(("command", "asks"), rows)])


def _theory() -> str:
    parts = [
        "# Theory\n",
        "Closed forms in Python, `sim.theory`: functions of numbers, without a clock. `help(sim.theory.NAME)` says more.\n",
    ]
    for module in ROOMS:
        named = [(name, each) for name, each in vars(module).items() if inspect.isfunction(each) and each.__module__ == module.__name__]
        rows = [(f"`{name}`", _cell(_first(each.__doc__))) for name, each in named if not name.startswith("_")]
        parts += [f"## {module.__name__}\n", f"{_cell(_first(module.__doc__))}\n", _table(("function", "what it is"), rows)]
    return "\n".join(parts)


def _first(docstring: str | None) -> str:
    """The first paragraph, on a line."""
    return " ".join(inspect.cleandoc(docstring or "").partition("\n\n")[0].split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """A text as it is: what looks like Markdown or HTML in it is neither, but for code."""
    return "".join(_plain(part) for part in re.split(r"(`[^`]*`)", text.replace("|", "\\|")))


def _plain(part: str) -> str:
    return part if part.startswith("`") else re.sub(r"[<>*_\[\]]", lambda found: f"\\{found[0]}", part)


def _code(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def _anchor(key: str) -> str:
    return re.sub(r"[<>]", "", key).replace("[", ".").replace("]", "")


def main(folder: Path) -> None:
    """Write the pages as files."""
    for path, text in pages().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
