"""Codex: JSON lines, a rollout file a thread. A child's file begins with a replay of its parent's history, which is no work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import Counts, LoggedCall, begun_by, count, moment, needed, outward, under
from sim.logs.reader import Asked, LogReader

_OLD_MODEL = "gpt-5"  # of files from before models were named in them
_NUMBERS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
_ITEMS = ("session_meta", "turn_context", "event_msg", "response_item")
_REPLAYED = "replays of a parent's history"
_TOOL = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")


class Reader(LogReader):
    """What children did is told at the end, when all is known of their parents."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._seen: dict[str, set[int]] = {}
        """By thread: hashes of its running totals, replayed ones included."""
        self._parents: dict[str, str] = {}
        self._of_children: list[tuple[int, LoggedCall]] = []

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the kinds of its lines."""
        return any(each.get("type") in _ITEMS and isinstance(each.get("payload"), dict) for each in sample.entries)

    def begin(self, file: File) -> None:
        """A thread whose first line is lost is named by its file."""
        self._thread, self._parent, self._born_s, self._named = file.path.stem, "", -math.inf, False
        self._model, self._totals, self._asked = "", (0,) * len(_NUMBERS), Asked()

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a count of tokens that is neither a replay nor told again."""
        kind, payload, what = entry.get("type"), entry.get("payload"), under(entry, "payload", "type")
        if kind not in _ITEMS or not isinstance(payload, dict):
            return
        now = moment(entry.get("timestamp"))
        if kind == "session_meta" and not self._named:
            self._meet(payload, now)
        elif kind == "turn_context":
            self._model = payload.get("model") or self._model
        elif what in _TOOL:
            self._asked.came(now)
        elif what == "user_message":
            self._asked.came(now, not self._parent)
        elif what == "token_count" and payload.get("info"):
            yield from self._counted(payload["info"], now)

    def _meet(self, meta: Entry, now: float) -> None:
        """The first head is the thread's own: others are its parent's, replayed."""
        spawned = under(meta, "source", "subagent")
        self._named, self._thread = True, str(meta.get("id") or meta.get("session_id") or self._thread)
        self._parent = str(under(spawned, "thread_spawn", "parent_thread_id") or meta.get("forked_from_id") or "")
        if spawned or self._parent or meta.get("thread_source") == "subagent":
            self._parent, self._born_s = self._parent or f"parent of {self._thread}", now
            self._parents[self._thread] = self._parent

    def _counted(self, info: Entry, now: float) -> Iterator[LoggedCall]:
        whole, before = info.get("total_token_usage"), self._totals
        totals = tuple(count(under(whole, name)) for name in _NUMBERS)
        mark = hash(totals) if whole else 0
        if whole:
            self._totals = totals
            self._seen.setdefault(self._thread, set()).add(mark)
        replayed = bool(self._parent) and (not self._model or now <= self._born_s)
        if replayed or (whole and totals == before):
            self.report.duplicates[_REPLAYED if replayed else "totals told again"] += 1
            return
        start, by_user = self._asked.answered(now)
        if whole and not info.get("last_token_usage") and any(now < then for now, then in zip(totals, before, strict=True)):
            before = (0,) * len(_NUMBERS)
            self.report.remarks["after totals that fall: counted anew from there"] += 1
        elif whole and (odd := _odd(info.get("last_token_usage"), totals, before, self._named)):
            self.report.remarks[odd] += 1
        last = info.get("last_token_usage") or {name: max(0, now - then) for name, then, now in zip(_NUMBERS, before, totals, strict=True)}
        call = LoggedCall(
            self._thread, info.get("model") or self._model or _OLD_MODEL, Counts.inclusive, needed(last, "input_tokens"),
            count(last.get("output_tokens")), count(last.get("cached_input_tokens")), count(last.get("cache_write_input_tokens")),
            reasoning_tokens=count(last.get("reasoning_output_tokens")), start_s=start, end_s=now, by_user=by_user,
            key=f"{self._thread} {now} {mark}",
        )  # fmt: skip
        if not info.get("model") and not self._model:
            self.report.remarks[f"of files that name no model: taken as {_OLD_MODEL}"] += 1
        if self._parent:
            self._of_children.append((mark, call))
        else:
            yield call

    def end(self) -> Iterator[LoggedCall]:
        """Of children, without what stands in their parents' files too."""
        for mark, call in self._of_children:
            if mark and mark in self._seen.get(self._parents[call.session], ()):
                self.report.duplicates[_REPLAYED] += 1
            else:
                line = outward(call.session, self._parents)
                yield begun_by(call, line[-1], line)


def _odd(last: Any, totals: tuple[int, ...], before: tuple[int, ...], named: bool) -> str:
    """What does not fit of running totals and what a call took itself, in a file with its head (`named`) or without; empty: nothing."""
    took = count(under(last, "input_tokens"))
    if (any(before) or not named) and totals[0] - before[0] > took > 0:
        return "before which running totals grew by more than the call: are lines missing?"
    if not (last or named or any(before)):
        return "first of files without their head: running totals, with all calls whose lines are missing, as one"
    grown = all(now >= then for now, then in zip(totals, before, strict=True))
    if last and any(before) and grown and tuple(count(last.get(name)) for name in _NUMBERS) == totals:
        return "whose own tokens are the running totals, which hold the calls before, too: counted twice?"
    return ""
