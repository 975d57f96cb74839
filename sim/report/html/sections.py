"""What every page has below its answer: tables, money, figures, theory, sources, care, and how to run it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.report.grid import HIGHEST, LOWEST, Study, called, mark
from sim.report.html.content import Chart, Drawing, Section, Table
from sim.report.html.drawing import inline
from sim.report.lost import unranked
from sim.report.numbers import compact, counted, number, percent, share
from sim.report.reference.labels import Names, metric_name, setting_name, value_name
from sim.report.tables import spanned
from sim.results.metrics import HEADLINES, METRICS, unit_of
from sim.results.provenance import SOFTWARE, read_origin
from sim.settings.scenario import ScenarioSettings
from sim.settings.workload import WorkloadKind

UNNAMED = ScenarioSettings().name
"""What a scenario is called where nobody says otherwise."""
KIND_OF = {"users": WorkloadKind.users.value, "tasks": WorkloadKind.open.value}
"""By what a workload counts: its kind."""
MOST_NAMES = 3
"""Of backends in a title."""
WARNED = ("lost", "late", "never", "refused", "money", "idle")
"""Kinds of notes that stand before any number: work that was lost, turned away or never done."""
MEANINGS = {metric.name: metric.meaning for metric in METRICS}
PRESSED = ("lost_share", "cost_per_finished_task_usd", "rate_limited_share")
"""Metrics that lead the headline numbers where work was lost, or where attempts were turned away."""
MOST_BYTES = 600_000
"""Of all drawings on a page."""
BESIDE_CHARTS = 270_000
"""The same of a page that has charts, and so their libraries."""
SHARES = ("lost_share", "rate_limited_share")
"""Metrics whose ends are of all scenarios, those that lost work too."""
ALONE = 'sim ... "sensitivity.ranges={agent.turns.mean: [20, 120]}" says which setting moves the answer most.'


def titled(settings: Mapping[str, Any], names: Names, axes: Sequence[str] = ()) -> str:
    """A scenario's name, by its settings as plain values; of one that nobody has named, whose work, on what, swept by which settings."""
    name, work = " ".join(str(settings.get("name", UNNAMED)).split()), settings.get("workload", {})
    if name != UNNAMED:
        return name
    counts = {"users": "user", "tasks": "task"}
    who = next((counted(work[key], what) for key, what in counts.items() if work.get("kind") == KIND_OF[key] and work.get(key)), "Work")
    backends = [] if "backends" in axes else [names.get(each, each) for each in settings.get("backends", [])]
    on = f" on {', '.join(backends)}" if 0 < len(backends) <= MOST_NAMES else f" on {len(backends)} backends" if backends else ""
    by = ", ".join(setting_name(axis, names if len(backends) != 1 else None) for axis in axes)
    return f"{who}{on}{f', by {by}' if by else ''}"


def shown(of: Callable[[str], bool]) -> list[str]:
    """Metrics among the headline numbers; `of` says whether there is any of one."""
    lost = of("lost_share")
    return [name for name in PRESSED if of(name) and (lost or name == "rate_limited_share")] + list(HEADLINES)


def meaning(metric: str) -> str:
    """What a metric is; where that is `the same` as another, that too."""
    known = metric if metric in MEANINGS else next((name for name in MEANINGS if _family(name) == _family(metric)), "")
    said = MEANINGS.get(known, "")
    if said.endswith(" of the same"):
        before = list(MEANINGS.values())[: list(MEANINGS).index(known)]
        said += f": {next(each for each in reversed(before) if 'the same' not in each).removeprefix('mean ').removeprefix('median ')}"
    return said


def _family(metric: str) -> str:
    return metric.partition(".")[0]


def written(metric: str, value: float) -> str:
    """A metric's value for people."""
    if metric.partition(".")[0].endswith(("_share", "_rate")):
        return share(value) if 0 < value < 0.01 else percent(value)
    return compact(value) if unit_of(metric) == "tokens" else number(value)


def interval(metric: str, low: float, high: float) -> str:
    """`7.1 to 9.5`; empty where there is none."""
    return spanned(low, high, lambda value: written(metric, value)) if low < high else ""


def headlines(summary: pd.DataFrame) -> Table:
    """Of one scenario: value, interval, unit, meaning."""
    rows = []
    for name in shown(lambda metric: summary["mean"].get(metric, 0) > 0):
        if name in summary.index:
            found = summary.loc[name]
            if math.isfinite(found["mean"]):
                span = interval(name, found["ci_low"], found["ci_high"])
                rows.append((metric_name(name), written(name, found["mean"]), span, unit_of(name), meaning(name)))
            elif name == "success_rate":
                rows.append((metric_name(name), "unknown", "", "", "nobody has measured how often such work succeeds"))
    texts = pd.DataFrame(rows, columns=["what", "value", "95 % interval", "unit", "meaning"])
    return Table("Headline numbers", texts)


