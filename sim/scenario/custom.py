"""What users add in Python: a policy or a workflow, named in a setting as `my_module:my_function`."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sim.errors import ConfigError, did_you_mean, of_kind
from sim.scenario.sources import Content, content, local_modules
from sim.settings.agent import AgentKind
from sim.settings.router import Policy
from sim.settings.scenario import ScenarioSettings
from sim.settings.workload import WorkloadKind

_HERE = Path(__file__).resolve().parents[1]
_IMPORTING = threading.RLock()
"""`sys.path` belongs to the process: one at a time lengthens it."""
_READ: dict[str, dict[str, str]] = {}
"""By module asked for: what it and the local modules that it imports held when they were imported, by their names."""
_BEGAN_NS = time.time_ns()
"""A module that somebody else has imported is as its file was before."""


def imported(name: str, key: str) -> Callable[..., Any]:
    """The function that a setting names; modules of the working directory are found too. Raises `ConfigError`.

    What such a module imports at its top is found there as well. `sys.path` is afterwards what it was. A module whose file has
    changed, or that of a local module it imports, is imported anew: a function is what its files say now.
    """
    module, _, function = name.partition(":")
    if not module or not function:
        raise ConfigError(f"{key}={name}: name a function as module:function")
    if os.sep in module or module.endswith(".py"):
        likely = module.removesuffix(".py").removeprefix(f".{os.sep}").strip(os.sep).replace(os.sep, ".")
        raise ConfigError(f"{key}={name}: is a file; name its module, as in {likely}:{function}, from the current folder on")
    try:
        with exits_told():
            there = _module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{key}={name}: {error}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the module is the user's, and may do anything
        raise ConfigError(f"{key}={name}: {_where(error)}{_what(error)}") from error
    found = getattr(there, function, None)
    if found is None and module.partition(".")[0] in sys.stdlib_module_names:
        raise ConfigError(f"{key}={name}: {module} is a module of Python's own; give yours another name")
    if found is None and "." in function:
        raise ConfigError(f"{key}={name}: name a function at the top of its module, as in {module}:{function.rpartition('.')[2]}")
    if found is None:
        own = [each for each, held in vars(there).items() if callable(held) and not each.startswith("_")]
        raise ConfigError(f"{key}={name}: {module} has no '{function}'; {did_you_mean(function, own)}")
    if not callable(found):
        raise ConfigError(f"{key}={name}: must be a function")
    check_call(found, f"{key}={name}", "known" if key == "router.custom" else "agent")
    called: Callable[..., Any] = found
    return called


def check_named(scenario: ScenarioSettings) -> None:
    """Raise `ConfigError` for a function that cannot be had, and for a function or a trace that is named and never used."""
    router, agent, workload = scenario.router, scenario.agent, scenario.workload
    if router.policy is Policy.custom:
        imported(router.custom, "router.custom")
    elif router.custom:
        raise ConfigError(f"router.custom={router.custom}: needs router.policy=custom, not {router.policy.value}")
    if agent.kind is AgentKind.custom:
        imported(agent.workflow, "agent.workflow")
    elif agent.workflow:
        raise ConfigError(f"agent.workflow={agent.workflow}: needs agent.kind=custom, not {agent.kind.value}")
    if workload.trace and workload.kind is not WorkloadKind.trace:
        raise ConfigError(f"workload.trace={workload.trace}: needs workload=trace, not {workload.kind.value}")


def check_call(function: Callable[..., Any], name: str, *arguments: str) -> None:
    """Raise `ConfigError` where a function of the user's cannot be called with so many arguments."""
    try:
        signature = inspect.signature(function)
    except Exception:  # written in C, or by somebody who answers to no name: nobody knows
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        code = getattr(function, "__code__", None)
        place = f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""
        wanted = f"{len(arguments)} argument{'s' * (len(arguments) > 1)}, {', '.join(arguments)}"
        raise ConfigError(f"{name}: takes {signature}, must take {wanted}{place}") from None


def check_progress(progress: Any, *arguments: str) -> None:
    """Raise `ConfigError` where what is to be told how far work has got cannot be, or would do nothing when it is."""
    rule = f"progress is a function of {' and '.join(arguments)}, or None"
    of_kind(progress, Callable | None, rule)
    if inspect.iscoroutinefunction(progress) or inspect.isgeneratorfunction(progress):
        raise ConfigError(f"{rule}; this one is {'async' if inspect.iscoroutinefunction(progress) else 'a generator'}, and would never run")
    if progress is not None:
        check_call(progress, "progress", *arguments)


