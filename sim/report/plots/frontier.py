"""What success costs: a figure of a sweep's scenarios, the floor that they were to reach, and those that none undercuts."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.report.plots.canvas import COLOURS, draw_key, scale, sheet, styled
from sim.settings.run import GoalSettings
from sim.sweeps.goal import ranked, reached

COST, SUCCESS = "cost_per_task_usd", "success_rate"
NOTE = "Bars: 95 % intervals over the replications. On the steps lie scenarios that no cheaper one matches in success."


@styled
def success_by_cost(rows: pd.DataFrame, goal: GoalSettings, title: str) -> Figure:
    """A point a scenario that finished: success rate against dollars per task, with the floor and the best that reaches it."""
    rows = rows.dropna(subset=[SUCCESS])
    figure = sheet(title, 6.4, NOTE, key=True)
    axes = figure.subplots()
    above = reached(goal, rows)
    for some, colour, label in ((rows[~above], "#BBBBBB", "below the floor"), (rows[above], COLOURS[0], "reaches it")):
        axes.plot(some[COST], some[SUCCESS], "o", color=colour, label=label)
    steps = efficient(rows)
    axes.step(steps[COST], steps[SUCCESS], where="post", color=COLOURS[0], linewidth=1)
    axes.axhline(goal.success_floor or 0, color=COLOURS[6], linestyle="--", linewidth=1.2, label="floor")
    if above.any():
        best = ranked(goal, rows).iloc[0]
        across, up = ([[abs(best[f"{name}_ci_{end}"] - best[name])] for end in ("low", "high")] for name in (COST, SUCCESS))
        axes.errorbar(best[COST], best[SUCCESS], up, across, fmt="D", markersize=9, capsize=4, color=COLOURS[1], label="the best")
    scale(axes, "x", float(rows[COST].min()), float(rows[COST].max()), "$")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol="\u00a0%"))
    axes.set(xlabel=f"dollars per task (USD{', log scale' if axes.get_xscale() == 'log' else ''})", ylabel="tasks solved")
    draw_key(figure, axes)
    return figure


def efficient(rows: pd.DataFrame) -> pd.DataFrame:
    """Scenarios that solve more than all that are cheaper, from the cheapest to the most expensive."""
    dearer = rows.sort_values([COST, SUCCESS], ascending=[True, False])
    return dearer[dearer[SUCCESS] > dearer[SUCCESS].cummax().shift(fill_value=-1.0)]
