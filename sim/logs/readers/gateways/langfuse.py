"""Langfuse: observations as JSON. Names of usage are free; those that hold `input` are apart and add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, Sample
from sim.logs.logged import UNKNOWN, Counts, LoggedCall, begun_by, count, dollars, moment, outward, said, under
from sim.logs.reader import LogReader

_CALLS = ("GENERATION", "EMBEDDING")
_TOKENS = "TOKENS"
_TOTALS = ("total", "totalTokens", "total_tokens")


class Reader(LogReader):
    """Calls are told at the end, when it is known which observation stands above which."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._above: dict[str, str] = {}
        """By observation: the one above it."""
        self._agents: dict[str, str] = {}
        """Of those that are agents, their names."""
        self._sessions: dict[str, str] = {}
        self._calls: list[tuple[str, str, LoggedCall]] = []
        self._pages: set[int] = set()
        self._most = 0
        """Pages of the API that there are, where one of them is read."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By an observation's type and trace, alone or in a list of them."""
        listed = (each for entry in sample.entries for each in (entry, *(entry["data"] if isinstance(entry.get("data"), list) else ())))
        return sample.kind == "json" and any(
            isinstance(each, dict) and "traceId" in each and "type" in each and "spanId" not in each for each in listed
        )

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet."""
        if pages := count(under(entry, "meta", "totalPages")):
            self._most = max(self._most, pages)
            self._pages.add(count(under(entry, "meta", "page")))
        for each in entry["data"] if isinstance(entry.get("data"), list) else (entry,):
            trace = str(each.get("traceId") or each["id"])
            if each.get("sessionId"):
                self._sessions[trace] = str(each["sessionId"])
            if "traceId" in each:
                self._above[each["id"]] = str(each.get("parentObservationId") or "")
                if each.get("type") == "AGENT":
                    self._agents[each["id"]] = f"{each.get('name') or 'agent'} {each['id']}"
                if each.get("type") in _CALLS:
                    self._calls.append((trace, each["id"], self._call(each)))
        return iter(())

    def _call(self, each: Entry) -> LoggedCall:
        usage = each.get("usageDetails") or each.get("usage") or {}
        if str(unit := each.get("unit") or usage.get("unit") or _TOKENS).upper() != _TOKENS:
            raise ValueError(f"counts {unit}, no tokens")
        kinds = {"read": 0, "write": 0, "hour": 0, "input": 0, "reasoning": 0, "output": 0}
        if not any("input" in name.lower() or "output" in name.lower() for name in usage):  # as OpenAI names them
            usage = {name.replace("prompt", "input").replace("completion", "output"): tokens for name, tokens in usage.items()}
        for name, tokens in usage.items():
            kinds[_kind(name)] = kinds.get(_kind(name), 0) + (count(tokens) if _kind(name) else 0)
        read, write = kinds["read"], kinds["write"] + kinds["hour"]
        output = kinds["output"] + kinds["reasoning"]
        within = bool(read + write) and count(usage.get("total")) == kinds["input"] + output
        if within:
            self.report.remarks[
                "cache reads and writes are a part of input (by the total), not beside it as Langfuse counts: taken so"
            ] += 1
        total = next((said(usage[name]) for name in _TOTALS if name in usage), UNKNOWN)
        if total != UNKNOWN and total - kinds["input"] - output not in (0, read + write):
            self.report.remarks["total is not what input, output and cache come to: is a part of them missing?"] += 1
        cost = (each.get("costDetails") or {}).get("total", each.get("calculatedTotalCost", each.get("totalCost")))
        return LoggedCall(
            "", each.get("model") or each.get("providedModelName") or "", Counts.inclusive if within else Counts.disjoint, kinds["input"],
            output, read, write, kinds["hour"] or UNKNOWN, kinds["reasoning"], moment(each.get("startTime")), moment(each.get("endTime")),
            cost_usd=dollars(cost), status="error" if each.get("level") == "ERROR" else "ok",
            tier=str(under(each, "modelParameters", "service_tier") or ""), key=each["id"],
        )  # fmt: skip

    def end(self) -> Iterator[LoggedCall]:
        """Each with the nearest agent above it; the highest is the main one."""
        if self._most > len(self._pages):
            missing = f"on {len(self._pages)} of {self._most} pages that there are: the calls of the others are missing"
            self.report.remarks[missing] += len(self._calls)
        for trace, place, call in self._calls:
            agents = [self._agents[each] for each in outward(place, self._above)[1:] if each in self._agents]
            yield begun_by(call, self._sessions.get(trace, trace), agents)


def _kind(name: str) -> str:
    """What a name of usage counts; empty: nothing of its own."""
    name = name.lower()
    if "cost" in name:
        return ""
    if "cache" in name:
        return "hour" if "1h" in name else "write" if "creat" in name or "write" in name else "read"
    if "reason" in name:
        return "reasoning"
    return next((kind for kind in ("input", "output") if kind in name), "")
