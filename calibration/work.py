"""Fits what bills say of each model's work: turns, words and realised cache discount by harness, over Claude Opus 4.6.

    python -m calibration.work [DATA]            fit, print the tables
    python -m calibration.work [DATA] --write    and write calibration/works.yaml; then run python -m calibration.prices

DATA is the folder with measured_bills.csv (../shared/data if it is there). A model's bill, over that of Claude Opus 4.6 on the same tasks
in the same harness, is predicted from its turns alone: F4, turn by turn, on the harness's profile (`conf/profile/swe_task_*.yaml`) at the
model's list prices with the whole cache discount. What is left, measured over predicted, is its **lump factor**. A bill cannot tell words
from hits, discounts, failed runs or the price that an index took, so the lump is put into the cache discount as far as no discount at all
explains it, and beyond that into words: neither of the two is a measurement by itself.

Turns are counted in mini-SWE-agent 2.0.0 (S), taken over from a model's neighbour in mini-SWE-agent 1.x (R) or guessed (A); nobody has
counted any in OpenHands, so there each is a step less sure. Accounting that an index changed later is left aside: bills as first published.
"""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import brentq

from calibration.prices import WORKS
from sim.backends.pricing import Price
from sim.results.files import write_whole
from sim.sampling.distributions import distribution
from sim.scenario.load import CONF, load
from sim.settings.market import BackendSettings, CacheKind

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BILLS = "measured_bills.csv"
OPUS = "claude-opus-4-6"
POINTS = 4000
"""Evenly spaced quantiles of turns."""
LEAST_WORDS, MOST_WORDS = 0.05, 100.0


class Harness(NamedTuple):
    """Where bills were measured, and the profile of a task there."""

    name: str
    """In the table of bills."""
    version: str
    """Empty: any."""
    benchmarks: tuple[str, ...]
    """The first one on which both bills are known is fitted; the others say how far benchmarks differ."""
    profile: str
    counted: bool
    """Whether calls were counted in it."""


HARNESSES = {
    "mini_v2": Harness("mini-swe-agent", "2.0.0", ("swe-bench-verified",), "swe_task_mini", True),
    "openhands": Harness("OpenHands", "", ("swe-bench-verified", "swt-bench"), "swe_task_openhands", False),
}
COUNTED, COUNT = "mini_v2", "counted in mini_v2"
"""Where calls were counted, and how an entry says so."""


class Model(NamedTuple):
    """A model of the table of bills, the backends that are it, and its turns over those of Claude Opus 4.6 where nobody counted them."""

    rows: tuple[str, ...]
    backends: tuple[str, ...]
    """The first one's prices are those of the bills; the others are routes or price lists of the same model."""
    market: str = "feb_2026"
    turns: float = 1.0
    sure: str = "A"
    why: str = "no counts"
    remarks: dict[str, str] = {}
    """By harness: why a bill is less sure than its counts."""


UNSURE_PRICE = "the price behind this bill is not known (the index lists 0.55/2.19/0.14, the vendor 0.28/0.42/0.028)"
V3_2_BEFORE = "0.028 in mini 1.17.1, 25.8 times cheaper than Opus 4.5 there: the same model at a sixteenth of this bill"
MODELS = (
    Model((OPUS,), ("claude_opus_4_6",), turns=1.0, sure="S", why="the reference"),
    Model(("claude-sonnet-4-6",), ("claude_sonnet_4_6",), turns=1.53, sure="R", why="Sonnet 4.5 in mini 1.x"),
    Model(("GPT-5.2",), ("gpt_5_2",)),
    Model(("Gemini-3-Pro",), ("gemini_3_pro",), turns=1.21, sure="R", why="the same model in mini 1.x"),
    Model(("Gemini-3-Flash",), ("gemini_3_flash",)),
    Model(("MiniMax-M2.5",), ("minimax_m2_5", "minimax_m2_5_launch", "minimax_m2_5_openrouter")),
    Model(("Kimi-K2.5",), ("kimi_k2_5",), turns=2.0, why="a guess"),
    Model(("GLM-5",), ("glm_5",), turns=1.48, sure="R", why="GLM-4.6 in mini 1.x"),
    Model(
        ("DeepSeek-V3.2", "DeepSeek-V3.2-Reasoner"), ("deepseek_v3_2",), turns=1.39, sure="R", why="V3.2 Reasoner in mini 1.x",
        remarks={"mini_v2": V3_2_BEFORE, "openhands": UNSURE_PRICE},
    ),
    Model(("Gemini-3.1-Pro",), ("gemini_3_1_pro",), "nov_2026", 1.21, why="a guess: as Gemini 3 Pro"),
    Model(("MiniMax-M3",), ("minimax_m3",), "nov_2026", 2.09, why="a guess: as MiniMax M2.5"),
    Model(
        ("DeepSeek-V4-Pro",), ("deepseek_v4_pro",), "nov_2026", 1.39, why="a guess: as DeepSeek V3.2",
        remarks={"openhands": "billed in May 2026 at an unknown price; fitted at November's off-peak one"},
    ),
)  # fmt: skip
"""Turns by a neighbour: its calls in mini-SWE-agent 1.x over 33.4, between Opus 4.6's 28.9 in 2.0.0 and Opus 4.5's 38.0 in 1.16."""
LESS_SURE = {"S": "R", "R": "A", "A": "A"}


