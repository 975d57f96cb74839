"""LiteLLM: rows of its table SpendLogs, as JSON or CSV. What the vendor counted stands in their metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.gathered.totals import TOTALS, Totals
from sim.logs.logged import NO_CALL, Counts, LoggedCall, count, dollars, moment, said
from sim.logs.reader import LogReader

_CACHED = "true"
_ALWAYS_WHOLE = ("openai", "azure")
"""Providers whose own prompt tokens hold what was cached."""


class Reader(LogReader):
    """Of which provider a row is decides how it counts: older versions leave Anthropic's cache reads and writes out of the prompt."""

    columns = (
        "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime",
        "endTime", "request_duration_ms", "completionStartTime", "model", "model_id", "model_group", "custom_llm_provider",
        "api_base", "user", "metadata", "cache_hit", "cache_key", "request_tags", "team_id", "organization_id", "end_user",
        "requester_ip_address", "messages", "response", "session_id", "status", "agent_id", "mcp_namespaced_tool_name",
        "proxy_server_request",
    )  # fmt: skip

    def begin(self, file: File) -> None:
        """Its lines of totals are of its rows."""
        self._totals = Totals()

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the columns that make a bill."""
        return sample.has("request_id", "spend", "prompt_tokens", "completion_tokens")

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a row that came to a model."""
        known = bool(entry.get("model")), bool(entry.get("startTime"))
        if self._totals.is_one(entry, known, entry["prompt_tokens"], entry["completion_tokens"]):
            self.report.remarks[TOTALS] += 1
            return
        if str(entry.get("cache_hit")).lower() == _CACHED:
            self.report.remarks["answers of LiteLLM's own cache, no calls of a model: left out"] += 1
            return
        if not (entry["request_id"] or any(known)):
            raise ValueError(NO_CALL)
        about = _object(entry.get("metadata"))
        usage = _object(about.get("usage_object"))
        inside, outside = _object(usage.get("prompt_tokens_details")), _object(usage.get("completion_tokens_details"))
        if count(about.get("attempted_retries")):
            self.report.remarks["tried again by the gateway: what the first tries cost is not in the log"] += 1
        status = str(entry.get("status") or "success")
        read, provider = usage.get("cache_read_input_tokens"), str(entry.get("custom_llm_provider") or "")
        tokens, written = count(entry["prompt_tokens"]) + count(entry["completion_tokens"]), usage.get("cache_creation_input_tokens")
        if said(total := entry.get("total_tokens")) >= 0 and count(total) not in (tokens, tokens + count(read) + count(written)):
            self.report.remarks["total_tokens is not what prompt and completion come to: is a part of them missing?"] += 1
        tier = "batch" if "batch" in str(entry.get("call_type")) else usage.get("service_tier") or about.get("service_tier") or ""
        yield LoggedCall(
            str(entry.get("session_id") or ""), str(entry.get("model") or ""),
            Counts.inclusive if provider in _ALWAYS_WHOLE else Counts.unsure, count(entry["prompt_tokens"]),
            count(entry["completion_tokens"]), said(inside.get("cached_tokens") if read is None else read),
            said(written), reasoning_tokens=count(outside.get("reasoning_tokens")),
            start_s=moment(entry.get("startTime")), end_s=moment(entry.get("endTime")), cost_usd=dollars(entry.get("spend")),
            status="ok" if status == "success" else status, tier=str(tier), key=str(entry["request_id"]),
            emitter=provider,
        )  # fmt: skip


def _object(value: Any) -> Entry:
    """JSON as such, or written as a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except ValueError:
            raise ValueError("its metadata is no JSON: is it cut?") from None
    return value if isinstance(value, dict) else {}
