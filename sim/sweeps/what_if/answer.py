"""What a log would have come to otherwise: the same sessions replayed as they were and as asked, paired by session."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.engine.replication import Progress
from sim.errors import ConfigError
from sim.logs.log import Log
from sim.logs.logged import SINCE_1970_S
from sim.results.billed.lifetimes import kept_for_an_hour
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentSettings
from sim.settings.capacity.servers import BackendKind
from sim.settings.market import CacheKind
from sim.settings.population.plan import DAYS_A_MONTH
from sim.statistics import Estimate, t_quantile
from sim.sweeps.what_if import flat_rate, own_work
from sim.sweeps.what_if.acting import check_acting
from sim.sweeps.what_if.as_recorded import as_recorded, composed, composed_of_one_user, with_models
from sim.sweeps.what_if.ends import ends_of
from sim.sweeps.what_if.question import Question, asked, words
from sim.sweeps.what_if.recast import is_sub, served_by
from sim.sweeps.what_if.replayed import NO_PRICE, Replayed, listed, replay, routed, served, unreplayable
from sim.sweeps.what_if.sums import are_sums, check_asked

DAY_S = 86_400.0


class Answer(NamedTuple):
    """One what-if, over the sessions that can be replayed both ways."""

    question: Question
    sessions: int
    left_out: dict[str, int]
    """By why, calls whose sessions are not compared."""
    before_usd: float
    usd: float
    difference: Estimate
    """USD, with its 95 % interval: how far such sessions differ from one another; nan where there is none."""
    ends: dict[str, float]
    """USD by assumption, where there are several; the first is `usd`."""
    measured: dict[str, float]
    """USD by harness whose bills say how much work the other model makes of the same; none: nobody has measured it, or no model changed."""
    spread: tuple[Estimate, ...]
    """The differences by measured bills, where there are any, else by assumption."""
    swapped: tuple[tuple[str, str], ...]
    """(old backend, new one)."""
    hours: float
    """That all sessions take longer, added up."""
    peak_tokens_per_min: tuple[float, float]
    lost: int
    """Sessions that come to no end."""
    beyond_usd: float = math.nan
    """Of a flat rate: what is not covered by it."""
    unmeasured_share: float = 0.0
    """Of the dollars of calls that another model serves, those of models whose work nobody has measured."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most USD that it may come to: by measured bills, where there are any."""
        values = [*(self.measured or self.ends).values()]
        return min(values), max(values)

    @property
    def unmeasured(self) -> bool:
        """Whether another model works here of which no bills of the same work are known."""
        return bool(self.swapped) and not self.measured


class Base(NamedTuple):
    """The log as it is replayed."""

    log: Log
    scenario: Scenario
    said: Mapping[str, str]
    replayed: Replayed
    left_out: dict[str, int]
    hour: bool
    """Whether caches keep prompts for an hour, as the log's writes say."""

    @property
    def of_sums(self) -> bool:
        """Whether the log tells no single calls, so that sums are priced anew and nothing is replayed."""
        return are_sums(self.log)

    @property
    def days(self) -> float:
        """From the first call to the last; nan: the log has no dates."""
        start = self.log.calls["start_s"]
        known = start[start > SINCE_1970_S]
        return float(known.max() - known.min()) / DAY_S if len(known) else math.nan


def base_of(log: Log, settings: Sequence[str], said: Mapping[str, str], progress: Progress | None = None) -> Base:
    """Replay a log as it is. Raises `ConfigError` where none of it can be."""
    hour = kept_for_an_hour(log)
    scenario = as_recorded(composed(*settings), settings, hour)
    left_out = {why: int(rows.sum()) for why, rows in unreplayable(log, scenario, said).items()}
    return Base(log, scenario, said, replay(log, scenario, said, progress), left_out, hour)


def _tasks() -> dict[str, AgentSettings]:
    """By harness, the task of its bills."""
    return {harness: composed(f"agent={agent}").agent for harness, agent in own_work.TASKS.items()}


def question_of(text: str, log: Log, settings: Sequence[str]) -> Question:
    """Read a what-if, for which nothing need be replayed. Raises `ConfigError` for what cannot be read."""
    market = composed(*settings, *(word for word in words(text) if word.startswith("market="))).market
    question = asked(text, list(market.models), log.models)
    for _, backend in question.moves:
        if market.models[backend].kind is BackendKind.self_hosted:
            raise ConfigError(f"--what-if {backend}: is paid by the hour, and a log does not say how many; run it (workload=trace)")
    return question