def blamed(error: BaseException, functions: Iterable[tuple[str, str]]) -> ConfigError | None:
    """What a run has met, in one line with its file and line, where it comes out of the file of one of these (key, name).

    Where it comes out of no such file it may be what one of them has set. None where there are none, for errors of this package's own,
    and for those of a program around us.
    """
    if type(error).__module__.startswith("sim.") or isinstance(error, (KeyboardInterrupt, MemoryError)):
        return None
    told = None
    for cause in (error, error.__cause__) if error.__cause__ is not None else (error,):
        frames = traceback.extract_tb(cause.__traceback__)
        for key, name in functions:
            file = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
            if file is not None and any(frame.filename == file for frame in frames):
                return ConfigError(f"{key}={name}: {_where(cause, file)}{_what(cause)}")
            if _ours(frames[-1].filename):
                told = ConfigError(
                    f"{key}={name}: with it the run comes to {_what(cause)}; are its times and tokens finite numbers from 0 on?"
                )
    return told


@contextlib.contextmanager
def exits_told() -> Iterator[None]:
    """While it lasts, `os._exit` out of a file of the user's is an error as `sys.exit` is: else it ends a run well and without a word."""
    leave = os._exit

    def told(status: int) -> Any:
        if _ours(sys._getframe(1).f_code.co_filename):
            leave(status)
        error = SystemExit(status)
        error.add_note("os._exit")
        raise error

    os._exit = told
    try:
        yield
    finally:
        os._exit = leave


def quiet_about(functions: Iterable[tuple[str, str]]) -> None:
    """A generator of the user's that will not be closed is not told of once more: what was wrong with it has been said."""
    usual, modules = sys.unraisablehook, {name.partition(":")[0] for _, name in functions}

    def hook(unraisable: Any) -> None:
        code = getattr(unraisable.object, "gi_code", None)
        if code is None or code.co_filename not in {getattr(sys.modules.get(name), "__file__", None) for name in modules}:
            usual(unraisable)

    sys.unraisablehook = hook


def _ours(file: str) -> bool:
    """Whether a file is this package's, or of what it stands on."""
    places = [str(_HERE), *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))]
    return any(Path(file).is_relative_to(place) for place in places)


def _what(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        by = (getattr(error, "__notes__", None) or ["sys.exit"])[0]
        return f"calls {by}({'' if error.code is None else error.code})"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # an error of the user's own, which cannot say what it is
        text = ""
    return f"{type(error).__name__}: {text}".rstrip(": ")


def _where(error: BaseException, file: str = "") -> str:
    """`my.py, line 3: ` of the deepest line in that file; without one, of the deepest line that is not Python's own importing."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: "
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith("<frozen")]
    own = [each for each in frames if each.filename == file or (not file and each.filename not in (__file__, importlib.__file__))]
    own = own if file else [each for each in own if not _ours(each.filename)] or own
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}: " if own else ""


def _module(name: str) -> Any:
    """A module as its files are now: as it was imported, or imported anew."""
    now = _contents(name)
    if name in sys.modules and _as_read(name, now):
        _READ.setdefault(name, {module: each.sha256 for module, each in now.items()})
        return importlib.import_module(name)  # waits where another thread is still at it
    with _IMPORTING, working_directory_importable(), _without_bytecode():
        now = _contents(name)
        if name not in sys.modules or not _as_read(name, now):
            for module in {*now, *_READ.get(name, {})} - {"__main__"}:
                sys.modules.pop(module, None)
            importlib.invalidate_caches()
        found = importlib.import_module(name)
        _READ[name] = {module: each.sha256 for module, each in _contents(name).items()}
        return found


def _contents(name: str) -> dict[str, Content]:
    return {module: content(file) for module, file in local_modules(name).items()}


def _as_read(name: str, now: dict[str, Content]) -> bool:
    """Whether what is imported is what the files say."""
    if name not in _READ:
        return all(each.changed_ns < _BEGAN_NS for each in now.values())
    return _READ[name] == {module: each.sha256 for module, each in now.items()}


@contextlib.contextmanager
def _without_bytecode() -> Iterator[None]:
    """Python tells a change of a file by second and size, which a quick edit need not change; nothing is left in the user's folder."""
    before = sys.dont_write_bytecode, sys.pycache_prefix
    sys.dont_write_bytecode, sys.pycache_prefix = True, os.devnull  # where none is: one that somebody else left is not taken
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = before


@contextlib.contextmanager
def working_directory_importable() -> Iterator[None]:
    """While it lasts, modules of the working directory can be imported; those that are found elsewhere come first."""
    folder = os.getcwd()
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added and folder in sys.path:
            sys.path.remove(folder)
