"""What a scenario reads from disk, known by its content: a trace, and code of one's own with the local modules that it imports.

A path says nothing: a file can change while a run goes on, or between two runs of one process. What a module imports is read from
its text, so nothing runs here; what it imports by a computed name, or opens by itself, is not seen.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import os
import re
import stat
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sim.settings.agent import AgentKind
from sim.settings.router import Policy
from sim.settings.scenario import ScenarioSettings
from sim.settings.workload import EXCERPT, WorkloadKind

HERE = Path(__file__).resolve().parents[1]
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"
"""The settings that ship: inside the package in a wheel, beside it in a checkout."""
SETTLED_S = 2.0
"""A file this old when it is read gets another stamp when it changes, however coarse the clock of its disk."""


_CHANCE = (
    r"(random|secrets|numpy\.random)\.\w+|uuid\.uuid[14]|os\.(urandom|getrandom|getpid)|hash|id|"
    r"time\.(time|monotonic|perf_counter|process_time)(_ns)?|time\.(localtime|gmtime|ctime|strftime)|datetime\.(datetime|date)\.(now|utcnow|today)"
)
"""Calls that give something else in the next run: random numbers of their own, clocks, the machine, texts hashed with a secret."""


class Content(NamedTuple):
    """What was in a file, and when it had been put there: what is changed and changed back has been another in between."""

    sha256: str
    """Empty where there is no file."""
    changed_ns: int = 0


def sources(scenario: ScenarioSettings) -> dict[str, Content]:
    """What a scenario reads from disk, by path: nothing, for most."""
    named = [scenario.router.custom] if scenario.router.policy is Policy.custom else []
    named += [scenario.agent.workflow] if scenario.agent.kind is AgentKind.custom else []
    files = [trace_file(scenario)] if scenario.workload.kind is WorkloadKind.trace else []
    files += [str(file) for name in named for file in local_modules(name.partition(":")[0]).values()]
    return {file: content(file) for file in sorted(set(files))}


def trace_file(scenario: ScenarioSettings) -> str:
    """Where a recorded workload is."""
    return str(CONF / "trace" / "excerpt.csv") if scenario.workload.trace == EXCERPT else os.path.expanduser(scenario.workload.trace)


def market_with(backend: str) -> str:
    """The last of the markets that ship which has a backend; empty where none has."""
    return _last_markets().get(backend, "")


@functools.cache
def _last_markets() -> dict[str, str]:
    """By backend."""
    files = sorted((CONF / "backend").glob("*/*.yaml"), key=lambda file: file.parent.name)
    return {file.stem: file.parent.name for file in files}


def named(file: str | Path) -> str:
    """A file for people: from the working directory on, or by its name alone where it lies elsewhere."""
    path = Path(os.path.relpath(file))
    return path.name if ".." in path.parts else str(path)


def content(file: str | Path) -> Content:
    """Of a regular file, or of all files in a folder; without hash of what is neither, or cannot be read."""
    try:
        found = os.stat(file)
        if stat.S_ISDIR(found.st_mode):
            return _folder(Path(file))
        if not stat.S_ISREG(found.st_mode):
            return Content("")
        stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        settled = time.time() - max(found.st_mtime, found.st_ctime) > SETTLED_S
        return Content(_remembered(os.path.abspath(file), stamp) if settled else _sha256(file), found.st_mtime_ns)
    except OSError:
        return Content("")


def _folder(folder: Path) -> Content:
    """Its files by their names and what is in them."""
    within = {path.relative_to(folder).as_posix(): content(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    listed = "".join(f"{name}\0{each.sha256}\n" for name, each in within.items())
    changed = max((each.changed_ns for each in within.values()), default=0)
    return Content(hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest() if within else "", changed)


def local_modules(name: str) -> dict[str, Path]:
    """A module and all that it imports, directly or not, by name: those that are neither ours nor installed."""
    found: dict[str, Path] = {}
    ahead = [name, *_packages(name)]
    while ahead:
        module = ahead.pop()
        file = None if module in found else _file_of(module)
        if file is not None:
            found[module] = file
            ahead += _imported_by(file, module, content(file).sha256)
    return found


def chance_in(name: str) -> str:
    """Where code that a setting names takes what no seed decides: `m.py, line 3: random.choice`; empty where nothing is seen.

    It is read, not run: what comes by a computed name is not seen.
    """
    found = (
        f"{file.name}, line {line}: {what}"
        for file in local_modules(name.partition(":")[0]).values()
        for line, what in _chances(file, content(file).sha256)
    )
    return next(found, "")


def _sha256(file: str | Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@functools.lru_cache(maxsize=4096)
def _remembered(file: str, _stamp: tuple[int, ...]) -> str:
    return _sha256(file)


@functools.lru_cache(maxsize=512)
def _imported_by(file: Path, module: str, _sha: str) -> tuple[str, ...]:
    """Names that a module's text imports, wherever in it; none where it is no Python, which its import will tell."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return ()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return tuple(dict.fromkeys(_named(tree, package)))


