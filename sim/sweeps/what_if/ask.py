"""`sim.what_if`: what a log would have cost otherwise, by how much that differs, and what would save most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.engine.replication import Progress
from sim.errors import ConfigError, DataError, of_kind
from sim.logs.log import Log
from sim.scenario.told.numbers import counted, dollars
from sim.settings.population.plan import DAYS_A_MONTH
from sim.sweeps.what_if.answer import Answer, Asker, Base, base_of, question_of
from sim.sweeps.what_if.question import Question
from sim.sweeps.what_if.usual import usual

if TYPE_CHECKING:
    import pandas as pd

MOST_CALLS_UNASKED = 50_000
"""Of a log whose usual what-ifs are tried without being asked for: some ten replays of half a minute."""
LEAST_SAVING = 0.01
"""Of the bill, to be worth a line."""


class Finding(NamedTuple):
    """A what-if that saves."""

    answer: Answer
    least_usd: float
    """Saved at least, within what is known of other models' work, or assumed."""
    most_usd: float
    sure: bool
    """The interval by session does not hold 0, and another model's work has been measured."""


class WhatIf(NamedTuple):
    """Answers, in the order of the questions."""

    base: Base
    answers: list[Answer]
    refused: dict[str, str]
    """Of what was tried unasked, by question: why it could not be."""
    asked: bool

    @property
    def months(self) -> float:
        """How many the log spans; nan: less than a day, or no dates."""
        return self.base.days / DAYS_A_MONTH if self.base.days >= 1 else float("nan")

    @property
    def findings(self) -> list[Finding]:
        """Those that save whatever of the range is true, by what they save at least; what nobody has measured comes last."""
        found = []
        for each in self.answers:
            low, high = each.bounds
            least, most = each.before_usd - high, each.before_usd - low
            if each.question.sessions == 1 and least > LEAST_SAVING * each.before_usd and each.lost <= self.base.replayed.lost:
                sure = not each.unmeasured and max(ends.ci_high for ends in each.spread) < 0
                found.append(Finding(each, least, most, sure))
        return sorted(found, key=lambda each: (each.answer.unmeasured, -each.least_usd))

    def __repr__(self) -> str:
        best = next(iter(self.findings), None)
        most = "none of them surely saves" if best is None else f"most is saved by {best.answer.question.text}"
        span = "" if best is None else f", {dollars(best.least_usd)} to {dollars(best.most_usd)}"
        absent = sorted(set(self.base.said) - set(self.base.log.models))
        idle = f"; models: the log has no {', '.join(absent)}" if absent else ""
        return f"{counted(len(self.answers), 'what-if')} of a log: {most}{span}{idle}\nA row a what-if, with intervals: .table"

    @property
    def table(self) -> pd.DataFrame:
        """A row a what-if: dollars as replayed and as asked, their paired difference with its interval, the range, hours."""
        import pandas as pd

        return pd.DataFrame([row(each) for each in self.answers]).set_index("what_if")


def row(answer: Answer) -> dict[str, Any]:
    """One answer as plain values; `usd` is at the work that was recorded, or the more careful end; all others are by the range."""
    low, high = answer.bounds
    return {
        "what_if": answer.question.text,
        "sessions": answer.sessions,
        "replayed_usd": answer.before_usd,
        "usd": answer.usd,
        "low_usd": low,
        "high_usd": high,
        "difference_low_usd": min(each.mean for each in answer.spread),
        "difference_high_usd": max(each.mean for each in answer.spread),
        "difference_ci_low": min(each.ci_low for each in answer.spread),
        "difference_ci_high": max(each.ci_high for each in answer.spread),
        "more_hours": answer.hours,
        "beyond_usd": answer.beyond_usd,
        "peak_tokens_per_min": answer.peak_tokens_per_min[1],
        "sessions_lost": answer.lost,
        "calls_left_out": sum(answer.left_out.values()),
    }


def what_if(
    log: Log, questions: str | Sequence[str] = (), settings: str | Sequence[str] = (),
    models: Mapping[str, str] | None = None, progress: Progress | None = None,
    around: Callable[[Sequence[Question]], Iterable[Question]] = iter,
) -> WhatIf:  # fmt: skip
    """Answer what-ifs of a log (`sim.sweeps.what_if.question` says what one may be); without any, the usual ones that it has something of.

    `settings` are those of `sim logs`, `models` says which backend serves a model of another name, and `around` goes round the questions
    one by one (a progress bar). Raises `ConfigError` for a question that cannot be asked of this log.
    """
    of_kind(log, Log, "what_if takes a log, as sim.logs.read returns it")
    if models is not None:
        of_kind(models, Mapping, "models takes a mapping NAME: BACKEND")
    settings = [settings] if isinstance(settings, str) else settings
    questions = [questions] if isinstance(questions, str) else questions
    for each in questions or ():
        of_kind(each, str, "what_if takes questions as texts such as 'cache=1h'")
    if not questions and len(log.calls) > MOST_CALLS_UNASKED:
        raise DataError(f"not tried unasked on {len(log.calls):,} calls, which takes a while: --what-if WORDS asks for one")
    mine = [question_of(text, log, settings) for text in questions]
    base = base_of(log, settings, dict(models or {}), progress)
    asker = Asker(base, settings, progress)
    mine = mine or [question_of(text, log, settings) for text in usual(base)]
    answers, refused = [], {}
    for question in around(mine):
        try:
            answers.append(asker.answer(question))
        except ConfigError as error:
            if questions:
                raise
            refused[question.text] = str(error)
    return WhatIf(base, answers, refused, bool(questions))