class Loop(NamedTuple):
    """A profile as F4 knows it: mean sizes, and all its numbers of turns."""

    base: float
    result: float
    output: float
    kept: float
    """Share of output that stays in the context."""
    turns: np.ndarray

    @staticmethod
    def of(profile: str) -> Loop:
        """A file of `conf/profile/`, of one message."""
        agent: dict[str, Any] = yaml.safe_load((CONF / "profile" / f"{profile}.yaml").read_text())

        def mean(key: str, otherwise: float = 1.0) -> float:
            return distribution(agent.get(key, otherwise)).mean

        quantile = distribution(agent["turns"]).quantile()
        return Loop(
            base=agent["system_tokens"] + mean("prompt_tokens"),
            result=mean("tool_result_tokens") * mean("result_scale"),
            output=mean("output_tokens") * mean("output_scale"),
            kept=1 - agent["reasoning_share"] * (1 - agent["keep_reasoning"]),
            turns=np.array([quantile((i + 0.5) / POINTS) for i in range(POINTS)]),
        )

    def usd(self, backend: BackendSettings) -> float:
        """F4, turn by turn: a turn reads the prompt before it, where that was long enough to be cached, and writes the rest."""
        rates = Price(dataclasses.replace(backend, fee=0.0)).base
        turns = np.maximum(1, np.round(self.turns * backend.turn_multiplier))
        alive = (turns[:, None] > np.arange(turns.max())).mean(axis=0)
        output = self.output * backend.verbosity
        prompt = self.base + (self.kept * output + self.result) * np.arange(len(alive))
        cached = prompt >= backend.cache_min_tokens if backend.cache is not CacheKind.none else np.zeros(len(prompt), bool)
        read = np.append(0.0, np.where(cached, prompt, 0.0)[:-1])
        rest = (prompt - read) * np.where(cached, rates.cache_write, rates.fresh)
        return float((alive * (read * rates.cache_read + rest + output * rates.output)).sum())


@dataclasses.dataclass(frozen=True)
class Fit:
    """What bills say of one model in one harness."""

    model: Model
    harness: str
    measured: dict[str, float]
    """Opus 4.6's bill over the model's, by benchmark; the first is the one fitted."""
    list_ratio: float
    """Of input prices."""
    same: float
    """Predicted with the same work."""
    own_turns: float
    lump: float
    """Measured bill over the one predicted from own turns: 1 = turns explain it, 2 = twice as dear as that."""
    work: dict[str, Any]
    """An entry of works.yaml."""

    @property
    def ratio(self) -> float:
        """As measured."""
        return next(iter(self.measured.values()))


def read_bills(data: Path) -> pd.DataFrame:
    """The table, with `usd`: dollars a task, as first published where a note says that they were recalculated."""
    bills = pd.read_csv(data / BILLS, dtype={"version": str})
    first = bills["note"].fillna("").map(_first_published)
    return bills.assign(usd=first.fillna(bills["usd_per_task"]))


def _first_published(note: str) -> float:
    found = re.search(r"recalculated.*first published ([\d.]*\d)", note)
    return float(found[1]) if found else math.nan


def bills_of(bills: pd.DataFrame, harness: Harness, names: tuple[str, ...]) -> pd.DataFrame:
    """Rows of one model in one harness, by benchmark."""
    there = bills[(bills["harness"] == harness.name) & bills["model"].isin(names) & bills["benchmark"].isin(harness.benchmarks)]
    there = there[there["version"] == harness.version] if harness.version else there
    return there.set_index("benchmark")


