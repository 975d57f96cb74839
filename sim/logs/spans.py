"""OpenTelemetry spans as they are written: OTLP or flat, by names of GenAI conventions from 1.28 on, OpenInference, OpenLLMetry, Sentry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sim.logs.logged import moment

NAMES = {
    "operation": ("gen_ai.operation.name", "openinference.span.kind"),
    "input": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.token_count.prompt", "input_tokens",
    ),
    "output": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens", "llm.token_count.completion",
        "output_tokens",
    ),
    "cache_read": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.input_tokens.cached", "llm.token_count.prompt_details.cache_read", "cache_read_tokens",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.input_tokens.cache_write", "llm.token_count.prompt_details.cache_write",
        "cache_creation_tokens",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.output_tokens.reasoning",
        "llm.token_count.completion_details.reasoning",
    ),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "model": ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "model"),
    "tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier", "service_tier",
    ),
    "session": ("gen_ai.conversation.id", "session.id"),
    "agent": ("gen_ai.agent.name", "gen_ai.agent.id"),
}  # fmt: skip
"""By what we call it, the newest name first."""
MODELS = (
    "chat", "generate_content", "text_completion", "embeddings", "gen_ai.client.inference", "claude_code.llm_request", "LLM", "EMBEDDING",
)  # fmt: skip
AGENTS = ("invoke_agent", "AGENT")
OTHERS = ("execute_tool", "create_agent", "invoke_workflow", "plan", "retrieval", "TOOL", "CHAIN", "RETRIEVER", "RERANKER")
"""What a span may be of, by its operation."""
_FAILED = (2, "2", "ERROR", "STATUS_CODE_ERROR")
_KINDS = ("stringValue", "intValue", "doubleValue", "boolValue")


class Written(NamedTuple):
    """A span as it came."""

    span: Mapping[str, Any]
    shared: dict[str, Any]
    """Attributes of its resource."""
    scope: str
    """The library that made it."""


def spans_in(entry: Mapping[str, Any]) -> Iterator[Written]:
    """Of an envelope (OTLP), of a trace with its spans, or the entry itself."""
    for resource in entry.get("resourceSpans") or ():
        shared = attributes_of((resource.get("resource") or {}).get("attributes"))
        for scope in resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans") or ():
            for span in scope.get("spans") or ():
                yield Written(span, shared, (scope.get("scope") or {}).get("name", ""))
    for span in entry.get("spans") or ():
        yield Written({"trace_id": entry.get("trace_id"), **span}, {}, "")
    if identity(entry, "span"):
        yield Written(entry, {}, "")


def has_failed(span: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """By its status, or by the error that it names."""
    status = span.get("status")
    return "error.type" in attributes or (isinstance(status, dict) and status.get("code", status.get("status_code")) in _FAILED)


def first(attributes: Mapping[str, Any], what: str) -> Any:
    """The first of its names that is there; None: none is."""
    return next((attributes[name] for name in NAMES[what] if attributes.get(name) is not None), None)


def attributes_of(written: Any) -> dict[str, Any]:
    """As a mapping, from a mapping or from OTLP's list of keys and typed values (whole numbers are texts there)."""
    if isinstance(written, dict):
        return written
    return {each["key"]: next((each["value"][kind] for kind in _KINDS if kind in each["value"]), None) for each in written or ()}


def identity(span: Mapping[str, Any], of: str) -> str:
    """The id of a span's `trace` or of the `span` itself; empty: it has none."""
    within = span.get("context") if isinstance(span.get("context"), dict) else span
    assert within is not None
    return str(within.get(f"{of}Id") or within.get(f"{of}_id") or "")


def time_of(span: Mapping[str, Any], end: str) -> float:
    """Seconds since 1970 of its `start` or `end`; nan: unknown."""
    nanos = span.get(f"{end}TimeUnixNano", span.get(f"{end}_time_unix_nano"))
    if nanos is not None:
        return int(nanos) / 1e9
    written = span.get(f"{end}_time", span.get(f"{end}Time"))
    if isinstance(written, (int, float)):
        return written / (1e9 if written > 1e17 else 1e3 if written > 1e11 else 1)
    return moment(written) if written else math.nan
