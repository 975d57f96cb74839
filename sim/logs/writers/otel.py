"""OpenTelemetry: OTLP JSON, a line a session, by the GenAI conventions (genai v0.1.0; of cache writes the older name too).

Every attempt is a client span of its agent's span, refused and broken ones with their status. Not in it: dollars and fees, how long
caches keep what is written, batch tiers, which attempt of a turn it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.logs.logged import MAIN
from sim.logs.writer import LogWriter, RunCall, RunSession, line

_PROVIDERS = {"google": "gcp.gemini", "xai": "x_ai", "moonshot": "moonshot_ai", "mistral": "mistral_ai"}
"""Vendors that the conventions call otherwise than we do."""
_INTERNAL, _CLIENT, _ERROR = 1, 3, 2


class Writer(LogWriter):
    """An agent is a span, within that of the agent that began it."""

    cannot_hold = "dollars and fees, lifetimes of caches, batch tiers, which attempt of its turn a span is"

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """As a collector's file exporter does."""
        resource = {"attributes": _attributes({"service.name": "sim"})}
        with path.open("w", encoding="utf-8") as out:
            for session in sessions:
                scope = {"scope": {"name": "sim"}, "spans": [*_spans(session)]}
                out.write(line({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}))
                self.written += sum(map(len, session.agents.values()))


def _spans(session: RunSession) -> Iterator[dict[str, Any]]:
    trace = _id(session.name, 32)
    agents = session.agents if MAIN in session.agents else {MAIN: session.calls(), **session.agents}
    for agent, calls in agents.items():
        above = calls[0].parent if calls[0].parent in agents else MAIN
        head = {"traceId": trace, "spanId": _id(f"{session.name} {agent}", 16)}
        if agent != MAIN:
            head["parentSpanId"] = _id(f"{session.name} {above}", 16)
        role = calls[0].role
        name = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": role, "gen_ai.agent.id": agent}
        times = _times(min(call.request_s for call in calls), max(call.end_s for call in calls))
        name["gen_ai.conversation.id"] = session.name
        yield head | {"name": f"invoke_agent {role}", "kind": _INTERNAL} | times | {"attributes": _attributes(name)}
    for agent, calls in session.agents.items():
        for number, call in enumerate(calls):
            head = {"traceId": trace, "spanId": _id(f"{session.name} {agent} {number}", 16)}
            head["parentSpanId"] = _id(f"{session.name} {agent}", 16)
            span = {"name": f"chat {call.model}", "kind": _CLIENT} | _times(call.request_s, call.end_s)
            failed = {} if call.status == "ok" else {"status": {"code": _ERROR}}
            yield head | span | {"attributes": _attributes(_said(call, session.name))} | failed


def _said(call: RunCall, session: str) -> dict[str, str | int | float]:
    """Input holds what is read from caches and written to them."""
    vendor = call.vendor.lower() or "sim"
    found: dict[str, str | int | float] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(vendor, vendor),
        "gen_ai.request.model": call.model,
        "gen_ai.conversation.id": session,
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.cache_read_tokens,
        "gen_ai.usage.cache_write.input_tokens": call.cache_write_tokens,
        "gen_ai.usage.cache_creation.input_tokens": call.cache_write_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": call.reasoning_tokens,
    }
    if call.status == "ok":
        return found | {"gen_ai.response.model": call.model, "gen_ai.response.time_to_first_chunk": call.first_token_s - call.request_s}
    return found | {"error.type": call.status}


def _attributes(said: Mapping[str, str | int | float]) -> list[dict[str, Any]]:
    """With their types; whole numbers are texts in OTLP JSON."""
    return [{"key": key, "value": _value(value)} for key, value in said.items()]


def _value(value: str | int | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _times(start_s: float, end_s: float) -> dict[str, str]:
    return {"startTimeUnixNano": str(round(start_s * 1e9)), "endTimeUnixNano": str(round(end_s * 1e9))}


def _id(of: str, digits: int) -> str:
    """The same for the same name, in every export."""
    return hashlib.sha256(of.encode()).hexdigest()[:digits]