def turns_of(bills: pd.DataFrame, model: Model, harness: Harness) -> tuple[float, str, str]:
    """(turns over those of Opus 4.6, how sure, why)."""
    if model.rows == (OPUS,):
        return model.turns, model.sure, model.why
    ours, theirs = (bills_of(bills, HARNESSES[COUNTED], names)["calls_per_task"].dropna() for names in (model.rows, (OPUS,)))
    if ours.empty or theirs.empty:
        return model.turns, (model.sure if harness.counted else LESS_SURE[model.sure]), model.why
    why = f"{COUNT}: {ours.iloc[0]:g} calls against {theirs.iloc[0]:g}"
    return round(float(ours.iloc[0] / theirs.iloc[0]), 2), ("S" if harness.counted else "R"), why


def fits(bills: pd.DataFrame) -> Iterator[Fit]:
    """Every model in every harness where its bill and that of Opus 4.6 are known."""
    lists = {market: load(f"market={market}", "backends=[claude_opus_4_6]").market.models for market in ("feb_2026", "nov_2026")}
    opus = lists["feb_2026"]["claude_opus_4_6"]
    for model in MODELS:
        for name, harness in HARNESSES.items():
            ours, theirs = (bills_of(bills, harness, names)["usd"] for names in (model.rows, (OPUS,)))
            measured = {each: theirs[each] / ours[each] for each in harness.benchmarks if each in ours and each in theirs}
            if measured:
                turns = turns_of(bills, model, harness)
                yield fitted(model, name, measured, turns, lists[model.market][model.backends[0]], opus)


def fitted(
    model: Model, name: str, measured: dict[str, float], turns: tuple[float, str, str], listed: BackendSettings, opus: BackendSettings
) -> Fit:
    """Turns, then what is left into the discount, then into words."""
    loop = Loop.of(HARNESSES[name].profile)
    many, sure, why = turns
    ratio = next(iter(measured.values()))
    reference = loop.usd(opus)
    target = reference / ratio
    taken = dataclasses.replace(listed, turn_multiplier=many)
    own = loop.usd(taken)
    realised, words = spread(loop, taken, target)
    sure = "A" if name in model.remarks else sure
    work = {
        "turn_multiplier": many, "verbosity": words, "cache_discount_realised": realised, "bill": float(f"{1 / ratio:.3g}"), "sure": sure,
        "source": source(model, name, measured, why, target / own),
    }  # fmt: skip
    return Fit(
        model, name, measured, list_ratio=opus.input_usd_per_mtok / listed.input_usd_per_mtok, same=reference / loop.usd(listed),
        own_turns=reference / own, lump=target / own, work=work,
    )  # fmt: skip


def spread(loop: Loop, taken: BackendSettings, target: float) -> tuple[float, float]:
    """(realised discount, words) with which the bill is the target: discount first, words for what is beyond all or none of it."""

    def off(realised: float, words: float) -> float:
        return loop.usd(dataclasses.replace(taken, cache_discount_realised=realised, verbosity=words)) - target

    if off(1.0, 1.0) > 0:
        low = off(1.0, LEAST_WORDS)
        return 1.0, LEAST_WORDS if low > 0 else round(float(brentq(lambda words: off(1.0, words), LEAST_WORDS, 1.0)), 3)
    if off(0.0, 1.0) < 0:
        return 0.0, round(float(brentq(lambda words: off(0.0, words), 1.0, MOST_WORDS)), 3)
    return round(float(brentq(lambda realised: off(realised, 1.0), 0.0, 1.0)), 3), 1.0


def source(model: Model, name: str, measured: dict[str, float], why: str, lump: float) -> str:
    """In words: what was measured, on what, and what else says otherwise."""
    if model.rows == (OPUS,):
        return "the reference"
    told = ", ".join(f"{benchmark} {ratio:.3g}" for benchmark, ratio in measured.items())
    parts = [f"Opus 4.6's bill over its own: {told}", f"turns: {why}", f"lump {lump:.2g}, discount first", model.remarks.get(name, "")]
    return "; ".join(part for part in parts if part)