@functools.lru_cache(maxsize=512)
def _chances(file: Path, _sha: str) -> tuple[tuple[int, str], ...]:
    """Lines of a module that call for what no seed decides, or keep a number from run to run, and the name of it."""
    tree = ast.parse(file.read_bytes())
    aliases: dict[str, str | None] = {}
    """By what a name in the text is called in full; None: as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {each.asname: each.name for each in node.names if each.asname}
            aliases |= dict.fromkeys(each.name.partition(".")[0] for each in node.names if not each.asname)
        elif isinstance(node, ast.ImportFrom):
            aliases |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    found: list[tuple[int, str]] = []

    def look(node: ast.AST, within: bool) -> None:
        if isinstance(node, ast.Global):
            found.append((node.lineno, f"global {', '.join(node.names)}"))
        if isinstance(node, ast.Call) and (name := _dotted(node.func, aliases)) and _by_chance(name, bool(node.args) and within):
            found.append((node.lineno, name))
        within |= isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            look(child, within)

    look(tree, False)
    return tuple(sorted([*found, *_kept(tree)]))


_CHANGES = ("append", "appendleft", "extend", "insert", "add", "update", "pop", "popleft", "popitem", "remove", "discard", "clear")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _kept(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines in which a function changes what its module, or a default of its own, keeps from run to run, and what that is called."""
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    assigned += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    ours = {each.id for each in assigned if isinstance(each, ast.Name)}
    ours |= {node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}

    def look(node: ast.AST, names: set[str], within: bool) -> Iterator[tuple[int, str]]:
        if isinstance(node, _FUNCTIONS):
            names, within = names - _own(node) | _defaults(node), True
        changed: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            changed = [node.func]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "next":
            changed = node.args[:1]
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            changed = [each for each in targets if isinstance(each, (ast.Attribute, ast.Subscript))]
        yield from ((each.lineno, ast.unparse(each)) for each in changed if within and _root(each) in names)
        for child in ast.iter_child_nodes(node):
            yield from look(child, names, within)

    yield from look(tree, ours, False)


def _root(node: ast.AST) -> str:
    """`a` of `a.b[c]`."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _own(function: ast.AST) -> set[str]:
    """Names that are a function's own: its arguments, and what it assigns."""
    given = {each.arg for each in ast.walk(function) if isinstance(each, ast.arg)}
    return given | {each.id for each in ast.walk(function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Arguments whose default is made once, and can be changed."""
    told = function.args
    pairs = [*zip(reversed([*told.posonlyargs, *told.args]), reversed(told.defaults), strict=False)]
    pairs += [(each, default) for each, default in zip(told.kwonlyargs, told.kw_defaults, strict=True) if default is not None]
    return {each.arg for each, default in pairs if isinstance(default, (ast.List, ast.Dict, ast.Set, ast.Call))}


def _dotted(node: ast.AST, aliases: Mapping[str, str | None]) -> str:
    """`numpy.random.rand` of `np.random.rand`; empty where it begins with what is not imported."""
    rest = []
    while isinstance(node, ast.Attribute):
        rest.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not (node.id in aliases or (node.id in ("hash", "id") and not rest)):
        return ""
    return ".".join([aliases.get(node.id) or node.id, *reversed(rest)])


def _by_chance(name: str, seeded: bool) -> bool:
    """Whether what a call gives depends on more than its arguments; a generator of one's own does not, seeded where it is used."""
    if name in ("random.Random", "numpy.random.default_rng", "numpy.random.RandomState"):
        return not seeded
    return bool(re.fullmatch(_CHANCE, name))


def _named(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            try:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            except ImportError:
                continue
            names = [base, *(f"{base}.{each.name}" for each in node.names)]
        else:
            continue
        for name in names:
            yield from (name, *_packages(name))


def _packages(name: str) -> list[str]:
    """`a.b` and `a`, of `a.b.c`."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]


def _file_of(module: str) -> Path | None:
    """Where a module's text is, if it is a local one."""
    if module.partition(".")[0] in sys.stdlib_module_names:
        return None
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is not None:
        file = Path(loaded)
        return file if file.suffix == ".py" and not _installed(str(file)) else None
    place = Path(*module.split("."))
    for folder in dict.fromkeys([*sys.path, os.getcwd()]):
        if not _installed(folder):
            for file in (Path(folder, place, "__init__.py"), Path(folder, place).with_suffix(".py")):
                if file.is_file():
                    return file
    return None


@functools.lru_cache(maxsize=512)
def _installed(path: str) -> bool:
    """Whether a path belongs to Python, to an installed package, or to this one."""
    roots = {os.path.realpath(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib", "purelib", "platlib")} | {str(HERE)}
    real = os.path.realpath(path)
    return any(real == root or real.startswith(root + os.sep) for root in roots)
