"""What `sim` does beside running, a verb a file, imported when it is called.

`arguments(parser)` says what it takes; `run(asked)` does it, returns the exit status and raises `SimError` for a mistake. A file's
docstring is the text of `sim VERB --help` above the list of arguments. `HANDS_ON`: words after the first are somebody else's.
`STAYS`: it goes on until it is stopped, and nobody wonders.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

from sim.errors import ConfigError
from sim.shell.process import heard

VERBS = tuple(sorted(file.name for file in pkgutil.iter_modules(__path__)))
"""The names of the files here."""


class Parser(argparse.ArgumentParser):
    """Of a verb's arguments. A mistake is a `ConfigError`."""

    def error(self, message: str) -> NoReturn:
        if re.fullmatch(r"unrecognized arguments: (-m|--multirun)", message):
            raise ConfigError(f"{self.prog} -m: {self.prog} takes one scenario; call it once for each, or sweep runs by sim -m")
        raise ConfigError(f"{message}; see {self.prog} --help")


def place(text: str) -> Path:
    """A file or a folder, of a word that may have been empty (`--out "$DIR"`), which would be the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty, and names no folder; the current one is .")
    return Path(text)


def parser(verb: str) -> Parser:
    """What reads a verb's words, and knows its help."""
    module = importlib.import_module(f"{__name__}.{verb}")
    made = Parser(prog=f"sim {verb}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    module.arguments(made)
    return made


def call(verb: str, words: Sequence[str]) -> int:
    """Do a verb; its exit status. Raises `SimError` for a mistake, `SystemExit` once its help is printed."""
    module, reads = importlib.import_module(f"{__name__}.{verb}"), parser(verb)
    parse = reads.parse_args if getattr(module, "HANDS_ON", False) else reads.parse_intermixed_args
    with nullcontext() if getattr(module, "STAYS", False) else heard(words=words):
        status: int = module.run(parse(words))
    return status
