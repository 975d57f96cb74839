"""When do people react to prices? The share of the premium backend against its price, as agents fan out.

    python -m experiments.elasticity

People differ in taste. If what they weigh is dollars (`logit`), a price rise of 1 % is 1 % of a bill that grows with the number of
sub-agents, so the same people who do not care in a chat do when agents fan out: elasticity -(1-s) C / mu. If they weigh ratios of bills
(`logit_log`), fan-out multiplies both bills alike and changes nothing. Which of them holds is a question for data, not for a simulator.

The simulator's routers choose, task by task, with Claude Opus 4.6 (all of its prices) 5 % more expensive and 5 % cheaper, under
common random numbers. A task is one call that costs what the real one would: k workers of 20 turns of the job of `effective_price`,
or a tenth of one (a chat).

Calibrated: bills of February 2026 (simulated), the gap of 4.2 points. Assumed: mu = 2 USD, V = 40 USD; they set the level, not the shape.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import jackknife, label_ends, pen, publish, scale, sheet, styled
from sim.settings.agent import AgentSettings
from sim.settings.market import BackendSettings, CacheKind, MarketSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadSettings
from sim.theory import logit_elasticity, logit_share

from . import folder_of
from .effective_price import PREMIUM, dollars
from .fanout_map import RIVAL, model

FANOUTS = (0.1, 1.0, 2.0, 5.0, 10.0)
SCALE, VALUE, QUALITY, GAP = 2.0, 40.0, 0.768, 0.042
STEP = 0.05
POLICIES = {"logit": "dollars", "logit_log": "ratios of bills"}
PROMPT = 1000
TASKS, REPLICATIONS = 4_000, 8


def priced(usd: float, quality: float) -> BackendSettings:
    """A backend on which one call of `PROMPT` tokens costs so much."""
    return BackendSettings(input_usd_per_mtok=usd / PROMPT * 1e6, output_usd_per_mtok=0.0, quality=quality, cache=CacheKind.none)


def shares(policy: str, premium_usd: float, rival_usd: float) -> list[float]:
    """Share of tasks that Opus 4.6 gets, by replication."""
    models = {"premium": priced(premium_usd, QUALITY), "rival": priced(rival_usd, QUALITY - GAP)}
    scenario = sim.Scenario(
        backends=list(models), market=MarketSettings("study", models), log=Log.none, replications=REPLICATIONS,
        agent=AgentSettings(system_tokens=PROMPT, prompt_tokens=0, output_tokens=1), outcome=OutcomeSettings(value_usd=VALUE),
        router=RouterSettings(policy=Policy(policy), per=ChoosePer.task, scale_usd=SCALE),
        workload=WorkloadSettings(tasks=TASKS, interarrival_s=1.0),
    )  # fmt: skip
    return [float(tally.attempts[0].sum() / tally.calls) for tally in sim.simulate(scenario.check()).tallies]


def elasticity(dear: list[float], cheap: list[float]) -> float:
    """Per cent of share by per cent of price, between the two prices."""
    up, down = sum(dear) / len(dear), sum(cheap) / len(cheap)
    return (up - down) / ((up + down) / 2) / (2 * STEP)


def table() -> pd.DataFrame:
    """A row a policy and fan-out: share and elasticity, simulated with interval, and by formula."""
    bills = [dollars(model(name), 20) for name in (PREMIUM, RIVAL)]
    rows = []
    for policy, weighed in POLICIES.items():
        for k in FANOUTS:
            premium, rival = (k * bill for bill in bills)
            dear, cheap = (shares(policy, premium * (1 + sign * STEP), rival) for sign in (1, -1))
            others = [elasticity(dear[:i] + dear[i + 1 :], cheap[:i] + cheap[i + 1 :]) for i in range(REPLICATIONS)]
            found = jackknife(elasticity(dear, cheap), others)
            share = (sum(dear) + sum(cheap)) / (2 * REPLICATIONS)
            exact = logit_share(gain=VALUE * GAP, extra_cost=premium - rival, scale=SCALE)
            formula = logit_elasticity(share=exact, cost=premium, scale=SCALE) if policy == "logit" else -(1 - share)
            rows.append(
                {
                    "people weigh": weighed,
                    "sub-agents": k,
                    "bill, USD": premium,
                    "share of Opus 4.6": share,
                    "elasticity": found.mean,
                    "low": found.ci_low,
                    "high": found.ci_high,
                    "formula": formula,
                }
            )
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """Elasticities at both ends."""
    absolute, relative = (found[found["people weigh"] == name].set_index("sub-agents")["elasticity"] for name in POLICIES.values())
    alike = -relative[0.1]
    return (
        f"Where people weigh dollars, a price 1 % higher costs Opus 4.6 {-absolute[0.1]:.2f} % of its share in a chat and "
        f"{-absolute[10]:.1f} % with ten sub-agents; where they weigh ratios of bills it costs {alike:.2f} % in both"
    )


@styled
def elasticity_by_fanout(found: pd.DataFrame) -> Figure:
    """Elasticity against fan-out: simulated points with intervals over the closed form."""
    figure = sheet(
        finding(found),
        6.4,
        "Points: simulated, with 95 % intervals. Lines: closed form. A chat costs a tenth of one sub-agent. Assumed: tastes are worth $2, "
        "a solved task $40; they set the level, not the shape.",
    )
    axes = figure.subplots()
    ends, colours = {}, {}
    for index, (name, part) in enumerate(found.groupby("people weigh", sort=False)):
        look = pen(index)
        axes.plot(part["sub-agents"], -part["formula"], color=look["color"], linestyle=look["linestyle"])
        reach = [part["high"] - part["elasticity"], part["elasticity"] - part["low"]]
        axes.errorbar(part["sub-agents"], -part["elasticity"], reach, capsize=4, **look | {"linestyle": "none"})
        ends[str(name)], colours[str(name)] = (10.0, float(-part["formula"].iloc[-1])), look["color"]
    scale(axes, "x", 0.1, 10)
    scale(axes, "y", 0.01, 8)
    sizes = sorted(found["sub-agents"].unique())
    axes.set_xticks(sizes, ["a chat" if size < 1 else f"{size:g}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("sub-agents of 20 turns (log scale)")
    axes.set_ylabel("share lost where the price is 1 % higher (%, log scale)")
    label_ends(axes, ends, colours)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("elasticity", __doc__)
    found = table()
    publish("elasticity", found, finding(found) + ".", {"elasticity": elasticity_by_fanout(found)}, folder)


if __name__ == "__main__":
    main()
