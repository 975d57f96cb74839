"""OpenRouter: the CSV export of its activity, a row a generation. Sessions are not in it: they are told by app and pause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.gathered.totals import TOTALS, Totals
from sim.logs.logged import NO_CALL, Counts, LoggedCall, count, dollars, moment, needed, said
from sim.logs.reader import LogReader

_PAUSE_S = 1800.0
"""After which an app's next call begins another session (assumption)."""


class Reader(LogReader):
    """Rows come in any order, the newest first as a rule."""

    columns = (
        "cost_total", "cost_cache", "tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached",
        "generation_time_ms", "time_to_first_token_ms", "provider_name", "model_permaslug", "app_name", "cancelled", "streamed",
        "finish_reason_normalized", "created_at", "generation_id",
    )  # fmt: skip

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._apps: dict[str, list[LoggedCall]] = {}

    def begin(self, file: File) -> None:
        """Its lines of totals are of its rows."""
        self._totals = Totals()

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its columns."""
        return sample.has("model_permaslug", "tokens_prompt", "tokens_completion", "cost_total")

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet."""
        known = bool(entry["model_permaslug"]), bool(entry.get("created_at"))
        if self._totals.is_one(entry, known, entry["tokens_prompt"], entry["tokens_completion"]):
            self.report.remarks[TOTALS] += 1
            return iter(())
        if not any(known):
            raise ValueError(NO_CALL)
        start = moment(entry.get("created_at"))
        call = LoggedCall(
            "", entry["model_permaslug"], Counts.inclusive, needed(entry, "tokens_prompt"), needed(entry, "tokens_completion"),
            said(entry.get("tokens_cached")), reasoning_tokens=count(entry.get("tokens_reasoning")), start_s=start,
            end_s=start + float(entry.get("generation_time_ms") or 0) / 1000, cost_usd=dollars(entry["cost_total"]),
            status="cancelled" if str(entry.get("cancelled")).lower() == "true" else "ok", key=_key(entry),
            emitter=str(entry.get("provider_name") or ""),
        )  # fmt: skip
        self._apps.setdefault(str(entry.get("app_name") or ""), []).append(call)
        return iter(())

    def end(self) -> Iterator[LoggedCall]:
        """By app and time."""
        for app, calls in self._apps.items():
            number, until = 0, float("-inf")
            for call in sorted(calls, key=lambda each: each.start_s):
                number += call.start_s > until + _PAUSE_S
                until = max(until, call.end_s)
                self.report.remarks["sessions are not in the log: taken as one app's calls without a pause of half an hour"] += 1
                yield call._replace(session=f"{app} {number}".strip())


def _key(entry: Entry) -> str:
    """Exports overlap: the same millisecond, model, tokens and dollars are the same generation."""
    if entry.get("generation_id"):
        return str(entry["generation_id"])
    return " ".join(map(str, entry.values())) if entry.get("created_at") else ""
