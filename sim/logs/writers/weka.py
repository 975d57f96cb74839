"""Weka traces (kv-cache-tester; AIPerf replays them): a folder, a JSON object a session, sub-agents inside.

What a call read from the cache are blocks that it shares with its agent's last prompt, so reads are rounded down to blocks of 64.
Not in it: when sessions began, cache writes, dollars, reasoning apart, waits in line, attempts that were not charged, heads that agents
share, and agents of agents: they stand beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sim.logs.logged import MAIN
from sim.logs.writer import Blocks, LogWriter, RunCall, RunSession

BLOCK_TOKENS = 64


class Writer(LogWriter):
    """Seconds count from the first call of a session, those of sub-agents too."""

    ending = ""
    cannot_hold = (
        "when sessions began, cache reads but by blocks of 64, cache writes, dollars, reasoning apart, waits in line, "
        "attempts not charged, agents of agents but beside them"
    )

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """A file each, named by its session."""
        path.mkdir(parents=True)
        for session in sessions:
            agents = {agent: billed for agent, calls in session.agents.items() if (billed := self.billed(calls))}
            if agents:
                text = json.dumps(_trace(session.name, agents), separators=(",", ":"))
                (path / f"{session.name}.json").write_text(text, encoding="utf-8")


def _trace(name: str, agents: dict[str, list[RunCall]]) -> dict[str, Any]:
    began = min(calls[0].request_s for calls in agents.values())
    ids = count(1)
    requests = _requests(agents.get(MAIN, ()), began, Blocks(BLOCK_TOKENS, ids))
    for agent, calls in agents.items():
        if agent != MAIN:
            requests.append(_subagent(agent, calls, began, Blocks(BLOCK_TOKENS, ids)))
    requests.sort(key=lambda request: request["t"])
    models = sorted({call.model for calls in agents.values() for call in calls})
    return {"id": name, "models": models, "block_size": BLOCK_TOKENS, "hash_id_scope": "local", "requests": requests}


def _subagent(agent: str, calls: list[RunCall], began_s: float, blocks: Blocks) -> dict[str, Any]:
    first_s = calls[0].request_s
    return {
        "t": first_s - began_s,
        "type": "subagent",
        "agent_id": agent,
        "subagent_type": calls[0].role,
        "duration_ms": round((calls[-1].end_s - first_s) * 1000),
        "total_tokens": sum(call.input_tokens + call.output_tokens for call in calls),
        "tool_use_count": len(calls) - 1,
        "status": "completed",
        "models": sorted({call.model for call in calls}),
        "requests": _requests(calls, began_s, blocks),
    }


def _requests(calls: Sequence[RunCall], began_s: float, blocks: Blocks) -> list[dict[str, Any]]:
    """Streamed ones: they have a first token."""
    before = [None, *calls][: len(calls)]
    return [
        {
            "t": call.request_s - began_s,
            "type": "s",
            "model": call.model,
            "in": call.input_tokens,
            "out": call.output_tokens,
            "hash_ids": blocks.of(call),
            "stop": "end_turn" if call is calls[-1] else "tool_use",
            "api_time": call.end_s - call.request_s,
            "think_time": max(0.0, call.request_s - last.end_s) if last else 0.0,
            "ttft": call.first_token_s - call.request_s,
        }
        for last, call in zip(before, calls, strict=True)
    ]
