"""Flat-rate users meet the metered market on a date: who leaves, where to, with how many tokens and dollars?

    python -m experiments.oauth_crackdown

Anthropic closed the OAuth route of its subscriptions to third-party agents. For somebody who has worked through it that is a price shock,
from nothing a task to the list. Three kinds of people, each with a seat of Max at $200 a month and an agent that is not the vendor's own:
one coding session a day, ten of them, and an assistant that is always on. Two weeks with the route open, two with it closed (an event of
the scenario). Each task goes to the model that is worth most to its user: value x chance to solve it - dollars + a lasting taste of their
own (a logit over users). While the seat covers Claude, it costs nothing more.

Calibrated: the plan (measured), prices of February 2026, turns and words of coding as bills support them, qualities of one harness.
Assumed: V = $40 a solved session and nothing for an idle day; tastes worth $2 or $10 a task, which is a range and not a fit; everybody
keeps the agent and the work, and gives up the seat. Left out: those who go back to the vendor's own tool (a seat still covers that), who
work less because it costs more, and the weeks in which habits hold; a session under way goes on where it is, and an assistant's lasts
a day. Would change the finding: tastes, most of all, and what a task is worth.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import COLOURS, aligned, draw_key, percent, publish, sheet, styled

from . import folder_of

OPUS = "claude_opus_4_6"
BACKENDS = (
    OPUS, "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "gemini_3_flash", "kimi_k2_5", "glm_5", "minimax_m2_5", "deepseek_v3_2",
)  # fmt: skip
TASTES_USD = (2, 10)
"""What a liking is worth, USD a task (assumption: `experiments.elasticity` takes the first)."""
VALUE_USD = 40
WEEKS, WEEK_S = 2, 604_800
"""On each side of the date."""
START, CLOSED = "2026-02-03T00:00:00", "2026-02-17T00:00:00Z"
"""Two weeks apart; the terms of 17 to 19 February 2026 (reported), after a technical block on 9 January."""
TASKS = 3600
"""Sessions of those who have one a day in four weeks, about."""


class People(NamedTuple):
    """One kind of flat-rate user."""

    name: str
    users: int
    settings: tuple[str, ...]


def people() -> tuple[People, ...]:
    """Their work, of which light users have as many as make `TASKS`."""
    light = max(5, TASKS // 28)
    return (
        People("a coding session a day", light, ("agent=solo", "workload.session_gap_s={dist:exponential,mean:86400}")),
        People("ten sessions a day", max(12, light // 5), ("agent=solo", "workload.session_gap_s={dist:exponential,mean:8640}")),
        People("an assistant always on", max(12, light // 3), ("agent=always_on", "work=same", "workload.session_gap_s=60")),
    )


def lived(who: People, taste_usd: float) -> sim.Result:
    """Four weeks of them."""
    value = 0 if "always_on" in who.settings[0] else VALUE_USD
    return sim.simulate(
        sim.load(
            "plan=max_20x", "plan.third_party=true", "workload=users", f"workload.users={who.users}", "workload.tasks_per_user=null",
            f"horizon_s={2 * WEEKS * WEEK_S}", f"backends=[{','.join(BACKENDS)}]", "router=logit_users", f"router.scale_usd={taste_usd}",
            f"outcome.value_usd={value}", f"events=[{{kind:route_closed,backend:{OPUS},at:{CLOSED}}}]", "replications=1", f"start={START}",
            *who.settings,
        )
    )  # fmt: skip


def sides(result: sim.Result) -> dict[bool, pd.DataFrame]:
    """Calls before and after the date, of those whom a flat rate has: who work with Claude while the seat covers it."""
    models = result.scenario.market.models
    calls = result.calls.join(result.tasks.set_index("task")["user"], on="task").dropna(subset=["user"])
    calls["tokens"] = calls["input_tokens"] + calls["output_tokens"]
    for name in ("vendor", "origin", "label"):
        calls[name] = [getattr(models[backend], name) for backend in calls["backend"]]
    after = calls["t_request_s"] >= WEEKS * WEEK_S
    home = calls[~after].groupby(["user", "vendor"])["tokens"].sum().unstack(fill_value=0).idxmax(axis=1)
    calls = calls[calls["user"].isin(home[home == "Anthropic"].index)]
    return {side: calls[after[calls.index] == side] for side in (False, True)}


def share(calls: pd.DataFrame, name: str, value: str, what: str = "tokens") -> float:
    """Of the tokens, or of another column."""
    return float(calls.loc[calls[name] == value, what].sum() / calls[what].sum())


def left(after: pd.DataFrame) -> tuple[float, str]:
    """Share of users whose tokens go mostly elsewhere then, and where most of what left goes."""
    main = after.groupby(["user", "vendor"])["tokens"].sum().unstack(fill_value=0).idxmax(axis=1)
    elsewhere = after[after["vendor"] != "Anthropic"].groupby("label")["tokens"].sum().sort_values(ascending=False)
    named = ", ".join(f"{name} {percent(tokens / elsewhere.sum())}" for name, tokens in elsewhere.head(3).items())
    return float((main != "Anthropic").mean()), named or "-"


def table() -> pd.DataFrame:
    """A row a kind of people and a worth of tastes: shares, tokens and dollars a week and user, before and after."""
    rows = []
    for who in people():
        for taste in TASTES_USD:
            result = lived(who, taste)
            before, after = sides(result).values()
            gone, where = left(after)
            seats = before["user"].nunique()
            weekly = 1 / (WEEKS * seats)
            fee = result.scenario.plan.fee_usd(1, WEEK_S)
            beyond = before[before["vendor"] != "Anthropic"]["cost_usd"].sum()
            rows.append(
                {
                    "people": who.name,
                    "taste, USD": taste,
                    "seats": seats,
                    "users who leave": gone,
                    "Claude's tokens before": share(before, "vendor", "Anthropic"),
                    "Claude's tokens after": share(after, "vendor", "Anthropic"),
                    "Chinese tokens before": share(before, "origin", "cn"),
                    "Chinese tokens after": share(after, "origin", "cn"),
                    "Mtok/week before": before["tokens"].sum() * weekly / 1e6,
                    "Mtok/week after": after["tokens"].sum() * weekly / 1e6,
                    "paid/week before": fee + beyond * weekly,
                    "list/week before": before["cost_usd"].sum() * weekly,
                    "paid/week after": after["cost_usd"].sum() * weekly,
                    "Claude's dollars after": share(after, "vendor", "Anthropic", "cost_usd"),
                    "where to": where,
                }
            )
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """Who leaves, and what reaches the metered market."""
    rows = found.set_index(["people", "taste, USD"])
    low, high = TASTES_USD
    light, always = (rows.loc[name] for name in ("a coding session a day", "an assistant always on"))

    def between(part: pd.DataFrame, column: str) -> str:
        return f"{percent(part.loc[high, column])} to {percent(part.loc[low, column])}"

    paid, listed = (
        [[part.loc[taste, name] for taste in TASTES_USD] for part in (light, always)] for name in ("paid/week after", "list/week before")
    )
    return (
        f"When the route closes, {between(light, 'users who leave')} of those with a session a day leave Claude, and "
        f"{between(always, 'users who leave')} of those with an assistant that is always on; Chinese models then have "
        f"{between(light, 'Chinese tokens after')} and {between(always, 'Chinese tokens after')} of their tokens. A week on a seat cost "
        f"${light['paid/week before'].mean():.0f}, for ${listed[0][0]:.0f} and ${listed[1][0]:.0f} at list prices; on the market it costs "
        f"${paid[0][0]:.0f} to ${paid[0][1]:.0f} and ${paid[1][0]:.0f} to ${paid[1][1]:.0f}"
    )


def text(found: pd.DataFrame) -> str:
    """Shares and dollars in two tables."""
    shown = found.copy()
    shares = [name for name in found if name.startswith(("users", "Claude's", "Chinese"))]
    shown[shares] = found[shares].map(percent)
    numbers = [name for name in found if "/week" in name]
    shown[numbers] = found[numbers].map(lambda value: f"{value:,.1f}")
    who = ["people", "taste, USD"]
    first = [*who, "seats", "users who leave", *(name for name in shares if "tokens" in name), "Claude's dollars after"]
    short = {name: name.replace("users who leave", "leave").replace(" tokens", "") for name in first}
    second = [*who, *numbers]
    tables = [aligned(shown[first].rename(columns=short)), aligned(shown[second])]
    where = "\n".join(f"{row['people']}, ${row['taste, USD']}: {row['where to']}" for row in found.to_dict("records"))
    return (
        f"Shares of tokens:\n\n{tables[0]}\n\nA user's week (tokens; USD paid, the fee included before; USD at list prices):\n\n{tables[1]}"
        f"\n\nWhere what leaves Claude goes:\n\n{where}"
    )


@styled
def shares_of_tokens(found: pd.DataFrame) -> Figure:
    """Bars before and after, by who made the model."""
    figure = sheet(
        finding(found).partition(". A week")[0], 6.8,
        "Simulated: two weeks before and two after. Tastes worth $2 or $10 a task: an assumed range. Everybody keeps agent and work.",
        key=True,
    )  # fmt: skip
    axes = figure.subplots()
    names, parts = [], {"Claude": [], "other American models": [], "Chinese models": []}  # type: ignore[var-annotated]
    for row in found.to_dict("records"):
        for side in ("before", "after"):
            names.append(f"{row['people']}, ${row['taste, USD']}: {side}")
            claude, cn = row[f"Claude's tokens {side}"], row[f"Chinese tokens {side}"]
            for part, value in zip(parts.values(), (claude, 1 - claude - cn, cn), strict=True):
                part.append(100 * value)
    places = [-(1.0 * place + 0.5 * (place // 2)) for place in range(len(names))]
    begun = [0.0] * len(names)
    for (name, values), colour, hatch in zip(parts.items(), COLOURS, ("", "//", ".."), strict=False):
        axes.barh(places, values, left=begun, height=0.8, color=colour, hatch=hatch, edgecolor="white", label=name)
        begun = [start + value for start, value in zip(begun, values, strict=True)]
    axes.set_yticks(places, names)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of tokens (per cent)")
    draw_key(figure, axes)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("oauth_crackdown", __doc__)
    found = table()
    publish("oauth_crackdown", found, finding(found) + ".", {"oauth_crackdown": shares_of_tokens(found)}, folder, text(found))


if __name__ == "__main__":
    main()
