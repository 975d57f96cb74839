"""ccusage: its JSON reports, by day, week, month or session. Sums over calls, so no row is a call."""

from __future__ import annotations

from collections.abc import Iterator

from sim.logs.files import Entry, Sample
from sim.logs.logged import UNKNOWN, Counts, LoggedCall, count, dollars, moment, said, under
from sim.logs.reader import LogReader

_TABLES = ("daily", "weekly", "monthly", "session", "sessions", "blocks")
_NAMES = ("sessionId", "date", "week", "month", "id")


class Reader(LogReader):
    """A row a period (or session) and model."""

    keyed = False

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By a table of sums."""
        return sample.kind == "json" and any(
            isinstance(entry.get(name), list) and "totals" in entry for entry in sample.entries for name in _TABLES
        )

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of each period what each model came to; how many calls that were is not told."""
        table, *others = [entry[name] for name in _TABLES if isinstance(entry.get(name), list)] or [[]]
        if left := sum(map(len, others)):
            self.report.remarks["of a second table of sums in one report: left out, since it is of the same work"] += left
        for name in ("inputTokens", "outputTokens"):
            if (whole := said(under(entry, "totals", name))) != UNKNOWN and whole != sum(count(period.get(name)) for period in table):
                self.report.remarks[f"totals of {name} are not what the rows come to: are rows missing?"] += 1
        for period in table:
            parts = [part for part in period.get("modelBreakdowns") or () if isinstance(part, dict)]
            of_models = {key: sum(count(part.get(key)) for part in parts) for key in ("inputTokens", "outputTokens")}
            if parts and any(count(period.get(key)) > tokens for key, tokens in of_models.items()):
                self.report.remarks["sums of a period that are more than its models come to: are models missing? the models count"] += 1
            name = str(next((period[key] for key in _NAMES if period.get(key)), ""))
            models = period.get("modelsUsed") or []
            start = moment(period["firstActivity"]) if period.get("firstActivity") else _day(name)
            for part in period.get("modelBreakdowns") or ({**period, "modelName": models[0] if len(models) == 1 else ", ".join(models)},):
                self.report.remarks["sums of an unknown number of calls: priced as if no prompt reached a higher tier"] += 1
                yield LoggedCall(
                    name, part.get("modelName") or "", Counts.disjoint, count(part.get("inputTokens")), count(part.get("outputTokens")),
                    count(part.get("cacheReadTokens")), count(part.get("cacheCreationTokens")), UNKNOWN, start_s=start,
                    end_s=moment(period.get("lastActivity")), cost_usd=dollars(part.get("cost", part.get("totalCost"))), calls=0,
                )  # fmt: skip


def _day(name: str) -> float:
    """The start of a period that is named by a day or month."""
    try:
        return moment(f"{name}-01" if len(name) == 7 else name)
    except ValueError:
        return moment(None)
