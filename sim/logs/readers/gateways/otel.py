"""OpenTelemetry GenAI spans: OTLP JSON as a collector's file exporter writes it, or a flat span a line. Of every generation of names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.logs.files import Entry, Sample
from sim.logs.logged import MAIN, Counts, LoggedCall, count, said
from sim.logs.otel_names import attributes_of, first, identity, time_of
from sim.logs.reader import LogReader

_MODELS = (
    "chat",
    "generate_content",
    "text_completion",
    "embeddings",
    "gen_ai.client.inference",
    "claude_code.llm_request",
    "LLM",
    "EMBEDDING",
)
_AGENTS = ("invoke_agent", "AGENT")
_OTHERS = ("execute_tool", "create_agent", "invoke_workflow", "plan", "retrieval", "TOOL", "CHAIN", "RETRIEVER", "RERANKER")
_FAILED = (2, "2", "ERROR", "STATUS_CODE_ERROR")


class _Span(NamedTuple):
    """What is kept of a span until all have come."""

    parent: str
    what: str
    agent: str
    """Its name, of a span of an agent; empty: of another."""
    session: str
    call: LoggedCall | None
    """What it counts, if it counts tokens."""


class Reader(LogReader):
    """Spans come in any order: calls are told when all are there, each once, by the span that is nearest to the model."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spans: dict[tuple[str, str], _Span] = {}

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the envelope, or by ids of trace and span."""
        entries = sample.entries
        return any("resourceSpans" in each or (identity(each, "trace") and ("spans" in each or identity(each, "span"))) for each in entries)

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet."""
        for resource in entry.get("resourceSpans") or ():
            shared = attributes_of((resource.get("resource") or {}).get("attributes"))
            for scope in resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans") or ():
                for span in scope.get("spans") or ():
                    self._keep(span, shared, (scope.get("scope") or {}).get("name", ""))
        for span in entry.get("spans") or ():
            self._keep({"trace_id": entry.get("trace_id"), **span}, {}, "")
        if identity(entry, "span"):
            self._keep(entry, {}, "")
        return iter(())

    def _keep(self, span: Entry, shared: Entry, scope: str) -> None:
        has = {**shared, **attributes_of(span.get("attributes"))}
        name, place = span.get("name") or "", (identity(span, "trace"), identity(span, "span"))
        what = str(first(has, "operation") or name.partition(" ")[0])
        agent = str(first(has, "agent") or name.removeprefix(what).strip() or "agent") if what in _AGENTS else ""
        counts = what not in _OTHERS and (first(has, "input") is not None or first(has, "output") is not None)
        call = _call(span, has, what, scope, " ".join(place)) if counts else None
        if place in self._spans:
            self.report.duplicates["spans sent twice"] += counts
        parent = str(span.get("parentSpanId") or span.get("parent_span_id") or span.get("parent_id") or "")
        self._spans[place] = _Span(parent, what, agent, str(first(has, "session") or ""), call)

    def end(self) -> Iterator[LoggedCall]:
        """Calls of models, of spans within one another the inner one; what agents and others count sums them up."""
        sums = {each for place, span in self._spans.items() if span.call and span.what not in _AGENTS for each in self._summing(place)}
        for place, span in self._spans.items():
            if span.call is None:
                continue
            if place in sums:
                self.report.duplicates["spans that sum up others"] += 1
                continue
            if span.agent:
                self.report.remarks["sums of agents whose model spans are not there (sampled away?): not counted"] += 1
                continue
            line = [place, *self._above(place)]
            agents = [f"{self._spans[each].agent} {each[1]}" for each in line if self._spans[each].agent]
            session = next((self._spans[each].session for each in line if self._spans[each].session), place[0])
            names = [*agents[:-1], MAIN]
            yield span.call._replace(session=session, agent=names[0], parent=names[1] if len(names) > 1 else "")

    def _above(self, place: tuple[str, str]) -> list[tuple[str, str]]:
        """Spans around one, as far as they are there; none where they go round in a ring, which says nothing of what is within what."""
        found = [place]
        while (place := (place[0], self._spans[place].parent)) in self._spans:
            if place in found:
                return []
            found.append(place)
        return found[1:]

    def _summing(self, place: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Spans around a call that hold its tokens: of a model only those with no tool or agent in between, whose calls are others."""
        between = False
        for each in self._above(place):
            what = self._spans[each].what
            between = between or what in _AGENTS or what in _OTHERS
            if not (between and what in _MODELS):
                yield each


def _call(span: Entry, has: Entry, what: str, scope: str, key: str) -> LoggedCall:
    status = span.get("status")
    failed = "error.type" in has or (isinstance(status, dict) and status.get("code", status.get("status_code")) in _FAILED)
    beside = what.startswith("claude_code.")
    emitter = " ".join(filter(None, (scope, str(first(has, "provider") or ""))))
    return LoggedCall(
        "", str(first(has, "model") or ""), Counts.disjoint if beside else Counts.unsure, count(first(has, "input")),
        count(first(has, "output")), said(first(has, "cache_read")), said(first(has, "cache_write")),
        reasoning_tokens=count(first(has, "reasoning")), start_s=time_of(span, "start"), end_s=time_of(span, "end"),
        status="error" if failed else "ok", tier=str(first(has, "tier") or ""), key=key, emitter=emitter,
    )  # fmt: skip
