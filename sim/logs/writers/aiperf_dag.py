"""AIPerf's dag_jsonl: a conversation a line, with texts of as many tokens as were sent and whom it spawns; a plan for a load generator.

A token is four characters of filler, `" the"`, which is one token to most tokenizers; each conversation begins with its own name, so
none reads another's cache. Where a prompt is no longer than what was said before (compactions, reasoning that is dropped), a
conversation says each of its prompts whole. A turn waits so long after the turn before it, or after the last sub-agent that it waits
for. Not in it: when sessions began, durations, models, cache reads and writes, dollars, attempts
that were not charged; a sub-agent that outlives its parent's last call is begun after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from sim.logs.logged import MAIN
from sim.logs.writer import LogWriter, RunCall, RunSession, line

CHARACTERS = 4
"""Of a token."""
WHOLE = "message_array_with_responses"
"""The context mode of a conversation whose turns say all that is sent."""


class Writer(LogWriter):
    """Agents that nobody began come first; one waits for those whom it began before the turn that follows their last."""

    cannot_hold = "when sessions began, durations, models, cache reads and writes, dollars, reasoning apart, attempts not charged"

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """A line an agent."""
        with path.open("w", encoding="utf-8") as out:
            for session in sessions:
                agents = {agent: billed for agent, calls in session.agents.items() if (billed := self.billed(calls))}
                for agent in agents:
                    out.write(line(_conversation(session.name, agent, agents)))


def _conversation(session: str, agent: str, agents: dict[str, list[RunCall]]) -> dict[str, Any]:
    calls, name = agents[agent], _name(session, agent)
    grows = all(call.input_tokens >= before.input_tokens + before.output_tokens for before, call in pairwise(calls))
    turns = [*_growing(name, calls)] if grows else [*_whole(name, calls)]
    found: dict[str, Any] = {"session_id": name, "turns": turns} | ({} if grows else {"context_mode": WHOLE})
    above = _above(agent, agents)
    if above is not None and (since := _ended(agents[above], calls[0].request_s)):
        turns[0]["delay"] = (calls[0].request_s - agents[above][since[-1]].end_s) * 1000
    for child, theirs in agents.items():
        if _above(child, agents) != agent:
            continue
        after = _ended(calls, theirs[0].request_s)
        if not after:
            found.setdefault("pre_session_spawns", []).append(_name(session, child))
            continue
        join = next((number for number in range(after[-1] + 1, len(calls)) if calls[number].request_s >= theirs[-1].end_s), None)
        spawning = turns[after[-1] if join is not None else -1].setdefault("spawns", [])
        spawning.append({"children": [_name(session, child)]} | ({} if join is None else {"join_at": join}))
        if join is not None:
            turns[join]["delay"] = min(turns[join]["delay"], (calls[join].request_s - theirs[-1].end_s) * 1000)
    return found


def _above(agent: str, agents: dict[str, list[RunCall]]) -> str | None:
    """Who began it, of those that are there."""
    parent = agents[agent][0].parent
    found = parent if parent in agents else MAIN
    return found if found in agents and agent != MAIN else None


def _ended(calls: list[RunCall], by_s: float) -> list[int]:
    """Which calls were answered by then."""
    return [number for number, call in enumerate(calls) if call.end_s <= by_s]


def _name(session: str, agent: str) -> str:
    return session if agent == MAIN else f"{session}/{agent}"


def _growing(name: str, calls: list[RunCall]) -> Iterator[dict[str, Any]]:
    """A turn says what is new."""
    said, last_s = 0, calls[0].request_s
    for number, call in enumerate(calls):
        yield _turn(filler(call.input_tokens - said, "" if number else name), call, last_s)
        said, last_s = call.input_tokens + call.output_tokens, call.end_s


def _whole(name: str, calls: list[RunCall]) -> Iterator[dict[str, Any]]:
    """A turn says all; once a prompt is shorter than the one before, nothing of it is the same."""
    rewritten, last = 0, calls[0]
    for call in calls:
        rewritten += call.input_tokens < last.input_tokens
        yield _turn(filler(call.input_tokens, f"{name} {rewritten}"), call, last.end_s if call is not last else call.request_s)
        last = call


def _turn(text: str, call: RunCall, last_s: float) -> dict[str, Any]:
    """As many tokens are asked for as were answered."""
    turn: dict[str, Any] = {"messages": [{"role": "user", "content": text}], "delay": max(0.0, call.request_s - last_s) * 1000}
    if call.output_tokens:
        turn |= {"max_tokens": call.output_tokens, "extra": {"ignore_eos": True, "min_tokens": call.output_tokens}}
    return turn


def filler(tokens: int, head: str) -> str:
    """A text of so many tokens that begins in its own way."""
    return (head + " the" * tokens)[: CHARACTERS * tokens]
