"""OpenTelemetry GenAI spans: OTLP JSON as a collector's file exporter writes it, or a flat span a line. Of every generation of names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import SINCE_1970_S, Counts, LoggedCall, begun_by, count, outward, said
from sim.logs.reader import LogReader
from sim.logs.spans import AGENTS, MODELS, NAMES, OTHERS, attributes_of, first, has_failed, identity, spans_in, time_of


class _Span(NamedTuple):
    """What is kept of a span until all have come."""

    parent: str
    what: str
    agent: str
    """Its name and id, of a span of an agent; empty: of another."""
    session: str
    call: LoggedCall | None
    """What it counts, if it counts tokens."""


class Reader(LogReader):
    """Spans come in any order: calls are told when all are there, each once, by the span that is nearest to the model."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spans: dict[tuple[str, str], _Span] = {}

    def begin(self, file: File) -> None:
        """Where its spans are, for an error."""
        self._file = file.name

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the envelope, or by ids of trace and span."""
        entries = sample.entries
        return any("resourceSpans" in each or (identity(each, "trace") and ("spans" in each or identity(each, "span"))) for each in entries)

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet. A span that is broken is named, and the others beside it are read."""
        if "resourceMetrics" in entry:
            self.report.remarks["OpenTelemetry metrics, which are sums: left out, spans are needed"] += 1
        for span, shared, scope in spans_in(entry):
            try:
                self._keep(span, shared, scope)
            except (ValueError, TypeError, AttributeError) as error:
                self.report.is_broken(self._file, f"span {identity(span, 'span') or '(no id)'}", error)
        return iter(())

    def _keep(self, span: Mapping[str, Any], shared: Entry, scope: str) -> None:
        has = {**shared, **attributes_of(span.get("attributes"))}
        name, place = span.get("name") or "", (identity(span, "trace"), identity(span, "span") or f"#{len(self._spans)}")
        what = str(first(has, "operation") or name.partition(" ")[0])
        agent = f"{first(has, 'agent') or name.removeprefix(what).strip() or 'agent'} {place[1]}" if what in AGENTS else ""
        counts = what not in OTHERS and (first(has, "input") is not None or first(has, "output") is not None)
        call = _call(span, has, what, scope, " ".join(place)) if counts else None
        if call is not None:
            self._remark(call, has)
        if place in self._spans:
            before = self._spans[place].call
            self.report.duplicates["spans sent twice"] += counts
            if before and call and (before.input_tokens, before.output_tokens) != (call.input_tokens, call.output_tokens):
                self.report.remarks["of a span that was sent twice, with other tokens: the latest is taken; are ids unique?"] += 1
        parent = str(span.get("parentSpanId") or span.get("parent_span_id") or span.get("parent_id") or "")
        self._spans[place] = _Span(parent, what, agent, str(first(has, "session") or ""), call)

    def _remark(self, call: LoggedCall, has: Entry) -> None:
        """What is odd of a call and read all the same."""
        if any(len({count(has[name]) for name in NAMES[each] if has.get(name) is not None}) > 1 for each in ("input", "output")):
            self.report.remarks["older and newer names of a span tell other tokens: the newest name is taken"] += 1
        if 0 <= call.start_s < SINCE_1970_S:
            self.report.remarks["times that are no nanoseconds since 1970 (milliseconds?): taken without a date"] += 1

    def end(self) -> Iterator[LoggedCall]:
        """Calls of models, of spans within one another the inner one; what agents and others count sums them up."""
        self._above = {place: above for place, span in self._spans.items() if (above := (place[0], span.parent)) in self._spans}
        if silent := self._silent():
            self.report.remarks["spans of a call that name no input or output tokens: left out, since nobody knows them"] += silent
        sums = {each for place, span in self._spans.items() if span.call and span.what not in AGENTS for each in self._summing(place)}
        self._remark_sums(sums)
        for place, span in self._spans.items():
            if span.call is None:
                continue
            if place in sums:
                self.report.duplicates["spans that sum up others"] += 1
                continue
            if span.agent:
                self.report.remarks["sums of agents whose model spans are not there (sampled away?): not counted"] += 1
                continue
            line = [self._spans[each] for each in outward(place, self._above)]
            agents = [each.agent for each in line if each.agent]
            yield begun_by(span.call, next((each.session for each in line if each.session), place[0]), agents)

    def _remark_sums(self, sums: Collection[tuple[str, str]]) -> None:
        """Of agents that sum up more than the spans of models within them."""
        within: dict[tuple[str, str], int] = dict.fromkeys(sums, 0)
        for place, span in self._spans.items():
            if span.call and place not in sums and not span.agent:
                for each in outward(place, self._above)[1:]:
                    if each in within:
                        within[each] += span.call.output_tokens
        told = {place: call.output_tokens for place in sums if self._spans[place].agent and (call := self._spans[place].call)}
        if short := sum(tokens > within[place] for place, tokens in told.items()):
            self.report.remarks["sums of agents with more output than their model spans: are spans missing (sampled away)?"] += short

    def _silent(self) -> int:
        """Spans of a model without tokens, where none around or within them has any either."""
        lines = {place: outward(place, self._above) for place, span in self._spans.items() if span.call or span.what in MODELS}
        around = {each for place, line in lines.items() if self._spans[place].call for each in line}
        return sum(
            place not in around and not any((span := self._spans[each]).call and span.what in MODELS for each in line)
            for place, line in lines.items()
        )

    def _summing(self, place: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Spans around a call that hold its tokens: of a model only those with no tool or agent in between, whose calls are others."""
        between = False
        for each in outward(place, self._above)[1:]:
            what = self._spans[each].what
            between = between or what in AGENTS or what in OTHERS
            if not (between and what in MODELS):
                yield each


def _call(span: Mapping[str, Any], has: Entry, what: str, scope: str, key: str) -> LoggedCall:
    beside = what.startswith("claude_code.")
    emitter = " ".join(filter(None, (scope, str(first(has, "provider") or ""))))
    return LoggedCall(
        "", str(first(has, "model") or ""), Counts.disjoint if beside else Counts.unsure, count(first(has, "input")),
        count(first(has, "output")), said(first(has, "cache_read")), said(first(has, "cache_write")),
        reasoning_tokens=count(first(has, "reasoning")), start_s=time_of(span, "start"), end_s=time_of(span, "end"),
        status="error" if has_failed(span, has) else "ok", tier=str(first(has, "tier") or ""), key=key, emitter=emitter,
    )  # fmt: skip
