"""OpenCode: its SQLite database, and the older files of messages. Sub-agents are child sessions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sim.errors import DataError
from sim.logs.files import Entry, File, Sample
from sim.logs.logged import SINCE_1970_S, Counts, LoggedCall, begun_by, count, dollars, needed, outward
from sim.logs.reader import LogReader


class Reader(LogReader):
    """Calls are told at the end, when it is known which session began which. The database and the files may hold the same ones."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._above: dict[str, str] = {}
        self._calls: list[LoggedCall] = []
        self._answered: set[str] = set()

    @staticmethod
    def looks(sample: Sample) -> bool:
        """A database, or messages and sessions by their keys."""
        return sample.kind == "sqlite" or (
            sample.kind == "json" and (sample.has("sessionID", "role", "time") or sample.has("projectID", "time"))
        )

    def entries(self, file: File) -> Iterator[tuple[str, Entry]]:
        """Of a database its sessions, then its messages as the files have them."""
        if file.kind != "sqlite":
            yield from file.entries()
            return
        try:
            with closing(sqlite3.connect(f"{file.path.resolve().as_uri()}?mode=ro", uri=True)) as base:
                for session, parent in base.execute("SELECT id, parent_id FROM session"):
                    yield f"session {session}", {"id": session, "parentID": parent}
                for number, session, created, data in base.execute("SELECT id, session_id, time_created, data FROM message"):
                    yield f"message {number}", {"id": number, "sessionID": session, "data": data, "created": created}
        except sqlite3.Error as error:
            raise DataError(f"{file.name}: is no database of OpenCode ({error})") from None

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet."""
        if "data" in entry:
            try:
                held = json.loads(entry["data"])
            except ValueError:
                raise ValueError("its data is no JSON: is it cut?") from None
            entry = {**held, "id": entry["id"], "sessionID": entry["sessionID"]}
        if "sessionID" not in entry:
            if entry.get("parentID"):
                self._above[str(entry["id"])] = str(entry["parentID"])
        elif entry.get("role") == "assistant":
            call = self._call(entry)
            if call.input_tokens or call.output_tokens or call.cache_read_tokens or call.cache_write_tokens:
                self._calls.append(call)
        return iter(())

    def _call(self, entry: Entry) -> LoggedCall:
        tokens, cache, time = entry["tokens"], entry["tokens"].get("cache") or {}, entry["time"]
        reasoning, asked = count(tokens.get("reasoning")), entry.get("parentID") or ""
        first = bool(asked) and asked not in self._answered
        self._answered.add(asked)
        if 0 <= time["created"] / 1000 < SINCE_1970_S:
            self.report.remarks["times that are no milliseconds since 1970 (seconds?): taken without a date"] += 1
        return LoggedCall(
            str(entry["sessionID"]), entry.get("modelID") or "", Counts.disjoint, needed(tokens, "input"),
            count(tokens.get("output")) + reasoning, count(cache.get("read")), count(cache.get("write")), reasoning_tokens=reasoning,
            start_s=time["created"] / 1000, end_s=(time.get("completed") or time["created"]) / 1000, cost_usd=dollars(entry.get("cost")),
            status="error" if entry.get("error") else "ok", by_user=first, key=entry["id"],
        )  # fmt: skip

    def end(self) -> Iterator[LoggedCall]:
        """Each in the session that its user began."""
        for call in self._calls:
            line = outward(call.session, self._above)
            yield begun_by(call, line[-1], line)._replace(by_user=call.by_user and len(line) == 1)
