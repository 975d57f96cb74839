"""What does a free promotion do to a model's use, while it lasts and after the cliff?

    python -m experiments.free_promotion

A model is free for two weeks (an event of the scenario), the second and third of six: MiniMax M2.5, whose coding session comes to cents, or
GLM-5, whose price list is low and whose session costs about as much as one of Claude Opus 4.6, by bills. People do a session a day, and
choose a model for each: the one that is worth most to them, value x chance to solve it - dollars + a lasting taste of their own (a logit
over users). Some follow prices at once; others think about their choice every tenth session and else stay. Beside them a gateway that
spreads calls by the inverse square of the price, as OpenRouter is said to.

Calibrated: prices of February 2026, turns and words as bills support them, qualities of one harness. Assumed: V = $40 a solved session;
tastes worth $2 or $10 a session, a range; thinking every tenth session; the same sessions whether or not they cost anything, so whatever
use grows by is taken from others, and nobody learns to like what they have tried. Would change the finding: people who stay because they
have set it up, more work where it is free (then the tokens are more, and those of the cliff too), limits on free use.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import aligned, draw_key, pen, percent, publish, sheet, styled

from . import folder_of

PROMOTED = {"minimax_m2_5": "MiniMax M2.5", "glm_5": "GLM-5"}
BACKENDS = (
    "claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "gemini_3_flash", "kimi_k2_5", "deepseek_v3_2", *PROMOTED,
)  # fmt: skip
DAY_S, DAYS = 86_400, 42
BEGINS, LASTS = 7, 14
"""Days: the promotion."""
VALUE_USD = 40
TASKS = 6300
"""Sessions of each run, about."""
SPANS = {"before": (0, 7), "free": (7, 21), "week after": (21, 28), "third week": (35, 42)}
"""Days."""
CHOICES = {
    "at once, $2": ("router=logit_users", "router.scale_usd=2"),
    "at once, $10": ("router=logit_users", "router.scale_usd=10"),
    "every tenth, $2": ("router=logit_users", "router.scale_usd=2", "router.review_tasks=10"),
    "every tenth, $10": ("router=logit_users", "router.scale_usd=10", "router.review_tasks=10"),
    "a gateway": ("router=price_weighted", "router.per=task"),
}
"""When people think about their choice, and what a taste is worth to them."""


def lived(free: str, how: tuple[str, ...], tasks: int | None = None) -> pd.DataFrame:
    """Calls of six weeks, with their day and tokens; of `TASKS` tasks, if no other number is given."""
    users = max(8, (tasks or TASKS) // DAYS)
    result = sim.simulate(
        sim.load(
            "agent=solo", "workload=users", f"workload.users={users}", "workload.tasks_per_user=null",
            "workload.session_gap_s={dist:exponential,mean:86400}", f"horizon_s={DAYS * DAY_S}", f"backends=[{','.join(BACKENDS)}]",
            f"outcome.value_usd={VALUE_USD}", f"events=[{{kind:free,backend:{free},at:{BEGINS * DAY_S},length_h:{24 * LASTS}}}]",
            "replications=1", *how,
        )
    )  # fmt: skip
    calls = result.calls
    calls["day"] = (calls["t_request_s"] // DAY_S).astype(int)
    calls["tokens"] = calls["input_tokens"] + calls["output_tokens"]
    calls["mine"] = calls["backend"] == free
    return calls


def of(calls: pd.DataFrame, first: int, after: int) -> pd.DataFrame:
    """Those of some days."""
    return calls[(calls["day"] >= first) & (calls["day"] < after)]


def share(calls: pd.DataFrame) -> float:
    """Of the promoted model, of tokens."""
    return float(calls.loc[calls["mine"], "tokens"].sum() / calls["tokens"].sum())


def table() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a promoted model and a way to choose; and shares by day, a column each."""
    rows, days = [], {}
    for free, label in PROMOTED.items():
        for name, how in CHOICES.items():
            calls = lived(free, how)
            weeks = {span: (of(calls, *ends), (ends[1] - ends[0]) / 7) for span, ends in SPANS.items()}
            row: dict[str, object] = {"promoted": label, "people think": name}
            row |= {f"{span}, share": share(part) for span, (part, _) in weeks.items()}
            row |= {f"{span}, Mtok/week": part.loc[part["mine"], "tokens"].sum() / long / 1e6 for span, (part, long) in weeks.items()}
            row |= {
                f"{span}, USD/week": part.loc[part["mine"], "cost_usd"].sum() / long
                for span, (part, long) in weeks.items()
                if span != "free"
            }
            rows.append(row)
            days[f"{label}: {name}"] = [share(of(calls, day, day + 1)) for day in range(DAYS)]
    return pd.DataFrame(rows), pd.DataFrame(days)


