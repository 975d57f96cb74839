"""AIPerf's dag_jsonl: a conversation a line, with the texts to be sent and whom it spawns. A plan, so it has no times and no bill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, Sample
from sim.logs.logged import MAIN, Counts, LoggedCall, Reads, Source, count
from sim.logs.reader import LogReader

_CHARACTERS = 4
"""A token of text (assumption: usual for English)."""
_WHOLE = "message_array_with_responses"
"""The context mode of a conversation whose turns say all that is sent."""
_ASSUMED = f"of a plan: prompts are texts, taken as a token for {_CHARACTERS} characters; answers as long as allowed; caches kept for ever"


class Reader(LogReader):
    """Calls are told at the end, when it is known who began whom, and with which context."""

    keyed = False

    source = Source(Reads.possible)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._turns: dict[str, list[Entry]] = {}

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its turns of messages."""
        return sample.kind == "json" and any(
            isinstance(turns := entry.get("turns"), list) and turns and isinstance(turns[0], dict) and "messages" in turns[0]
            for entry in sample.entries
        )

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet: lengths are kept, not texts."""
        if (name := str(entry["session_id"])) in self._turns:
            raise ValueError(f"session_id {name[:40]} has a line already")
        self._turns[name] = [
            {
                "whole": entry.get("context_mode") == _WHOLE,
                "tokens": sum(-(-len(_text(each.get("content"))) // _CHARACTERS) for each in turn["messages"]),
                "output": count(turn.get("max_tokens")),
                "fresh": _begun(turn.get("spawns")) + ([] if number else _begun(entry.get("pre_session_spawns"))),
                "forked": _begun(turn.get("forks")),
            }
            for number, turn in enumerate(entry["turns"])
        ]
        return iter(())

    def end(self) -> Iterator[LoggedCall]:
        """From those that nobody began."""
        begun = {child for turns in self._turns.values() for turn in turns for child in (*turn["fresh"], *turn["forked"])}
        told = {session for session in self._turns if session not in begun}
        for child in sorted(begun - {*self._turns}):
            self.report.is_broken("aiperf-dag", f"session {child[:40]}", "is begun by another, and has no line of its own")
        for session in [*self._turns]:
            left = [(session, "", 0)] if session in told else []
            while left:
                name, parent, context = left.pop()
                children: list[tuple[str, str, int]] = []
                yield from self._told(name, session, parent, context, children)
                left += children[::-1]
        if ring := sorted({*self._turns} - told):
            self.report.is_broken("aiperf-dag", f"session {ring[0][:40]}", "is begun in a ring, by one that it begins itself: left out")

    def _told(self, name: str, session: str, parent: str, context: int, children: list[tuple[str, str, int]]) -> Iterator[LoggedCall]:
        """A conversation; then `children` has whom it began, by whom, and with how much: one that forks off begins with what was said."""
        kept = context
        agent = MAIN if name == session else name
        for turn in self._turns.pop(name, ()) if parent else self._turns[name]:
            prompt = turn["tokens"] if turn["whole"] else context + turn["tokens"]
            self.report.remarks[_ASSUMED] += 1
            yield LoggedCall(session, "", Counts.inclusive, prompt, turn["output"], min(kept, prompt), agent=agent, parent=parent)
            kept, context = prompt, prompt + turn["output"]
            children += [(child, agent, 0) for child in turn["fresh"]] + [(child, agent, context) for child in turn["forked"]]


def _begun(entries: Any) -> list[str]:
    """Names alone, or with how they are begun."""
    found = [[each] if isinstance(each, str) else each.get("children") or [each["child"]] for each in entries or ()]
    return [str(child) for children in found for child in children]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content or "")