class Asker:
    """Answers what-ifs of one log; what several need is replayed once."""

    def __init__(self, base: Base, settings: Sequence[str], progress: Progress | None = None) -> None:
        """`settings` are those of the base's scenario."""
        self.base = base
        self._settings = tuple(settings)
        self._progress = progress

    def answer(self, question: Question) -> Answer:
        """Raises `ConfigError` for what cannot be asked of this log."""
        if self.base.of_sums:
            check_asked(question)
        scenario = self._scenario(question)
        ends = {}
        for label, log in ends_of(question, self.base.log).items():
            ends[label] = self._end(question, scenario, log)
        first, *_ = ends.values()
        return first._replace(
            ends={label: each.usd for label, each in ends.items()},
            measured={", ".join(filter(None, both)): usd for both, usd in _by_both(ends)},
            spread=tuple(estimate for each in ends.values() for estimate in each.spread),
        )

    def _scenario(self, question: Question) -> Scenario:
        """The base's with the question's settings, each of which acts on something."""
        before = self.base.scenario
        said = (*self._settings, *question.settings)
        scenario = as_recorded(composed_of_one_user(before, said), said, self.base.hour) if question.settings else before
        check_acting(before, scenario, question.text)
        if scenario.backends != before.backends and not routed(scenario):
            raise ConfigError(f"--what-if {question.text}: calls stay on the backends of their models: name one alone, or add a router=...")
        if question.batch:
            scenario = dataclasses.replace(scenario, batch=True)
        return scenario if question.cache_s is None else self._kept_for(question, scenario, question.cache_s)

    def _kept_for(self, question: Question, scenario: Scenario, seconds: float) -> Scenario:
        """With another lifetime of what the backends in use cache, where they sell several."""
        _, used = served(self._moved(question, self.base.log), scenario, self.base.said)
        models = scenario.market.models
        takers = [name for name in used if models[name].cache is CacheKind.explicit and models[name].cache_write_1h_usd_per_mtok]
        if not takers:
            raise ConfigError(f"--what-if {question.text}: {', '.join(used)}: no cache of several lifetimes")
        return with_models(scenario, {name: dataclasses.replace(models[name], cache_ttl_s=seconds) for name in takers})

    def _moved(self, question: Question, log: Log) -> Log:
        for whose, backend in question.moves:
            sub = is_sub(log)[log.calls["agent"]]
            of = {"*": np.ones(len(log.calls), bool), "lead": ~sub, "sub_agents": sub}
            rows = of[whose] if whose in of else log.calls["model"] == log.models.index(whose)
            if not rows.any():
                raise ConfigError(f"--what-if {question.text}: {whose} made no call in this log")
            log = served_by(log, backend, rows)
        return log

    def _end(self, question: Question, scenario: Scenario, log: Log) -> Answer:
        """One end of what the question may come to."""
        base, moved = self.base, self._moved(question, log)
        session_of, sessions = log.sessions()
        many = len(base.log.sessions()[1])
        fold = np.arange(len(sessions)) % many  # copies of a session count with it
        gone, left_out = self._not_compared(log, moved, scenario, fold[session_of[log.calls["agent"]]], many)
        then = replay(moved, scenario, base.said, self._progress)
        if then.digest == base.replayed.digest and question.flat is None:
            raise ConfigError(f"--what-if {question.text}: changes nothing here: every call costs what it did, when it did")
        compared = ~gone & ~np.isnan(base.replayed.seconds)
        if not compared.any():
            raise ConfigError(f"--what-if {question.text}: no session can be compared: {listed(left_out)}")
        usd = np.bincount(fold, then.usd, many)[compared]
        seconds = np.bincount(fold, np.nan_to_num(then.seconds), many)[compared].sum()
        was = base.replayed.usd[compared]
        elsewhere = question.moves or set(then.calls["backend"]) != set(base.replayed.calls["backend"])
        pairs = self._pairs(question, scenario, log, then, compared, fold) if elsewhere else {}
        models = {**base.scenario.market.models, **scenario.market.models}
        own, unmeasured = own_work.measured(_tasks(), models, pairs) if pairs else ({}, 0.0)
        found = Answer(
            question, int(compared.sum()), left_out, float(was.sum()), float(usd.sum()), paired(usd - was), {},
                own, _spread(usd, was, own),
            tuple(pair for pair in pairs if pair[0] != pair[1]),
            float(seconds - question.sessions * base.replayed.seconds[compared].sum()) / 3600,
            (base.replayed.peak_tokens_per_min, then.peak_tokens_per_min), then.lost, unmeasured_share=unmeasured,
        )  # fmt: skip
        return found if question.flat is None else self._at_a_flat_rate(found, question, scenario, moved, then, compared[fold])

    def _not_compared(self, log: Log, moved: Log, scenario: Scenario, session: np.ndarray, many: int) -> tuple[np.ndarray, dict[str, int]]:
        """Which sessions have a call that can be replayed in one way alone, and those calls by why."""
        then = unreplayable(log, self.base.scenario, self.base.said)
        before = _any(then, len(log.calls))
        after = unreplayable(moved, scenario, self.base.said)
        left_out = {why: int((rows & ~before).sum()) for why, rows in after.items() if (rows & ~before).any()}
        only_then = before & ~_any(after, len(log.calls))
        if only_then.any():
            unpriced = only_then & then.get(NO_PRICE, False)
            for why, rows in ((NO_PRICE, unpriced), ("not replayed as they were", only_then & ~unpriced)):
                left_out |= {why: int(rows.sum())} if rows.any() else {}
        gone = np.zeros(many, bool)
        gone[session[before != _any(after, len(log.calls))]] = True
        return gone, left_out

    def _pairs(
        self, question: Question, scenario: Scenario, log: Log, then: Replayed, compared: np.ndarray, fold: np.ndarray
    ) -> dict[tuple[str, str], float]:
        """USD by (old backend, new backend)."""
        _, used = served(log, scenario, self.base.said)
        calls = then.calls[compared[fold[then.calls["session"].to_numpy()]]]
        if len(used) == 1:
            return {(used[0], str(new)): float(usd) for new, usd in calls.groupby("backend")["cost_usd"].sum().items()}
        plain = question._replace(settings=(), moves=(), flat=None)
        as_it_was = self.base.replayed if plain == Question(question.text) else replay(log, self.base.scenario, self.base.said)
        key = ["session", "agent", "turn", "role"]
        old = as_it_was.calls.drop_duplicates(key)[[*key, "backend"]].rename(columns={"backend": "old"})
        both = calls.merge(old, on=key, how="left").groupby(["old", "backend"])["cost_usd"].sum()
        return {(str(was), str(new)): float(usd) for (was, new), usd in both.items()}

    def _at_a_flat_rate(
        self, found: Answer, question: Question, scenario: Scenario, log: Log, then: Replayed, compared: np.ndarray
    ) -> Answer:
        """Its price for the log's time, and what is beyond it; hours are those of sessions that wait for a window instead."""
        assert question.flat is not None
        days = self.base.days
        if not days >= 1:
            raise ConfigError(
                f"--what-if {question.text}: the log's dates span less than a day, so what a month's rate is of it is not known"
            )
        calls = then.calls
        paid = flat_rate.beyond(question.flat, *(calls[name].to_numpy() for name in ("t_start_s", "cost_usd")))
        counts = compared[calls["session"].to_numpy()]
        beyond_usd = float(calls["cost_usd"].to_numpy()[paid & counts].sum())
        rate_usd = question.flat.usd_per_month * days / DAYS_A_MONTH
        waiting = replay(log, flat_rate.waiting(scenario, question.flat), self.base.said, self._progress)
        hours = float(np.nansum((waiting.seconds - then.seconds)[compared])) / 3600
        usd = rate_usd + beyond_usd
        difference = Estimate(usd - found.before_usd, math.nan, math.nan)
        return found._replace(
            usd=usd, difference=difference, spread=(difference,), hours=hours, beyond_usd=beyond_usd, measured={}, lost=waiting.lost
        )


