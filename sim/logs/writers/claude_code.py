"""Claude Code: a folder to set CLAUDE_CONFIG_DIR to, a file a session and one a sub-agent, as `ccusage` reads it.

Not in it: attempts that were not charged, dollars, fees, reasoning apart from output, waits in line and first tokens, roles. Times are
to the millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sim.logs.logged import MAIN
from sim.logs.writer import LogWriter, RunCall, RunSession, line, moment


class Writer(LogWriter):
    """A call is a line when its answer is there; before it a line of the user, or of the tool, that asked for it."""

    ending = ""
    cannot_hold = "attempts not charged, dollars and fees, reasoning apart, waits in line, first tokens; times in ms"

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """Under `projects/sim`."""
        project = path / "projects" / "sim"
        project.mkdir(parents=True)
        for session in sessions:
            within = project / session.name / "subagents"
            for agent, calls in session.agents.items():
                billed = self.billed(calls)
                if not billed:
                    continue
                if agent == MAIN:
                    file = project / f"{session.name}.jsonl"
                else:
                    within.mkdir(parents=True, exist_ok=True)
                    file = within / f"agent-{agent}.jsonl"
                    meta = {"agentType": billed[0].role, "spawnDepth": billed[0].depth}
                    file.with_suffix(".meta.json").write_text(line(meta), encoding="utf-8")
                with file.open("w", encoding="utf-8") as out:
                    out.writelines(line(entry) for entry in _thread(session, agent, billed))


def _thread(session: RunSession, agent: str, calls: Sequence[RunCall]) -> Iterator[dict[str, Any]]:
    """Lines of one agent: before each call what its sub-agents brought meanwhile, and what it was asked."""
    ended = sorted((session.agents[child][-1].end_s, child) for child in session.children(agent))
    aside = {"isSidechain": False} if agent == MAIN else {"isSidechain": True, "agentId": agent}
    last = ""

    def entry(kind: str, second: float, message: dict[str, Any], **more: Any) -> dict[str, Any]:
        nonlocal last
        number = int(last.rpartition(".")[2]) + 1 if last else 0
        above, last = {"parentUuid": last} if last else {}, f"{session.name}.{agent}.{number}"
        head = {"sessionId": session.name, "type": kind, "uuid": last, "timestamp": moment(second)}
        return above | aside | head | {"message": message} | more

    for number, call in enumerate(calls):
        while ended and ended[0][0] <= call.request_s:
            second, child = ended.pop(0)
            yield entry("user", second, _result(child), toolUseResult={"agentId": child})
        asked = {"role": "user", "content": ""} if number == 0 else _result(f"{number - 1}")
        yield entry("user", call.request_s, asked)
        unique = f"{session.name}.{agent}.{number}"
        yield entry("assistant", call.end_s, _answer(call, f"msg_{unique}"), requestId=f"req_{unique}")
    for second, child in ended:
        yield entry("user", second, _result(child), toolUseResult={"agentId": child})


def _result(tool: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{tool}"}]}


def _answer(call: RunCall, unique: str) -> dict[str, Any]:
    """Three numbers that have nothing in common: fresh, written, read."""
    hour = call.cache_write_1h_tokens
    usage = {
        "input_tokens": call.fresh_tokens,
        "cache_creation_input_tokens": call.cache_write_tokens,
        "cache_read_input_tokens": call.cache_read_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": call.cache_write_tokens - hour, "ephemeral_1h_input_tokens": hour},
        "output_tokens": call.output_tokens,
        "service_tier": call.tier,
    }
    return {"id": unique, "type": "message", "role": "assistant", "model": call.model, "content": [], "usage": usage}
