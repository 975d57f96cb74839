"""Gemini CLI: a JSON document a session, or its messages a line. A message that comes again replaces the one of its id.

One that stands in another chat with the same id and moment is a copy, of a chat that was saved and taken up again.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import Counts, LoggedCall, count, moment
from sim.logs.reader import Asked, LogReader
from sim.logs.report import Report


class Reader(LogReader):
    """Thoughts stand beside the output and are billed with it. Whether cached tokens are a part of the input, the total says."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._chats: dict[tuple[str, str], str] = {}
        """Of an answer, by its id and its moment: the first chat that has it. Others have a copy."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its answers."""
        return sample.kind == "json" and any(map(_is_answer, (message for entry in sample.entries for message in _messages(entry))))

    def begin(self, file: File) -> None:
        """A session whose head is lost is named by its file."""
        self._session, self._asked, self._number = file.path.stem, Asked(), 0

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a message, or of a document of them."""
        self._session = entry.get("sessionId") or self._session
        for message in _messages(entry):
            if _is_answer(message):
                yield self._call(message)
            elif message.get("type") == "user":
                self._asked.came(moment(message.get("timestamp")), by_user=True)

    def _call(self, message: Entry) -> LoggedCall:
        tokens, end = message["tokens"], moment(message.get("timestamp"))
        inputs, cached, output, thoughts, tool = (count(tokens.get(name)) for name in ("input", "cached", "output", "thoughts", "tool"))
        total, come_to = count(tokens.get("total")), inputs + output + thoughts + tool
        beside = cached > 0 and total == come_to + cached
        if total not in (0, come_to, come_to + cached):
            self.report.remarks["total is not what its parts come to: is one of them missing?"] += 1
        self._number += 1
        start, asked = self._asked.answered(end)
        name, at = message.get("id"), message.get("timestamp")
        chat = self._chats.setdefault((str(name), str(at)), self._session) if name and at else self._session
        return LoggedCall(
            self._session, message.get("model") or "", Counts.disjoint if beside else Counts.inclusive, inputs + tool, output + thoughts,
            cached, reasoning_tokens=thoughts, start_s=start, end_s=end, by_user=asked, key=f"{chat} {name}" if name else "",
            rank=self._number if chat == self._session else 0,
        )  # fmt: skip


def _messages(entry: Entry) -> list[Entry]:
    """Of a document, or the line that is one."""
    found = entry.get("messages")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else [entry]


def _is_answer(message: Entry) -> bool:
    return message.get("type") == "gemini" and isinstance(message.get("tokens"), dict)