def extremes(one: Study, names: Names) -> Table:
    """Of many: the least and the most of each, and where that is; scenarios that lost work are left out."""
    kept = one.rows[[not unranked(one, row) for _, row in one.rows.iterrows()]]
    rows = []
    for name in shown(lambda metric: metric in one.rows and (one.rows[metric] > 0).any()):
        of = one.rows if name in SHARES else kept
        told = of[of[name].notna()] if name in of else of.iloc[:0]
        if len(told):
            ends = [told.loc[told[name].idxmin()], told.loc[told[name].idxmax()]]
            cells = [text for end in ends for text in (_with_interval(name, end), called(one, end, names))]
            rows.append((metric_name(name), *cells, unit_of(name)))
    out = counted(len(one.rows) - len(kept), "scenario")
    note = f"{out} that lost more than 1 % of tasks left out, but for the shares of what was lost or turned away."
    note = note if len(kept) < len(one.rows) else ""
    texts = pd.DataFrame(rows, columns=["what", "least", "with", "most", "with ", "unit"])
    return Table("Headline numbers: from least to most, with 95 % intervals", texts, note)


def _with_interval(name: str, row: Mapping[Any, Any]) -> str:
    ends = [(row.get(f"{name}{low}", math.nan), row.get(f"{name}{high}", math.nan)) for low, high in ((LOWEST, HIGHEST), CI)]
    span = next((interval(name, *each) for each in ends if each[0] < each[1]), "")
    return written(name, row[name]) + (f" ({span})" if span else "")


CI = ("_ci_low", "_ci_high")


def scenarios(one: Study, names: Names) -> Table:
    """A row a scenario, with intervals."""
    texts = pd.DataFrame(index=one.rows.index)
    for axis in one.axes:
        texts[setting_name(axis, names)] = [f"{value_name(axis, value, names)}{mark(value)}" for value in one.rows[axis]]
    for name in shown(lambda metric: metric in one.rows and (one.rows[metric] > 0).any()):
        if name in one.rows and one.rows[name].notna().any():
            unit = unit_of(name)
            texts[f"{metric_name(name)}{f', {unit}' if unit else ''}"] = [
                "-" if math.isnan(row[name]) else _with_interval(name, row) for row in one.rows.to_dict("records")
            ]
    ends = "lowest to highest over the harnesses" if one.harnesses else "95 % intervals"
    return Table(f"Every scenario, {ends} in brackets", texts, "All metrics: results.csv.")


def care(notes: Sequence[str], cautions: Sequence[str]) -> Section:
    """What to know of the numbers."""
    return Section("care", "Read with care", items=[*notes, *cautions])


def figures(drawings: Sequence[Drawing], charts: Sequence[Chart] = (), room: int = MOST_BYTES) -> Section:
    """All that a page has room for; the others are named."""
    kept = []
    for drawing in sorted(drawings, key=lambda each: len(each.svg)):
        room -= len(inline(drawing))
        kept += [drawing.name] if room >= 0 else []
    large = [f"Too large to stand here: figures/{each.name}.svg. {each.title}." for each in drawings if each.name not in kept]
    return Section("figures", "Figures", large, drawings=[each for each in drawings if each.name in kept], charts=charts)


def sources(table: Table) -> Section:
    """Where numbers come from."""
    told = [] if len(table.texts) else ["Nothing is said of these numbers: none is that of a menu."]
    return Section("sources", "What is assumed", told, [table] if len(table.texts) else [])


def settings(table: Table) -> Section:
    """What was set."""
    told = [] if len(table.texts) else ["All as in a run without any settings."]
    return Section("settings", "Settings", told, [table] if len(table.texts) else [])


def again(folder: Path) -> Section:
    """The command that runs it once more, from where this one was run."""
    place = folder.absolute()
    shown = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else Path(place.name)
    said = "Runs the same once more and says whether the same comes out: digest and tables."
    return Section("again", "Run it again", [said], code=f"sim again {shown.as_posix()}")


def made(folder: Path, digest: str, seed: Any) -> dict[str, str]:
    """Version, seed, digest and what they were run with."""
    known = read_origin(folder)
    found = {"software": SOFTWARE, **({"digest": digest} if digest else {}), "seed": str(seed)}
    return found | {key: str(value) for key, value in known.items() if key not in ("scenario", *found)}


def theory(simulated: pd.DataFrame) -> list[Table]:
    """Rows of `sim.report.tables.readable` that theory says something of."""
    if "theory" not in simulated:
        return []
    known = simulated[simulated["theory"] != ""]
    texts = known.rename(columns={"mean": "simulated"})[["metric", "simulated", "95 % interval", "theory", "off", "unit"]]
    note = "Theory: closed forms and integrals, without a clock and without random numbers. Off: the simulated mean over theory, less 1."
    return [Table("Theory beside simulation", texts, note)] if len(texts) else []
