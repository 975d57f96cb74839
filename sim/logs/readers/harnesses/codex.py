"""Codex: JSON lines, a rollout file a thread. A child's file begins with a replay of its parent's history, which is no work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import MAIN, Counts, LoggedCall, count, moment
from sim.logs.reader import LogReader

_OLD_MODEL = "gpt-5"
"""Of files from before models were named in them."""
_NUMBERS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
_ITEMS = ("session_meta", "turn_context", "event_msg", "response_item")
_TOOL = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")


class Reader(LogReader):
    """What children did is told at the end, when all is known of their parents."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._seen: dict[str, set[int]] = {}
        """By thread: hashes of its running totals, replayed ones included."""
        self._parents: dict[str, str] = {}
        self._children: dict[str, list[tuple[int, LoggedCall]]] = {}

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the kinds of its lines."""
        return sample.kind == "json" and any(
            each.get("type") in _ITEMS and isinstance(each.get("payload"), dict) for each in sample.entries
        )

    def begin(self, file: File) -> None:
        """A thread whose first line is lost is named by its file."""
        self._thread, self._parent, self._born_s, self._named = file.path.stem, "", -math.inf, False
        self._model, self._totals = "", (0,) * len(_NUMBERS)
        self._ready_s, self._by_user = math.nan, False

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a count of tokens that is neither a replay nor told again."""
        kind, payload = entry.get("type"), entry.get("payload")
        if kind not in _ITEMS or not isinstance(payload, dict):
            return
        what, now = payload.get("type"), moment(entry.get("timestamp"))
        if kind == "session_meta" and not self._named:
            self._meet(payload, now)
        elif kind == "turn_context":
            self._model = payload.get("model") or self._model
        elif what in _TOOL:
            self._ready_s = now
        elif what == "user_message":
            self._ready_s, self._by_user = now, not self._parent
        elif what == "token_count" and payload.get("info"):
            yield from self._counted(payload["info"], now)

    def _meet(self, meta: Entry, now: float) -> None:
        """The first head is the thread's own: others are its parent's, replayed."""
        source = meta.get("source")
        spawned = source.get("subagent") if isinstance(source, dict) else None
        spawn = spawned.get("thread_spawn") if isinstance(spawned, dict) else None
        self._named, self._thread = True, str(meta.get("id") or meta.get("session_id") or self._thread)
        self._parent = str((spawn or {}).get("parent_thread_id") or meta.get("forked_from_id") or "")
        if spawned or self._parent or meta.get("thread_source") == "subagent":
            self._parent, self._born_s = self._parent or f"parent of {self._thread}", now
            self._parents[self._thread] = self._parent

    def _counted(self, info: Entry, now: float) -> Iterator[LoggedCall]:
        whole, last = info.get("total_token_usage"), info.get("last_token_usage")
        before, totals = self._totals, tuple(count((whole or {}).get(name)) for name in _NUMBERS)
        mark = hash(totals) if whole else 0
        if whole:
            self._totals = totals
            self._seen.setdefault(self._thread, set()).add(mark)
        if self._parent and (not self._model or now <= self._born_s):
            self.report.duplicates["replays of a parent's history"] += 1
            return
        if whole and totals == before:
            self.report.duplicates["totals told again"] += 1
            return
        last = last or {name: max(0, now - then) for name, then, now in zip(_NUMBERS, before, totals, strict=True)}
        call = LoggedCall(
            self._thread, info.get("model") or self._model or _OLD_MODEL, Counts.inclusive, count(last["input_tokens"]),
            count(last.get("output_tokens")), count(last.get("cached_input_tokens")), count(last.get("cache_write_input_tokens")),
            reasoning_tokens=count(last.get("reasoning_output_tokens")), start_s=min(now, self._ready_s) if self._ready_s <= now else now,
            end_s=now, by_user=self._by_user, key=f"{self._thread} {now} {mark}",
        )  # fmt: skip
        self._ready_s, self._by_user = math.nan, False
        if not info.get("model") and not self._model:
            self.report.remarks[f"of files that name no model: taken as {_OLD_MODEL}"] += 1
        if self._parent:
            self._children.setdefault(self._thread, []).append((mark, call))
        else:
            yield call

    def end(self) -> Iterator[LoggedCall]:
        """Of children, without what stands in their parents' files too."""
        for thread, calls in self._children.items():
            parent = root = self._parents[thread]
            while root in self._parents and self._parents[root] != root:
                root = self._parents[root]
            for mark, call in calls:
                if mark and mark in self._seen.get(parent, ()):
                    self.report.duplicates["replays of a parent's history"] += 1
                else:
                    yield call._replace(session=root, agent=thread, parent=MAIN if parent == root else parent)