def _spread(usd: np.ndarray, was: np.ndarray, own: Mapping[str, float]) -> tuple[Estimate, ...]:
    """Paired differences of sessions, by what measured bills make of their dollars, where there are any."""
    whole = float(usd.sum())
    return tuple(paired(usd * (each / whole) - was) for each in own.values() if whole) or (paired(usd - was),)


def _by_both(ends: Mapping[str, Answer]) -> Iterator[tuple[tuple[str, str], float]]:
    """USD by harness and assumption."""
    for label, each in ends.items():
        yield from (((harness, label), usd) for harness, usd in each.measured.items())


def paired(differences: np.ndarray, confidence: float = 0.95) -> Estimate:
    """The sum of paired differences, with the interval of sums of as many sessions like these; nan for fewer than two."""
    whole, many = float(differences.sum()), len(differences)
    if many < 2:
        return Estimate(whole, math.nan, math.nan)
    half = t_quantile((1 + confidence) / 2, many - 1) * math.sqrt(many) * float(differences.std(ddof=1))
    return Estimate(whole, whole - half, whole + half)


def _any(rows: Mapping[str, np.ndarray], many: int) -> np.ndarray:
    found: np.ndarray = np.logical_or.reduce([*rows.values(), np.zeros(many, bool)])
    return found