def left_out(found: list[Fit]) -> list[tuple[Fit, Fit, float]]:
    """(harness left out, the one that predicts it, ln of predicted over measured ratio) wherever a model has both."""
    pairs = [(fit, other) for fit in found for other in found if fit.model == other.model and fit.harness != other.harness]
    return [(fit, other, math.log(fit.own_turns / other.lump / fit.ratio)) for fit, other in pairs if fit.model.rows != (OPUS,)]


def rms(errors: list[float]) -> float:
    """Root of the mean square."""
    return math.sqrt(sum(error**2 for error in errors) / len(errors)) if errors else math.nan


def tables(found: list[Fit]) -> str:
    """For people."""
    rows = [("model", "harness", "list", "same work", "own turns", "as measured", "lump", "turns", "discount", "words", "sure", "also")]
    for fit in found:
        work = fit.work
        also = ", ".join(f"{name} {ratio:.2f}" for name, ratio in list(fit.measured.items())[1:])
        rows.append((
            fit.model.rows[0], fit.harness, *(f"{x:.2f}" for x in (fit.list_ratio, fit.same, fit.own_turns, fit.ratio, fit.lump)),
            f"{work['turn_multiplier']:.2f}", f"{work['cache_discount_realised']:.2f}", f"{work['verbosity']:.2f}", work["sure"], also,
        ))  # fmt: skip
    out = [("model", "harness left out", "predicted", "measured", "error, ln", "error, factor")]
    errors = left_out(found)
    for fit, other, error in errors:
        predicted = fit.own_turns / other.lump
        out.append((fit.model.rows[0], fit.harness, f"{predicted:.2f}", f"{fit.ratio:.2f}", f"{error:+.2f}", f"{math.exp(abs(error)):.2f}"))
    over = rms([error for *_, error in errors])
    turns = rms([math.log(fit.own_turns / fit.ratio) for fit in found if fit.model.rows != (OPUS,)])
    same = rms([math.log(fit.same / fit.ratio) for fit in found if fit.model.rows != (OPUS,)])
    uncounted = [fit.model.rows[0] for fit in found if COUNT not in fit.work["source"] and fit.model.rows != (OPUS,)]
    return "\n\n".join([
        "Opus 4.6's bill over the model's (lump: measured bill over the one that own turns predict)\n" + _aligned(rows),
        "A harness left out, predicted from own turns and the lump of the other\n" + _aligned(out),
        f"rms of ln: {over:.2f} with the other harness's lump (a factor of {math.exp(over):.1f}), {turns:.2f} with own turns alone "
        f"({math.exp(turns):.1f}), {same:.2f} with the same work ({math.exp(same):.1f})",
        f"No counts of calls: {', '.join(dict.fromkeys(uncounted))}",
    ])  # fmt: skip


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]

    def line(row: tuple[str, ...]) -> str:
        padded = [cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, rows))


HEAD = """What measured bills say of each model's work, by harness; turns, words, discount and bill over Claude Opus 4.6 on the same tasks.
Written by `python -m calibration.work DATA --write` (its docstring says how); `python -m calibration.prices` puts it into conf/backend.
sure: turns counted and bills seen there (S), a neighbour's or another harness's turns (R), a guess or an unknown price among them (A).
Words and discount are one lump: bills cannot tell them apart. Harnesses disagree, so both are kept."""


def entries(found: list[Fit]) -> dict[str, dict[str, dict[str, Any]]]:
    """works.yaml: by backend and harness."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for fit in found:
        for at, backend in enumerate(fit.model.backends):
            other = {"sure": "A", "source": f"{fit.work['source']}; fitted at the prices of {fit.model.backends[0]}"} if at else {}
            out.setdefault(backend, {})[fit.harness] = fit.work | other
    return out


def write(found: list[Fit]) -> None:
    """Write works.yaml."""
    body = yaml.safe_dump(entries(found), sort_keys=False, width=10_000)
    text = "".join(f"# {line}\n" for line in HEAD.splitlines()) + body
    write_whole(WORKS, lambda aside: aside.write_text(text))


def main(arguments: list[str]) -> None:
    """Fit, print; write when asked to."""
    folders = [argument for argument in arguments if not argument.startswith("--")]
    data = Path(folders[0]) if folders else DATA
    if len(folders) > 1 or not (data / BILLS).exists():
        sys.exit(f"work: name the folder that holds {BILLS}")
    found = list(fits(read_bills(data)))
    print(tables(found))
    if "--write" in arguments:
        write(found)


if __name__ == "__main__":
    main(sys.argv[1:])