def finding(found: pd.DataFrame) -> str:
    """Use during and after, and what stays."""
    rows = found.set_index(["promoted", "people think"])
    cheap, dear = (rows.loc[label] for label in PROMOTED.values())

    def told(row: pd.Series) -> str:
        return " to ".join(percent(row[f"{span}, share"]) for span in ("before", "free"))

    slow, fast = (dear.loc[name] for name in ("every tenth, $2", "at once, $2"))
    return (
        f"Free, MiniMax M2.5 goes from {told(cheap.loc['at once, $2'])} of the tokens of people with tastes of $2, and from "
        f"{told(cheap.loc['at once, $10'])} with tastes of $10; GLM-5, whose sessions are expensive, from {told(fast)} and from "
        f"{told(dear.loc['at once, $10'])}; of a gateway's it takes {percent(dear.loc['a gateway', 'free, share'])}. After the cliff GLM-5 "
        f"has {percent(fast['week after, share'])} of those who follow prices at once; of those who think every tenth session "
        f"{percent(slow['week after, share'])} in the first week and {percent(slow['third week, share'])} in the third"
    )


def text(found: pd.DataFrame) -> str:
    """Shares as per cent; tokens and dollars a week."""
    who = ["promoted", "people think"]
    shares = found[[*who, *(name for name in found if name.endswith(", share"))]].copy()
    shares[list(shares)[2:]] = shares[list(shares)[2:]].map(percent)
    weeks = found[[*who, *(name for name in found if name.endswith("/week"))]].copy()
    weeks[list(weeks)[2:]] = weeks[list(weeks)[2:]].map(lambda value: f"{value:,.0f}")
    weeks.columns = pd.Index([name.replace("/week", "") for name in weeks])
    shares.columns = pd.Index([name.replace(", share", "") for name in shares])
    return f"The promoted model's share of tokens:\n\n{aligned(shares)}\n\nIts tokens and what it earns, a week:\n\n{aligned(weeks)}"


@styled
def share_by_day(found: pd.DataFrame, days: pd.DataFrame) -> Figure:
    """A panel a model, a line a way to choose, over three days each; the promotion shaded."""
    note = "Mean of three days; shaded: free. One coding session a day and person; tastes worth $2 a session."
    figure = sheet(finding(found).partition("; of a gateway")[0], 6.8, note, key=True)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, label in zip(panels, PROMOTED.values(), strict=True):
        axes.axvspan(BEGINS, BEGINS + LASTS, color="#EEEEEE", zorder=0)
        for index, name in enumerate(("at once, $2", "every tenth, $2", "a gateway")):
            smooth = days[f"{label}: {name}"].rolling(3, center=True, min_periods=1).mean()
            axes.plot(
                np.arange(DAYS) + 0.5,
                100 * smooth,
                label=name.replace(", $2", " session" if "tenth" in name else ""),
                **pen(index) | {"markevery": 7},
            )
        axes.set_title(f"{label} free")
        axes.set_ylim(0, 105)
        axes.set_xlim(0, DAYS)
        axes.set_xlabel("day")
    panels[0].set_ylabel("its share of tokens (per cent)")
    draw_key(figure, panels[0])
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("free_promotion", __doc__)
    found, days = table()
    publish("free_promotion", found, finding(found) + ".", {"free_promotion": share_by_day(found, days)}, folder, text(found))


if __name__ == "__main__":
    main()
