"""What a search found: the best scenario that reaches a floor of success."""

from __future__ import annotations

import pandas as pd

from sim.report.grid import Study, called
from sim.report.numbers import dollars, percent
from sim.report.reference.labels import Names, metric_name
from sim.settings.run import GoalSettings
from sim.sweeps.goal import ranked, reached


def goal_sentences(one: Study, goal: GoalSettings, rivals: int, names: Names | None = None) -> list[str]:
    """The best scenario that reaches the floor, what it costs and solves with intervals; or that none does, and which comes nearest.

    `rivals`: how many others that reach it may be as good.
    """
    if one.rows.empty:
        return []
    floor = percent(goal.success_floor or 0)
    rows = ranked(goal, one.rows)
    first = rows.iloc[0]
    met = reached(goal, rows)
    if rows[goal.metric].isna().all():
        return [f"No scenario has a value of {metric_name(goal.metric)}, so none is best"]
    if not met.any():
        return [f"None of {len(rows)} scenarios solves {floor} of its tasks; nearest comes {called(one, first, names)}", _bill(first)]
    best = "Cheapest" if goal.metric.startswith("cost_") else f"Best by {metric_name(goal.metric)}"
    of = f"the {int(met.sum())} of {len(rows)} scenarios that solve at least {floor}"
    parts = [f"{best} of {of}: {called(one, first, names)}", _bill(first)]
    sure = rows[met & (rows["success_rate_ci_low"] >= (goal.success_floor or 0))]
    if len(sure) == 0:
        parts.append("No scenario's interval of success lies above the floor")
    elif sure.index[0] != rows.index[0]:
        parts.append(f"{best} whose interval of success lies above the floor: {called(one, sure.iloc[0], names)}")
        parts.append(_bill(sure.iloc[0]))
    if rivals:
        parts.append(f"{rivals} other{'s' if rivals > 1 else ''} that reach{'' if rivals > 1 else 'es'} it may be as good (95 %)")
    return parts


def _bill(scenario: pd.Series) -> str:
    """Dollars and success with their intervals."""
    cost, low, high = (dollars(scenario[f"cost_per_task_usd{end}"]) for end in ("", "_ci_low", "_ci_high"))
    solved, least, most = (percent(scenario[f"success_rate{end}"]) for end in ("", "_ci_low", "_ci_high"))
    per_solved = dollars(scenario["cost_per_success_usd"])
    return f"It costs {cost} per task ({low} to {high}), {per_solved} per solved task, and solves {solved} ({least} to {most})"
