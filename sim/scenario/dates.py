"""What settings say of zones, weekdays and dates, looked at before a run: each has to be one."""

from __future__ import annotations

from sim.calendar import days_of, weekdays_of, zone_of
from sim.settings.scenario import ScenarioSettings


def check_dates(scenario: ScenarioSettings) -> None:
    """Raise `ConfigError` for the first zone, weekday or date that there is not, by its key."""
    for name in scenario.backends:
        for number, window in enumerate(scenario.market.models[name].windows):
            key = f"market.models.{name}.windows[{number}]"
            zone_of(window.zone, f"{key}.zone")
            weekdays_of(window.weekdays, f"{key}.weekdays")
            days_of(window.dates, f"{key}.dates")
        for name_, quota in scenario.market.models[name].quotas.items():
            zone_of(quota.zone, f"market.models.{name}.quotas.{name_}.zone")
    for key, budget in scenario.named_budgets().items():
        zone_of(budget.zone, f"{key}.zone")
