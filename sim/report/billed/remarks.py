"""What-ifs in words: what is changed, with which setting, under which assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.report.numbers import compact, counted, dollars, number, share
from sim.settings.market import BackendSettings
from sim.settings.population.plan import DAYS_A_MONTH
from sim.sweeps.what_if.answer import Answer
from sim.sweeps.what_if.ask import WhatIf
from sim.sweeps.what_if.fanout import HALF
from sim.sweeps.what_if.question import HOUR_S, Question

_WHOSE = {"*": "every call", "lead": "lead agents", "sub_agents": "sub-agents"}


def change(question: Question, market: Mapping[str, BackendSettings]) -> str:
    """What is otherwise."""
    parts = [f"{_WHOSE.get(whose, whose)} on {_label(market, backend)}" for whose, backend in question.moves]
    if question.cache_s is not None:
        parts.append(f"caches keep prompts for {'an hour' if question.cache_s == HOUR_S else '5 minutes'} (ttl of cache_control)")
    if question.compact_tokens is not None:
        parts.append(f"prompts summarised at {compact(question.compact_tokens)} tokens")
    if question.fanout is not None:
        parts.append("every second sub-agent less" if question.fanout == HALF else f"at most {question.fanout} sub-agents each")
    if question.batch:
        parts.append("all calls through the batch queue")
    if question.sessions > 1:
        parts.append(f"{question.sessions} times the sessions")
    if question.flat is not None:
        parts.append(f"a flat rate of ${question.flat.usd_per_month:g} a month")
    return ", ".join([*parts, *question.settings])


def _label(market: Mapping[str, BackendSettings], backend: str) -> str:
    """For people; one of another market by its id."""
    return market[backend].label or backend if backend in market else backend


def named(question: Question, market: Mapping[str, BackendSettings]) -> tuple[str, str]:
    """The same, and the words that ask it; empty: they say it themselves."""
    only_settings = question == Question(question.text, settings=question.settings)
    return (question.text, "") if only_settings else (change(question, market), question.text)


def remarks(what_if: WhatIf, answer: Answer) -> Iterator[str]:
    """What to know of an answer, in sentences."""
    market = what_if.base.scenario.market.models
    for why, many in answer.left_out.items():
        yield f"{counted(many, 'call')} {why}: their sessions are left out on both sides; {answer.sessions:,} are compared"
    if (lost := answer.lost - what_if.base.replayed.lost) > 0:
        yield f"{counted(lost, 'session')} came to no end (calls given up): less done, not less spent on the same"
    yield from _work(answer, market)
    question = answer.question
    if question.fanout not in (None, HALF):
        yield "who began no more keeps them: what more than there were would do a log does not say; all that one began in its session count"
    if question.fanout is not None:
        yield "reports are read as recorded; if the others do the work too, it stands on top of their own context, in their own time"
    if question.compact_tokens is not None:
        yield f"left are a summary of 1,000 tokens (assumption) and the agent's least prompt; turns are as recorded{_worth(answer)}"
    if question.cache_s is not None or question.compact_tokens is not None or question.fanout is not None:
        yield from _ends(answer)
    if question.sessions > 1:
        yield "copies begin when their originals do"
    if any(word.startswith("budget") for word in question.settings):
        yield "all sessions share each budget: the log is taken as one user's"
    before, after = answer.peak_tokens_per_min
    if question.sessions > 1 or (question.settings and before != after):
        yield f"at most {compact(after)} tokens in a minute, {compact(before)} as it was"
    if question.flat is not None:
        yield from _flat(what_if, answer)
    if question.batch:
        yield "each call comes an hour late (assumption), one after another: for work that nobody waits for"


def _ends(answer: Answer) -> Iterator[str]:
    if len(answer.ends) > 1:
        yield "; ".join(f"if {label}: {dollars(usd)}" for label, usd in answer.ends.items())


def _worth(answer: Answer) -> str:
    """How many more calls would eat up what is saved."""
    saved = answer.before_usd - answer.usd
    if saved <= 0 or answer.swapped:
        return ""
    return f"; {share(saved / answer.usd)} more calls would eat up what is saved at least" if answer.usd else ""


def _work(answer: Answer, market: Mapping[str, BackendSettings]) -> Iterator[str]:
    """What another model makes of the same work, and how much of it."""
    news = dict.fromkeys(new for _, new in answer.swapped)
    if answer.measured:
        parts = "; ".join(f"{dollars(usd)} as in {harness}" for harness, usd in answer.measured.items())
        if len(answer.ends) > 1:
            parts = " to ".join(map(dollars, answer.bounds))
        alone = "; bills of one harness alone, so no range is known" if len(answer.measured) == 1 else ""
        rest = f"; {share(answer.unmeasured_share)} of it as recorded, which nobody has measured" if answer.unmeasured_share else ""
        same = f"recorded tokens at its prices: {dollars(answer.usd)}"
        yield f"{same}; with the turns and words that bills of issues show: {parts}{alone}{rest}"
    elif news:
        names = ", ".join(_label(market, each) for each in news)
        yield f"recorded tokens at its prices; how many tokens {names} would take for this work nobody has measured"
    for old, new in answer.swapped:
        known = [market[each].qualities if each in market else {} for each in (old, new)]
        shared = [source for source in known[0] if source in known[1]]
        if shared:
            source = "openhands" if "openhands" in shared else shared[0]
            now, was = (f"{_label(market, each)} solved {share(market[each].qualities[source].solved)}" for each in (new, old))
            yield f"of the issues of SWE-bench Verified {now}, {was} ({source})"


def _flat(what_if: WhatIf, answer: Answer) -> Iterator[str]:
    flat = answer.question.flat
    assert flat is not None
    windows = ", ".join(f"${usd:g} in any {f'{hours:g} h' if hours != 168 else 'week'}" for hours, usd in flat.allowances)
    rate = flat.usd_per_month * what_if.base.days / DAYS_A_MONTH
    beyond = dollars(answer.beyond_usd)
    yield f"{dollars(rate)} for {what_if.base.days:.1f} days, and {beyond} by the list for calls when a window is spent ({windows})"
    days = answer.hours / 24 / answer.sessions
    if days > what_if.base.days:
        yield f"too small for this work: who waits for its windows waits longer than these {what_if.base.days:.1f} days, session by session"
        return
    blocked = f"blocked for {number(answer.hours)} hours, all sessions together, some side by side; caches go cold meanwhile"
    yield f"who waits instead pays {dollars(rate)} and is {blocked}"
