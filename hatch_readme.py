"""The README as a package index shows it: without what only a checkout has.

Nobody has given the project an address on the web, so its pictures and pages cannot be linked to from there: pictures are left out,
and a link becomes its text and the name of the file, which the source distribution holds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

NOTE = "*Pages that are named by their files, and the pictures of this text, are in the source distribution.*"
_PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?://)[^)]*\)\n+", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://|#)([^)#]*)(?:#[^)]*)?\)")


def on_an_index(text: str) -> str:
    """The README without relative pictures and links; code is left as it is."""
    parts = re.split(r"(^```.*?^```\n)", text, flags=re.DOTALL | re.MULTILINE)
    shown = [part if part.startswith("```") else _LINK.sub(_named, _PICTURE.sub("", part)) for part in parts]
    return f"{''.join(shown).rstrip()}\n\n{NOTE}\n"


def _named(found: re.Match[str]) -> str:
    """`the model (docs/background/model.md)`; a link whose text is the file's name has it once."""
    return found[1] if found[1] == found[2] else f"{found[1]} (`{found[2]}`)"


class ReadmeHook(MetadataHookInterface):
    """Puts that into the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """`metadata` is the project's table."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": on_an_index(text)}
